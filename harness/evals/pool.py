"""A few things at a time: results in the order of the inputs, errors as they were raised."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

from harness.engine.errors import one_error

_In = TypeVar("_In")
_Out = TypeVar("_Out")


async def in_order(inputs: Iterable[_In], work: Callable[[_In], Awaitable[_Out]], workers: int) -> AsyncIterator[_Out]:
    """The results of *work* on each input, at most *workers* in flight. A HarnessError of one ends them all."""
    with one_error():
        async for result in _in_order(inputs, work, workers):
            yield result


async def _in_order(inputs: Iterable[_In], work: Callable[[_In], Awaitable[_Out]], workers: int) -> AsyncIterator[_Out]:
    async with asyncio.TaskGroup() as group:
        waiting: list[asyncio.Task[_Out]] = []
        for item in inputs:
            if len(waiting) == workers:
                yield await waiting.pop(0)
            waiting.append(group.create_task(_run(work, item)))
        for task in waiting:
            yield await task


async def _run(work: Callable[[_In], Awaitable[_Out]], item: _In) -> _Out:
    return await work(item)
