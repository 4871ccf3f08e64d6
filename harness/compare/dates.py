"""Reads a date, month or quarter out of an answer that is one."""
# ruff: noqa: SIM905 - lists of words read better as words

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTHS: Mapping[str, int] = MappingProxyType({name: number for number, name in enumerate(_NAMES, start=1)})
_MONTH = (
    r"(?P<{0}>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?:[T ]00:00(?::00(?:\.0+)?)?)?",
        _MONTH.format("name") + r" (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})",
        r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\.? " + _MONTH.format("name") + r",? (?P<year>\d{4})",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
        _MONTH.format("name") + r",? (?P<year>\d{4})",
        _MONTH.format("name") + r" ?[-–] ?" + _MONTH.format("last") + r",? (?P<year>\d{4})",
        r"Q(?P<quarter>[1-4]),? (?P<year>\d{4})",
        r"Q(?P<quarter>[1-4]),? FY ?(?P<year>\d{4}) \(calendar(?: year)?\)",
    )
)


@dataclass(frozen=True, slots=True)
class Span:
    """From the first day to the last; for a date they are one."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


def read_date(text: str) -> Span | None:
    """The date that *text* is, in a form that has one meaning; ``06/07/2025`` and a bare fiscal year have not."""
    for form in _FORMS:
        found = form.fullmatch(text)
        if found is not None:
            return _span(found.groupdict())
    return None


def _span(parts: Mapping[str, str | None]) -> Span | None:
    year, day = int(parts["year"] or 0), int(parts.get("day") or 0)
    if parts.get("quarter"):
        first = 3 * int(parts["quarter"] or 0) - 2
        return _months(year, first, first + 2)
    month = int(parts.get("month") or 0) or _MONTHS[(parts.get("name") or "")[:3].casefold()]
    last = _MONTHS[(parts["last"] or "")[:3].casefold()] if parts.get("last") else month
    if not parts.get("day"):
        return _months(year, month, last)
    try:
        only = date(year, month, day)
    except ValueError:
        return None
    return Span(only, only)


def _months(year: int, first: int, last: int) -> Span | None:
    if not 1 <= year <= 9998 or last < first:
        return None
    return Span(date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1]))
