"""What the rooms expect of each other's edges. Time, network, disk and processes are arguments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from harness.core.card import Card
from harness.core.event import Event
from harness.core.execution import Ending, Isolation
from harness.core.request import Request
from harness.core.response import Reply


class Clock(Protocol):
    """Where time comes from; a simulation brings its own."""

    def monotonic_s(self) -> float: ...

    def now(self) -> datetime:
        """Aware, in UTC."""

    async def sleep(self, seconds: float) -> None: ...


class Caller(Protocol):
    """Sends one request to one model, retries included. Never raises for a failure of the model."""

    async def call(self, card: Card, request: Request, *, limit_usd: Decimal | None = None) -> Reply:
        """*limit_usd*: a retry that could bring the call's cost above it is not made."""


class Journal(Protocol):
    """The append-only record."""

    async def append(self, event: Event) -> str:
        """Write *event*; returns its position ``<file>:<seq>`` once it is on disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A folder or file of the host, seen inside the sandbox."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Warm:
    """How a job may run in a fork of an interpreter that is kept ready; its argv is ``(python, *options, script, …)``.

    A sandbox that keeps none runs the argv as it is: the job means the same either way.
    """

    script: Path
    """On the host: the trusted file that argv names by its path inside. Has a function ``main`` without arguments."""
    modules: tuple[str, ...] = ()
    """Trusted modules that the script imports anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One argv to run in isolation."""

    argv: tuple[str, ...]
    mounts: tuple[Mount, ...] = ()
    cwd: str = "/"
    env: Mapping[str, str] = field(default_factory=dict)
    """The whole environment: nothing is inherited."""
    stdin: bytes = b""
    timeout_s: float = 60.0
    memory_bytes: int = 2 << 30
    output_bytes: int = 1 << 20
    """Of stdout and stderr each; the rest is read and dropped, head and tail kept."""
    processes: int = 64
    report: bool = False
    """Opens a private channel: its write end is the descriptor named in ``HARNESS_REPORT_FD``."""
    warm: Warm | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What became of a job."""

    ending: Ending
    exit_code: int | None
    stdout: bytes
    stderr: bytes
    report: bytes = b""
    wall_s: float
    isolation: Isolation


class Sandbox(Protocol):
    """Runs jobs at one level of isolation."""

    @property
    def isolation(self) -> Isolation: ...

    async def run(self, job: Job) -> Ran:
        """Run *job*. Raises SandboxError when it could not be started at all."""


class Recorded(Protocol):
    """What a journal already holds, so that nothing is paid twice."""

    def replies(self) -> Mapping[str, Reply]:
        """By call key."""

    def events(self) -> Sequence[Event]: ...
