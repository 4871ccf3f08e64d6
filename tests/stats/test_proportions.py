"""One proportion, two independent ones, pass@k: against their defining equations and published values."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats import (
    beta_binomial_credible,
    clopper_pearson_ci,
    noninferiority_independent_score,
    pass_at_k,
    pass_at_k_suite,
    wilson_ci,
)
from harness.stats.distributions import beta_cdf, two_sided_z
from harness.stats.proportions import _restricted

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_ends_solve_its_equation(pair: tuple[int, int]):
    k, n = pair
    interval, z = wilson_ci(k=k, n=n), two_sided_z(0.95)
    assert 0 <= interval.lo <= k / n <= interval.hi <= 1
    for end in (interval.lo, interval.hi):
        assert n * (k / n - end) ** 2 == pytest.approx(z * z * end * (1 - end), abs=1e-9)


def test_wilson_published():
    # Newcombe 1998, table I: 81 of 263.
    interval = wilson_ci(k=81, n=263)
    assert (interval.lo, interval.hi) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_ci(k=1.5, n=3).lo == pytest.approx(1 - wilson_ci(k=1.5, n=3).hi)


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, 0), (math.nan, 3)])
def test_counts_that_do_not_fit(k: float, n: int):
    with pytest.raises(ValueError, match=r"must"):
        wilson_ci(k=k, n=n)


@given(counts)
@settings(deadline=None)
def test_clopper_pearson_is_exact_and_wider(pair: tuple[int, int]):
    k, n = pair
    interval = clopper_pearson_ci(k=k, n=n)
    assert interval.lo <= k / n <= interval.hi
    if k:
        assert 1 - beta_cdf(interval.lo, a=k, b=n - k + 1) == pytest.approx(0.975)
    if k < n:
        assert beta_cdf(interval.hi, a=k + 1, b=n - k) == pytest.approx(0.975)


def test_clopper_pearson_rule_of_three():
    assert clopper_pearson_ci(k=0, n=100).lo == 0
    assert clopper_pearson_ci(k=0, n=100).hi == pytest.approx(1 - 0.025**0.01)
    assert clopper_pearson_ci(k=100, n=100).hi == 1


def test_beta_binomial():
    found = beta_binomial_credible(k=0, n=0)
    assert (found.mean, found.lo, found.hi) == pytest.approx((0.5, 0.025, 0.975))
    with pytest.raises(ValueError, match="prior"):
        beta_binomial_credible(k=1, n=2, prior=(0, 1))


def _log_likelihood(p1: float, p2: float) -> float:
    return 412 * math.log(p1) + 88 * math.log(1 - p1) + 400 * math.log(p2) + 100 * math.log(1 - p2)


def test_the_restricted_estimate_is_the_maximum():
    p1, p2 = _restricted(412, 500, 400, 500, delta=-0.05, likelihood="restricted")
    best = _log_likelihood(p1, p2)
    assert p1 - p2 == pytest.approx(-0.05)
    assert all(best > _log_likelihood(p1 + step, p2 + step) for step in (-0.002, -1e-4, 1e-4, 0.002))
    other = _restricted(412, 500, 400, 500, delta=-0.05, likelihood="statsmodels")
    assert _log_likelihood(*other) < best


def test_independent_noninferiority():
    exact = noninferiority_independent_score(
        b_pass=412, b_n=500, a_pass=400, a_n=500, margin=0.05, likelihood="restricted"
    )
    assert exact.z == pytest.approx(2.976928, abs=1e-6)
    same = noninferiority_independent_score(b_pass=40, b_n=50, a_pass=40, a_n=50, margin=0.1)
    assert same.mn_lower_95_one_sided < 0 < same.z
    assert 0 < same.p < 0.5


def test_independent_noninferiority_without_variance():
    none = noninferiority_independent_score(b_pass=0, b_n=5, a_pass=5, a_n=5, margin=0.05)
    assert none.p > 0.99
    assert -1 <= none.mn_lower_95_one_sided <= -0.4
    nobody = noninferiority_independent_score(b_pass=0, b_n=5, a_pass=0, a_n=5, margin=0.05, likelihood="restricted")
    assert nobody.mn_lower_95_one_sided < 0 < nobody.p < 1
    certain = noninferiority_independent_score(b_pass=5, b_n=5, a_pass=0, a_n=5, margin=0.05)
    assert certain.p < 0.01
    with pytest.raises(ValueError, match="k must lie between 0 and n = 5: 6"):
        noninferiority_independent_score(b_pass=6, b_n=5, a_pass=0, a_n=5, margin=0.05)


@pytest.mark.parametrize(
    ("n", "c", "k", "at", "hat"), [(5, 5, 2, 1.0, 1.0), (4, 2, 2, 5 / 6, 1 / 6), (3, 0, 3, 0.0, 0.0)]
)
def test_pass_at_k(n: int, c: int, k: int, at: float, hat: float):
    found = pass_at_k(n=n, c=c, k=k)
    assert (found.pass_at_k, found.pass_hat_k) == pytest.approx((at, hat))


def test_pass_at_k_suite_and_refusals():
    found = pass_at_k_suite(tasks=[(4, 2), (4, 4)], k=2)
    assert (found.pass_at_k, found.pass_hat_k) == pytest.approx((11 / 12, 7 / 12))
    with pytest.raises(ValueError, match="n = 2 samples: 3"):
        pass_at_k(n=2, c=1, k=3)
    with pytest.raises(ValueError, match="tasks must not be empty"):
        pass_at_k_suite(tasks=[], k=1)
