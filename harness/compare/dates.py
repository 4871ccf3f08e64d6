"""Reads a date, month, quarter, instant or time of day out of an answer that is one."""
# ruff: noqa: SIM905 - lists of words read better as words

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
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
        r"(?P<year>\d{4})[/.](?P<month>\d\d)[/.](?P<day>\d\d)",
        r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)",
        r"(?P<month>\d\d)/(?P<day>1[3-9]|2\d|3[01])/(?P<year>\d{4})",
        r"(?P<day>1[3-9]|2\d|3[01])/(?P<month>\d\d)/(?P<year>\d{4})",
        _MONTH.format("name") + r" (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})",
        r"(?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th)?\.?(?: of)?[ -]"
        + _MONTH.format("name")
        + r"(?:,? |-)(?P<year>\d{4})",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
        _MONTH.format("name") + r",? (?P<year>\d{4})",
        _MONTH.format("name") + r" ?[-–] ?" + _MONTH.format("last") + r",? (?P<year>\d{4})",
        r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])",
        r"Q(?P<quarter>[1-4]),?[ -](?P<year>\d{4})",
        r"(?P<year>\d{4})[ -]?Q(?P<quarter>[1-4])",
        r"(?:the )?(?P<nth>first|second|third|fourth) quarter(?: of)? (?P<year>\d{4})",
        r"Q(?P<quarter>[1-4]),? FY ?(?P<year>\d{4}) \(calendar(?: year)?\)",
    )
)


_NTH = ("first", "second", "third", "fourth")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = re.compile(
    r"(?P<day>Mon(?:day)?|Tue(?:s|sday)?|Wed(?:nesday)?|Thu(?:rs|rsday)?|Fri(?:day)?"
    r"|Sat(?:urday)?|Sun(?:day)?)\.?,? (?=\w)",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d)(?::(?P<second>\d\d))?)?(?: ?(?P<half>[ap]\.?m\.?))?", re.IGNORECASE
)
_INSTANT = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<part>\d{1,9}))?)?"
    r" ?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)",
    re.IGNORECASE,
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
    named = _WEEKDAY.match(text)
    for form in _FORMS:
        found = form.fullmatch(text, named.end() if named else 0)
        if found is not None:
            span = _span(found.groupdict())
            return None if named and not _falls_on(span, named["day"]) else span
    return None


def _falls_on(span: Span | None, weekday: str) -> bool:
    return span is not None and span.first == span.last and _DAYS.index(weekday[:3].casefold()) == span.first.weekday()


def read_moment(text: str) -> str | None:
    """*text* as an instant in UTC, or as a time of day; in one spelling. None for what is neither, or has no zone."""
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        return _time_of_day(clock)
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    zone = found["zone"].upper()
    hours, minutes = (int(zone[1:3]), int(zone[-2:])) if zone[0] in "+-" else (0, 0)
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    try:
        day = date.fromisoformat(found["date"])
        local = datetime(
            day.year, day.month, day.day, int(found["hour"]), int(found["minute"]), int(found["second"] or 0),
            tzinfo=timezone(offset),
        )  # fmt: skip
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    part = (found["part"] or "").rstrip("0")
    return f"{moment:%Y-%m-%d %H:%M:%S}{'.' + part if part else ''} UTC"


def _time_of_day(clock: re.Match[str]) -> str | None:
    """24 hours; ``12 am`` is midnight. ``2:30`` without a half may be either and is taken as written."""
    hour, minute, second = int(clock["hour"]), int(clock["minute"] or 0), int(clock["second"] or 0)
    half = (clock["half"] or "").casefold()[:1]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    elif clock["minute"] is None or len(clock["hour"]) < 2:
        return None
    return f"{hour:02d}:{minute:02d}:{second:02d}" if hour < 24 and minute < 60 and second < 60 else None


def _span(parts: Mapping[str, str | None]) -> Span | None:
    year, day = int(parts["year"] or 0), int(parts.get("day") or 0)
    if parts.get("quarter") or parts.get("nth"):
        nth = (parts.get("nth") or "").casefold()
        first = 3 * (_NTH.index(nth) + 1 if nth else int(parts["quarter"] or 0)) - 2
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
