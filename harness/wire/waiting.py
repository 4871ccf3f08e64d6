"""How long a vendor asks to wait before another try."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from harness.core.hashing import Json
from harness.wire.body import count, mapping

_SECONDS = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*s?\s*", re.ASCII)


def header_wait_s(headers: Mapping[str, str]) -> float | None:
    """Seconds by ``retry-after-ms`` or ``retry-after`` (seconds or an HTTP date); None when neither can be read.

    A date is taken against the reply's own ``date``: the vendor's clock with the vendor's clock.
    """
    milliseconds = seconds(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    asked = headers.get("retry-after", "")
    wait_s = seconds(asked)
    if wait_s is not None:
        return wait_s
    until, now = _date(asked), _date(headers.get("date", ""))
    return None if until is None or now is None else max((until - now).total_seconds(), 0.0)


def body_wait_s(delay: Json) -> float | None:
    """Seconds of a protobuf duration in JSON: ``"34.07s"`` or ``{"seconds": 34, "nanos": 70000000}``."""
    if isinstance(delay, str):
        return seconds(delay)
    whole_s, nanos = count(mapping(delay).get("seconds")), count(mapping(delay).get("nanos"))
    return None if whole_s is None and nanos is None else (whole_s or 0) + (nanos or 0) / 1e9


def seconds(text: str) -> float | None:
    """A number that is not negative, in decimal digits; None for anything else."""
    found = _SECONDS.fullmatch(text)
    value = math.inf if found is None else float(found[1])
    return value if math.isfinite(value) else None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
