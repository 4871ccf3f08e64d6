"""An event loop whose clock jumps to the next timer: hours of back-off pass in no time, and a hang is an error."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class Deadlock(RuntimeError):
    """Nothing is ready and nothing is scheduled: in real life this would hang for ever."""


class _Jumping(selectors.DefaultSelector):
    loop: "SimLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise Deadlock("nothing is ready and nothing is scheduled")
        self.loop.now_s += max(timeout, 0.0)
        return []


class SimLoop(asyncio.SelectorEventLoop):
    """Time is ``now_s``; it moves only when everybody waits. Threads and sockets are invisible to it."""

    def __init__(self) -> None:
        selector = _Jumping()
        self.now_s = 0.0
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        return self.now_s


def simulate(main: Coroutine[Any, Any, Any]) -> tuple[Any, float]:
    """(result of *main*, simulated seconds it took)."""
    with asyncio.Runner(loop_factory=SimLoop) as runner:
        loop = runner.get_loop()
        result = runner.run(main)
        return result, loop.time()
