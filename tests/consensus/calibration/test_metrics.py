import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.consensus.calibration.metrics import aurc, brier, coverage_at, curve, ece

SCORED = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


def test_worked_example():
    scored = [(0.95, True), (0.95, False), (0.5, True), (0.05, False)]
    # bins (0.9, 1]: mean 0.95, half right; (0.4, 0.5]: 0.5, right; [0, 0.1]: 0.05, wrong
    assert ece(scored) == pytest.approx((2 * 0.45 + 0.5 + 0.05) / 4)
    assert brier(scored) == pytest.approx((0.05**2 + 0.95**2 + 0.25 + 0.05**2) / 4)
    # risks at 1..4 served; the two tied ones count half wrong each
    assert aurc(scored) == pytest.approx((0.5 + 0.5 + 1 / 3 + 2 / 4) / 4)
    assert [(p.coverage, p.risk) for p in curve(scored)] == [(0.5, 0.5), (0.75, pytest.approx(1 / 3)), (1.0, 0.5)]
    assert coverage_at(scored, 0.6) == 0.75
    assert coverage_at(scored, 0.9) == 0.0


def test_edges_of_the_bins_belong_to_the_bin_below():
    assert ece([(0.1, False), (0.1000001, True)]) == pytest.approx((0.1 + 0.9) / 2, abs=1e-6)
    assert ece([(0.0, False), (1.0, True)]) == 0.0


def test_nothing_scores_zero():
    assert (ece([]), brier([]), aurc([]), curve([]), coverage_at([], 0.5)) == (0, 0, 0, [], 0)


@given(SCORED)
def test_ranges_and_the_end_of_the_curve(scored):
    assert 0 <= ece(scored) <= 1
    assert 0 <= aurc(scored) <= 1
    assert 0 <= brier(scored) <= 1
    points = curve(scored)
    assert points[-1].coverage == 1
    assert points[-1].risk == pytest.approx(sum(not right for _, right in scored) / len(scored))
    assert [p.coverage for p in points] == sorted(p.coverage for p in points)
    assert coverage_at(scored, 0.0) == 1


@given(SCORED, st.randoms())
def test_order_of_the_questions_does_not_matter(scored, rng):
    shuffled = rng.sample(scored, len(scored))
    assert aurc(scored) == pytest.approx(aurc(shuffled))
    assert ece(scored) == pytest.approx(ece(shuffled))
