"""Two candidates that every suite must tell apart: one hands in the reference, one hands in nothing."""

import json
from collections.abc import Mapping

from harness.compare.documents import steps
from harness.content import task_extract
from harness.core.ballot import Extract
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.ids import CandidateId
from harness.core.suite import Suite, Task
from harness.core.trial import Submission
from harness.evals.answers import expected_text
from harness.evals.benches import reference_files
from harness.evals.prompts import fenced
from harness.evals.solving import FilesOf, Solved

REFERENCE = CandidateId("builtin/reference")
NOOP = CandidateId("builtin/noop")
PREFIX = "builtin/"


def is_builtin(candidate: CandidateId) -> bool:
    """Whether *candidate* is solved without a model. Raises ConfigError for an unknown one."""
    if not candidate.startswith(PREFIX):
        return False
    if candidate not in (REFERENCE, NOOP):
        raise ConfigError(f"no candidate {candidate!r}; there are: {REFERENCE}, {NOOP}")
    return True


async def solve_builtin(suite: Suite, task: Task, candidate: CandidateId, files_of: FilesOf) -> Solved:
    """What the built-in *candidate* hands in for *task*."""
    if candidate == NOOP:
        return Solved(submission=_nothing(suite))
    if suite.kind == "repo":
        return Solved(submission=_reference_patch(task, await files_of(task)))
    if suite.kind == "code":
        reference = task.meta.get("reference")
        return Solved(submission=Submission(format="code", text=str(reference)) if reference else None)
    return Solved(submission=Submission(format="answer", text=written(task.expected, task_extract(suite, task))))


def _nothing(suite: Suite) -> Submission:
    return Submission(format="none", files={} if suite.kind == "repo" else None)


def _reference_patch(task: Task, tree: Mapping[str, str]) -> Submission:
    assert task.repo is not None, "repo suites have repo tasks"
    return Submission(format="udiff", text=task.repo.reference_patch, files=reference_files(task, tree))


def written(expected: Json, extract: Extract) -> str:
    """*expected* as a response from which *extract* reads it again."""
    text = expected_text(expected)
    match extract.how:
        case "tag":
            return f"<{extract.arg}>{text}</{extract.arg}>"
        case "block":
            return fenced(text, extract.arg)
        case "json":
            return json.dumps(_at(extract.arg, expected), ensure_ascii=False)
        case "whole" | "last" | "choice":
            return text


def _at(path: str, value: Json) -> Json:
    """A document that holds *value* at *path*."""
    for step in reversed(steps(path)):
        value = [None] * step + [value] if isinstance(step, int) else {step: value}
    return value
