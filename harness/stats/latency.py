"""High quantiles of latency, with the intervals that so few values allow."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.stats.arguments import finite, inside, not_negative, whole
from harness.stats.distributions import beta_cdf, binomial_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyQuantile:
    """One quantile of latency, in the unit of the values."""

    p95_linear: float
    """Interpolated between order statistics (Hyndman and Fan type 7)."""
    p95_inverted_cdf: float
    """The order statistic itself (type 1): a latency that occurred."""
    orderstat_lo: float | None
    """Order-statistic interval; ``None`` where n is too small for that end to exist."""
    orderstat_hi: float | None
    exact_boot_sd: float
    """Standard deviation of the bootstrap distribution of ``p95_inverted_cdf``, in closed form."""
    exact_boot_lo: float
    exact_boot_hi: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyRatio:
    """A quantile of B over that of A."""

    ratio: float | None
    """``None`` when A's is 0."""
    lo: float | None
    """``None`` for fewer tasks than :data:`RATIO_TASKS_MIN`."""
    hi: float | None
    """``None`` then, and where resamples of A reach 0: unbounded."""


RATIO_TASKS_MIN = 20
"""Below this many tasks a bootstrap interval of a p95 is an illusion."""


def _interpolated(ordered: Sequence[float], p: float) -> float:
    place = (len(ordered) - 1) * p
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _rank(n: int, p: float) -> int:
    # Products such as 20 * 0.95 are meant to be whole.
    return max(1, math.ceil(n * p - 1e-9))


def _exact_bootstrap(ordered: Sequence[float], rank: int, conf: float) -> tuple[float, float, float]:
    # P(the resampled order statistic is at most the i-th value) = P(Binomial(n, i/n) >= rank).
    n = len(ordered)
    cumulative = [0.0, *(beta_cdf(i / n, a=rank, b=n - rank + 1) for i in range(1, n)), 1.0]
    weights = [high - low for low, high in pairwise(cumulative)]
    mean = math.fsum(weight * value for weight, value in zip(weights, ordered, strict=True))
    variance = math.fsum(weight * (value - mean) ** 2 for weight, value in zip(weights, ordered, strict=True))
    tail = (1 - conf) / 2
    lo = next(value for at, value in zip(cumulative[1:], ordered, strict=True) if at >= tail)
    hi = next(value for at, value in zip(cumulative[1:], ordered, strict=True) if at >= 1 - tail)
    return math.sqrt(variance), lo, hi


def p95_latency(*, x: Sequence[float], p: float = 0.95, conf: float = 0.95) -> LatencyQuantile:
    """The *p* quantile of *x* with the binomial order-statistic interval and the exact bootstrap.

    The two-sided 95 % upper end of a p95 does not exist below n = 72. Assumes independent values. Raises ValueError
    for no value, negative values, and *p* or *conf* outside (0, 1).
    """
    values = sorted(not_negative("x", value) for value in finite("x", x))
    n, tail = len(values), (1 - inside("conf", conf)) / 2
    low = binomial_quantile(tail, n=n, p=inside("p", p)) - 1
    high = binomial_quantile(1 - tail, n=n, p=p)
    rank = _rank(n, p)
    sd, boot_lo, boot_hi = _exact_bootstrap(values, rank, conf)
    return LatencyQuantile(
        p95_linear=_interpolated(values, p),
        p95_inverted_cdf=values[rank - 1],
        orderstat_lo=values[low] if low >= 0 else None,
        orderstat_hi=values[high] if high < n else None,
        exact_boot_sd=sd,
        exact_boot_lo=boot_lo,
        exact_boot_hi=boot_hi,
    )


def p95_latency_ratio(
    *,
    a: Sequence[Sequence[float]],
    b: Sequence[Sequence[float]],
    p: float = 0.95,
    conf: float = 0.95,
    resamples: int = 2000,
    seed: int = 17,
) -> LatencyRatio:
    """The *p* quantile of *b* over that of *a*: one row per task, in it the latencies of its epochs.

    Percentile interval of a bootstrap over tasks, which *seed* fixes; it takes as many epochs as every task has.
    Below 1: B is faster. Raises ValueError for different numbers of tasks, no task, a task without a latency and
    negative values.
    """
    rows_a, rows_b = [finite("a", row) for row in a], [finite("b", row) for row in b]
    if len(rows_a) != len(rows_b) or not rows_a:
        raise ValueError(f"a and b must have the same tasks, at least one: {len(rows_a)!r} and {len(rows_b)!r}")
    flat_a = sorted(not_negative("a", value) for row in rows_a for value in row)
    flat_b = sorted(not_negative("b", value) for row in rows_b for value in row)
    inside("conf", conf)
    base = _interpolated(flat_a, inside("p", p))
    if base == 0:
        return LatencyRatio(ratio=None, lo=None, hi=None)
    ratio = _interpolated(flat_b, p) / base
    if len(rows_a) < RATIO_TASKS_MIN:
        return LatencyRatio(ratio=ratio, lo=None, hi=None)
    lo, hi = _ratio_ends(rows_a, rows_b, p=p, conf=conf, resamples=whole("resamples", resamples, least=100), seed=seed)
    return LatencyRatio(ratio=ratio, lo=min(ratio, lo), hi=max(ratio, hi) if math.isfinite(hi) else None)


def _ratio_ends(
    a: Sequence[Sequence[float]], b: Sequence[Sequence[float]], *, p: float, conf: float, resamples: int, seed: int
) -> tuple[float, float]:
    import numpy as np  # noqa: PLC0415 -- a fifth of a second that most callers need not pay

    epochs = min(len(row) for row in (*a, *b))
    table_a, table_b = (np.asarray([row[:epochs] for row in rows]) for rows in (a, b))
    draw, ratios = np.random.default_rng(seed), np.empty(0)
    for start in range(0, resamples, 100):  # by the hundred: a table of all would not fit for large suites
        index = draw.integers(0, len(a), (min(100, resamples - start), len(a)))
        over = np.quantile(table_b[index].reshape(len(index), -1), p, axis=1)
        under = np.quantile(table_a[index].reshape(len(index), -1), p, axis=1)
        reached = under > over * 1e-12
        ratios = np.append(ratios, np.where(reached, over / np.where(reached, under, 1.0), math.inf))
    ratios.sort()
    tail = math.floor(resamples * (1 - conf) / 2)
    return float(ratios[tail]), float(ratios[resamples - 1 - tail])
