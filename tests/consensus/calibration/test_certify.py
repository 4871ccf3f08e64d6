import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from harness.consensus.calibration.certify import Tried, breach, certify, least_labels, start, upper_bound


def tried(*rows: tuple[float, int, int, float]) -> list[Tried]:
    return [Tried(threshold=t, served=n, errors=e, expected=x, calls_mean=2.0, cost_mean=3.0) for t, n, e, x in rows]


@given(st.integers(1, 800), st.data())
def test_upper_bound_is_clopper_pearson(n, data):
    errors = data.draw(st.integers(0, n))
    expected = 1.0 if errors == n else beta.ppf(0.9, errors + 1, n - errors)
    assert upper_bound(errors, n) == pytest.approx(expected, abs=1e-9)


def test_upper_bound_without_evidence():
    assert upper_bound(0, 0) == 1.0
    assert upper_bound(3, 3) == 1.0


def test_least_labels_of_the_literature():
    assert [least_labels(a) for a in (0.01, 0.02, 0.001)] == [230, 114, 2302]
    assert least_labels(0.01, errors=1) == 388
    for limit in (0.01, 0.02, 0.05, 0.1):
        assert least_labels(limit) >= math.log(0.1) / math.log(1 - limit)
        for errors in range(4):
            n = least_labels(limit, errors=errors)
            assert upper_bound(errors, n) <= limit < upper_bound(errors, n - 1)


def test_the_loosest_threshold_before_the_first_failure_is_kept():
    found = certify(
        tried((0.99, 300, 0, 0.0), (0.98, 400, 0, 0.0), (0.97, 500, 1, 0.9), (0.9, 600, 9, 5), (0.8, 4000, 9, 9)),
        labels=4000,
        risk_limit=0.01,
    )
    assert found.certified
    assert (found.threshold, found.served, found.errors, found.labels_missing) == (0.97, 500, 1, 0)
    assert found.coverage == 500 / 4000
    assert found.risk_upper == upper_bound(1, 500)
    assert (found.calls_mean, found.cost_mean) == (2.0, 3.0)


def test_the_sequence_starts_where_one_error_more_than_predicted_is_survived():
    rows = tried((0.999, 250, 2, 0.1), (0.99, 400, 2, 0.5), (0.9, 700, 2, 2.0))
    assert start(rows, 0.01) == 2  # 532 are needed for two errors; 0.1 predicted errors make one, and one more
    assert certify(rows, labels=800, risk_limit=0.01).threshold == 0.9


@given(st.lists(st.integers(0, 5), min_size=3, max_size=3), st.lists(st.integers(0, 5), min_size=3, max_size=3))
def test_where_it_starts_does_not_depend_on_who_was_right(some, other):
    served = ((0.99, 250, 0.4), (0.9, 400, 1.0), (0.8, 900, 3.0))

    def rows(errors):
        return tried(*((t, n, e, x) for (t, n, x), e in zip(served, errors, strict=True)))

    assert start(rows(some), 0.01) == start(rows(other), 0.01)


def test_with_few_served_it_starts_where_no_error_is_survived():
    assert start(tried((0.99, 200, 0, 0.0), (0.9, 240, 0, 0.0)), 0.01) == 1
    assert start(tried((0.99, 200, 0, 0.0), (0.9, 229, 0, 0.0)), 0.01) == 2


def test_luck_certifies_nothing():
    """No error among 400, where the confidences predict six: the promise is not kept by counting none."""
    lucky = certify(tried((0.98, 400, 0, 6.0)), labels=400, risk_limit=0.01)
    assert not lucky.certified
    assert certify(tried((0.98, 400, 0, 0.9)), labels=400, risk_limit=0.01).certified


@given(
    st.lists(st.tuples(st.integers(0, 229), st.integers(0, 3), st.floats(0, 3)), min_size=1, max_size=6),
)
def test_too_few_labels_are_never_certified(rows):
    found = certify(
        tried(*((1 - i / 10, n, min(e, n), x) for i, (n, e, x) in enumerate(rows))), labels=229, risk_limit=0.01
    )
    assert not found.certified
    assert found.threshold is None
    assert found.labels_missing is None or found.labels_missing > 0


def test_missing_labels_are_told():
    ten = certify(tried((0.9, 10, 0, 0.0)), labels=10, risk_limit=0.01)
    assert ten.labels_missing == 220
    half = certify(tried((0.9, 50, 0, 0.0)), labels=100, risk_limit=0.01)
    assert half.labels_missing == 360
    hopeless = certify(tried((0.9, 100, 20, 5.0)), labels=100, risk_limit=0.01)
    assert hopeless.labels_missing is None
    nobody = certify(tried((0.9, 0, 0, 0.0)), labels=100, risk_limit=0.01)
    assert (nobody.labels_missing, nobody.risk_upper) == (None, 1.0)


def test_a_threshold_that_would_hold_and_was_not_reached_needs_a_start():
    rows = tried((0.99, 230, 0, 0.0), (0.9, 400, 9, 0.5), (0.8, 800, 9, 8.0))
    found = certify(rows, labels=1000, risk_limit=0.01)
    assert not found.certified
    assert found.served == 230
    assert 388 - 230 <= found.labels_missing * 0.23 <= 700


def test_a_rate_that_only_a_mountain_of_labels_could_certify_is_called_hopeless():
    near = certify(tried((0.9, 10_000, 110, 9.0)), labels=10_000, risk_limit=0.02)
    assert upper_bound(110, 10_000) < 0.02
    assert breach(1_100, 100_000, 0.02) < 0.1 < breach(110, 10_000, 0.02)
    assert not near.certified
    assert near.labels_missing is None


def test_the_next_batch_is_held_to_the_limit_too():
    """31 of 400 wrong is within 10 % in the long run; one batch of a hundred in five would not be."""
    assert upper_bound(31, 400) <= 0.1
    assert breach(31, 400, 0.1) == pytest.approx(0.184, abs=0.001)
    assert not certify(tried((0.9, 400, 31, 20.0)), labels=400, risk_limit=0.1).certified
    assert certify(tried((0.9, 400, 25, 20.0)), labels=400, risk_limit=0.1).certified
    for limit in (0.0005, 0.005, 0.01, 0.1, 0.5):
        assert breach(0, least_labels(limit), limit) < 0.1
