"""Checks of arguments: every statistic refuses what it cannot mean, naming the argument and its value."""

import math
from collections.abc import Iterable


def whole(name: str, value: float, *, least: int = 0) -> int:
    """*value* as an int that is at least *least*; ValueError otherwise."""
    if value != value or value in {math.inf, -math.inf} or int(value) != value or value < least:  # noqa: PLR0124 -- NaN
        raise ValueError(f"{name} must be a whole number of at least {least}: {value!r}")
    return int(value)


def inside(name: str, value: float, *, low: float = 0.0, high: float = 1.0) -> float:
    """*value* as a float strictly between *low* and *high*; ValueError otherwise."""
    if not low < value < high:
        raise ValueError(f"{name} must lie strictly between {low:g} and {high:g}: {value!r}")
    return float(value)


def positive(name: str, value: float) -> float:
    """*value* as a finite float above 0; ValueError otherwise."""
    return inside(name, value, low=0.0, high=math.inf)


def not_negative(name: str, value: float) -> float:
    """*value* as a finite float of at least 0; ValueError otherwise."""
    if not 0.0 <= value < math.inf:
        raise ValueError(f"{name} must be finite and at least 0: {value!r}")
    return float(value)


def finite(name: str, values: Iterable[float], *, least: int = 1) -> tuple[float, ...]:
    """*values* as finite floats, at least *least* of them; ValueError otherwise."""
    checked = tuple(float(value) for value in values)
    if len(checked) < least:
        raise ValueError(f"{name} must hold at least {least} values: {checked!r}")
    for index, value in enumerate(checked):
        if not math.isfinite(value):
            raise ValueError(f"{name}[{index}] must be finite: {value!r}")
    return checked


def same_length(**columns: tuple[float, ...]) -> None:
    """ValueError unless all *columns* are of one length."""
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns must be of one length: {lengths!r}")
