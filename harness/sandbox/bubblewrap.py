"""Level ``standard``: bubblewrap. Own namespaces of every kind, an empty environment, limits and a watchdog.

Why it is called the way it is:

- bwrap itself starts with an empty environment: whatever it was started with can be read in ``/proc/1/environ`` inside.
- Its options travel through a pipe: its argv can be read inside too. The pipe is also the moment at which limits are
  put on bwrap, before it has read what it shall run; nothing has to happen between fork and exec.
- Its root, /dev and /dev/shm are unlimited writable memory by default: sized or made read-only.
- Its word that the program was really started comes over a status pipe: an exit code 1 and the line ``bwrap: …`` on
  stderr can be forged by the program.

There is no cgroup here. The number of processes and the memory of the whole tree are watched from outside every
50 ms, which stops a fork bomb after some hundred processes, not at the limit: that is why this is not ``strict``.
"""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import SandboxError
from harness.core.execution import Ending, Isolation
from harness.core.ports import Job, Mount, Ran
from harness.sandbox.limits import SHM_BYTES, TMP_BYTES, limit_process, limits_of
from harness.sandbox.pipes import Pipe
from harness.sandbox.supervision import REPORT_FD, Launch, Supervised, supervise

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""Of the host's root: programs and libraries."""
SETTINGS = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/etc/mime.types")
"""Of the host's /etc: what programs need and no secret; not passwd, which names people."""
NAMESPACES = (
    *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--disable-userns", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
    *("--uid", "1000", "--gid", "1000", "--hostname", "sandbox"),
)
_OWN_PROCESSES = 2
"""bwrap outside and its first process inside."""
_PIPE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubblewrap:
    """Runs jobs under *program*, the path of ``bwrap`` 0.8 or later."""

    program: Path
    system: tuple[str, ...]
    """Options that show the host's programs; see :func:`system_options`."""

    @property
    def isolation(self) -> Isolation:
        return Isolation.STANDARD

    async def run(self, job: Job) -> Ran:
        """Run *job*. Raises SandboxError when bwrap could not start it: then nothing of it was run."""
        with ExitStack() as stack:
            options, status = stack.enter_context(Pipe()), stack.enter_context(Pipe())
            report = stack.enter_context(Pipe()) if job.report else None
            argv = _arguments(self.system, job, report, status)
            passed = (options.read_fd, status.write_fd, *([report.write_fd] if report else []))
            launch = Launch(
                argv=(str(self.program), "--args", str(options.read_fd), "--", *job.argv),
                env={},
                pass_fds=passed,
                started=lambda pid: _release(pid, job, argv, options, status),
                kill=_kill,
                own_processes=_OWN_PROCESSES,
            )
            done = await supervise(job, launch, report=report)
            return _ran(job, done, _status(status.read_fd))


def system_options(root: Path = Path("/")) -> tuple[str, ...]:
    """Options that bind the host's programs read-only, links as links. Reads the file system."""
    return tuple(_system_options(root))


def _system_options(root: Path) -> Iterator[str]:
    for folder in SYSTEM:
        path = root / folder[1:]
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), folder)
        elif path.is_dir():
            yield from ("--ro-bind", str(path), folder)
    for path in (root / setting[1:] for setting in SETTINGS):
        if path.exists():
            yield from ("--ro-bind", str(path), f"/{path.relative_to(root)}")


def _arguments(system: tuple[str, ...], job: Job, report: Pipe | None, status: Pipe) -> tuple[str, ...]:
    env = {**job.env, **({REPORT_FD: str(report.write_fd)} if report else {})}
    return (
        *NAMESPACES,
        *system,
        *("--proc", "/proc", "--dev", "/dev"),
        *("--size", str(SHM_BYTES), "--tmpfs", "/dev/shm"),  # noqa: S108 - inside the sandbox
        *("--perms", "1777", "--size", str(TMP_BYTES), "--tmpfs", "/tmp"),  # noqa: S108 - inside the sandbox
        # The job's mounts come after /tmp, or it would hide what is mounted below it.
        *(option for mount in job.mounts for option in _bind(mount)),
        *("--remount-ro", "/dev", "--remount-ro", "/"),
        *(option for name, value in env.items() for option in ("--setenv", name, value)),
        *("--chdir", job.cwd),
        *("--json-status-fd", str(status.write_fd)),
    )


def _bind(mount: Mount) -> tuple[str, str, str]:
    return ("--bind" if mount.writable else "--ro-bind", str(mount.source), mount.target)


def _release(pid: int, job: Job, argv: tuple[str, ...], options: Pipe, status: Pipe) -> None:
    """Limit the waiting bwrap, then let it read its options."""
    limit_process(pid, limits_of(job))
    data = b"".join(os.fsencode(argument) + b"\0" for argument in argv)
    if len(data) > _PIPE_BYTES:
        raise SandboxError(f"the options of a job take {len(data)} bytes; bwrap is given {_PIPE_BYTES} at most")
    with suppress(BrokenPipeError):
        os.write(options.write_fd, data)
    options.close_write()
    status.close_write()


def _kill(pid: int) -> None:
    """Kill bwrap: its first process inside dies with it, and the kernel ends the whole pid namespace."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _status(fd: int) -> int | None:
    """The exit code that bwrap reported of a program it had really started."""
    os.set_blocking(fd, False)
    try:
        text = os.read(fd, _PIPE_BYTES).decode()
    except BlockingIOError:
        return None
    for line in text.splitlines():
        code = json.loads(line).get("exit-code")
        if isinstance(code, int):
            return code
    return None


def _ran(job: Job, done: Supervised, code: int | None) -> Ran:
    ending = done.ending
    if ending is Ending.EXITED and code is None:
        if done.returncode >= 0:
            why = done.stderr.decode(errors="replace").strip()[-500:]
            raise SandboxError(f"bwrap did not start {job.argv[0]!r}: {why or 'no reason given'}")
        ending = Ending.KILLED
    if ending is Ending.EXITED and code is not None and code > 128:
        ending, code = Ending.KILLED, None
    return Ran(
        ending=ending,
        exit_code=code if ending is Ending.EXITED else None,
        stdout=done.stdout,
        stderr=done.stderr,
        report=done.report,
        wall_s=done.wall_s,
        isolation=Isolation.STANDARD,
    )
