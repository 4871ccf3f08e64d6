"""How many tasks a comparison needs, and what a given number can see."""

import math
from dataclasses import dataclass
from typing import Any

from harness.stats.arguments import finite, inside, not_negative, positive, whole
from harness.stats.distributions import bisect, normal_quantile, t_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """Tasks needed."""

    n_exact: float
    n: int
    """``n_exact``, rounded up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """The chance of finding a difference that is there."""

    power: float


@dataclass(frozen=True, slots=True, kw_only=True)
class McnemarPower:
    """Power of both forms of McNemar's test."""

    power_midp: float
    power_exact: float


def _size(n_exact: float) -> SampleSize:
    return SampleSize(n_exact=n_exact, n=max(1, math.ceil(n_exact - 1e-9)))


def _discordance(p_a_only: float, p_b_only: float) -> tuple[float, float]:
    total = not_negative("p_a_only", p_a_only) + not_negative("p_b_only", p_b_only)
    if not 0 < total <= 1:
        raise ValueError(f"p_a_only + p_b_only must lie within (0, 1]: {p_a_only!r} + {p_b_only!r}")
    return total, p_b_only - p_a_only


def mcnemar_sample_size_connor(
    *, p_a_only: float, p_b_only: float, alpha: float = 0.05, power: float = 0.8
) -> SampleSize:
    """Pairs for a two-sided McNemar test (Miettinen 1968, Connor 1987).

    ``(z_{1-α/2} √ψ + z_power √(ψ - δ²))² / δ²`` with ``ψ = p_A-only + p_B-only`` and ``δ`` their difference. Raises
    ValueError when they are equal: no number of tasks shows a difference that is not there.
    """
    total, delta = _discordance(p_a_only, p_b_only)
    if delta == 0:
        raise ValueError(f"p_a_only and p_b_only must differ: {p_a_only!r}")
    z_alpha = normal_quantile(1 - inside("alpha", alpha) / 2)
    z_power = normal_quantile(inside("power", power))
    return _size(((z_alpha * math.sqrt(total) + z_power * math.sqrt(total - delta * delta)) / delta) ** 2)


def tasks_to_see(difference: float, *, discordant: float, power: float = 0.8) -> int:
    """Tasks that show *difference* between two that differ on the share *discordant* of tasks.

    More, where the difference itself is larger than that: it cannot be seen on fewer tasks than it is on.
    """
    total = max(discordant, difference)
    low, high = (total - difference) / 2, (total + difference) / 2
    return mcnemar_sample_size_connor(p_a_only=low, p_b_only=high, power=power).n


def smallest_difference(tasks: int, *, discordant: float, power: float = 0.8) -> float | None:
    """The smallest difference, in whole points as a share, that *tasks* tasks show; ``None``: none up to 100."""
    shares = (points / 100 for points in range(1, 101))
    return next((share for share in shares if tasks_to_see(share, discordant=discordant, power=power) <= tasks), None)


def noninferiority_sample_size(
    *, p_a_only: float, p_b_only: float, margin: float, alpha: float = 0.05, power: float = 0.8
) -> SampleSize:
    """Pairs to show, one-sided, that B is worse than A by less than *margin* (Wald approximation).

    ``(z_{1-α} + z_power)² (ψ - δ²) / (δ + margin)²``. Raises ValueError when ``δ <= -margin``: it is inferior.
    """
    total, delta = _discordance(p_a_only, p_b_only)
    if delta + positive("margin", margin) <= 0:
        raise ValueError(f"p_b_only - p_a_only must lie above -margin = {-margin!r}: {delta!r}")
    z = normal_quantile(1 - inside("alpha", alpha)) + normal_quantile(inside("power", power))
    return _size(z * z * (total - delta * delta) / (delta + margin) ** 2)


def miller_sample_size(
    *,
    omega2: float,
    sigma_a2: float,
    sigma_b2: float,
    k_a: int,
    k_b: int,
    delta: float,
    alpha: float = 0.05,
    power: float = 0.8,
) -> SampleSize:
    """Questions for a two-sided paired test with repeats (Miller 2024).

    ``(z_{1-α/2} + z_power)² (ω² + σ_A²/K_A + σ_B²/K_B) / δ²``: ω² is the variance between questions of the expected
    difference, σ² that within a question, K the samples of each.
    """
    variance = (
        not_negative("omega2", omega2)
        + not_negative("sigma_a2", sigma_a2) / whole("k_a", k_a, least=1)
        + not_negative("sigma_b2", sigma_b2) / whole("k_b", k_b, least=1)
    )
    if delta == 0:
        raise ValueError(f"delta must not be 0: {delta!r}")
    z = normal_quantile(1 - inside("alpha", alpha) / 2) + normal_quantile(inside("power", power))
    return _size(z * z * positive("the variance of a difference", variance) / delta**2)


def paired_t_power(*, n: float, delta: float, sd: float, alpha: float = 0.05) -> Power:
    """Power of a two-sided paired t test on *n* tasks: noncentral t, both tails.

    *delta* is the true mean difference, *sd* the standard deviation of task differences. *n* may be fractional.
    """
    from scipy.special import nctdtr  # noqa: PLC0415 -- lazy

    inside("n", n, low=1.0, high=math.inf)
    shift = abs(delta) / positive("sd", sd) * math.sqrt(n)
    limit = t_quantile(1 - inside("alpha", alpha) / 2, df=n - 1)
    upper, lower = float(nctdtr(n - 1, shift, limit)), float(nctdtr(n - 1, shift, -limit))
    return Power(power=min(1.0, max(0.0, 1 - upper + (lower if lower == lower else 0.0))))  # noqa: PLR0124 -- NaN


def paired_t_sample_size(*, delta: float, sd: float, alpha: float = 0.05, power: float = 0.8) -> SampleSize:
    """Tasks that :func:`paired_t_power` needs for *power*. Raises ValueError for ``delta = 0``."""
    finite("delta", [delta])
    if delta == 0:
        raise ValueError(f"delta must not be 0: {delta!r}")
    z = normal_quantile(1 - inside("alpha", alpha) / 2) + normal_quantile(inside("power", power))
    rough = (z * positive("sd", sd) / delta) ** 2

    def missing(n: float) -> float:
        return power - paired_t_power(n=n, delta=delta, sd=sd, alpha=alpha).power

    return _size(bisect(missing, low=1.001, high=2 * rough + 20, rounds=60))


def mcnemar_unconditional_power(*, n: int, p_a_only: float, p_b_only: float, alpha: float = 0.05) -> McnemarPower:
    """Power of McNemar's test on *n* pairs, by full enumeration over the discordant ones."""
    import numpy as np  # noqa: PLC0415 -- lazy
    from scipy.special import bdtr  # noqa: PLC0415 -- lazy

    n, (total, _) = whole("n", n, least=1), _discordance(p_a_only, p_b_only)
    inside("alpha", alpha)
    weights = np.diff(bdtr(np.arange(-1, n + 1), n, total), prepend=0.0)[1:]
    exact = midp = 0.0
    for discordant in range(1, n + 1):
        tails = 2 * bdtr(np.arange(discordant // 2 + 1), discordant, 0.5)
        terms = np.diff(tails, prepend=0.0) / 2
        share = p_a_only / total
        exact += weights[discordant] * _rejected(discordant, int(np.sum(tails <= alpha)), share)
        midp += weights[discordant] * _rejected(discordant, int(np.sum(tails - terms <= alpha)), share)
    return McnemarPower(power_midp=min(1.0, float(midp)), power_exact=min(1.0, float(exact)))


def _rejected(n: int, size: int, share: float) -> float:
    # The *size* smallest counts on either side make up the critical region.
    from scipy.special import bdtr, bdtrc  # noqa: PLC0415 -- lazy

    if size == 0:
        return 0.0
    tails: Any = bdtr(size - 1, n, share) + bdtrc(n - size, n, share)
    return float(tails)
