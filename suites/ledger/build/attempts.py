"""The scripted candidates' answers to the ledger tasks, built from attempts.yaml and the patches beside it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).resolve().parent
TASKS = HERE.parent / "tasks"
KEYS = {"patch", "answer", "form", "cut", "comment"}


@dataclass(slots=True)
class FileChange:
    """What a unified diff does to one file."""

    path: str
    hunks: list[list[str]] = field(default_factory=list)
    """The lines of each hunk with their signs."""
    is_new: bool = False


def spec(model: str, task: str) -> dict[str, Any]:
    """``text`` and, where they are not the usual ones, ``finish`` and ``comment``."""
    entry = _table()[task][model]
    assert not entry.keys() - KEYS, f"{task}.{model}: unknown keys {sorted(entry.keys() - KEYS)}"
    text = _text(task, entry)
    made: dict[str, Any] = {"text": text}
    if "cut" in entry:
        made |= {"text": text[: int(len(text) * entry["cut"])], "finish": "length"}
    return made | ({"comment": entry["comment"]} if "comment" in entry else {})


def patch_of(task: str, name: str) -> str:
    """The unified diff called *name*: ``reference`` or one of attempts/."""
    path = TASKS / task / "reference.patch" if name == "reference" else HERE / "attempts" / f"{task}.{name}.patch"
    return path.read_text(encoding="utf-8")


def read_diff(patch: str) -> Iterator[FileChange]:
    """The changes of a git diff; files are new or changed, never deleted or renamed."""
    change: FileChange | None = None
    for line in patch.splitlines():
        if line.startswith("diff --git "):
            if change is not None:
                yield change
            change = FileChange(line.rsplit(" b/", 1)[1])
        elif change is None or line.startswith(("index ", "--- ", "\\")):
            continue
        elif line.startswith("new file"):
            change.is_new = True
        elif line.startswith("@@"):
            change.hunks.append([])
        elif change.hunks:
            change.hunks[-1].append(line or " ")
    if change is not None:
        yield change


def blocks(patch: str) -> str:
    """*patch* as search/replace blocks."""
    parts = []
    for change in read_diff(patch):
        for hunk in change.hunks:
            search = [line[1:] for line in hunk if line[0] in " -"]
            replace = [line[1:] for line in hunk if line[0] in " +"]
            fence = "```python" if change.path.endswith(".py") else "```"
            lines = [change.path, fence, "<<<<<<< SEARCH", *search, "=======", *replace, ">>>>>>> REPLACE", "```"]
            parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _text(task: str, entry: dict[str, Any]) -> str:
    if "answer" in entry:
        return (HERE / "attempts" / f"{task}.{entry['answer']}.md").read_text(encoding="utf-8").rstrip("\n")
    patch = patch_of(task, entry["patch"])
    if entry.get("form") == "diff":
        plain = re.sub(r"(?m)^index .*\n", "", patch)
        return f"```diff\n{plain}```"
    return blocks(patch)


@functools.cache
def _table() -> dict[str, dict[str, dict[str, Any]]]:
    return YAML(typ="safe", pure=True).load((HERE / "attempts.yaml").read_text(encoding="utf-8"))
