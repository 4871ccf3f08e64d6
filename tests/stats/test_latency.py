"""High quantiles: against enumeration, and honest where n is too small."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats import p95_latency, p95_latency_ratio
from harness.stats.latency import RATIO_TASKS_MIN


def test_exact_bootstrap_is_that_of_all_resamples():
    x = [1.0, 2.0, 4.0, 9.0]
    found = p95_latency(x=x, p=0.5)
    medians = sorted(sorted(draw)[1] for draw in itertools.product(x, repeat=4))
    mean = sum(medians) / 256
    assert found.exact_boot_sd == pytest.approx(math.sqrt(sum((m - mean) ** 2 for m in medians) / 256))
    assert (found.exact_boot_lo, found.exact_boot_hi) == (medians[6], medians[249])


def test_the_upper_end_of_a_p95_needs_72_values():
    assert p95_latency(x=range(71)).orderstat_hi is None
    assert p95_latency(x=range(72)).orderstat_hi == 71
    assert p95_latency(x=[3.0]).orderstat_lo is None


def test_quantiles():
    found = p95_latency(x=range(1, 101))
    assert (found.p95_linear, found.p95_inverted_cdf) == pytest.approx((95.05, 95))
    assert p95_latency(x=range(20)).p95_inverted_cdf == 18


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=60))
@settings(deadline=None)
def test_ends_hold_the_estimate(x: list[float]):
    found = p95_latency(x=x)
    assert found.exact_boot_lo <= found.p95_inverted_cdf <= found.exact_boot_hi
    assert math.isfinite(found.exact_boot_sd)


def test_values_are_checked():
    with pytest.raises(ValueError, match="at least 0: -1"):
        p95_latency(x=[-1.0])
    with pytest.raises(ValueError, match="same tasks"):
        p95_latency_ratio(a=[[1.0]], b=[])
    with pytest.raises(ValueError, match="b must hold at least 1"):
        p95_latency_ratio(a=[[1.0]], b=[[]])


def test_ratio_is_seeded_and_scales():
    a = [[1 + (n * 7 % 31) / 10, 2 + n % 5] for n in range(60)]
    found = p95_latency_ratio(a=a, b=[[2 * value for value in row] for row in a], resamples=200)
    assert (found.ratio, found.lo, found.hi) == pytest.approx((2, 2, 2))
    shuffled = p95_latency_ratio(a=a, b=a[::-1], resamples=200)
    assert shuffled == p95_latency_ratio(a=a, b=a[::-1], resamples=200)
    assert shuffled.lo is not None
    assert shuffled.lo <= 1 <= shuffled.hi  # type: ignore[operator]


def test_ratio_without_interval_or_base():
    few = [[1.0]] * (RATIO_TASKS_MIN - 1)
    assert p95_latency_ratio(a=few, b=few).lo is None
    assert p95_latency_ratio(a=[[0.0]], b=[[1.0]]).ratio is None
    mostly_zero = [[0.0]] * 18 + [[5.0]] * 2
    assert p95_latency_ratio(a=mostly_zero, b=[[5.0]] * 20, resamples=100).hi is None
