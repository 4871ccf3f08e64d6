"""The file behind a scripted model, read and checked: JSON Lines, one row per line.

``when``           text to look for in the last user message; empty or absent matches everything
``text, texts``    the answer, or several of which the trace id picks one (the same one every time)
``finish``         a finish word, ``stop`` by default
``usage``          ``{"input": n, "output": n, "reasoning": n, "cache_read": n, "cache_write": n}``; absent: estimated
``latency_s``      how long the model takes, 0 by default
``fault``          throttled, overloaded, hang, unreachable, empty, refused or unintelligible, in place of an answer
``retry_after_s``  for ``throttled`` and ``overloaded``
``comment``        for people
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from harness.core.errors import Fault, FaultsError
from harness.core.hashing import Json
from harness.core.money import Usage
from harness.core.response import Finish

FaultName = Literal["throttled", "overloaded", "hang", "unreachable", "empty", "refused", "unintelligible"]

_FAULT_NAMES: tuple[FaultName, ...] = get_args(FaultName)
_COUNTS = ("input", "output", "reasoning", "cache_read", "cache_write")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptRow:
    """One line of a script."""

    when: str = ""
    texts: tuple[str, ...] = ()
    """At least one, unless there is a fault."""
    finish: Finish = Finish.STOP
    usage: Usage | None = None
    """``None``: to be estimated."""
    latency_s: float = 0.0
    fault: FaultName | None = None
    retry_after_s: float | None = None


def parse_rows(text: str, *, name: str) -> tuple[ScriptRow, ...]:
    """The rows in *text*, in order; empty lines are skipped.

    Raises FaultsError with every wrong line of the file *name*, the value, and what would have worked.
    """
    faults: list[Fault] = []
    rows: list[ScriptRow] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if not line.strip():
            continue
        fields = _fields(line)
        problems = [("", fields)] if isinstance(fields, str) else list(_problems(fields))
        faults += [Fault(file=f"{name}:{number}", place=key, problem=problem) for key, problem in problems]
        if isinstance(fields, Mapping) and not problems:
            rows.append(_row(fields))
    if not rows and not faults:
        faults.append(Fault(file=name, place="", problem='the script has no row; a row is {"text": "42"}'))
    if faults:
        raise FaultsError(faults)
    return tuple(rows)


def _fields(line: str) -> Mapping[str, Json] | str:
    """The object on *line*, or what is wrong with it."""
    try:
        value = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        return f"{_short(line)} is not a row: {error}; each line is one JSON object"
    return value if isinstance(value, dict) else f'{_short(line)} is not a row; a row is an object: {{"text": "42"}}'


def _once(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        twice = sorted({key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1})
        raise ValueError(f"given twice: {', '.join(twice)}")
    return fields


def _problems(fields: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """What is wrong with a row, by key."""
    for key, value in fields.items():
        check, wanted = _KEYS.get(key, (None, ""))
        if check is None:
            yield key, f"no such key; there are: {', '.join(_KEYS)}"
        elif not check(value):
            yield key, f"{_short(value)} is not {wanted}"
    if "fault" in fields:
        return
    if "text" not in fields and "texts" not in fields:
        yield "", "the row has no answer; give it text, texts or fault"
    elif "text" in fields and "texts" in fields:
        yield "", "the row has text and texts; give it one of them"
    elif fields.get("finish", "stop") == "stop" and "" in (fields.get("text"), *_listed(fields.get("texts"))):
        yield "", "the text is empty; a model that stops without a word is the fault 'empty'"


def _row(fields: Mapping[str, Json]) -> ScriptRow:
    usage = fields.get("usage")
    return ScriptRow(
        when=fields.get("when", ""),
        texts=tuple(fields["texts"]) if "texts" in fields else tuple([fields["text"]] if "text" in fields else []),
        finish=Finish(fields.get("finish", "stop")),
        usage=None if usage is None else Usage(**usage),
        latency_s=float(fields.get("latency_s", 0)),
        fault=fields.get("fault"),
        retry_after_s=None if "retry_after_s" not in fields else float(fields["retry_after_s"]),
    )


def _short(value: Json) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:79]}…"


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _are_texts(value: Json) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(map(_is_text, value))


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _is_usage(value: Json) -> bool:
    return isinstance(value, dict) and all(
        key in _COUNTS and isinstance(number, int) and _is_number(number) for key, number in value.items()
    )


def _is_finish(value: Json) -> bool:
    return value in [finish.value for finish in Finish]


def _is_fault(value: Json) -> bool:
    return value in _FAULT_NAMES


_SECONDS = "a number of seconds, 0 or more"
_KEYS: Mapping[str, tuple[Callable[[Json], bool], str]] = {
    "when": (_is_text, "a text"),
    "text": (_is_text, "a text"),
    "texts": (_are_texts, "a list of one text or more"),
    "finish": (_is_finish, f"a finish; there are: {', '.join(Finish)}"),
    "usage": (_is_usage, f"token counts by name, each 0 or more; there are: {', '.join(_COUNTS)}"),
    "latency_s": (_is_number, _SECONDS),
    "fault": (_is_fault, f"a fault; there are: {', '.join(_FAULT_NAMES)}"),
    "retry_after_s": (_is_number, _SECONDS),
    "comment": (_is_text, "a text"),
}
