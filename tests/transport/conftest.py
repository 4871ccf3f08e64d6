"""A clock that jumps instead of sleeping, and a vendor on loopback."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.servers.vendor import Options, Vendor, serve


class JumpingClock:
    """Sleeping costs no time: the clock jumps, and says how long it was asked to wait."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept: list[float] = []

    def monotonic_s(self) -> float:
        return self.now_s

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=self.now_s)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    """Without faults of its own: prompts say what they want, ``[[cut, ok]]``."""
    with serve(Options(hang_s=20.0, slow_s=0.15, retry_after_s=1)) as running:
        yield running
