"""The breaker opens, probes and closes as its rule says, on any clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import ConfigError
from harness.core.ids import ModelId
from harness.core.response import Failure, FailureKind, Finish, Reply, Response, Retry
from harness.transport.breaker import COUNTED, Breaker, BreakerRule, BreakerState

GOOD = Response(model=ModelId("x/y"), text="1", finish=Finish.STOP, latency_s=0.1)


def bad(kind: FailureKind = FailureKind.OVERLOADED) -> Failure:
    return Failure(model=ModelId("x/y"), kind=kind, message="", retry=Retry.AFTER)


def feed(breaker: Breaker, reply: Reply, now_s: float) -> None:
    ticket = breaker.admit(now_s)
    assert ticket is not None
    breaker.record(ticket, reply, now_s)


def state(breaker: Breaker) -> BreakerState:
    return breaker.state


COUNT = BreakerRule(failures=3, window_s=10, error_rate=None, cooldown_s=5)
RATE = BreakerRule(failures=None, window_s=10, error_rate=0.5, sample_min=10, cooldown_s=5)


def test_opens_on_failures_in_a_row_and_says_how_long():
    breaker = Breaker(COUNT)
    for now_s in (1.0, 2.0, 3.0):
        assert state(breaker) is BreakerState.CLOSED
        feed(breaker, bad(), now_s)
    assert state(breaker) is BreakerState.OPEN
    assert breaker.admit(4.0) is None
    assert breaker.closed_in_s(4.0) == pytest.approx(4.0)


def test_a_success_and_the_window_both_end_a_row():
    breaker = Breaker(COUNT)
    for now_s in range(100):
        feed(breaker, GOOD if now_s % 3 == 2 else bad(), float(now_s))
    assert state(breaker) is BreakerState.CLOSED
    slow = Breaker(COUNT)
    for now_s in range(0, 200, 6):
        feed(slow, bad(), float(now_s))
    assert state(slow) is BreakerState.CLOSED, "three failures in a year do not open it"


def test_error_rate_needs_its_sample_and_forgets_the_old():
    breaker = Breaker(RATE)
    for _ in range(9):
        feed(breaker, bad(), 1.0)
    assert state(breaker) is BreakerState.CLOSED
    feed(breaker, bad(), 1.0)
    assert state(breaker) is BreakerState.OPEN
    forgetful = Breaker(RATE)
    for _ in range(9):
        feed(forgetful, bad(), 1.0)
    for _ in range(9):
        feed(forgetful, bad(), 30.0)
    assert state(forgetful) is BreakerState.CLOSED
    mixed = Breaker(RATE)
    for n in range(100):
        feed(mixed, bad() if n % 5 == 4 else GOOD, 1.0)
    assert state(mixed) is BreakerState.CLOSED, "one in five is below a half"


@pytest.mark.parametrize("kind", list(FailureKind))
def test_only_the_service_counts_against_the_service(kind: FailureKind):
    breaker = Breaker(BreakerRule(failures=1))
    feed(breaker, bad(kind), 1.0)
    assert (state(breaker) is BreakerState.OPEN) == (kind in COUNTED)


def test_one_probe_at_a_time_and_success_closes():
    breaker = Breaker(COUNT)
    for _ in range(3):
        feed(breaker, bad(), 1.0)
    assert breaker.closed_in_s(6.5) == 0
    probe = breaker.admit(6.5)
    assert probe is not None
    assert state(breaker) is BreakerState.HALF_OPEN
    assert breaker.admit(6.6) is None
    assert breaker.closed_in_s(6.6) > 0
    breaker.record(probe, GOOD, 7.0)
    assert state(breaker) is BreakerState.CLOSED
    feed(breaker, bad(), 7.1)
    assert state(breaker) is BreakerState.CLOSED, "the old failures are forgotten"


def test_a_failed_probe_opens_anew_and_an_abandoned_one_is_free_again():
    breaker = Breaker(COUNT)
    for _ in range(3):
        feed(breaker, bad(), 1.0)
    probe = breaker.admit(6.0)
    assert probe is not None
    breaker.record(probe, bad(), 8.0)
    assert breaker.admit(12.9) is None
    again = breaker.admit(13.0)
    assert again is not None
    breaker.abandon(again)
    assert breaker.admit(13.0) is not None


def test_results_from_before_a_change_of_state_do_not_count():
    breaker = Breaker(COUNT)
    early = breaker.admit(0.0)
    assert early is not None
    for _ in range(3):
        feed(breaker, bad(), 1.0)
    breaker.record(early, GOOD, 2.0)
    assert state(breaker) is BreakerState.OPEN
    probe = breaker.admit(6.0)
    breaker.record(early, bad(), 6.1)
    breaker.abandon(early)
    assert state(breaker) is BreakerState.HALF_OPEN
    assert probe is not None
    breaker.record(probe, GOOD, 6.2)
    breaker.record(probe, bad(), 6.3)
    breaker.abandon(probe)
    assert state(breaker) is BreakerState.CLOSED


@given(st.lists(st.tuples(st.floats(0, 30), st.booleans()), max_size=80), st.integers(1, 5))
def test_it_is_never_open_longer_than_its_cooldown(steps: list[tuple[float, bool]], failures: int):
    rule = BreakerRule(failures=failures, window_s=20, error_rate=0.5, sample_min=4, cooldown_s=7)
    breaker, now_s = Breaker(rule), 0.0
    for pause_s, good in steps:
        now_s += pause_s
        wait_s = breaker.closed_in_s(now_s)
        assert 0 <= wait_s <= rule.cooldown_s + 1e-9
        ticket = breaker.admit(now_s + wait_s)
        assert ticket is not None
        breaker.record(ticket, GOOD if good else bad(), now_s + wait_s)
        now_s += wait_s
        assert state(breaker) is not BreakerState.HALF_OPEN


@pytest.mark.parametrize(
    "rule",
    [
        {"failures": 0},
        {"error_rate": 0.0},
        {"error_rate": 1.5},
        {"window_s": 0.0},
        {"cooldown_s": -1.0},
        {"sample_min": 0},
    ],
)
def test_rules_that_make_no_sense_are_refused(rule: dict[str, float]):
    with pytest.raises(ConfigError, match=next(iter(rule))):
        BreakerRule(**rule)  # type: ignore[arg-type]
