"""Ctrl-C: the first ends a command in good order, a second one at once. What was recorded is kept either way."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from types import FrameType
from typing import Any, TypeVar

from harness.cli.exits import Exit

SAID = "interrupted: what was recorded is kept, the same command continues\n"

_SHOW_CURSOR = "\x1b[?25h"
_T = TypeVar("_T")


def run_async(work: Coroutine[Any, Any, _T]) -> _T:
    """The result of *work*; KeyboardInterrupt after Ctrl-C, once *work* has been cancelled and has cleaned up.

    A second Ctrl-C does not wait for that: records are written so that they survive the process. asyncio's own
    handling would raise in the middle of the cleaning up, and show it.
    """
    if threading.current_thread() is not threading.main_thread():
        return asyncio.run(work)
    ear = _Ear()
    before = signal.getsignal(signal.SIGINT)
    try:
        return asyncio.run(ear.listen(work))
    except asyncio.CancelledError:
        if ear.heard:
            raise KeyboardInterrupt from None
        raise
    finally:
        if not ear.heard:
            signal.signal(signal.SIGINT, before)


class _Ear:
    """Hears Ctrl-C while a task is running, and until the process has ended when there was one."""

    def __init__(self) -> None:
        self.heard = False
        self._loop: asyncio.AbstractEventLoop
        self._task: asyncio.Task[Any]

    async def listen(self, work: Coroutine[Any, Any, _T]) -> _T:
        self._loop = asyncio.get_running_loop()
        task = self._loop.create_task(work)
        self._task = task
        signal.signal(signal.SIGINT, self._hear)
        return await task

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self.heard:
            leave()
        self.heard = True
        self._loop.call_soon_threadsafe(self._task.cancel)


def leave() -> None:
    """End the process now, with its one line."""
    os.write(2, ((_SHOW_CURSOR if sys.stderr.isatty() else "") + SAID).encode())
    os._exit(Exit.INTERRUPTED)
