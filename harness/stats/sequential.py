"""Looking more than once: e-values, confidence sequences, and control charts over runs.

Differences ``d`` are B - A per task, in [-1, 1], in the order the tasks were run.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.stats.arguments import finite, inside, positive, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class EValue:
    """Evidence against "no difference" that may be looked at after every task."""

    e: float
    p_anytime: float
    """``min(1, 1/e)`` of this look; over several looks take the running maximum of ``e``."""
    reject_at_05: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AsymptoticSequence:
    """The last interval of an asymptotic confidence sequence."""

    rho: float
    mean: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceInterval:
    """The last interval of a confidence sequence."""

    lo: float
    hi: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Martingale:
    """A test martingale: last and highest value. It starts at 1; reject when the highest reaches 1/alpha."""

    final: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cusum:
    """A tabular cumulative-sum chart, in units of the standard deviation of a run."""

    c_plus_last: float
    c_minus_last: float
    c_minus_max: float
    first_alarm: int | None
    """Index of the first run beyond the limit on either side, from 0; ``None``: no alarm."""


def evalue_discordant_beta_mixture(*, a_only: int, b_only: int, prior: Sequence[float] = (0.5, 0.5)) -> EValue:
    """E-value against ``P(B only) = P(A only)`` given the discordant pairs: a Beta mixture of likelihood ratios.

    ``B(b_only + β, a_only + α) / B(α, β) · 2^(a_only + b_only)`` (Robbins 1970).
    """
    a_only, b_only = whole("a_only", a_only), whole("b_only", b_only)
    first, second = (positive("prior", value) for value in prior)
    log_e = _log_beta(b_only + first, a_only + second) - _log_beta(first, second) + (a_only + b_only) * math.log(2)
    e = math.exp(min(700.0, log_e))
    return EValue(e=e, p_anytime=min(1.0, 1 / e), reject_at_05=e >= 20)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def asymptotic_confidence_sequence(*, d: Sequence[float], alpha: float = 0.05, t_opt: int = 100) -> AsymptoticSequence:
    """Asymptotic confidence sequence of the mean, tightest at *t_opt* tasks (Waudby-Smith et al. 2024).

    Good from about 50 tasks on. Raises ValueError for no task.
    """
    values = finite("d", d)
    t, mean = len(values), math.fsum(values) / len(values)
    log = -2 * math.log(inside("alpha", alpha))
    rho = math.sqrt((log + math.log(log + 1)) / whole("t_opt", t_opt, least=1))
    variance = math.fsum((value - mean) ** 2 for value in values) / t
    scaled = t * rho * rho
    half = math.sqrt(variance * 2 * (scaled + 1) / (t * scaled) * math.log(math.sqrt(scaled + 1) / alpha))
    return AsymptoticSequence(rho=rho, mean=mean, lo=mean - half, hi=mean + half)


def _shares(d: Sequence[float]) -> list[float]:
    values = finite("d", d)
    for value in values:
        if abs(value) > 1:
            raise ValueError(f"d must lie within [-1, 1]: {value!r}")
    return [(value + 1) / 2 for value in values]


def _bets(x: Sequence[float], alpha: float) -> list[float]:
    # How much to stake on each task, from the spread seen before it; a prior of one task at 1/2 with variance 1/4.
    bets, total, spread = [], 0.5, 0.25
    for t, value in enumerate(x, start=1):
        bets.append(math.sqrt(2 * math.log(1 / alpha) / (math.log(1 + t) * spread)))
        total += value
        spread += (value - total / (t + 1)) ** 2
    return bets


def predictable_empirical_bernstein_cs(
    *,
    d: Sequence[float],
    alpha: float = 0.05,
    map: str = "x=(d+1)/2 in [0,1]",  # noqa: A002 -- the published name
) -> SequenceInterval:
    """Predictable plug-in empirical-Bernstein confidence sequence of the mean (Waudby-Smith and Ramdas 2024).

    Never covers less than ``1 - alpha`` over all looks; its last interval. *map* only documents that differences
    are mapped to [0, 1]. Raises ValueError for a difference outside [-1, 1].
    """
    x, half_alpha = _mapped(d, map), inside("alpha", alpha) / 2
    lo, below_hi = _bernstein_lower(x, half_alpha), _bernstein_lower([1 - value for value in x], half_alpha)
    return SequenceInterval(lo=2 * lo - 1, hi=1 - 2 * below_hi)


def _bernstein_lower(x: Sequence[float], alpha: float) -> float:
    # The predicted mean is that of the tasks before, and 0 before the first: any prediction keeps the guarantee.
    weight = centre = slack = total = 0.0
    for index, (value, stake) in enumerate(zip(x, _bets(x, alpha), strict=True)):
        bet, predicted = min(0.5, stake), total / index if index else 0.0
        weight += bet
        centre += bet * value
        slack += (value - predicted) ** 2 * (-math.log(1 - bet) - bet)
        total += value
    return max(0.0, (centre - slack - math.log(1 / alpha)) / weight)


def _mapped(d: Sequence[float], mapping: str) -> list[float]:
    if not mapping.replace(" ", "").startswith("x=(d+1)/2"):
        raise ValueError(f"map must be 'x=(d+1)/2': {mapping!r}")
    return _shares(d)


def betting_martingale(
    *,
    d: Sequence[float],
    m: float = 0.5,
    alpha: float = 0.05,
    theta: float = 1,
    map: str = "x=(d+1)/2",  # noqa: A002 -- the published name
) -> Martingale:
    """Capital of a bettor against "the mean of x is m" (Waudby-Smith and Ramdas 2024).

    *theta* is the share of the capital that bets on a higher mean, the rest bets on a lower one; bets are capped at
    half of what could be lost. For non-inferiority take ``m = (1 - margin)/2`` and ``theta = 1``.
    """
    x = _mapped(d, map)
    inside("m", m)
    inside("alpha", alpha)
    if not 0 <= theta <= 1:
        raise ValueError(f"theta must lie within [0, 1]: {theta!r}")
    up = _capital(x, m, _bets(x, alpha * theta) if theta else [], sign=1)
    down = _capital(x, m, _bets(x, alpha * (1 - theta)) if theta < 1 else [], sign=-1)
    path = [theta * high + (1 - theta) * low for high, low in zip(up, down, strict=True)]
    return Martingale(final=path[-1], max=max(path))


def _capital(x: Sequence[float], m: float, bets: Sequence[float], *, sign: int) -> list[float]:
    if not bets:
        return [0.0] * len(x)
    cap = 0.5 / (m if sign > 0 else 1 - m)
    path, capital = [], 1.0
    for value, bet in zip(x, bets, strict=True):
        capital = min(1e300, capital * (1 + sign * min(cap, bet) * (value - m)))
        path.append(capital)
    return path


def cusum_tabular(*, y: Sequence[float], target: float, sd: float, k: float = 0.5, h: float = 8.0) -> Cusum:
    """Tabular CUSUM of standardised values (Montgomery): slow decay over runs.

    ``C+ = max(0, C+ + z - k)``, ``C- = max(0, C- - z - k)`` with ``z = (y - target)/sd``; alarm above *h*. Raises
    ValueError for *sd* of 0 or less.
    """
    values = finite("y", y)
    positive("sd", sd)
    plus = minus = highest = 0.0
    alarm: int | None = None
    for index, value in enumerate(values):
        z = (value - target) / sd
        plus, minus = max(0.0, plus + z - k), max(0.0, minus - z - k)
        highest = max(highest, minus)
        if alarm is None and max(plus, minus) > h:
            alarm = index
    return Cusum(c_plus_last=plus, c_minus_last=minus, c_minus_max=highest, first_alarm=alarm)
