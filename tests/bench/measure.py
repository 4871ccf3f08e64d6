"""Measuring one process at a time: its CPU, wall clock and peak memory, pinned to a core, beside what others do."""

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLIENT_CORE, STUB_CORE = 0, min(1, (os.cpu_count() or 1) - 1)
QUIET = 0.05
"""Others' share of the processors under which a round counts as quiet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a process took, from its start to its end."""

    wall_s: float
    cpu_s: float
    rss_bytes: int
    """Peak."""
    stdout: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table: a number and what it should be."""

    name: str
    value: float | None
    """``None``: it could not be measured; *detail* says why."""
    unit: str = "×"
    at_most: float | None = None
    at_least: float | None = None
    detail: str = ""
    """Both sides, in words."""
    rounds: Sequence[float] = field(default_factory=tuple)
    """What each round gave; the value is their median."""
    load: Sequence[float] = field(default_factory=tuple)
    """Others' share of the processors before each round."""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a target or a value."""
        if self.value is None or (self.at_most is None and self.at_least is None):
            return None
        if self.at_most is not None and self.value > self.at_most:
            return False
        return self.at_least is None or self.value >= self.at_least

    @property
    def target(self) -> str:
        if self.at_most is not None:
            return f"≤ {self.at_most:g}{self.unit_sign}"
        return f"≥ {self.at_least:g}{self.unit_sign}" if self.at_least is not None else "–"

    @property
    def shown(self) -> str:
        return "–" if self.value is None else f"{self.value:.3g}{self.unit_sign}"

    @property
    def unit_sign(self) -> str:
        return f" {self.unit}" if self.unit else ""


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def spend(
    argv: Sequence[str], *, core: int = CLIENT_CORE, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> Spent:
    """Run *argv* to its end on one core. Raises RuntimeError with what it printed when it fails.

    A child's peak memory begins with its parent's: this process must stay small.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began_s = time.perf_counter()
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "", **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        pin(core, process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began_s
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        if process.returncode:
            raise RuntimeError(f"{' '.join(argv)}: exit code {process.returncode}\n{err.read().decode()[-2000:]}")
        return Spent(
            wall_s=wall_s,
            cpu_s=usage.ru_utime + usage.ru_stime,
            rss_bytes=usage.ru_maxrss * 1024,
            stdout=out.read().decode(),
        )


def script(module: str, *words: object) -> list[str]:
    """The argv of a program of this folder."""
    return [sys.executable, "-m", f"tests.bench.{module}", *map(str, words)]


def pin(core: int, process: int = 0) -> None:
    """Keep a process (0: this one) on one core, where the system can."""
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setaffinity(process, {core})


def others() -> float:
    """The share of all processors that is busy while we do nothing, over half a second."""
    before = _jiffies()
    time.sleep(0.5)
    after = _jiffies()
    busy, total = (b - a for a, b in zip(before, after, strict=True))
    return busy / max(1, total)


def _jiffies() -> tuple[int, int]:
    try:
        words = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    except OSError:
        return 0, 0
    numbers = list(map(int, words))
    return sum(numbers) - numbers[3] - numbers[4], sum(numbers)


@contextlib.contextmanager
def running(argv: Sequence[str], *, core: int) -> Iterator[str]:
    """*argv* as a server on *core* while the block lasts; the first line it prints."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        pin(core, process.pid)
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGTERM)
