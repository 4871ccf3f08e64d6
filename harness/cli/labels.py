"""Figures and words for people: amounts, durations, shares, lists. Scripts get the numbers themselves."""

import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

UNKNOWN = "unknown"
NOTHING = "–"
_DIGITS = 3
"""Significant digits of the smallest figure in a column."""


def dollars(cost: Decimal | None) -> str:
    """A cost; unknown is not free.

    >>> dollars(Decimal("0.00042")), dollars(Decimal(0)), dollars(None), dollars(Decimal("12.5"))
    ('$0.000420', '$0', 'unknown', '$12.50')
    """
    return dollars_alike([cost])[0]


def dollars_alike(costs: Sequence[Decimal | None]) -> list[str]:
    """The costs of a column, with as many decimals as its smallest needs, so that the points line up.

    >>> dollars_alike([Decimal("1.5"), Decimal("0.00624"), None])
    ['$1.50000', '$0.00624', 'unknown']
    """
    decimals = _decimals([float(cost) for cost in costs if cost], least=2, most=6)
    return [UNKNOWN if cost is None else f"${cost:.{decimals if cost else 0}f}" for cost in costs]


def seconds(value: float | None) -> str:
    """A duration.

    >>> seconds(0.0421), seconds(12.3), seconds(None)
    ('0.042 s', '12.3 s', '–')
    """
    return seconds_alike([value])[0]


def seconds_alike(values: Sequence[float | None]) -> list[str]:
    """The durations of a column, with as many decimals as its smallest needs.

    >>> seconds_alike([2.0, 0.136])
    ['2.000 s', '0.136 s']
    """
    decimals = _decimals([value for value in values if value], least=1, most=3)
    return [NOTHING if value is None else f"{value:.{decimals}f} s" for value in values]


def percent(share: float | None) -> str:
    """A share.

    >>> percent(0.9713), percent(None)
    ('97.1 %', '–')
    """
    return NOTHING if share is None else f"{100 * share:.1f} %"


def times(ratio: float | None) -> str:
    """A ratio.

    >>> times(8.598), times(None)
    ('8.6 times', 'unknown')
    """
    return UNKNOWN if ratio is None else f"{ratio:.1f} times"


def counted(number: int, noun: str) -> str:
    """A number and what it counts.

    >>> counted(1, "card"), counted(2, "card"), counted(2, "entry")
    ('1 card', '2 cards', '2 entries')
    """
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else many}"


def shortened(text: str | None, width: int = 60) -> str:
    """The first line of *text*, at most *width* characters."""
    line = (text or "").strip().partition("\n")[0]
    return line if len(line) <= width else line[: width - 1] + "…"


def listed(words: Sequence[str]) -> str:
    """Words in a sentence.

    >>> listed(["a", "b", "c"]), listed(["a"]), listed([])
    ('a, b and c', 'a', 'none')
    """
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else "none"


def link(path: Path) -> str:
    """The address of a page on this machine, which terminals and browsers open."""
    return path.resolve().as_uri()


def _decimals(values: Sequence[float], *, least: int, most: int) -> int:
    """How many decimals show the smallest of *values*, none of which is 0, with three significant digits."""
    if not values:
        return least
    return min(most, max(least, _DIGITS - 1 - math.floor(math.log10(min(map(abs, values))))))
