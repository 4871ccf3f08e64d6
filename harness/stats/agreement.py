"""How far raters agree beyond chance."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.stats.arguments import not_negative, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Kappa:
    """Agreement of many raters: 1 is perfect, 0 what chance gives."""

    kappa: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CohenKappa:
    """Agreement of two raters, with its standard error."""

    kappa: float
    se: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Alpha:
    """Krippendorff's alpha: 1 is perfect, 0 what chance gives."""

    alpha: float


def fleiss_kappa(*, table: Sequence[Sequence[int]]) -> Kappa:
    """Fleiss' kappa (1971): rows are subjects, columns categories, cells how many raters chose it.

    1 when all raters use one category only. Raises ValueError unless every row has the same total, of 2 or more.
    """
    rows = [[whole("table", cell) for cell in row] for row in table]
    raters = sum(rows[0]) if rows else 0
    if raters < 2 or any(sum(row) != raters for row in rows):
        raise ValueError(f"table must have rows of one total, at least 2: {[sum(row) for row in rows]!r}")
    observed = math.fsum(sum(c * (c - 1) for c in row) / (raters * (raters - 1)) for row in rows) / len(rows)
    shares = [sum(column) / (raters * len(rows)) for column in zip(*rows, strict=True)]
    chance = math.fsum(share * share for share in shares)
    return Kappa(kappa=1.0 if chance >= 1 else (observed - chance) / (1 - chance))


def cohen_kappa(*, table: Sequence[Sequence[float]]) -> CohenKappa:
    """Cohen's kappa of a square *table* of counts, with the large-sample error of Fleiss, Cohen and Everitt (1969).

    1 with error 0 when both raters use one category only. Raises ValueError for a table that is not square or empty.
    """
    rows = [[not_negative("table", cell) for cell in row] for row in table]
    n, size = math.fsum(map(math.fsum, rows)), len(rows)
    if n == 0 or any(len(row) != size for row in rows):
        raise ValueError(f"table must be square and not empty: {table!r}")
    p = [[cell / n for cell in row] for row in rows]
    r, c = [math.fsum(row) for row in p], [math.fsum(column) for column in zip(*p, strict=True)]
    observed, chance = math.fsum(p[i][i] for i in range(size)), math.fsum(r[i] * c[i] for i in range(size))
    if chance >= 1:
        return CohenKappa(kappa=1.0, se=0.0)
    kappa = (observed - chance) / (1 - chance)
    hits = math.fsum(p[i][i] * (1 - (r[i] + c[i]) * (1 - kappa)) ** 2 for i in range(size))
    misses = math.fsum(p[i][j] * (c[i] + r[j]) ** 2 for i in range(size) for j in range(size) if i != j)
    variance = hits + (1 - kappa) ** 2 * misses - (kappa - chance * (1 - kappa)) ** 2
    return CohenKappa(kappa=kappa, se=math.sqrt(max(0.0, variance) / n) / (1 - chance))


def _coincidences(data: Sequence[Sequence[float | None]]) -> dict[tuple[float, float], float]:
    # Pairs of values within a unit, each unit weighing its number of values.
    pairs: dict[tuple[float, float], float] = {}
    for unit in zip(*data, strict=True):
        values = [value for value in unit if value is not None]
        for i, first in enumerate(values):
            for j, second in enumerate(values):
                if i != j:
                    pairs[first, second] = pairs.get((first, second), 0.0) + 1 / (len(values) - 1)
    return pairs


def _distance(level: str, totals: dict[float, float]) -> Callable[[float, float], float]:
    def ordinal(a: float, b: float) -> float:
        low, high = min(a, b), max(a, b)
        between = math.fsum(count for value, count in totals.items() if low <= value <= high)
        return (between - (totals[a] + totals[b]) / 2) ** 2

    known: dict[str, Callable[[float, float], float]] = {
        "nominal": lambda a, b: float(a != b),
        "ordinal": ordinal,
        "interval": lambda a, b: (a - b) ** 2,
        "ratio": lambda a, b: ((a - b) / (a + b)) ** 2 if a != b else 0.0,
    }
    if level not in known:
        raise ValueError(f"level must be one of {', '.join(known)}: {level!r}")
    return known[level]


def krippendorff_alpha(*, data: Sequence[Sequence[float | None]], level: str = "nominal") -> Alpha:
    """Krippendorff's alpha: rows are raters, columns units, ``None`` a missing rating (Krippendorff 2011).

    *level*: ``nominal``, ``ordinal``, ``interval`` or ``ratio``. 1 when only one value was ever given. Raises
    ValueError when no unit has two ratings, and for rows of different length.
    """
    if len({len(row) for row in data}) > 1:
        raise ValueError(f"data must have rows of one length: {[len(row) for row in data]!r}")
    pairs = _coincidences(data)
    if not pairs:
        raise ValueError(f"data must have a unit with two ratings: {data!r}")
    totals: dict[float, float] = {}
    for (first, _), count in pairs.items():
        totals[first] = totals.get(first, 0.0) + count
    distance, n = _distance(level, totals), math.fsum(totals.values())
    observed = math.fsum(count * distance(a, b) for (a, b), count in pairs.items())
    expected = math.fsum(totals[a] * totals[b] * distance(a, b) for a in totals for b in totals) / (n - 1)
    return Alpha(alpha=1.0 if expected == 0 else 1 - observed / expected)
