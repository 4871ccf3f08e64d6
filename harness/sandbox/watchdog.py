"""What a process and all its descendants use together, read from /proc."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.core.execution import Ending
from harness.core.ports import Job

PROC = Path("/proc")
_PAGE_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One look at a process tree."""

    processes: int
    memory_bytes: int
    """Resident pages that are not files; a page shared by a parent and its forks is counted in each."""


class Root(Protocol):
    """The process that a tree grew from."""

    @property
    def pid(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeWatch:
    """Looks at a job's tree every now and then: what grows between two looks is seen late."""

    job: Job
    own_processes: int = 0
    """Processes of the tree that belong to the backend."""

    def excess(self, process: Root) -> Ending | None:
        if not PROC.exists():
            return None
        pid = process.pid
        seen = tally(pid)
        if seen.processes > self.job.processes + self.own_processes:
            return Ending.PROCESSES
        if seen.memory_bytes > self.job.memory_bytes and proportional_bytes(pid) > self.job.memory_bytes:
            return Ending.MEMORY
        return None

    def at_end(self) -> Ending | None:
        return None


def tally(pid: int) -> Tally:
    """Count the tree under *pid*, itself included. A process that ends meanwhile counts as nothing."""
    pids = list(_tree(pid))
    return Tally(processes=len(pids), memory_bytes=sum(map(_anonymous_bytes, pids)))


def proportional_bytes(pid: int) -> int:
    """Memory of the tree with shared pages counted once. Slow: for confirming that a limit was passed."""
    return sum(_proportional_bytes(each) for each in _tree(pid))


def _tree(pid: int) -> Iterator[int]:
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(_children(each))


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in (PROC / str(pid) / "task").iterdir():
            found.extend(map(int, (task / "children").read_text().split()))
    except OSError:
        return found
    return found


def _anonymous_bytes(pid: int) -> int:
    try:
        _, resident, shared, *_ = (PROC / str(pid) / "statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * _PAGE_BYTES


def _proportional_bytes(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        # The files of a process that made itself undumpable are closed to us unless we are root.
        return _anonymous_bytes(pid)
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss_Anon:"))
