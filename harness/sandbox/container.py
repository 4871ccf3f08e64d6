"""Level ``standard``: docker or podman, for hosts where unprivileged namespaces are switched off.

The image only lends its root: the host's programs are bound over it read-only, so that a job sees what it would see
under bubblewrap. Engines pass no descriptors, so the private channel is a named pipe in a folder of its own.
"""

import os
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import SandboxError
from harness.core.execution import Ending, Isolation
from harness.core.ports import Job, Ran
from harness.sandbox.bubblewrap import SYSTEM
from harness.sandbox.limits import SHM_BYTES, TMP_BYTES, limits_of
from harness.sandbox.pipes import named_pipe
from harness.sandbox.supervision import REPORT_FD, Child, Ends, Supervised, kill, start, supervise
from harness.sandbox.watchdog import TreeWatch

CHANNEL = "/run/harness"
"""Where the named pipe is seen inside."""
ENGINE_FAULT = 125
"""The exit code of an engine that could not start the container."""
_FD = 3
_KILL_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """Runs jobs with *engine*, the path of ``docker`` or ``podman``."""

    engine: Path
    image: str
    """Any small image that is already there; nothing is pulled."""

    @property
    def isolation(self) -> Isolation:
        return Isolation.STANDARD

    async def run(self, job: Job) -> Ran:
        """Run *job*. Raises SandboxError when the engine could not start it."""
        name = f"harness-{secrets.token_hex(8)}"
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="harness-channel-")))
            report = stack.enter_context(named_pipe(folder / "report")) if job.report else None
            argv = (str(self.engine), *arguments(job, image=self.image, name=name, channel=folder))
            done = await supervise(
                job,
                lambda ends: _start(argv, ends, folder, lambda pid: _kill(self.engine, name, pid)),
                watch=TreeWatch(job=job),
                report=report,
            )
            return _ran(done, job)


async def _start(argv: tuple[str, ...], ends: Ends, home: Path, end: Callable[[int], None]) -> Child:
    return start(argv, ends, env={"PATH": os.defpath, "HOME": str(home)}, end=end)


def arguments(job: Job, *, image: str, name: str, channel: Path) -> tuple[str, ...]:
    """Arguments of the engine that run *job* in a container *name* with every restriction there is."""
    return (
        *("run", "--rm", "--interactive", "--name", name, "--pull", "never", "--init"),
        *("--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--ipc", "private", "--shm-size", str(SHM_BYTES), "--user", f"{os.getuid()}:{os.getgid()}"),
        *("--pids-limit", str(job.processes), "--memory", str(job.memory_bytes)),
        *("--memory-swap", str(job.memory_bytes)),
        *_ulimits(job),
        *("--tmpfs", f"/tmp:rw,exec,mode=1777,size={TMP_BYTES}"),  # noqa: S108 - inside the container
        *_volumes(job, channel),
        *(option for key, value in job.env.items() for option in ("--env", f"{key}={value}")),
        *("--workdir", job.cwd, "--entrypoint", "/bin/sh", image, "-c", _stage(job), "/bin/sh", *job.argv),
    )


def _ulimits(job: Job) -> Iterator[str]:
    limits = limits_of(job)
    yield from ("--ulimit", "core=0", "--ulimit", f"cpu={limits.cpu_s}", "--ulimit", f"fsize={limits.file_bytes}")
    yield from ("--ulimit", f"nofile={limits.open_files}")


def _volumes(job: Job, channel: Path) -> Iterator[str]:
    yield from (option for folder in SYSTEM if Path(folder).is_dir() for option in ("-v", f"{folder}:{folder}:ro"))
    if job.report:
        yield from ("-v", f"{channel}:{CHANNEL}")
    for mount in job.mounts:
        yield from ("-v", f"{mount.source}:{mount.target}:{'rw' if mount.writable else 'ro'}")


def _stage(job: Job) -> str:
    opened = f"exec {_FD}>{CHANNEL}/report; {REPORT_FD}={_FD}; export {REPORT_FD}; " if job.report else ""
    return f'{opened}exec "$@"'


def _kill(engine: Path, name: str, pid: int) -> None:
    """Kill the client and the container: an engine lets a container outlive its client."""
    kill(pid)
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run((str(engine), "kill", name), capture_output=True, check=False, timeout=_KILL_S)


def _ran(done: Supervised, job: Job) -> Ran:
    if done.ending is Ending.EXITED and done.returncode == ENGINE_FAULT:
        raise SandboxError(f"the container engine did not start {job.argv[0]!r}: {done.last_words()}")
    return done.ran(Isolation.STANDARD, exit_code=done.returncode if 0 <= done.returncode <= 128 else None)
