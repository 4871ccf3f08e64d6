"""The state of repo tasks on disk: read for all, changed for one, with all else that a person wrote left alone."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, get_args

from harness.content.documents import parse_yaml, read_section, read_text
from harness.content.replacing import replace_file
from harness.core.errors import ConfigError
from harness.core.hashing import Json

TaskState = Literal["draft", "validated", "approved", "retired"]
STATES: Final[tuple[TaskState, ...]] = get_args(TaskState)
_STATE: Final = re.compile(r"^state:.*$", re.MULTILINE)
_APPROVED: Final = re.compile(r"^(?P<head> +)approved_by:.*$", re.MULTILINE)
_BLOCK: Final = re.compile(r"^statement:[ \t]*$", re.MULTILINE)
_FLOW: Final = re.compile(r"^statement: *\{(?P<inside>[^\n]*)\}[ \t]*$", re.MULTILINE)


def task_states(source: Path) -> Mapping[str, TaskState]:
    """State by task id, retired ones included; *source* is the folder of the tasks."""
    found: dict[str, TaskState] = {}
    for path in sorted(source.glob("*/task.yaml")):
        state = read_section(path).get("state", "draft")
        found[path.parent.name] = state if state in STATES else "draft"
    return found


def change_state(folder: Path, state: TaskState, *, who: str | None = None) -> None:
    """Write *state* into the task.yaml of *folder*, and *who* approved its statement.

    Everything else in the file stays as it is written. Raises ConfigError when that cannot be done by changing a line.
    """
    path = folder / "task.yaml"
    before = read_section(path)
    text = _with_state(read_text(path), state)
    wanted = {**before, "state": state}
    if who is not None:
        text = _with_name(text, who)
        wanted["statement"] = {**(before.get("statement") or {}), "approved_by": who}
    if not _says(text, wanted):
        raise ConfigError(f"{path}: cannot be changed by a machine as it is written; set state: {state} by hand")
    replace_file(path, text)


def _says(text: str, wanted: Mapping[str, Json]) -> bool:
    try:
        return bool(parse_yaml(text, file="") == wanted)
    except ConfigError:
        return False


def _with_state(text: str, state: TaskState) -> str:
    changed, number = _STATE.subn(f"state: {state}", text, count=1)
    return changed if number else f"{text.rstrip()}\nstate: {state}\n"


def _with_name(text: str, who: str) -> str:
    name = json.dumps(who, ensure_ascii=False)
    if _APPROVED.search(text):
        return _APPROVED.sub(lambda found: f"{found['head']}approved_by: {name}", text, count=1)
    if _BLOCK.search(text):
        return _BLOCK.sub(lambda found: f"{found[0]}\n  approved_by: {name}", text, count=1)
    if flow := _FLOW.search(text):
        others = [each for each in flow["inside"].split(",") if each.strip() and "approved_by:" not in each]
        inside = ", ".join([*(each.strip() for each in others), f"approved_by: {name}"])
        return text[: flow.start()] + f"statement: {{{inside}}}" + text[flow.end() :]
    return f"{text.rstrip()}\nstatement: {{approved_by: {name}}}\n"
