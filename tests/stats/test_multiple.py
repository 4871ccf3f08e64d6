"""Adjusted p values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats import benjamini_hochberg, holm

p_values = st.lists(st.floats(0, 1), max_size=20)


def test_by_hand():
    assert holm(p=[0.04, 0.01, 0.03]).p_adj == pytest.approx((0.06, 0.03, 0.06))
    assert benjamini_hochberg(p=[0.04, 0.01, 0.03]).p_adj == pytest.approx((0.04, 0.03, 0.04))
    assert holm(p=[]).p_adj == ()
    assert benjamini_hochberg(p=[]).p_adj == ()


@given(p_values)
def test_never_below_the_raw_value_and_in_its_order(p: list[float]):
    for adjusted in (holm(p=p).p_adj, benjamini_hochberg(p=p).p_adj):
        assert all(raw <= after + 1e-15 <= 1 + 1e-12 for raw, after in zip(p, adjusted, strict=True))
        ranked = [after for _, after in sorted(zip(p, adjusted, strict=True))]
        assert ranked == sorted(ranked)


def test_values_are_checked():
    with pytest.raises(ValueError, match=r"within \[0, 1\]: 1.5"):
        holm(p=[1.5])
