"""What a person decided becomes a labelled case of a suite, so that calibration grows from production."""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.compare import comparator
from harness.content import Home, load_suite
from harness.content.cases import read_cases
from harness.core.ballot import Answer, Relation
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.ids import TaskClass
from harness.core.request import Message
from harness.core.suite import Suite

CASES = "cases.jsonl"


def prompt_of(messages: Sequence[Message], suite: Suite) -> str:
    """The question as a case of *suite* puts it: system turns first, without the suite's own instructions.

    Raises ConfigError for a conversation, which no case can hold.
    """
    turns = [message.role for message in messages if message.role != "system"]
    if turns != ["user"]:
        raise ConfigError(
            f"the question is a conversation of {len(turns)} turns, and a case has one prompt: write the case by hand"
        )
    parts = [message.content for message in sorted(messages, key=lambda message: message.role != "system")]
    text = "\n\n".join(parts)
    return text.removeprefix(suite.instructions).strip() if suite.instructions else text


def reviewed_case(
    messages: Sequence[Message], suite: Suite, *, verdict_id: str, answer: str, who: str, task_class: TaskClass
) -> dict[str, Json]:
    """The outcome *verdict_id* as a case of *suite* whose right answer is *answer*.

    Raises ConfigError when it does not fit: not an answer suite, a question or id the suite has already, an answer
    its comparator cannot read.
    """
    if suite.kind != "answer":
        raise ConfigError(f"--to-suite: {suite.name!r} is a suite of kind {suite.kind!r}; it must be of kind 'answer'")
    prompt = prompt_of(messages, suite)
    case_id = f"review-{verdict_id}"
    for task in suite.tasks:
        if task.id == case_id:
            raise ConfigError(f"--to-suite: {suite.name!r} has the case {case_id!r} already")
        if task.prompt.strip() == prompt.strip():
            raise ConfigError(f"--to-suite: {suite.name!r} asks this already, in its case {task.id!r}")
    said = comparator(suite.compare)(Answer(text=answer), Answer(text=answer))
    if said.relation is not Relation.SAME:
        name = suite.compare.name
        raise ConfigError(f"--answer: {name!r}, the comparator of {suite.name!r}, cannot read {answer!r}: {said.why}")
    case: dict[str, Json] = {"id": case_id, "prompt": prompt, "expected": answer}
    if task_class != suite.task_class:
        case["task_class"] = task_class
    return {**case, "meta": {"reviewer": who, "verdict": verdict_id}}


def check_fits(suite: Suite, case: Mapping[str, Json]) -> None:
    """Raise ConfigError when ``cases.jsonl`` of *suite* would not read with *case* at its end."""
    path = suite.folder / CASES
    known = read_cases(path, kind="answer", default_class=suite.task_class)
    if [task.id for task in known] != [task.id for task in suite.tasks]:
        raise ConfigError(f"--to-suite: the cases of {suite.name!r} do not lie in {path}; add the case where they do")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / CASES
        copy.write_bytes(path.read_bytes() + _line(path, case))
        read_cases(copy, kind="answer", default_class=suite.task_class)


def append_case(home: Home, suite: Suite, case: Mapping[str, Json]) -> str:
    """Put *case*, which fits, at the end of the suite's ``cases.jsonl``; returns the suite's new digest."""
    path = suite.folder / CASES
    try:
        # One write at the end: somebody else who answers at the same time loses nothing.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, _line(path, case))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    return load_suite(home, suite.name).digest


def _line(path: Path, case: Mapping[str, Json]) -> bytes:
    """*case* as a line of *path*, behind a line feed if the file does not end with one."""
    before = path.read_bytes()
    text = json.dumps(case, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return (b"" if not before or before.endswith(b"\n") else b"\n") + text + b"\n"
