"""Start a process, drain what it writes, keep it within its limits, and outlive it: the part all backends share.

Nothing here waits for the end of a stream before the process has ended, and nothing trusts the process to end.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.core.errors import SandboxError
from harness.core.execution import Ending, Isolation
from harness.core.ports import Job, Ran
from harness.sandbox.pipes import Drain, Feed, Pipe

REPORT_FD = "HARNESS_REPORT_FD"
"""The variable that names the descriptor of the private channel."""
REPORT_BYTES = 16 << 20
FLOOD_BYTES = 64 << 20
"""More than this on one stream, and the job is stopped; what is kept of it is ``Job.output_bytes``."""
FIRST_LOOK_S = 0.02
LOOK_EVERY_S = 0.05
LAST_WORDS_S = 2.0
"""How long streams are still drained after the death of the process: a daemon may hold them open."""


class Watch(Protocol):
    """Tells when a running job takes more than it may."""

    def excess(self, process: "Begun") -> Ending | None: ...

    def at_end(self) -> Ending | None:
        """What it ran into unseen, between the last look and its end."""


class Begun(Protocol):
    """A process that has been started for a job."""

    @property
    def pid(self) -> int: ...

    async def ended(self) -> None:
        """Return when it has ended. Until ``reap`` its number is nobody else's."""

    def kill(self) -> None:
        """End it and everything it started, as far as the backend can. No error for a dead one."""

    async def reap(self) -> int:
        """After its end: the exit code, negative for a signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The job's ends of its pipes; closed here as soon as the process has them."""

    given_fd: int
    out_fd: int
    err_fd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """How it went."""

    ending: Ending
    returncode: int
    """As ``subprocess`` gives it: negative for a signal."""
    stdout: bytes
    stderr: bytes
    report: bytes
    wall_s: float

    def ran(self, isolation: Isolation, *, exit_code: int | None) -> Ran:
        """As the facts of a job. *exit_code*: the program's own; None if it was ended by a signal."""
        killed = self.ending is Ending.EXITED and exit_code is None
        return Ran(
            ending=Ending.KILLED if killed else self.ending,
            exit_code=exit_code if self.ending is Ending.EXITED else None,
            stdout=self.stdout,
            stderr=self.stderr,
            report=self.report,
            wall_s=self.wall_s,
            isolation=isolation,
        )

    def last_words(self) -> str:
        """The end of standard error, for the message of an error that is not the job's."""
        return self.stderr.decode(errors="replace").strip()[-500:] or "no reason given"


async def supervise(
    job: Job, begin: Callable[[Ends], Awaitable[Begun]], *, watch: Watch, report: Pipe | None
) -> Supervised:
    """Run what *begin* starts to its end under the limits of *job*. Raises SandboxError when it cannot be started.

    A cancelled caller leaves nothing behind: the process is killed and reaped before the cancellation goes on.
    """
    began_s = time.monotonic()
    with ExitStack() as stack:
        # Standard input is a pipe: what was read from it is gone, where a file could be opened and read again.
        given, out, err = (stack.enter_context(Pipe()) for _ in range(3))
        process = await begin(Ends(given_fd=given.read_fd, out_fd=out.write_fd, err_fd=err.write_fd))
        given.close_read()
        out.close_write()
        err.close_write()
        streams = _streams(job, out, err, report)
        exited = asyncio.ensure_future(process.ended())
        feed = Feed(given, job.stdin)
        try:
            ending = await _watch(job, watch, process, exited, streams)
        finally:
            # Before it is reaped: until then its number, and that of its group, is nobody else's.
            process.kill()
            returncode = await _reap(process, exited)
            feed.stop()
            if report is not None:
                report.close_write()
            await _last_words(streams)
        return Supervised(
            ending=ending,
            returncode=returncode,
            stdout=streams[0].kept.text(),
            stderr=streams[1].kept.text(),
            report=streams[2].kept.text() if report is not None else b"",
            wall_s=time.monotonic() - began_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A process of our own."""

    process: subprocess.Popen[bytes]
    end: Callable[[int], None]
    """Kills it, by its number."""

    @property
    def pid(self) -> int:
        return self.process.pid

    async def ended(self) -> None:
        if sys.platform != "linux":
            while self.process.poll() is None:  # noqa: ASYNC110 - nothing outside Linux tells us without reaping
                await asyncio.sleep(FIRST_LOOK_S)
            return
        pidfd = os.pidfd_open(self.pid)
        try:
            await readable(pidfd)
        finally:
            os.close(pidfd)

    def kill(self) -> None:
        self.end(self.pid)

    async def reap(self) -> int:
        return self.process.wait()


def start(
    argv: Sequence[str],
    ends: Ends,
    *,
    end: Callable[[int], None],
    env: Mapping[str, str],
    cwd: Path | None = None,
    pass_fds: tuple[int, ...] = (),
) -> Child:
    """Start *argv* with exactly *env*, in a session of its own. Raises SandboxError when it cannot be started."""
    try:
        process = subprocess.Popen(
            argv,
            env=dict(env),
            cwd=cwd,
            stdin=ends.given_fd,
            stdout=ends.out_fd,
            stderr=ends.err_fd,
            pass_fds=pass_fds,
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(f"{argv[0]!r} cannot be started: {error}") from error
    return Child(process=process, end=end)


def kill(pid: int) -> None:
    """SIGKILL to one process, dead or alive."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@contextmanager
def open_null() -> Iterator[int]:
    """A descriptor that takes everything and keeps nothing."""
    fd = os.open(os.devnull, os.O_WRONLY)
    try:
        yield fd
    finally:
        os.close(fd)


async def readable(fd: int) -> None:
    """Return when *fd* can be read: for a descriptor of a process, when that has ended."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)


def _streams(job: Job, out: Pipe, err: Pipe, report: Pipe | None) -> tuple[Drain, ...]:
    streams = [Drain(pipe.read_fd, keep_bytes=job.output_bytes, flood_bytes=FLOOD_BYTES) for pipe in (out, err)]
    if report is not None:
        streams.append(Drain(report.read_fd, keep_bytes=REPORT_BYTES, flood_bytes=REPORT_BYTES))
    return tuple(streams)


async def _watch(
    job: Job, watch: Watch, process: Begun, exited: asyncio.Future[None], streams: Sequence[Drain]
) -> Ending:
    """How the job ended, or what it is to be ended for."""
    loop, woken = asyncio.get_running_loop(), asyncio.Event()
    deadline_s, pause_s = loop.time() + job.timeout_s, FIRST_LOOK_S
    for stop in (exited, *(stream.flooded for stream in streams)):
        stop.add_done_callback(lambda _: woken.set())
    while (left_s := deadline_s - loop.time()) > 0:
        alarm = loop.call_later(min(pause_s, left_s), woken.set)
        try:
            await woken.wait()
        finally:
            alarm.cancel()
        woken.clear()
        if exited.done():
            return watch.at_end() or Ending.EXITED
        if any(stream.flooded.done() and not stream.flooded.cancelled() for stream in streams):
            return Ending.OUTPUT
        if excess := watch.excess(process):
            return excess
        pause_s = LOOK_EVERY_S
    return watch.at_end() or Ending.TIMEOUT


async def _reap(process: Begun, exited: asyncio.Future[None]) -> int:
    """The return code, waited for even when the caller is being cancelled: a kill does not take long."""
    cancelled: asyncio.CancelledError | None = None
    while not exited.done():
        try:
            await asyncio.shield(exited)
        except asyncio.CancelledError as error:
            cancelled = error
    returncode = await process.reap()
    if cancelled is not None:
        raise cancelled
    return returncode


async def _last_words(streams: Sequence[Drain]) -> None:
    open_ones = [stream.ended for stream in streams if not stream.ended.done()]
    try:
        if open_ones:
            await asyncio.wait(open_ones, timeout=LAST_WORDS_S)
    finally:
        for stream in streams:
            stream.stop()
