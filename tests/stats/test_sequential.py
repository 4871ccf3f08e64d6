"""E-values, confidence sequences, control charts."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats import (
    asymptotic_confidence_sequence,
    betting_martingale,
    cusum_tabular,
    evalue_discordant_beta_mixture,
    predictable_empirical_bernstein_cs,
)


def test_evalue_has_mean_one_when_nothing_differs():
    n = 12
    mean = sum(math.comb(n, b) / 2**n * evalue_discordant_beta_mixture(a_only=n - b, b_only=b).e for b in range(n + 1))
    assert mean == pytest.approx(1)
    assert evalue_discordant_beta_mixture(a_only=0, b_only=0).p_anytime == pytest.approx(1)
    assert evalue_discordant_beta_mixture(a_only=0, b_only=5000).reject_at_05


def test_martingale_has_mean_one_when_the_mean_is_m():
    for theta in (0, 0.5, 1):
        ends = [betting_martingale(d=d, m=0.5, theta=theta).final for d in itertools.product((-1, 1), repeat=8)]
        assert sum(ends) / len(ends) == pytest.approx(1)


def test_martingale_grows_on_evidence():
    found = betting_martingale(d=[1] * 40, m=0.485)
    assert found.final == found.max
    assert found.max > 1000
    with pytest.raises(ValueError, match="theta"):
        betting_martingale(d=[1], theta=2)
    with pytest.raises(ValueError, match="map"):
        betting_martingale(d=[1], map="x=d")


@given(st.lists(st.sampled_from([-1.0, 0.0, 0.5, 1.0]), min_size=1, max_size=60))
def test_bernstein_is_symmetric_and_holds_zero_or_more(d: list[float]):
    one, swapped = predictable_empirical_bernstein_cs(d=d), predictable_empirical_bernstein_cs(d=[-v for v in d])
    assert -1 <= one.lo <= one.hi <= 1
    assert one.lo == pytest.approx(-swapped.hi)


def test_bernstein_narrows():
    few, many = (predictable_empirical_bernstein_cs(d=[0, 1, 0, -1] * n) for n in (5, 200))
    assert many.hi - many.lo < few.hi - few.lo
    with pytest.raises(ValueError, match="within"):
        predictable_empirical_bernstein_cs(d=[2.0])


def test_asymptotic_sequence():
    found = asymptotic_confidence_sequence(d=[1, 0, -1, 0] * 25)
    assert found.mean == 0
    assert found.lo == -found.hi
    assert found.hi > 1.96 * math.sqrt(0.5) / 10
    assert asymptotic_confidence_sequence(d=[0.0]).hi == 0


def test_cusum_by_hand():
    found = cusum_tabular(y=[1, 1, -1, 3], target=0, sd=1, k=0.5, h=2.4)
    assert (found.c_plus_last, found.c_minus_last, found.c_minus_max, found.first_alarm) == (2.5, 0, 0.5, 3)
    assert cusum_tabular(y=[0, 0], target=0, sd=1).first_alarm is None
    with pytest.raises(ValueError, match="sd"):
        cusum_tabular(y=[0], target=0, sd=0)
