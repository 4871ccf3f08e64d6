"""Rows of the database as rows of Python: columns in the order of the fields, types by the field's name."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, TypeVar

from harness.core.hashing import Json
from harness.core.trial import Grade

Row = TypeVar("Row")


def made(kind: type[Row], row: Sequence[Any]) -> Row:
    """The *kind* of row, a dataclass whose fields are the columns of *row* in order."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # every caller passes a dataclass
    values = {
        name: value if value is None or name not in _READ else _READ[name](value)
        for name, value in zip(names, row, strict=True)
    }
    return kind(**{name: value for name, value in values.items() if value is not None or name not in _DEFAULTED})


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)


def _json(text: str) -> Json:
    return json.loads(text)


_READ: Mapping[str, Callable[[Any], Any]] = {
    "at": _utc,
    "started_at": _utc,
    "finished_at": _utc,
    "decided_at": _utc,
    "last_at": _utc,
    "candidates": tuple,
    "flags": tuple,
    "latencies_s": tuple,
    "run_ids": tuple,
    "prices": _json,
    "provenance": _json,
    "price_as_of": _json,
    "expected": _json,
    "execution": _json,
    "groups": _json,
    "quorum": _json,
    "grade": Grade,
}

_DEFAULTED = frozenset({"prices", "provenance"})
"""Absent rather than None."""
