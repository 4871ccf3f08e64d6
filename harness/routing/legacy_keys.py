"""The keys of the two older routing formats, as one table in one spelling.

One format writes snake_case, the other camelCase; here every key is snake_case. Reading collects every fault: an
unknown key, a wrong type, a figure out of range, or one setting given twice with two values.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import TypeAlias

from harness.core.errors import Fault
from harness.core.hashing import Json

Check: TypeAlias = Callable[[Json], str | None]
"""What is wrong with a value, or None."""

Table: TypeAlias = "Mapping[str, Check | Table]"
"""Keys of a section; ``*`` stands for any name."""

_ALIASES = {"max_context_tokens": "max_context", "routing_rationale": "rationale"}


def _text(value: Json) -> str | None:
    return None if isinstance(value, str) and value else f"{value!r} is not a text"


def _flag(value: Json) -> str | None:
    return None if isinstance(value, bool) else f"{value!r} is not true or false"


def _texts(value: Json) -> str | None:
    good = isinstance(value, list) and all(isinstance(item, str) and item for item in value)
    return None if good else f"{value!r} is not a list of texts"


def _count(value: Json) -> str | None:
    good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if good else f"{_shown(value)} is not a whole number of 0 or more"


def _share(value: Json) -> str | None:
    good = isinstance(value, int | float | Decimal) and not isinstance(value, bool) and 0 <= value <= 1
    return None if good else f"{_shown(value)} is not a number between 0 and 1"


def _shown(value: Json) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)


def _one_of(*choices: str) -> Check:
    def check(value: Json) -> str | None:
        return None if value in choices else f"{value!r} is not known; there are: {', '.join(choices)}"

    return check


TABLE: Table = {
    "version": _text,
    "context": {"reliability_threshold": _count, "summarization_strategy": _text},
    "cost": {"budget_fallback_trigger": _share, "metric": _text},
    "profiles": {
        "*": {"model": _text, "provider": _text, "max_context": _count, "cost_weight": _share, "rationale": _text}
    },
    "evaluation": {
        "mode": _one_of("capability_first"),
        "max_candidates": _count,
        "score_weights": {"cost": _share, "latency": _share, "capability_match": _share},
    },
    "fallback": {
        "enabled": _flag,
        "max_retries": _count,
        "backoff_strategy": _one_of("exponential"),
        "circuit_breaker_threshold": _share,
        "circuit_breaker": {"failure_threshold": _count, "cooldown_seconds": _count, "half_open_requests": _count},
    },
    "telemetry": {"enabled": _flag, "attributes": _texts, "export_target": _text},
    "compliance": {"pii_safe_models": _texts, "block_unsafe_routing": _flag, "audit_logging": _flag},
}
"""Everything below ``routing``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What was read of one document, in snake_case."""

    values: Mapping[str, Json]
    faults: tuple[Fault, ...]


def read_section(document: Mapping[str, Json], *, file: str) -> Section:
    """*document*'s settings below ``routing``, every fault of them at once."""
    faults: list[Fault] = []
    values = _read(
        document, TABLE, "routing", lambda place, why: faults.append(Fault(file=file, place=place, problem=why))
    )
    return Section(values=values, faults=tuple(faults))


def snake(key: str) -> str:
    """*key* in snake_case.

    >>> snake("halfOpenRequests"), snake("max_context")
    ('half_open_requests', 'max_context')
    """
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()
    return _ALIASES.get(plain, plain)


def _read(section: Mapping[str, Json], table: Table, place: str, report: Callable[[str, str], None]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in section.items():
        here, name = f"{place}.{key}", str(key) if "*" in table else snake(str(key))
        rule = table.get("*", table.get(name))
        if rule is None:
            report(here, f"unknown key {key!r}; {_nearest(name, table)}")
            continue
        read, problem = _value(value, rule, here, report)
        if problem is not None:
            report(here, problem)
        elif name in found and found[name] != read:
            report(here, f"{name!r} is given twice, as {found[name]!r} and {read!r}")
        else:
            found[name] = read
    return found


def _value(
    value: Json, rule: "Check | Table", place: str, report: Callable[[str, str], None]
) -> tuple[Json, str | None]:
    if not isinstance(rule, Mapping):
        return value, rule(value)
    if isinstance(value, Mapping):
        return _read(value, rule, place, report), None
    return None, f"{value!r} is not a section of keys; is the indentation lost?"


def _nearest(name: str, table: Table) -> str:
    near = get_close_matches(name, table, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(table))}"


def merge(documents: Mapping[str, Mapping[str, Json]]) -> tuple[dict[str, Json], tuple[str, ...]]:
    """The settings of several files, in order: a later file wins, and each overruled setting is named."""
    merged: dict[str, Json] = {}
    notes: list[str] = []
    for file, values in documents.items():
        notes.extend(_merge_into(merged, values, file, "routing"))
    return merged, tuple(notes)


def _merge_into(target: dict[str, Json], values: Mapping[str, Json], file: str, place: str) -> Iterator[str]:
    for key, value in values.items():
        here = f"{place}.{key}"
        if isinstance(value, Mapping):
            yield from _merge_into(target.setdefault(key, {}), value, file, here)
            continue
        if key in target and target[key] != value:
            yield f"{here}: {value!r} of {file} replaces {target[key]!r}"
        target[key] = value
