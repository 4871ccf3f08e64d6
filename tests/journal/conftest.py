"""What the journal's tests share: a clock that ticks by itself, and events to write."""

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from harness.core.event import Call, Event
from harness.core.ids import CallKey, ModelId, TraceId
from harness.core.money import Usage
from harness.core.request import user_request
from harness.core.response import Finish, Response
from harness.journal import Capture, open_journal


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Tests that are coroutines run in an event loop of their own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@dataclass
class TickingClock:
    """Every look is a millisecond later."""

    looks: int = 0
    start: datetime = field(default=datetime(2026, 11, 20, 9, tzinfo=UTC))

    def now(self) -> datetime:
        self.looks += 1
        return self.start + timedelta(milliseconds=self.looks)

    def monotonic_s(self) -> float:
        return self.looks / 1000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def make_call(number: int, text: str = "42", prompt: str = "what is it?") -> Call:
    trace = TraceId(f"t{number}")
    request = user_request(prompt, trace_id=trace)
    return Call(
        key=CallKey(f"k{number}"),
        trace_id=trace,
        model=ModelId("acme/small"),
        purpose="vote",
        request_sha256=request.sha256,
        request=request,
        reply=Response(
            model=ModelId("acme/small"),
            text=text,
            finish=Finish.STOP,
            usage=Usage(input=7, output=3),
            cost_usd=Decimal("0.0000125"),
            latency_s=0.25,
        ),
    )


@pytest.fixture
def clock():
    return TickingClock()


@pytest.fixture
def call():
    """A call with its number, text and prompt."""
    return make_call


@pytest.fixture
def written(tmp_path: Path, clock: TickingClock) -> Callable[..., Path]:
    """Writes events to a journal; returns its path."""

    def write(*events: Event, name: str = "r1", capture: Capture = "full") -> Path:
        path = tmp_path / "journal" / f"{name}.jsonl"

        async def go() -> None:
            async with open_journal(path, clock=clock, capture=capture) as journal:
                for event in events:
                    await journal.append(event)

        asyncio.run(go())
        return path

    return write
