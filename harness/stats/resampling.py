"""Resampling of task differences: bootstrap and sign flips. Seeded, so the same data give the same figures."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.stats.arguments import finite, inside
from harness.stats.distributions import normal_quantile, normal_tail


@dataclass(frozen=True, slots=True, kw_only=True)
class BcaInterval:
    """A bias-corrected and accelerated bootstrap interval."""

    acceleration: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutationP:
    """A permutation p value."""

    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapMoments:
    """Mean and standard deviation of the bootstrap distribution of a mean."""

    boot_mean: float
    boot_sd: float


def _acceleration(values: Sequence[float]) -> float:
    # Jackknife of a mean: the influence of a task is its distance from the mean.
    mean = math.fsum(values) / len(values)
    squares = math.fsum((value - mean) ** 2 for value in values)
    cubes = math.fsum((value - mean) ** 3 for value in values)
    return cubes / (6 * squares**1.5) if squares else 0.0


def _resamples(asked: int | str) -> int:
    text = str(asked).removeprefix(">=").strip()
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"resamples must be a whole number of at least 1, or '>=' and one: {asked!r}")
    return int(text)


def paired_bootstrap_bca(
    *, d: Sequence[float], statistic: str = "mean", conf: float = 0.95, resamples: int | str = 10_000, seed: int = 17
) -> BcaInterval:
    """BCa bootstrap interval of the mean of *d* over tasks (Efron 1987).

    The ends are Monte Carlo figures that *seed* fixes; they lie on the lattice of resampled means. *resamples* may
    be written ``">=20000"``. Width 0 when all differences are equal. Raises ValueError for fewer than two tasks and
    for a *statistic* other than ``mean``.
    """
    import numpy as np  # noqa: PLC0415 -- a fifth of a second that most callers need not pay

    values = finite("d", d, least=2)
    if statistic != "mean":
        raise ValueError(f"statistic must be 'mean': {statistic!r}")
    tail, mean = (1 - inside("conf", conf)) / 2, math.fsum(values) / len(values)
    data, draw = np.asarray(values), np.random.default_rng(seed)
    means = np.sort([data[draw.integers(0, data.size, data.size)].mean() for _ in range(_resamples(resamples))])
    below = (np.sum(means < mean - 1e-12) + np.sum(means <= mean + 1e-12)) / (2 * means.size)
    acceleration = _acceleration(values)
    bias = normal_quantile(min(1 - 1e-9, max(1e-9, float(below))))

    def level(share: float) -> float:
        shifted = bias + normal_quantile(share)
        return 1 - normal_tail(bias + shifted / (1 - acceleration * shifted))

    lo, hi = np.quantile(means, [level(tail), level(1 - tail)])
    return BcaInterval(acceleration=acceleration, lo=float(lo), hi=float(hi))


def sign_flip_permutation_exact(*, d: Sequence[float], sums_max: int = 1_000_000) -> PermutationP:
    """Two-sided p of the mean of *d* when every sign is equally likely: all ``2**n`` of them, counted exactly.

    Sums that agree but for rounding count as ties (slack 1e-12 of the scale). Differences on a lattice, as task
    means are, have few distinct sums, so hundreds of tasks work; ValueError when there are more than
    *sums_max* of them.
    """
    values = [abs(value) for value in finite("d", d) if value]
    scale = max(values, default=1.0)
    sums: dict[float, int] = {0.0: 1}
    for value in values:
        after: dict[float, int] = {}
        for total, ways in sums.items():
            for flipped in (total + value, total - value):
                key = round(flipped, 12 - math.ceil(math.log10(scale)))
                after[key] = after.get(key, 0) + ways
        if len(after) > sums_max:
            raise ValueError(f"d has too many distinct sums for an exact test, at {len(values)!r} values that differ")
        sums = after
    observed = abs(math.fsum(d)) - 1e-9 * scale
    extreme = sum(ways for total, ways in sums.items() if abs(total) >= observed)
    return PermutationP(p=extreme / 2 ** len(values))


def bootstrap_exact_moments(*, d: Sequence[float]) -> BootstrapMoments:
    """What the bootstrap of a mean converges to: the mean, and ``sd(ddof=0)/√n``. Raises ValueError for no value."""
    values = finite("d", d)
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / len(values)
    return BootstrapMoments(boot_mean=mean, boot_sd=math.sqrt(variance / len(values)))
