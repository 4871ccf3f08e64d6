"""Reading JSON that a stranger wrote: each reader gives a usable value or none, and never raises."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from harness.core.hashing import Json

Body: TypeAlias = Mapping[str, Json]
"""A JSON object."""

COUNT_MAX = 10**12
"""No vendor counts so many tokens in one call: a larger number is a mistake, not a count."""

_NOTHING: Body = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Bytes that are not JSON, and why."""

    why: str
    cut: bool
    """It begins like JSON: a body that was cut, rather than another kind of page."""


def parse(content: bytes | str) -> Json | Unreadable:
    """The JSON value in *content*, with Decimals for fractions; ``NaN`` and ``Infinity`` are read as null."""
    try:
        return json.loads(content, parse_float=_decimal, parse_constant=_null)
    except (ValueError, RecursionError) as error:
        head = content.lstrip()[:1]
        return Unreadable(why=str(error) or type(error).__name__, cut=head in (b"{", b"[", "{", "["))


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def is_object(text: str) -> bool:
    """Whether *text* is exactly one JSON object, by the letter of the standard."""
    try:
        return isinstance(json.loads(text, parse_constant=_refused), dict)
    except (ValueError, RecursionError):
        return False


def dumped(value: Json) -> str:
    """*value*, as :func:`parse` gives it, as JSON text; empty when it has a number that no JSON reader would take."""
    try:
        return json.dumps(value, default=float, allow_nan=False)
    except (ValueError, RecursionError):
        return ""


def _refused(constant: str) -> None:
    raise ValueError(constant)


def _null(_word: str) -> None:
    return None


def mapping(value: Json) -> Body:
    """*value* when it is an object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def items(value: Json) -> Sequence[Json]:
    """*value* when it is an array, else an empty one."""
    return value if isinstance(value, list) else ()


def first(value: Json) -> Body:
    """The first element of an array, when it is an object; else an empty one."""
    return mapping(next(iter(items(value)), None))


def word(value: Json) -> str:
    """*value* when it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def name(value: Json) -> str | None:
    """*value* when it is a string with something in it, else None."""
    return whole(word(value)) or None


def count(value: Json) -> int | None:
    """A number of tokens: not negative, whole, below ``COUNT_MAX``; else None."""
    if value is None or isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    if not 0 <= value <= COUNT_MAX or value != int(value):
        return None
    return int(value)


def money(value: Json) -> Decimal | None:
    """An amount of USD, exactly as it was written, as a number or in a string; else None."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    sane = amount.is_finite() and 0 <= amount <= COUNT_MAX and amount.adjusted() > -30
    return amount if sane or amount == 0 else None


def joined(content: Json) -> str:
    """The text of a message: a string as it is, of a list of parts the text parts only. Thinking is not text."""
    if isinstance(content, str):
        return content
    return "".join(word(part.get("text")) for part in map(mapping, items(content)) if part.get("type") == "text")


def whole(text: str) -> str:
    """*text* with halves of surrogate pairs joined, and lone ones replaced: it can be written as UTF-8."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
