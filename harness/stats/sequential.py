"""Looking more than once: e-values, confidence sequences, and control charts over runs.

Differences ``d`` are B - A per task, in [-1, 1], in the order the tasks were run.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.stats.arguments import finite, inside, positive, whole

_BISECTIONS = 30
"""To a billionth."""


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


@dataclass(slots=True, kw_only=True)
class _Stake:
    """How much to stake on the next task, from the spread seen before it; a prior of one task at 1/2, variance 1/4."""

    alpha: float
    t: int = 0
    total: float = 0.5
    spread: float = 0.25

    def next(self) -> float:
        return math.sqrt(2 * math.log(1 / self.alpha) / (math.log(2 + self.t) * self.spread))

    def take(self, value: float) -> None:
        self.t += 1
        self.total += value
        self.spread += (value - self.total / (self.t + 1)) ** 2


def _bets(x: Sequence[float], alpha: float) -> list[float]:
    bets, stake = [], _Stake(alpha=alpha)
    for value in x:
        bets.append(stake.next())
        stake.take(value)
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
    up = _path(x, Bettor(m=m, alpha=alpha * theta, upwards=True)) if theta else [0.0] * len(x)
    down = _path(x, Bettor(m=m, alpha=alpha * (1 - theta), upwards=False)) if theta < 1 else [0.0] * len(x)
    path = [theta * high + (1 - theta) * low for high, low in zip(up, down, strict=True)]
    return Martingale(final=path[-1], max=max(path))


class Bettor:
    """Bets task by task against "the mean of x is m", on a higher mean or on a lower one.

    Its capital starts at 1 and never falls below 0; when the mean is *m*, it ever reaches ``1/alpha`` with a
    probability of *alpha* at most. *x* lies within [0, 1].
    """

    __slots__ = ("_cap", "_m", "_sign", "_stake", "capital", "highest")

    def __init__(self, *, m: float, alpha: float, upwards: bool) -> None:
        self._m, self._sign, self._cap = m, 1 if upwards else -1, 0.5 / (m if upwards else 1 - m)
        self._stake = _Stake(alpha=alpha)
        self.capital = self.highest = 1.0

    def take(self, x: float) -> float:
        """The capital after one more task."""
        bet = min(self._cap, self._stake.next())
        self.capital = min(1e300, self.capital * (1 + self._sign * bet * (x - self._m)))
        self.highest = max(self.highest, self.capital)
        self._stake.take(x)
        return self.capital


def _path(x: Sequence[float], bettor: Bettor) -> list[float]:
    return [bettor.take(value) for value in x]


def betting_confidence_sequence(*, d: Sequence[float], alpha: float = 0.05) -> SequenceInterval:
    """The last interval of a confidence sequence of the mean difference: what two bettors could not exclude.

    Of every mean, one bettor with half of *alpha* bets on a higher one and one on a lower one; a mean that either got
    rich against is out, and stays out. Covers at all looks at once with a probability of ``1 - alpha`` at least
    (Waudby-Smith and Ramdas 2024). Each bettor's capital falls with its mean, so each end is found by bisection. Raises
    ValueError for a difference outside [-1, 1].
    """
    x, half = _shares(d), inside("alpha", alpha) / 2
    below = _excluded(x, half)
    above = _excluded([1 - value for value in x], half)
    return SequenceInterval(lo=2 * below - 1, hi=1 - 2 * above)


def _excluded(x: Sequence[float], alpha: float) -> float:
    # The highest mean that a bettor on a higher one got rich against, rounded down; 0 when there is none.
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        m = (low + high) / 2
        bettor = Bettor(m=m, alpha=alpha, upwards=True)
        _path(x, bettor)
        low, high = (m, high) if bettor.highest >= 1 / alpha else (low, m)
    return low


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
