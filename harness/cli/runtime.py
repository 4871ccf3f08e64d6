"""What commands share: the home folder, the registry, names that are unique enough, and labels for people."""

import os
import secrets
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from harness.cli.options import Options
from harness.content import Home, find_home
from harness.core.ports import Clock


def home_of(options: Options) -> Home:
    """The home folder: --home, $HARNESS_HOME, the current folder, the checkout, the installed copy."""
    return find_home(flag=options.home, environ=os.environ, cwd=Path.cwd())


def environ() -> Mapping[str, str]:
    """The environment, from which keys are taken by name."""
    return os.environ


def split_names(text: str) -> list[str]:
    """The names in a comma-separated list.

    >>> split_names("a, b,")
    ['a', 'b']
    """
    return [name.strip() for name in text.split(",") if name.strip()]


def unique_name(prefix: str, clock: Clock) -> str:
    """A name for a journal that no other process takes: sorts by time."""
    return f"{prefix}-{clock.now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def dollars(cost: Decimal | None) -> str:
    """A cost for people; unknown is not free.

    >>> dollars(Decimal("0.00042")), dollars(Decimal(0)), dollars(None)
    ('$0.00042', '$0', 'unknown')
    """
    if cost is None:
        return "unknown"
    if cost == 0:
        return "$0"
    return f"${cost:.2f}" if cost >= 1 else f"${cost.quantize(Decimal('1e-6')).normalize():f}"


def seconds(value: float | None) -> str:
    """A duration for people.

    >>> seconds(0.0421), seconds(12.3), seconds(None)
    ('0.042 s', '12.3 s', '–')
    """
    if value is None:
        return "–"
    return f"{value:.1f} s" if value >= 1 else f"{value:.3f} s"


def percent(share: float | None) -> str:
    """A share for people.

    >>> percent(0.9713), percent(None)
    ('97.1 %', '–')
    """
    return "–" if share is None else f"{100 * share:.1f} %"


def shortened(text: str | None, width: int = 60) -> str:
    """The first line of *text*, at most *width* characters."""
    line = (text or "").strip().partition("\n")[0]
    return line if len(line) <= width else line[: width - 1] + "…"


def listed(words: Sequence[str]) -> str:
    """Words for people: ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else "none"
