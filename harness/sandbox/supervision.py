"""Start a process, drain what it writes, keep it within its limits, and outlive it: the part all backends share.

Nothing here waits for the end of a stream before the process has ended, and nothing trusts the process to end.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import SandboxError
from harness.core.execution import Ending
from harness.core.ports import Job
from harness.sandbox.pipes import Drain, Feed, Pipe
from harness.sandbox.watchdog import PROC, proportional_bytes, tally

REPORT_FD = "HARNESS_REPORT_FD"
"""The variable that names the descriptor of the private channel."""
REPORT_BYTES = 16 << 20
FLOOD_BYTES = 64 << 20
"""More than this on one stream, and the job is stopped; what is kept of it is ``Job.output_bytes``."""
FIRST_LOOK_S = 0.02
LOOK_EVERY_S = 0.05
LAST_WORDS_S = 2.0
"""How long streams are still drained after the death of the process: a daemon may hold them open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A process about to be started for a job."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path | None = None
    pass_fds: tuple[int, ...] = ()
    started: Callable[[int], None]
    """Called with the pid at once after the start."""
    kill: Callable[[int], None]
    """Ends the process, and everything it started as far as the backend can. Must not fail for a dead one."""
    own_processes: int = 0
    """Processes of the tree that belong to the backend."""


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


async def supervise(job: Job, launch: Launch, *, report: Pipe | None) -> Supervised:
    """Run *launch* to its end under the limits of *job*. Raises SandboxError when it cannot be started.

    A cancelled caller leaves nothing behind: the process is killed and reaped before the cancellation goes on.
    """
    began_s = time.monotonic()
    with ExitStack() as stack:
        # Standard input is a pipe: what was read from it is gone, where a file could be opened and read again.
        given, out, err = (stack.enter_context(Pipe()) for _ in range(3))
        process = _start(launch, given, out, err)
        given.close_read()
        out.close_write()
        err.close_write()
        streams = _streams(job, out, err, report)
        exited = asyncio.ensure_future(_exit_of(process))
        feed = Feed(given, job.stdin)
        try:
            launch.started(process.pid)
            ending = await _watch(job, launch, process.pid, exited, streams)
        finally:
            # Before it is reaped: until then its number, and that of its group, is nobody else's.
            launch.kill(process.pid)
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


def _start(launch: Launch, given: Pipe, out: Pipe, err: Pipe) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            launch.argv,
            env=dict(launch.env),
            cwd=launch.cwd,
            stdin=given.read_fd,
            stdout=out.write_fd,
            stderr=err.write_fd,
            pass_fds=launch.pass_fds,
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(f"{launch.argv[0]!r} cannot be started: {error}") from error


def _streams(job: Job, out: Pipe, err: Pipe, report: Pipe | None) -> tuple[Drain, ...]:
    streams = [Drain(pipe.read_fd, keep_bytes=job.output_bytes, flood_bytes=FLOOD_BYTES) for pipe in (out, err)]
    if report is not None:
        streams.append(Drain(report.read_fd, keep_bytes=REPORT_BYTES, flood_bytes=REPORT_BYTES))
    return tuple(streams)


async def _exit_of(process: subprocess.Popen[bytes]) -> None:
    """Return when *process* has ended. On Linux it is not yet reaped then."""
    if sys.platform != "linux":
        while process.poll() is None:  # noqa: ASYNC110 - nothing outside Linux tells us without reaping
            await asyncio.sleep(FIRST_LOOK_S)
        return
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    pidfd = os.pidfd_open(process.pid)
    loop.add_reader(pidfd, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(pidfd)
        os.close(pidfd)


async def _watch(job: Job, launch: Launch, pid: int, exited: asyncio.Future[None], streams: Sequence[Drain]) -> Ending:
    """How the job ended, or what it is to be ended for."""
    loop = asyncio.get_running_loop()
    deadline_s, pause_s = loop.time() + job.timeout_s, FIRST_LOOK_S
    stops = [exited, *(stream.flooded for stream in streams)]
    while (left_s := deadline_s - loop.time()) > 0:
        pending = [stop for stop in stops if not stop.cancelled()]
        await asyncio.wait(pending, timeout=min(pause_s, left_s), return_when=asyncio.FIRST_COMPLETED)
        if exited.done():
            return Ending.EXITED
        if any(stream.flooded.done() and not stream.flooded.cancelled() for stream in streams):
            return Ending.OUTPUT
        if excess := _excess(job, launch, pid):
            return excess
        pause_s = LOOK_EVERY_S
    return Ending.TIMEOUT


def _excess(job: Job, launch: Launch, pid: int) -> Ending | None:
    if not PROC.exists():
        return None
    seen = tally(pid)
    if seen.processes > job.processes + launch.own_processes:
        return Ending.PROCESSES
    if seen.memory_bytes > job.memory_bytes and proportional_bytes(pid) > job.memory_bytes:
        return Ending.MEMORY
    return None


async def _reap(process: subprocess.Popen[bytes], exited: asyncio.Future[None]) -> int:
    """The return code, waited for even when the caller is being cancelled: a kill does not take long."""
    cancelled: asyncio.CancelledError | None = None
    while not exited.done():
        try:
            await asyncio.shield(exited)
        except asyncio.CancelledError as error:
            cancelled = error
    returncode = process.wait()
    if cancelled is not None:
        raise cancelled
    return returncode


async def _last_words(streams: Sequence[Drain]) -> None:
    try:
        await asyncio.wait([stream.ended for stream in streams], timeout=LAST_WORDS_S)
    finally:
        for stream in streams:
            stream.stop()
