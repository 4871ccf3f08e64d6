"""The alert rule over whole months, as the issue of false alarms demands; the smoke of it is in tests/stats."""

import pytest

from tests.sim.nightly import FALSE_MAX, FOUND_MIN, WITHIN, month


@pytest.mark.bench
def test_quiet_months_are_quiet():
    months = [month(seed).false for seed in range(300)]
    assert sum(months) / len(months) <= FALSE_MAX


@pytest.mark.bench
def test_a_loss_of_fifteen_points_is_found_within_a_week():
    found = [month(10_000 + seed, loss=0.15, nights=WITHIN).found for seed in range(300)]
    assert sum(night is not None for night in found) / len(found) >= FOUND_MIN
