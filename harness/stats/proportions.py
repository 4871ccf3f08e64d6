"""One proportion, two independent ones, and pass@k."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.stats.arguments import inside, positive, whole
from harness.stats.distributions import beta_quantile, bisect, normal_quantile, normal_tail, two_sided_z


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A two-sided interval, in the unit of the estimate."""

    lo: float
    hi: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Credible:
    """A posterior mean with its central credible interval."""

    mean: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IndependentNoninferiority:
    """Whether B is worse than A by less than a margin, from two independent samples."""

    z: float
    p: float
    """One-sided."""
    mn_lower_95_one_sided: float
    """Lower bound of p_B - p_A at 95 % one-sided confidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassAtK:
    """The chance that at least one, and that every one, of k samples passes."""

    pass_at_k: float
    pass_hat_k: float


def _successes(k: float, n: int, *, least: int = 1) -> tuple[float, int]:
    n = whole("n", n, least=least)
    if not 0 <= k <= n:
        raise ValueError(f"k must lie between 0 and n = {n}: {k!r}")
    return float(k), n


def wilson_ci(*, k: float, n: int, conf: float = 0.95) -> Interval:
    """Wilson's score interval of a proportion (Wilson 1927).

    ``(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)`` with ``p = k/n``. Assumes independent tasks. *k* may be
    fractional, a sum of task means over several epochs: then *n* counts tasks and the interval is conservative.
    Raises ValueError unless ``0 <= k <= n`` and ``n >= 1``.
    """
    k, n = _successes(k, n)
    z = two_sided_z(inside("conf", conf))
    share = k / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At 0 and n the ends equal the estimate, but for rounding.
    return Interval(lo=min(share, max(0.0, centre - half)), hi=max(share, min(1.0, centre + half)))


def clopper_pearson_ci(*, k: int, n: int, conf: float = 0.95) -> Interval:
    """The exact interval of a proportion: never covers less than *conf* (Clopper and Pearson 1934).

    The beta quantiles ``B(α/2; k, n-k+1)`` and ``B(1-α/2; k+1, n-k)``. Raises ValueError unless ``0 <= k <= n``.
    """
    _, n = _successes(k, n)
    k = whole("k", k)
    tail = (1 - inside("conf", conf)) / 2
    return Interval(
        lo=0.0 if k == 0 else beta_quantile(tail, a=k, b=n - k + 1),
        hi=1.0 if k == n else beta_quantile(1 - tail, a=k + 1, b=n - k),
    )


def beta_binomial_credible(*, k: int, n: int, conf: float = 0.95, prior: Sequence[float] = (1, 1)) -> Credible:
    """Posterior of a proportion under a Beta *prior*, with its central interval.

    Without data (``n = 0``) it is the prior. Raises ValueError unless ``0 <= k <= n`` and both prior counts are
    positive.
    """
    _, n = _successes(k, n, least=0)
    a, b = (positive("prior", value) for value in prior)
    a, b = a + k, b + n - k
    tail = (1 - inside("conf", conf)) / 2
    return Credible(mean=a / (a + b), lo=beta_quantile(tail, a=a, b=b), hi=beta_quantile(1 - tail, a=a, b=b))


Likelihood = Literal["statsmodels", "restricted"]


def _restricted(x1: int, n1: int, x2: int, n2: int, *, delta: float, likelihood: Likelihood) -> tuple[float, float]:
    # Maximum likelihood of (p1, p2) under p1 - p2 = delta: the middle root of a cubic.
    n = n1 + n2
    weight = n2 if likelihood == "restricted" else x2
    c2 = ((n + n2) * delta - n - x1 - x2) / n
    c1 = ((weight * delta - n - 2 * x2) * delta + x1 + x2) / n
    c0 = x2 * delta * (1 - delta) / n
    q = c2**3 / 27 - c1 * c2 / 6 + c0 / 2
    root = math.copysign(math.sqrt(max(0.0, c2 * c2 / 9 - c1 / 3)), q)
    angle = 0.0 if root == 0 else (math.pi + math.acos(max(-1.0, min(1.0, q / root**3)))) / 3
    p2 = 2 * root * math.cos(angle) - c2 / 3
    return min(1.0, max(0.0, p2 + delta)), min(1.0, max(0.0, p2))


def noninferiority_independent_score(
    *, b_pass: int, b_n: int, a_pass: int, a_n: int, margin: float, likelihood: Likelihood = "statsmodels"
) -> IndependentNoninferiority:
    """Score test of ``p_B - p_A > -margin`` for two samples that share no task (Miettinen and Nurminen 1985).

    Only a fallback: pairing tells far more, and no verdict rests on this. Units are shares, so 0.03 is three
    percentage points. *likelihood* chooses the cubic whose root is the estimate under the hypothesis: ``restricted``
    is the published one, whose root is the maximum; ``statsmodels`` has ``x₂ δ`` where that has ``n₂ δ``, as
    statsmodels 0.15 has, and gives its figures (for 50 to 500 tasks z within 3 %, the bound within 0.01). Raises
    ValueError for counts that do not fit and a *margin* outside (0, 1).
    """
    _successes(b_pass, b_n)
    _successes(a_pass, a_n)
    inside("margin", margin)
    difference, limit = b_pass / b_n - a_pass / a_n, normal_quantile(0.95)

    def score(delta: float) -> float:
        p_b, p_a = _restricted(b_pass, b_n, a_pass, a_n, delta=delta, likelihood=likelihood)
        correction = (a_n + b_n) / (a_n + b_n - 1)
        variance = (p_b * (1 - p_b) / b_n + p_a * (1 - p_a) / a_n) * correction
        return (difference - delta) / math.sqrt(max(variance, 1e-300))

    z = score(-margin)
    lower = bisect(lambda delta: score(delta) - limit, low=-1.0, high=difference)
    return IndependentNoninferiority(z=z, p=normal_tail(z), mn_lower_95_one_sided=lower)


def pass_at_k(*, n: int, c: int, k: int) -> PassAtK:
    """Unbiased pass@k (Chen 2021) and pass^k (Yao 2024) of one task with *c* of *n* samples right.

    ``1 - C(n-c, k)/C(n, k)`` and ``C(c, k)/C(n, k)``, in exact integers. Raises ValueError unless
    ``1 <= k <= n`` and ``0 <= c <= n``.
    """
    _successes(c, n)
    k = whole("k", k, least=1)
    if k > n:
        raise ValueError(f"k must not exceed the n = {n} samples: {k!r}")
    ways = math.comb(n, k)
    return PassAtK(pass_at_k=(ways - math.comb(n - c, k)) / ways, pass_hat_k=math.comb(c, k) / ways)


def pass_at_k_suite(*, tasks: Sequence[Sequence[int]], k: int) -> PassAtK:
    """The mean of :func:`pass_at_k` over *tasks*, each ``(samples, right ones)``. Raises ValueError for no tasks."""
    if not tasks:
        raise ValueError(f"tasks must not be empty: {tasks!r}")
    each = [pass_at_k(n=n, c=c, k=k) for n, c in tasks]
    return PassAtK(
        pass_at_k=math.fsum(one.pass_at_k for one in each) / len(each),
        pass_hat_k=math.fsum(one.pass_hat_k for one in each) / len(each),
    )
