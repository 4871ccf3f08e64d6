"""Rates, concurrency and their adaptation: never above the limit, first come, first served."""

import asyncio
import time
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.card import Limits
from harness.core.ids import TraceId
from harness.core.money import Usage
from harness.core.ports import Clock
from harness.core.request import Request, user_request
from harness.transport import SystemClock
from harness.transport.limits import Gate, Pace, TokenBucket, estimate_tokens, poll_s, window

ASK = user_request("2+2?", trace_id=TraceId("t"))


@pytest.mark.parametrize(
    ("rpm", "expected"), [(600, (10, 1.0)), (60, (1, 1.0)), (500, (5, 0.6)), (1, (1, 60.0)), (60_000, (1000, 1.0))]
)
def test_a_minute_becomes_short_windows(rpm: int, expected: tuple[int, float]):
    assert window(rpm) == pytest.approx(expected)


@given(st.integers(1, 200_000))
def test_windows_never_add_up_to_more_than_the_minute(rpm: int):
    grants, period_s = window(rpm)
    assert grants * (60 / period_s) == pytest.approx(rpm)
    assert rpm % grants == 0, "a minute is a whole number of windows"
    assert 0 < poll_s(grants, period_s) <= min(0.05, period_s / 50)


def test_the_rate_is_reached_not_exceeded_and_nobody_overtakes():
    granted: list[tuple[int, float]] = []

    async def scene() -> None:
        pace = Pace(Limits(requests_per_minute=6000), SystemClock())  # 100 per second

        async def wait(number: int) -> None:
            await pace.wait(ASK)
            granted.append((number, time.monotonic()))

        async with asyncio.TaskGroup() as group:
            for number in range(250):
                group.create_task(wait(number))

    asyncio.run(scene())
    assert [number for number, _ in granted] == list(range(250))
    times = [at for _, at in granted]
    assert max(sum(1 for at in times if start <= at < start + 1.0) for start in times) <= 100
    assert times[-1] - times[0] < 2.4, "two windows, and little more"


@pytest.mark.parametrize("tokens_per_minute", [None, 10**9])
def test_a_cancelled_waiter_lets_the_next_one_through(clock: Clock, tokens_per_minute: int | None):
    async def scene() -> None:
        pace = Pace(Limits(requests_per_minute=300, tokens_per_minute=tokens_per_minute), clock)
        for _ in range(5):
            await pace.wait(ASK)
        waiters = [asyncio.create_task(pace.wait(ASK)) for _ in range(3)]
        await asyncio.sleep(0.01)
        waiters[0].cancel()
        waiters[1].cancel()
        async with asyncio.timeout(3):
            await asyncio.wait(waiters)
        assert [task.cancelled() for task in waiters] == [True, True, False]

    asyncio.run(scene())


@settings(max_examples=40)
@given(st.lists(st.integers(1, 900), min_size=5, max_size=60), st.integers(6000, 20_000))
def test_no_minute_sees_more_tokens_than_its_limit(calls: list[int], per_minute: int):
    bucket, now_s = TokenBucket.per_minute(per_minute), 0.0
    taken: list[tuple[float, int]] = []
    for tokens in calls * 6:
        now_s += bucket.wait_s(tokens, now_s)
        bucket.take(tokens, now_s)
        taken.append((now_s, tokens))
    debt = max(0.0, max(calls) - bucket.capacity)
    for start_s, _ in taken:
        inside = sum(tokens for at_s, tokens in taken if start_s <= at_s <= start_s + 60)
        assert inside <= per_minute + debt + 1


def test_estimates_are_corrected_by_the_usage(clock: Clock):
    async def scene() -> None:
        pace = Pace(Limits(tokens_per_minute=60_000), clock)
        estimate = await pace.wait(ASK)
        assert estimate == estimate_tokens(ASK)
        began_s = clock.monotonic_s()
        pace.correct(estimate, Usage(input=30_000))
        await pace.wait(ASK)
        assert clock.monotonic_s() - began_s == pytest.approx(28.4, abs=0.5), "the debt is 27,000 at 950 a second"
        pace.correct(300, None)

    asyncio.run(scene())


def test_without_limits_nothing_waits(clock: Clock):
    async def scene() -> None:
        pace = Pace(Limits(), clock)
        assert [await pace.wait(ASK) for _ in range(1000)] == [0] * 1000
        pace.correct(0, Usage(input=5))

    asyncio.run(scene())


def _request_with(max_tokens: int) -> Request:
    return replace(ASK, sampling=replace(ASK.sampling, max_tokens=max_tokens))


def test_an_estimate_takes_the_bound_on_the_output():
    assert estimate_tokens(_request_with(1000)) - estimate_tokens(_request_with(0)) == 1000
    assert Decimal(estimate_tokens(ASK)) > 0


class _Crowd:
    """Passes through a gate and keeps count."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.inside = 0
        self.most = 0

    async def call(self, *, overloaded: bool = False, naps: int = 1) -> None:
        token = await self.gate.enter()
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            for _ in range(naps):
                await asyncio.sleep(0)
        finally:
            self.inside -= 1
            self.gate.leave(token, overloaded=overloaded, succeeded=not overloaded)


def test_never_more_at_a_time_than_allowed():
    async def scene() -> None:
        crowd = _Crowd(Gate(7))
        async with asyncio.TaskGroup() as group:
            for _ in range(200):
                group.create_task(crowd.call(naps=3))
        assert crowd.most == 7
        assert crowd.gate.flying == 0

    asyncio.run(scene())


def test_overload_halves_once_per_burst_and_success_brings_it_back():
    async def scene() -> None:
        crowd = _Crowd(Gate(16))
        async with asyncio.TaskGroup() as group:
            for _ in range(16):
                group.create_task(crowd.call(overloaded=True))
        assert crowd.gate.limit == 8, "sixteen complaints of one burst halve it once"
        for _ in range(8):
            await crowd.call()
        assert crowd.gate.limit == 9
        for _ in range(200):
            await crowd.call()
        assert crowd.gate.limit == 16

    asyncio.run(scene())


def test_without_a_ceiling_the_first_complaint_sets_a_limit():
    async def scene() -> None:
        crowd = _Crowd(Gate(None))
        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(crowd.call(overloaded=True))
        assert crowd.most == 20
        assert crowd.gate.limit == 10
        for _ in range(9):
            await crowd.call(overloaded=True)
        assert crowd.gate.limit == 1

    asyncio.run(scene())


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 5), st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), max_size=40))
def test_cancellations_never_lose_a_place(ceiling: int, calls: list[tuple[int, bool, bool]]):
    async def scene() -> None:
        crowd = _Crowd(Gate(ceiling))
        tasks = []
        for naps, overloaded, cancelled in calls:
            tasks.append(asyncio.create_task(crowd.call(overloaded=overloaded, naps=naps)))
            if naps % 2:
                await asyncio.sleep(0)
            if cancelled:
                tasks[len(tasks) // 2].cancel()
        if tasks:
            _, pending = await asyncio.wait(tasks, timeout=5)
            assert not pending
        assert crowd.gate.flying == 0
        assert crowd.most <= ceiling
        limit = crowd.gate.limit
        assert limit is not None
        assert 1 <= limit <= ceiling

    asyncio.run(scene())
