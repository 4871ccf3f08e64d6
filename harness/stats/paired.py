"""Two candidates on the same tasks, pass or fail: tests and intervals of the difference.

Convention of every function: A is the incumbent, B the candidate, the difference is ``p_B - p_A``; ``a_only`` counts
tasks that A passes and B fails, ``b_only`` the reverse. Tasks are assumed independent. Shares, not percentages.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.stats.arguments import inside, whole
from harness.stats.distributions import bisect, chi_square_tail, normal_quantile, normal_tail, two_sided_z
from harness.stats.proportions import Interval, wilson_ci


@dataclass(frozen=True, slots=True, kw_only=True)
class Mcnemar:
    """Two-sided p values of no difference."""

    p_exact: float
    p_midp: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChiSquare:
    """A chi-square statistic and its p value."""

    stat: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedInterval:
    """The difference B - A with its interval."""

    delta: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedNoninferiority:
    """Whether B is worse than A by less than a margin."""

    z: float
    p: float
    """One-sided."""
    lower: float
    """Lower bound of the difference at one-sided confidence ``1 - alpha``."""
    lower_95_one_sided: float
    """The same at 95 %, whatever alpha."""
    non_inferior: bool
    """``p < alpha``, which is ``lower > -margin``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CochranQ:
    """Whether several candidates differ at all on the same tasks."""

    q: float
    p: float
    df: int


def _discordant(n: int, a_only: int, b_only: int) -> tuple[int, int, int]:
    n, a_only, b_only = whole("n", n, least=1), whole("a_only", a_only), whole("b_only", b_only)
    if a_only + b_only > n:
        raise ValueError(f"a_only + b_only must not exceed n = {n}: {a_only!r} + {b_only!r}")
    return n, a_only, b_only


def mcnemar(*, a_only: int, b_only: int) -> Mcnemar:
    """McNemar's test on the discordant pairs: exact, and mid-p (Fagerland, Lydersen and Laake 2013).

    Exact is twice the binomial tail at ``min(a_only, b_only)``, at most 1; mid-p takes half of the last term off
    each tail. No discordant pair: p = 1. Computed in exact integers.
    """
    a_only, b_only = whole("a_only", a_only), whole("b_only", b_only)
    n, least = a_only + b_only, min(a_only, b_only)
    term, tail = 1, 1
    for k in range(least):
        term = term * (n - k) // (k + 1)
        tail += term
    return Mcnemar(p_exact=min(1.0, 2 * tail / 2**n), p_midp=min(1.0, (2 * tail - term) / 2**n))


def mcnemar_asymptotic(*, a_only: int, b_only: int) -> ChiSquare:
    """McNemar's chi-square without continuity correction, ``(b - c)²/(b + c)``; p = 1 without discordant pairs.

    Only for many discordant pairs (25 or more): :func:`mcnemar` otherwise.
    """
    a_only, b_only = whole("a_only", a_only), whole("b_only", b_only)
    if a_only + b_only == 0:
        return ChiSquare(stat=0.0, p=1.0)
    stat = (a_only - b_only) ** 2 / (a_only + b_only)
    return ChiSquare(stat=stat, p=math.erfc(math.sqrt(stat / 2)))


def _tango_score(n: int, a_only: int, b_only: int, delta: float) -> float:
    # The constrained estimate of P(A only) solves 2n q² + B q + C = 0 (Tango 1998, eq. 6-8).
    linear = -a_only - b_only + (2 * n - b_only + a_only) * delta
    constant = -a_only * delta * (1 - delta)
    q = (math.sqrt(max(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * q + delta * (1 - delta))
    distance = b_only - a_only - n * delta
    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)


def tango_paired_ci(*, n: int, a_only: int, b_only: int, conf: float = 0.95) -> PairedInterval:
    """Tango's score interval of the paired difference (Tango 1998).

    All differences that the score test does not reject: it inverts :func:`noninferiority_paired_score`, so interval
    and test agree. Never of width 0: without discordant pairs it is ``± z²/(n + z²)``. Raises ValueError unless the
    counts fit into *n*.
    """
    n, a_only, b_only = _discordant(n, a_only, b_only)
    z = two_sided_z(inside("conf", conf))
    delta = (b_only - a_only) / n

    def lower(trial: float) -> float:
        return _tango_score(n, a_only, b_only, trial) - z

    def upper(trial: float) -> float:
        return _tango_score(n, a_only, b_only, trial) + z

    return PairedInterval(
        delta=delta,
        lo=-1.0 if a_only == n else bisect(lower, low=-1.0, high=delta),
        hi=1.0 if b_only == n else bisect(upper, low=delta, high=1.0),
    )


def agresti_min_ci(*, n: int, a_only: int, b_only: int, conf: float = 0.95) -> Interval:
    """Wald interval after adding half a task to each of the four cells (Agresti and Min 2005)."""
    n, a_only, b_only = _discordant(n, a_only, b_only)
    z, total = two_sided_z(inside("conf", conf)), n + 2
    centre = (b_only - a_only) / total
    half = z * math.sqrt(a_only + b_only + 1 - (b_only - a_only) ** 2 / total) / total
    return Interval(lo=max(-1.0, centre - half), hi=min(1.0, centre + half))


def bonett_price_ci(*, n: int, a_only: int, b_only: int, conf: float = 0.95) -> Interval:
    """Wald interval after adding one task to each discordant cell (Bonett and Price 2012)."""
    n, a_only, b_only = _discordant(n, a_only, b_only)
    z, total = two_sided_z(inside("conf", conf)), n + 2
    p_a, p_b = (a_only + 1) / total, (b_only + 1) / total
    half = z * math.sqrt((p_a + p_b - (p_b - p_a) ** 2) / total)
    return Interval(lo=max(-1.0, p_b - p_a - half), hi=min(1.0, p_b - p_a + half))


def _newcombe_phi(both: int, a_only: int, b_only: int, neither: int) -> float:
    # Correlation of the two outcomes, with Newcombe's correction of positive values.
    n = both + a_only + b_only + neither
    product = float(both * neither - a_only * b_only)
    if product > 0:
        product = max(0.0, product - n / 2)
    margins = (both + a_only) * (b_only + neither) * (both + b_only) * (a_only + neither)
    return product / math.sqrt(margins) if margins else 0.0


def newcombe_paired_ci(*, both: int, a_only: int, b_only: int, neither: int, conf: float = 0.95) -> Interval:
    """Square-and-add interval from the two Wilson intervals (Newcombe 1998, method 10).

    The correlation uses ``ad - bc - n/2``, floored at 0 when ``ad > bc``. Raises ValueError for an empty table.
    """
    cells = [whole("both", both), whole("a_only", a_only), whole("b_only", b_only), whole("neither", neither)]
    n = whole("n", sum(cells), least=1)
    p_a, p_b = (both + a_only) / n, (both + b_only) / n
    a, b = wilson_ci(k=both + a_only, n=n, conf=conf), wilson_ci(k=both + b_only, n=n, conf=conf)
    phi = _newcombe_phi(*cells)

    def distance(mine: float, other: float) -> float:
        return math.sqrt(max(0.0, mine * mine - 2 * phi * mine * other + other * other))

    return Interval(
        lo=max(-1.0, p_b - p_a - distance(p_b - b.lo, a.hi - p_a)),
        hi=min(1.0, p_b - p_a + distance(b.hi - p_b, p_a - a.lo)),
    )


def noninferiority_paired_score(
    *, n: int, a_only: int, b_only: int, margin: float, alpha: float = 0.05
) -> PairedNoninferiority:
    """Score test of ``p_B - p_A > -margin`` on paired tasks (Nam 1997, Tango 1998).

    Raises ValueError unless the counts fit into *n* and *margin* and *alpha* lie in (0, 1).
    """
    n, a_only, b_only = _discordant(n, a_only, b_only)
    z = _tango_score(n, a_only, b_only, -inside("margin", margin))
    inside("alpha", alpha, high=0.5)
    lower = tango_paired_ci(n=n, a_only=a_only, b_only=b_only, conf=1 - 2 * alpha).lo
    return PairedNoninferiority(
        z=z,
        p=normal_tail(z),
        lower=lower,
        lower_95_one_sided=tango_paired_ci(n=n, a_only=a_only, b_only=b_only, conf=0.9).lo,
        non_inferior=z > normal_quantile(1 - alpha),
    )


def cochran_q(*, x: Sequence[Sequence[int]]) -> CochranQ:
    """Cochran's Q over tasks (rows) and candidates (columns) of 0 and 1 (Cochran 1950).

    p = 1 when every row is constant. Raises ValueError unless there are two columns or more of zeros and ones.
    """
    k = len(x[0]) if x else 0
    if k < 2 or any(len(row) != k or any(cell not in {0, 1} for cell in row) for row in x):
        raise ValueError(f"x must hold rows of at least two zeros or ones, all of one length: {x!r}")
    columns = [sum(row[j] for row in x) for j in range(k)]
    rows = [sum(row) for row in x]
    spread = sum(total * (k - total) for total in rows)
    if spread == 0:
        return CochranQ(q=0.0, p=1.0, df=k - 1)
    mean = sum(columns) / k
    q = k * (k - 1) * math.fsum((total - mean) ** 2 for total in columns) / spread
    return CochranQ(q=q, p=chi_square_tail(q, df=k - 1), df=k - 1)
