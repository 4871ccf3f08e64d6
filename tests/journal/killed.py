"""Writers that are killed with SIGKILL at random moments; run as a program by test_crash.py.

Prints one JSON line per trial: the numbers of the events that were acknowledged before the kill. One interpreter forks them all.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from harness.core.event import RunFinished
from harness.core.ids import RunId
from harness.journal import open_journal


class WallClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def write(path: Path, acknowledged: int) -> None:
    """Appends as fast as it can, telling each acknowledgement through a pipe."""
    async with open_journal(path, clock=WallClock()) as journal:

        async def worker(name: int) -> None:
            for number in range(1_000_000):
                key = name * 1_000_000 + number
                why = "word " * random.randrange(400)
                await journal.append(RunFinished(run_id=RunId("r"), trials=key, complete=False, why=why))
                os.write(acknowledged, b"%d\n" % key)

        async with asyncio.TaskGroup() as group:
            for name in range(8):
                group.create_task(worker(name))


def trial(path: Path, after_s: float) -> list[int]:
    """The events a writer had acknowledged when it was killed."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        asyncio.run(write(path, writing))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        first = pipe.readline()
        time.sleep(after_s)
        os.kill(pid, signal.SIGKILL)
        rest = pipe.read()
    os.waitpid(pid, 0)
    return [int(number) for number in (first + rest).split()]


if __name__ == "__main__":
    folder, trials, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    moments = random.Random(seed)
    for number in range(trials):
        print(json.dumps(trial(folder / f"r{number}.jsonl", moments.uniform(0.0, 0.08))), flush=True)
