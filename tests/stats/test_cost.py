"""Cost per success: undefined is None, and the intervals meet the tests they invert."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats import cost_per_success, paired_cost_per_success_ratio
from harness.stats.distributions import t_quantile

COST = [0.05, 0.10, 0.25, 0.20, 0.08, 0.14, 0.15, 0.21, 0.09, 0.45]
SUCCESS = [1, 1, 0, 1, 1, 1, 1, 1, 1, 0]
trials = st.lists(st.tuples(st.floats(0, 5), st.integers(0, 1)), min_size=1, max_size=30)


def _t_of(ratio: float) -> float:
    rest = [cost - ratio * success for cost, success in zip(COST, SUCCESS, strict=True)]
    mean = math.fsum(rest) / 10
    return mean / math.sqrt(math.fsum((value - mean) ** 2 for value in rest) / 9 / 10)


def test_fieller_ends_are_where_the_t_test_is_at_its_quantile():
    found = cost_per_success(cost=COST, success=SUCCESS)
    assert found.ratio == pytest.approx(1.72 / 8)
    assert found.fieller_lo is not None
    assert found.fieller_hi is not None
    limit = t_quantile(0.975, df=9)
    assert _t_of(found.fieller_lo) == pytest.approx(limit)
    assert _t_of(found.fieller_hi) == pytest.approx(-limit)


def test_dollars_and_cents_agree():
    dollars = cost_per_success(cost=COST, success=SUCCESS)
    cents = cost_per_success(cost=[100 * cost for cost in COST], success=SUCCESS)
    assert dollars.log_hi is not None
    assert cents.log_hi == pytest.approx(100 * dollars.log_hi)
    assert cents.fieller_g == pytest.approx(dollars.fieller_g)


@given(trials)
@settings(deadline=None)
def test_nothing_but_numbers_and_none(pairs: list[tuple[float, int]]):
    found = cost_per_success(cost=[cost for cost, _ in pairs], success=[success for _, success in pairs])
    values = [
        found.ratio,
        found.se_delta,
        found.log_lo,
        found.log_hi,
        found.fieller_lo,
        found.fieller_hi,
        found.fieller_g,
    ]
    assert all(value is None or math.isfinite(value) for value in values)
    if found.ratio is not None and found.log_lo is not None and found.log_hi is not None:
        assert found.log_lo <= found.ratio * (1 + 1e-9)
        assert found.ratio <= found.log_hi * (1 + 1e-9)


def test_no_success_is_undefined_and_the_spend_is_said():
    found = cost_per_success(cost=[0.1, 0.2], success=[0, 0])
    assert (found.ratio, found.log_lo, found.bounded) == (None, None, False)
    assert found.cost_total == pytest.approx(0.3)


def test_one_task_and_no_cost():
    assert cost_per_success(cost=[0.1], success=[1]).ratio == pytest.approx(0.1)
    free = cost_per_success(cost=[0, 0, 0], success=[1, 1, 0])
    assert (free.ratio, free.log_lo) == (0, None)


def test_ratio_of_ratios():
    same = paired_cost_per_success_ratio(cost_a=COST, succ_a=SUCCESS, cost_b=COST, succ_b=SUCCESS)
    assert (same.ratio, same.lo, same.hi) == pytest.approx((1, 1, 1))
    half = paired_cost_per_success_ratio(cost_a=COST, succ_a=SUCCESS, cost_b=[c / 2 for c in COST], succ_b=SUCCESS)
    assert half.ratio == pytest.approx(0.5)


def test_swapping_the_arms_inverts_the_ratio():
    other, passed = COST[::-1], SUCCESS[::-1]
    one = paired_cost_per_success_ratio(cost_a=COST, succ_a=SUCCESS, cost_b=other, succ_b=passed)
    swapped = paired_cost_per_success_ratio(cost_a=other, succ_a=passed, cost_b=COST, succ_b=SUCCESS)
    assert one.log_ratio == pytest.approx(-swapped.log_ratio)  # type: ignore[operator]
    assert one.lo == pytest.approx(1 / swapped.hi)  # type: ignore[operator]


def test_ratios_that_do_not_exist():
    nothing = paired_cost_per_success_ratio(cost_a=[0, 0], succ_a=[1, 1], cost_b=[1, 1], succ_b=[1, 1])
    assert nothing.ratio is None
    single = paired_cost_per_success_ratio(cost_a=[2], succ_a=[1], cost_b=[1], succ_b=[1])
    assert single.ratio == pytest.approx(0.5)
    assert single.lo is None


def test_columns_are_checked():
    with pytest.raises(ValueError, match="of one length"):
        cost_per_success(cost=[1, 2], success=[1])
    with pytest.raises(ValueError, match=r"finite and at least 0: -1\.0"):
        cost_per_success(cost=[-1], success=[1])
    with pytest.raises(ValueError, match="of one length"):
        paired_cost_per_success_ratio(cost_a=[1], succ_a=[1], cost_b=[1, 1], succ_b=[1, 1])
