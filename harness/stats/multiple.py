"""Many tests at once: adjusted p values."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.stats.arguments import finite


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """Adjusted p values, in the order they were given."""

    p_adj: tuple[float, ...]


def _p_values(p: Sequence[float]) -> tuple[float, ...]:
    values = finite("p", p, least=0)
    for value in values:
        if not 0 <= value <= 1:
            raise ValueError(f"p must lie within [0, 1]: {value!r}")
    return values


def holm(*, p: Sequence[float]) -> Adjusted:
    """Holm's step-down adjustment: controls the chance of any false alarm (Holm 1979). For decisions."""
    values = _p_values(p)
    adjusted, highest = [0.0] * len(values), 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        highest = max(highest, min(1.0, (len(values) - rank) * values[index]))
        adjusted[index] = highest
    return Adjusted(p_adj=tuple(adjusted))


def benjamini_hochberg(*, p: Sequence[float]) -> Adjusted:
    """Benjamini and Hochberg's step-up adjustment: controls the share of false alarms (1995). For listings."""
    values = _p_values(p)
    adjusted, lowest = [0.0] * len(values), 1.0
    ordered = sorted(range(len(values)), key=values.__getitem__)
    for rank in range(len(values), 0, -1):
        index = ordered[rank - 1]
        lowest = min(lowest, values[index] * len(values) / rank)
        adjusted[index] = lowest
    return Adjusted(p_adj=tuple(adjusted))
