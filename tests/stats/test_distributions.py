"""Quantiles and tails agree with one another and with printed tables."""

import math

import pytest

from harness.stats import distributions as dist


def test_normal():
    assert dist.two_sided_z(0.95) == pytest.approx(1.959963984540054)
    assert dist.normal_tail(dist.normal_quantile(0.9)) == pytest.approx(0.1)
    assert dist.normal_tail(10) == pytest.approx(7.619853024160527e-24)


def test_t_table():
    assert dist.t_quantile(0.975, df=10) == pytest.approx(2.228138852)
    assert dist.t_two_sided_p(-2.228138852, df=10) == pytest.approx(0.05)
    assert dist.t_two_sided_p(0, df=3) == 1.0


def test_beta_and_chi_square():
    assert dist.beta_cdf(dist.beta_quantile(0.3, a=2, b=5), a=2, b=5) == pytest.approx(0.3)
    assert dist.chi_square_tail(3.841458821, df=1) == pytest.approx(0.05)


@pytest.mark.parametrize("q", [0.0, 0.025, 0.5, 0.975, 1.0])
def test_binomial_quantile_is_the_smallest(q: float):
    terms = [math.comb(12, k) * 0.3**k * 0.7 ** (12 - k) for k in range(13)]
    k = dist.binomial_quantile(q, n=12, p=0.3)
    assert math.fsum(terms[: k + 1]) >= q - 1e-12
    assert k == 0 or math.fsum(terms[:k]) < q


def test_bisect_finds_the_crossing_or_the_nearer_end():
    assert dist.bisect(lambda x: 2 - x, low=0, high=10) == pytest.approx(2)
    assert dist.bisect(lambda x: 20 - x, low=0, high=10) == pytest.approx(10)
    assert dist.bisect(lambda x: 2 - x, low=0, high=10, rounds=2) == pytest.approx(1.25)
