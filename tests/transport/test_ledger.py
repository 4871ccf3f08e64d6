"""The spending limit holds whatever happens to the calls under it."""

import asyncio
import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.errors import ConfigError
from harness.transport import Ledger

USD = Decimal("0.01")


def test_without_a_limit_nothing_waits_and_everything_counts():
    async def scene() -> None:
        ledger = Ledger()
        held = [await ledger.reserve(Decimal(100)) for _ in range(3)]
        assert all(held)
        assert ledger.reserved_usd == 300
        for reservation in held:
            assert reservation is not None
            ledger.settle(reservation, Decimal(2))
        assert (ledger.spent_usd, ledger.reserved_usd) == (Decimal(6), Decimal(0))
        assert ledger.refused == 0

    asyncio.run(scene())


def test_settling_twice_counts_once_and_an_unknown_cost_counts_in_full():
    async def scene() -> None:
        ledger = Ledger(Decimal(10))
        reservation = await ledger.reserve(Decimal(4))
        assert reservation is not None
        ledger.settle(reservation, None)
        ledger.settle(reservation, None)
        assert ledger.spent_usd == 4

    asyncio.run(scene())


def test_who_does_not_fit_waits_in_line_and_small_ones_do_not_overtake():
    async def scene() -> None:
        ledger = Ledger(Decimal(10))
        first = await ledger.reserve(Decimal(8))
        assert first is not None
        order: list[str] = []

        async def wait(name: str, bound: int) -> None:
            reservation = await ledger.reserve(Decimal(bound))
            assert reservation is not None
            order.append(name)

        async with asyncio.TaskGroup() as group:
            group.create_task(wait("big", 6))
            await asyncio.sleep(0)
            group.create_task(wait("small", 1))
            await asyncio.sleep(0)
            assert order == [], "there was room for the small one, but it came later"
            ledger.settle(first, Decimal(1))
        assert order == ["big", "small"]

    asyncio.run(scene())


def test_none_when_what_is_spent_leaves_no_room():
    async def scene() -> None:
        ledger = Ledger(Decimal(10), spent_usd=Decimal(7))
        assert await ledger.reserve(Decimal(4)) is None
        first = await ledger.reserve(Decimal(3))
        assert first is not None
        waiting = asyncio.create_task(ledger.reserve(Decimal(2)))
        await asyncio.sleep(0)
        assert not waiting.done(), "the three may come back"
        ledger.settle(first, Decimal(3))
        assert await waiting is None
        assert ledger.refused == 2
        assert ledger.spent_usd == 10
        assert await ledger.reserve(Decimal(0)) is not None

    asyncio.run(scene())


def test_a_cancelled_waiter_leaves_the_line_and_gives_back_what_it_was_granted():
    async def scene() -> None:
        ledger = Ledger(Decimal(10))
        first = await ledger.reserve(Decimal(8))
        assert first is not None
        big = asyncio.create_task(ledger.reserve(Decimal(6)))
        small = asyncio.create_task(ledger.reserve(Decimal(2)))
        await asyncio.sleep(0)
        big.cancel()
        await asyncio.sleep(0)
        held = await small
        assert held is not None, "the one in front has left"
        late = asyncio.create_task(ledger.reserve(Decimal(8)))
        gone = asyncio.create_task(ledger.reserve(Decimal(1)))
        await asyncio.sleep(0)
        gone.cancel()  # cancelled, and not yet told when the room comes
        ledger.settle(first, Decimal(0))
        late.cancel()  # granted, and not yet told when it is cancelled
        await asyncio.wait([late, gone])
        assert late.cancelled()
        assert gone.cancelled()
        assert ledger.reserved_usd == 2
        ledger.settle(held, Decimal(0))
        assert (ledger.reserved_usd, ledger.spent_usd) == (Decimal(0), Decimal(0))

    asyncio.run(scene())


@pytest.mark.parametrize(("limit", "spent"), [("-1", "0"), ("1", "-0.5")])
def test_negative_money_is_refused(limit: str, spent: str):
    with pytest.raises(ConfigError, match="below 0"):
        Ledger(Decimal(limit), Decimal(spent))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), limit=st.integers(0, 400), calls=st.integers(1, 60))
def test_the_limit_holds_for_any_mixture_of_ends(seed: int, limit: int, calls: int):
    asyncio.run(_storm(seed, limit * USD, calls))


class _Storm:
    """Calls of random bounds that end at a random cost, an unknown one, or are cancelled anywhere."""

    def __init__(self, limit: Decimal) -> None:
        self.ledger = Ledger(limit)
        self.limit = limit
        self.refused_wrongly: list[Decimal] = []

    def check(self) -> None:
        assert self.ledger.spent_usd + self.ledger.reserved_usd <= self.limit
        assert self.ledger.reserved_usd >= 0

    async def call(self, bound: Decimal, naps: int, share: Decimal | None) -> None:
        reservation = await self.ledger.reserve(bound)
        self.check()
        if reservation is None:
            if self.ledger.spent_usd + bound <= self.limit:
                self.refused_wrongly.append(bound)
            return
        cost = None
        try:
            for _ in range(naps):
                await asyncio.sleep(0)
            cost = None if share is None else bound * share
        finally:
            self.ledger.settle(reservation, cost)
            self.check()


async def _storm(seed: int, limit: Decimal, calls: int) -> None:
    rng, storm = random.Random(seed), _Storm(limit)
    tasks = []
    for _ in range(calls):
        share = rng.choice([None, Decimal(0), Decimal("0.25"), Decimal(1)])
        tasks.append(asyncio.create_task(storm.call(rng.randrange(60) * USD, rng.randrange(6), share)))
        if rng.random() < 0.3:
            await asyncio.sleep(0)
        if rng.random() < 0.3:
            rng.choice(tasks).cancel()
    done, pending = await asyncio.wait(tasks, timeout=10)
    assert not pending, "somebody waits for ever"
    for task in done:
        if not task.cancelled():
            task.result()
    assert storm.ledger.reserved_usd == 0
    assert not storm.refused_wrongly
