"""How numbers are written on a page. Unknown is said, never shown as 0."""

from collections.abc import Callable, Mapping

UNKNOWN = "unknown"
MINUS = "−"


def percent(share: float | None) -> str:
    """A share as a percentage: ``71.4%``."""
    return UNKNOWN if share is None else f"{share * 100:.1f}%"


def points(share: float | None) -> str:
    """A difference of shares in percentage points, signed: ``+5.7``."""
    if share is None:
        return UNKNOWN
    written = f"{share * 100:+.1f}".replace("-", MINUS)
    return "0.0" if written[1:] == "0.0" else written


def usd(amount: float | None) -> str:
    """US dollars, with as many digits as tell small amounts apart: ``$0.0042``."""
    if amount is None:
        return UNKNOWN
    size = abs(amount)
    digits = 2 if size >= 1 or size == 0 else 3 if size >= 0.1 else 4 if size >= 0.001 else 6
    return f"{MINUS if amount < 0 else ''}${size:,.{digits}f}"


def signed_usd(amount: float | None) -> str:
    """A difference in US dollars, with its sign."""
    return f"+{usd(amount)}" if amount is not None and amount > 0 else usd(amount)


def seconds(amount: float | None) -> str:
    """A duration: ``850 ms``, ``11.3 s``, ``140 s``."""
    if amount is None:
        return UNKNOWN
    if amount < 1:
        return f"{amount * 1000:.0f} ms"
    return f"{amount:.1f} s" if amount < 100 else f"{amount:,.0f} s"


def count(amount: float | None) -> str:
    """A count, with thousands separated; fractions only below 100."""
    if amount is None:
        return UNKNOWN
    return f"{amount:,.0f}" if amount >= 100 or amount == int(amount) else f"{amount:.1f}"


def ratio(amount: float | None) -> str:
    """A ratio: ``0.52``."""
    return UNKNOWN if amount is None else f"{amount:.2f}"


def p_value(p: float) -> str:
    """A p value: ``0.034``, ``< 0.001``."""
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def between(lo: float | None, hi: float | None, write: Callable[[float | None], str]) -> str:
    """An interval: ``[0.50, 0.55]``; an end that does not exist is ``…``."""
    ends = ("…" if end is None else write(end) for end in (lo, hi))
    return "no interval" if lo is None and hi is None else f"[{', '.join(ends)}]"


def shade(share: float) -> str:
    """The class of a cell's background: ``q0``, the worst, to ``q4``, the best."""
    return f"q{min(4, int(share * 5))}"


FORMATS: Mapping[str, Callable[..., str]] = {
    "percent": percent,
    "points": points,
    "usd": usd,
    "signed_usd": signed_usd,
    "seconds": seconds,
    "count": count,
    "ratio": ratio,
    "p_value": p_value,
}
