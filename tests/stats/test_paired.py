"""Paired binary outcomes: symmetry, agreement of test and interval, and published values."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats import (
    agresti_min_ci,
    bonett_price_ci,
    cochran_q,
    mcnemar,
    mcnemar_asymptotic,
    newcombe_paired_ci,
    noninferiority_paired_score,
    tango_paired_ci,
)
from harness.stats.paired import _tango_score

tables = st.tuples(*[st.integers(0, 60)] * 4).filter(lambda cells: sum(cells) > 0)
INTERVALS: list[Callable[..., object]] = [tango_paired_ci, agresti_min_ci, bonett_price_ci]


@given(tables)
@settings(deadline=None)
def test_swapping_the_arms_reflects_every_interval(cells: tuple[int, int, int, int]):
    both, a_only, b_only, neither = cells
    n, estimate = sum(cells), (b_only - a_only) / sum(cells)
    pairs = [(f(n=n, a_only=a_only, b_only=b_only), f(n=n, a_only=b_only, b_only=a_only)) for f in INTERVALS]
    pairs.append((
        newcombe_paired_ci(both=both, a_only=a_only, b_only=b_only, neither=neither),
        newcombe_paired_ci(both=both, a_only=b_only, b_only=a_only, neither=neither),
    ))  # fmt: skip
    for one, swapped in pairs:
        assert -1 <= one.lo <= one.hi <= 1  # type: ignore[attr-defined]
        assert one.lo < one.hi  # type: ignore[attr-defined]
        assert one.lo == pytest.approx(-swapped.hi, abs=1e-9)  # type: ignore[attr-defined]
        assert one.hi == pytest.approx(-swapped.lo, abs=1e-9)  # type: ignore[attr-defined]
    assert pairs[0][0].lo - 1e-9 <= estimate <= pairs[0][0].hi + 1e-9  # type: ignore[attr-defined]


@given(tables)
def test_tango_ends_are_where_the_score_is_the_quantile(cells: tuple[int, int, int, int]):
    _, a_only, b_only, _ = cells
    n = sum(cells)
    found = tango_paired_ci(n=n, a_only=a_only, b_only=b_only)
    if found.lo > -1 + 1e-9:
        assert _tango_score(n, a_only, b_only, found.lo) == pytest.approx(1.959964, abs=1e-4)
    if found.hi < 1 - 1e-9:
        assert _tango_score(n, a_only, b_only, found.hi) == pytest.approx(-1.959964, abs=1e-4)


def test_published_intervals_of_airway_hyperresponsiveness():
    # Fagerland, Lydersen and Laake 2014: 1, 1, 7, 12 of 21 children.
    tango = tango_paired_ci(n=21, a_only=1, b_only=7)
    newcombe = newcombe_paired_ci(both=1, a_only=1, b_only=7, neither=12)
    assert (round(tango.lo, 3), round(tango.hi, 3)) == (0.026, 0.517)
    assert (round(newcombe.lo, 3), round(newcombe.hi, 3)) == (0.026, 0.507)
    assert mcnemar(a_only=1, b_only=7).p_midp == pytest.approx(0.0391, abs=5e-5)


def test_tango_without_discordant_pairs():
    z2 = 1.959963984540054**2
    found = tango_paired_ci(n=50, a_only=0, b_only=0)
    assert (found.lo, found.hi) == pytest.approx((-z2 / (50 + z2), z2 / (50 + z2)))


def test_tango_at_the_corners():
    assert tango_paired_ci(n=3, a_only=3, b_only=0).lo == -1
    assert tango_paired_ci(n=3, a_only=0, b_only=3).hi == 1
    assert _tango_score(3, 0, 3, 1.0) == 0
    assert _tango_score(3, 3, 0, 1.0) == -math.inf


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_symmetric_and_ordered(a_only: int, b_only: int):
    found = mcnemar(a_only=a_only, b_only=b_only)
    assert found == mcnemar(a_only=b_only, b_only=a_only)
    assert 0 <= found.p_midp <= found.p_exact <= 1


def test_mcnemar_by_hand_and_for_many_pairs():
    assert mcnemar(a_only=0, b_only=0).p_midp == 1
    assert mcnemar(a_only=2, b_only=4).p_exact == pytest.approx(2 * (1 + 6 + 15) / 64)
    assert mcnemar(a_only=2, b_only=4).p_midp == pytest.approx((2 * 22 - 15) / 64)
    assert mcnemar(a_only=2000, b_only=2000).p_midp == pytest.approx(1)
    assert mcnemar(a_only=0, b_only=2000).p_exact >= 0


def test_mcnemar_asymptotic():
    assert mcnemar_asymptotic(a_only=0, b_only=0).p == 1
    assert mcnemar_asymptotic(a_only=10, b_only=20).stat == pytest.approx(100 / 30)
    assert mcnemar_asymptotic(a_only=10, b_only=20).p == pytest.approx(0.0679, abs=1e-4)


@given(tables, st.floats(0.01, 0.3))
def test_noninferiority_test_and_bound_agree(cells: tuple[int, int, int, int], margin: float):
    _, a_only, b_only, _ = cells
    found = noninferiority_paired_score(n=sum(cells), a_only=a_only, b_only=b_only, margin=margin)
    assert 0 <= found.p <= 1
    if abs(found.lower + margin) > 1e-9:
        assert found.non_inferior == (found.lower > -margin) == (found.p < 0.05)


def test_noninferiority_bounds_at_another_alpha():
    found = noninferiority_paired_score(n=200, a_only=12, b_only=8, margin=0.05, alpha=0.025)
    assert found.lower < found.lower_95_one_sided
    assert found.lower == tango_paired_ci(n=200, a_only=12, b_only=8).lo


def test_counts_that_do_not_fit():
    with pytest.raises(ValueError, match=r"must not exceed n = 5: 3 \+ 3"):
        tango_paired_ci(n=5, a_only=3, b_only=3)
    with pytest.raises(ValueError, match="n must be a whole number of at least 1: 0"):
        newcombe_paired_ci(both=0, a_only=0, b_only=0, neither=0)


def test_newcombe_without_correlation():
    found = newcombe_paired_ci(both=0, a_only=0, b_only=0, neither=10)
    assert found.lo == pytest.approx(-found.hi)
    negative = newcombe_paired_ci(both=1, a_only=8, b_only=8, neither=1)
    positive = newcombe_paired_ci(both=8, a_only=1, b_only=1, neither=8)
    assert negative.hi > positive.hi


def test_cochran_q_of_two_columns_is_mcnemar():
    rows = [[1, 0]] * 10 + [[0, 1]] * 20 + [[1, 1]] * 5
    assert cochran_q(x=rows).q == pytest.approx(mcnemar_asymptotic(a_only=10, b_only=20).stat)
    assert cochran_q(x=[[1, 1, 1], [0, 0, 0]]).p == 1


@pytest.mark.parametrize("x", [[], [[1]], [[1, 2]], [[1, 0], [1]]])
def test_cochran_q_refuses(x: list[list[int]]):
    with pytest.raises(ValueError, match="x must hold rows"):
        cochran_q(x=x)
