"""Quantiles and tails of the textbook distributions; scipy.special is imported only by those that need it."""

import math
from collections.abc import Callable
from statistics import NormalDist

_STANDARD = NormalDist()


def normal_quantile(p: float) -> float:
    """The *p* quantile of the standard normal distribution."""
    return _STANDARD.inv_cdf(p)


def normal_tail(z: float) -> float:
    """P(Z > *z*), accurate in the far tail."""
    return 0.5 * math.erfc(z / math.sqrt(2.0))


def two_sided_z(conf: float) -> float:
    """The normal quantile of a two-sided interval of confidence *conf*: 1.96 for 0.95."""
    return normal_quantile(0.5 + conf / 2)


def t_quantile(p: float, *, df: float) -> float:
    """The *p* quantile of Student's t."""
    from scipy.special import stdtrit  # noqa: PLC0415 -- half a second that most callers need not pay

    return float(stdtrit(df, p))


def t_two_sided_p(t: float, *, df: float) -> float:
    """P(|T| >= |*t*|) of Student's t."""
    from scipy.special import stdtr  # noqa: PLC0415 -- lazy

    return min(1.0, 2.0 * float(stdtr(df, -abs(t))))


def beta_quantile(p: float, *, a: float, b: float) -> float:
    """The *p* quantile of Beta(*a*, *b*)."""
    from scipy.special import betaincinv  # noqa: PLC0415 -- lazy

    return float(betaincinv(a, b, p))


def beta_cdf(x: float, *, a: float, b: float) -> float:
    """P(X <= *x*) of Beta(*a*, *b*)."""
    from scipy.special import betainc  # noqa: PLC0415 -- lazy

    return float(betainc(a, b, x))


def chi_square_tail(x: float, *, df: int) -> float:
    """P(X > *x*) of the chi-square distribution."""
    from scipy.special import chdtrc  # noqa: PLC0415 -- lazy

    return float(chdtrc(df, x))


def binomial_quantile(q: float, *, n: int, p: float) -> int:
    """The smallest k with P(X <= k) >= *q*, X ~ Binomial(*n*, *p*)."""
    from scipy.special import bdtr  # noqa: PLC0415 -- lazy

    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if float(bdtr(middle, n, p)) >= q:
            high = middle
        else:
            low = middle + 1
    return low


def bisect(function: Callable[[float], float], *, low: float, high: float, rounds: int = 200) -> float:
    """Where *function*, falling over [*low*, *high*], crosses 0; the nearer end when it does not cross."""
    for _ in range(rounds):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        if function(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
