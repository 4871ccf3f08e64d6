"""A few at a time: results in the order of the inputs, errors as they were raised."""

import asyncio
from collections.abc import Iterator

import pytest

from harness.core.errors import ConfigError, HarnessError, SandboxError
from harness.engine.errors import one_error
from harness.evals.pool import in_order


async def collect(inputs, work, workers: int) -> list[object]:
    return [result async for result in in_order(inputs, work, workers)]


@pytest.mark.parametrize("workers", [1, 3, 100])
def test_results_keep_the_order_and_no_more_are_at_work(workers):
    busy = most = 0

    async def work(number: int) -> int:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.001 * (number % 3))
        busy -= 1
        return number * 10

    assert asyncio.run(collect(iter(range(20)), work, workers)) == [number * 10 for number in range(20)]
    assert most == min(workers, 20)


def test_nothing_in_nothing_out():
    assert asyncio.run(collect([], asyncio.sleep, 3)) == []


def test_inputs_are_taken_as_they_are_needed():
    taken = []

    async def first_result() -> int:
        async def work(number: int) -> int:
            return number

        def inputs() -> Iterator[int]:
            for number in range(1000):
                taken.append(number)
                yield number

        results = in_order(inputs(), work, 4)
        first = await anext(results)
        await results.aclose()  # type: ignore[attr-defined]
        return first

    assert asyncio.run(first_result()) == 0
    assert len(taken) <= 6


@pytest.mark.parametrize("at", [0, 5, 19])
def test_an_error_for_the_user_comes_out_by_itself(at):
    async def work(number: int) -> int:
        await asyncio.sleep(0.001)
        if number == at:
            raise SandboxError("no sandbox")
        return number

    with pytest.raises(SandboxError, match="no sandbox"):
        asyncio.run(collect(range(20), work, 4))


def test_of_nested_groups_the_first_error_for_the_user_is_raised():
    nested = ExceptionGroup("outer", [ValueError("a bug"), ExceptionGroup("inner", [ConfigError("x: 1"), OSError()])])
    with pytest.raises(ConfigError, match="x: 1"), one_error():
        raise nested


def test_a_bug_stays_a_bug():
    group = ExceptionGroup("outer", [ValueError("a bug")])
    with pytest.raises(ExceptionGroup) as caught, one_error():
        raise group
    assert caught.value is group
    with pytest.raises(ValueError, match="plain"), one_error():
        raise ValueError("plain")
    with pytest.raises(HarnessError, match="plain"), one_error():
        raise HarnessError("plain")
