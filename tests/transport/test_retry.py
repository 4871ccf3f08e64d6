"""When a failed attempt is worth another one."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import ConfigError
from harness.core.ids import ModelId
from harness.core.response import Failure, FailureKind, Finish, Response, Retry
from harness.transport import RetryRule
from harness.transport.retry import full_jitter_s, pause_s

RULE = RetryRule()


def failure(retry: Retry = Retry.AFTER, after_s: float | None = None) -> Failure:
    return Failure(model=ModelId("x/y"), kind=FailureKind.THROTTLED, message="", retry=retry, retry_after_s=after_s)


def pause(reply: Failure | Response, attempt: int = 1, left_s: float = 100.0) -> float | None:
    return pause_s(reply, attempt=attempt, left_s=left_s, rule=RULE, rng=random.Random(3))


def test_a_response_stands():
    assert pause(Response(model=ModelId("x/y"), text="", finish=Finish.REFUSAL, latency_s=0.0)) is None


@pytest.mark.parametrize("retry", list(Retry))
def test_only_one_class_is_tried_again(retry: Retry):
    assert (pause(failure(retry)) is None) == (retry is not Retry.AFTER)


def test_three_attempts_in_all():
    assert [pause(failure(), attempt) is None for attempt in (1, 2, 3, 4)] == [False, False, True, True]


def test_the_vendor_is_waited_for_as_long_as_it_asks_but_not_past_the_deadline():
    assert pause(failure(after_s=20.0)) == 20.0
    assert pause(failure(after_s=45.0)) == 45.0, "the cap is for our own back-off only"
    assert pause(failure(after_s=20.0), left_s=19.0) is None
    waited = pause(failure(after_s=0.0))
    assert waited is not None
    assert waited > 0, "all clients were told the same zero"


@given(st.integers(1, 5000), st.integers(0, 2**32))
def test_back_off_stays_below_its_doubling_bound(attempt: int, seed: int):
    drawn = full_jitter_s(attempt, RULE, random.Random(seed))
    assert 0 <= drawn <= min(30.0, 0.5 * 2 ** min(attempt - 1, 10))


def test_back_off_is_spread_over_the_whole_range():
    rng = random.Random(1)
    drawn = [full_jitter_s(4, RULE, rng) for _ in range(2000)]
    assert min(drawn) < 0.1
    assert max(drawn) > 3.9
    assert sum(drawn) / len(drawn) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("rule", [{"attempts_max": 0}, {"base_s": -1.0}, {"cap_s": -1.0}])
def test_rules_that_make_no_sense_are_refused(rule: dict[str, float]):
    with pytest.raises(ConfigError, match=next(iter(rule))):
        RetryRule(**rule)  # type: ignore[arg-type]
