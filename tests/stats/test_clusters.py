"""Means of values that hang together."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats import adjusted_task_mean_diff, clustered_mean_se, paired_task_mean_diff

shares = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.2, 0.5, 1.0]), min_size=2, max_size=40)


def test_clusters_of_one_are_independent_values():
    y = [0.1, 0.4, -0.2, 0.9, 0.3]
    found = clustered_mean_se(y=y, cluster=range(5))
    assert found.se_cr2 == pytest.approx(found.se_naive)
    assert found.se_cr1 == pytest.approx(found.se_naive)
    assert found.df_cr2 == pytest.approx(4)


def test_duplicates_within_a_cluster_do_not_narrow():
    y = [0.1, 0.4, -0.2, 0.9, 0.3]
    once, thrice = clustered_mean_se(y=y, cluster=range(5)), clustered_mean_se(y=y * 3, cluster=[*range(5)] * 3)
    assert thrice.se_cr1 == pytest.approx(once.se_cr1)
    assert thrice.df_cr2 == pytest.approx(once.df_cr2)
    assert thrice.se_naive < once.se_naive


def test_values_without_spread():
    assert clustered_mean_se(y=[0.0, 0.0], cluster="ab").p_cr2 == 1
    assert clustered_mean_se(y=[0.5, 0.5], cluster="ab").p_cr2 == 0


def test_clusters_are_checked():
    with pytest.raises(ValueError, match="at least two clusters"):
        clustered_mean_se(y=[1.0, 2.0], cluster="aa")
    with pytest.raises(ValueError, match="one entry per value, 2: it has 3"):
        clustered_mean_se(y=[1.0, 2.0], cluster="abc")


@given(shares)
@settings(deadline=None)
def test_swapping_the_arms_flips_the_difference(d: list[float]):
    one, swapped = paired_task_mean_diff(d=d), paired_task_mean_diff(d=[-value for value in d])
    assert one.t_lo is not None
    assert one.p is not None
    assert 0 <= one.p <= 1
    assert one.mean == -swapped.mean
    assert one.t_lo == pytest.approx(-swapped.t_hi)  # type: ignore[operator]


def test_t_interval_by_hand():
    found = paired_task_mean_diff(d=[0.0, 0.2, 0.4])
    assert found.se == pytest.approx(0.2 / math.sqrt(3))
    assert found.t_hi == pytest.approx(0.2 + 4.302652730 * 0.2 / math.sqrt(3))


def test_one_task_has_no_spread():
    found = paired_task_mean_diff(d=[0.5])
    assert (found.mean, found.se, found.t_lo, found.p) == (0.5, None, None, None)
    wide = adjusted_task_mean_diff(d=[0.5])
    assert (wide.mean, wide.t_lo, wide.t_hi) == (0.5, -1.0, 1.0)


@given(shares)
@settings(deadline=None)
def test_the_adjusted_interval_has_width_and_holds_the_mean(d: list[float]):
    found = adjusted_task_mean_diff(d=d)
    assert found.t_lo is not None
    assert found.t_hi is not None
    assert -1 <= found.t_lo <= found.mean <= found.t_hi <= 1
    assert found.t_lo < found.t_hi


def test_differences_are_checked():
    with pytest.raises(ValueError, match="within"):
        adjusted_task_mean_diff(d=[1.5])
    with pytest.raises(ValueError, match="conf"):
        paired_task_mean_diff(d=[0.1], conf=1)
