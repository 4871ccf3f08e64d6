"""What one success costs, in dollars or tokens or seconds: a ratio of sums, with intervals that know it is one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.stats.arguments import finite, inside, not_negative, same_length
from harness.stats.distributions import t_quantile, two_sided_z


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPerSuccess:
    """Total cost over total successes. Unit: that of the costs, per success."""

    ratio: float | None
    """``None`` without a success: undefined, which is neither 0 nor infinite. ``cost_total`` was spent."""
    se_delta: float | None
    log_lo: float | None
    """Interval on the logarithmic scale; ``None`` when it cannot be had (one task, no success, no cost)."""
    log_hi: float | None
    fieller_lo: float | None
    """Fieller's interval; ``None`` when unbounded."""
    fieller_hi: float | None
    fieller_g: float | None
    """Fieller's g; from 1 on, successes are too few for any finite interval."""
    bounded: bool
    cost_total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRatio:
    """Cost per success of B over that of A."""

    ratio: float | None
    """``None`` when either has no success or A cost nothing."""
    log_ratio: float | None
    se: float | None
    """Of ``log_ratio``; ``None`` for a single task."""
    lo: float | None
    hi: float | None


_NO_RATIO = CostRatio(ratio=None, log_ratio=None, se=None, lo=None, hi=None)


def _columns(cost: Sequence[float], success: Sequence[float], suffix: str = "") -> tuple[tuple[float, ...], ...]:
    costs, successes = finite(f"cost{suffix}", cost), finite(f"success{suffix}", success)
    same_length(cost=costs, success=successes)
    for value in (*costs, *successes):
        not_negative(f"cost{suffix} and success{suffix}", value)
    return costs, successes


def _covariance(x: Sequence[float], y: Sequence[float]) -> float:
    # Of the two means.
    n = len(x)
    mean_x, mean_y = math.fsum(x) / n, math.fsum(y) / n
    return math.fsum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / (n - 1) / n


def _undefined(costs: Sequence[float], ratio: float | None, g: float | None = None) -> CostPerSuccess:
    return CostPerSuccess(
        ratio=ratio,
        se_delta=None,
        log_lo=None,
        log_hi=None,
        fieller_lo=None,
        fieller_hi=None,
        fieller_g=g,
        bounded=False,
        cost_total=math.fsum(costs),
    )


def cost_per_success(*, cost: Sequence[float], success: Sequence[float], conf: float = 0.95) -> CostPerSuccess:
    """Cost per success over tasks: ``Σ cost / Σ success``, failures' cost included.

    Two intervals: the delta method on the logarithm, from each task's influence, with the normal quantile; and
    Fieller's (1954) with t on n - 1 degrees of freedom, which is unbounded when successes are few. *success* may
    hold task means or counts. Assumes independent tasks. Raises ValueError for columns of different length, no task
    and negative values.
    """
    costs, successes = _columns(cost, success)
    inside("conf", conf)
    total, n = math.fsum(successes), len(costs)
    if total == 0 or n == 1:
        return _undefined(costs, math.fsum(costs) / total if total else None)
    ratio, mean = math.fsum(costs) / total, total / n
    var_c, var_s, cov = _covariance(costs, costs), _covariance(successes, successes), _covariance(costs, successes)
    se = math.sqrt(max(0.0, var_c - 2 * ratio * cov + ratio * ratio * var_s)) / mean
    step = two_sided_z(conf) * se / ratio if ratio else None
    t = t_quantile(0.5 + conf / 2, df=n - 1)
    g = t * t * var_s / (mean * mean)
    centre = ratio - t * t * cov / (mean * mean)
    inner = var_c - 2 * ratio * cov + ratio * ratio * var_s - g * var_c + (t * cov / mean) ** 2
    half = t / mean * math.sqrt(max(0.0, inner))
    return CostPerSuccess(
        ratio=ratio,
        se_delta=se,
        log_lo=None if step is None else ratio * math.exp(-step),
        log_hi=None if step is None else ratio * math.exp(step),
        fieller_lo=(centre - half) / (1 - g) if g < 1 else None,
        fieller_hi=(centre + half) / (1 - g) if g < 1 else None,
        fieller_g=g,
        bounded=g < 1,
        cost_total=math.fsum(costs),
    )


def paired_cost_per_success_ratio(
    *,
    cost_a: Sequence[float],
    succ_a: Sequence[float],
    cost_b: Sequence[float],
    succ_b: Sequence[float],
    conf: float = 0.95,
) -> CostRatio:
    """Cost per success of B over that of A on the same tasks, with its interval on the logarithmic scale.

    Linearised by task: ``u = c_B/mean(c_B) - s_B/mean(s_B) - c_A/mean(c_A) + s_A/mean(s_A)``, standard error
    ``sd(u)/√n``, normal quantile. Below 1: B is cheaper. Raises ValueError for columns of different length.
    """
    columns = (*_columns(cost_a, succ_a, "_a"), *_columns(cost_b, succ_b, "_b"))
    same_length(a=columns[0], b=columns[2])
    inside("conf", conf)
    n, means = len(columns[0]), [math.fsum(column) / len(column) for column in columns]
    if min(means) == 0:
        return _NO_RATIO
    log_ratio = math.log(means[2] / means[3]) - math.log(means[0] / means[1])
    ratio = math.exp(log_ratio)
    if n == 1:
        return CostRatio(ratio=ratio, log_ratio=log_ratio, se=None, lo=None, hi=None)
    signs = (-1.0, 1.0, 1.0, -1.0)
    influence = [
        math.fsum(sign * value / mean for sign, value, mean in zip(signs, row, means, strict=True))
        for row in zip(*columns, strict=True)
    ]
    se = math.sqrt(_covariance(influence, influence))
    step = two_sided_z(conf) * se
    return CostRatio(
        ratio=ratio, log_ratio=log_ratio, se=se, lo=math.exp(log_ratio - step), hi=math.exp(log_ratio + step)
    )
