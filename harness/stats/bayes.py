"""Posterior probabilities: how likely is B better, or not worse by more than a margin?"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from harness.stats.arguments import inside, positive, whole
from harness.stats.distributions import beta_cdf

JEFFREYS = (0.5, 0.5, 0.5, 0.5)
"""Half a task in each of the four cells both, A only, B only, neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BetterProbability:
    """P(p_B > p_A | data)."""

    p_b_better: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NoninferiorProbability:
    """P(p_B - p_A > -margin | data)."""

    p_noninferior: float


def _mean_over_quantiles(function: Callable[[Any], Any], low: float = 0.0) -> float:
    # The integral of function(u) over u in [low, 1], by tanh-sinh: exact to 1e-12 with singular ends.
    import numpy as np  # noqa: PLC0415 -- lazy

    step = 1 / 32
    t = np.arange(-112, 113) * step
    inner = np.pi / 2 * np.sinh(t)
    share = 1 / (1 + np.exp(-2 * inner))
    weight = np.pi / 2 * np.cosh(t) / np.cosh(inner) ** 2 / 2 * step
    return float(np.sum(weight * function(low + (1 - low) * share)) * (1 - low))


def bayes_independent_prob_better(
    *, a_pass: int, a_n: int, b_pass: int, b_n: int, prior: Sequence[float] = (1, 1)
) -> BetterProbability:
    """P(p_B > p_A) for two independent proportions under the same Beta *prior*, by quadrature."""
    from scipy.special import betainc, betaincinv  # noqa: PLC0415 -- lazy

    for name, passed, n in (("a", a_pass, a_n), ("b", b_pass, b_n)):
        if whole(f"{name}_pass", passed) > whole(f"{name}_n", n):
            raise ValueError(f"{name}_pass must not exceed {name}_n = {n!r}: {passed!r}")
    first, second = (positive("prior", value) for value in prior)
    a, b = (first + a_pass, second + a_n - a_pass), (first + b_pass, second + b_n - b_pass)
    better = _mean_over_quantiles(lambda u: betainc(*a, betaincinv(*b, u)))
    return BetterProbability(p_b_better=min(1.0, max(0.0, better)))


def dirichlet_prior(prior: str | Sequence[float]) -> tuple[float, float, float, float]:
    """Four positive counts for both, A only, B only, neither; also written ``Dirichlet(1/2 x4)``.

    Raises ValueError for anything else.
    """
    if not isinstance(prior, str):
        counts = [float(value) for value in prior]
    else:
        inner = prior.strip().removeprefix("Dirichlet(").removesuffix(")")
        counts = []
        for part in inner.split(","):
            value, _, times = part.partition("x")
            try:
                counts += [float(Fraction(value.strip()))] * int(times or 1)
            except (ValueError, ZeroDivisionError):
                raise ValueError(f"prior must be four counts or 'Dirichlet(1/2 x4)': {prior!r}") from None
    if len(counts) != 4 or not all(0 < value < math.inf for value in counts):
        raise ValueError(f"prior must hold four positive counts: {prior!r}")
    return counts[0], counts[1], counts[2], counts[3]


def bayes_paired_dirichlet(*, a_only: int, b_only: int, prior: str | Sequence[float] = JEFFREYS) -> BetterProbability:
    """P(p_B > p_A) for paired tasks under a Dirichlet *prior*: exact.

    Given that a pair is discordant, B's share of them is ``Beta(b_only + prior, a_only + prior)``.
    """
    _, prior_a, prior_b, _ = dirichlet_prior(prior)
    a, b = whole("a_only", a_only) + prior_a, whole("b_only", b_only) + prior_b
    return BetterProbability(p_b_better=beta_cdf(0.5, a=a, b=b))


def bayes_paired_noninferiority(
    *,
    both: int,
    a_only: int,
    b_only: int,
    neither: int,
    margin: float,
    prior: str | Sequence[float] = JEFFREYS,
) -> NoninferiorProbability:
    """P(p_B - p_A > -margin) for paired tasks under a Dirichlet *prior*, by one-dimensional quadrature.

    The share s of discordant pairs and B's share of those are independent Beta variables; below ``s = margin`` the
    difference cannot reach the margin.
    """
    from scipy.special import betaincinv, betainc  # noqa: PLC0415, I001 -- lazy

    cells = ("both", both), ("a_only", a_only), ("b_only", b_only), ("neither", neither)
    counts = [whole(name, value) + extra for (name, value), extra in zip(cells, dirichlet_prior(prior), strict=True)]
    inside("margin", margin)
    split, concord = counts[1] + counts[2], counts[0] + counts[3]
    safe = beta_cdf(margin, a=split, b=concord)

    def chance(u: Any) -> Any:
        share = betaincinv(split, concord, u)
        return betainc(counts[1], counts[2], ((1 + margin / share) / 2).clip(max=1.0))

    return NoninferiorProbability(p_noninferior=min(1.0, safe + _mean_over_quantiles(chance, low=safe)))
