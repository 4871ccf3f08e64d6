"""Levels ``standard`` and ``strict``: bubblewrap. Own namespaces of every kind, an empty environment, a call filter.

Why it is called the way it is:

- bwrap itself starts with an empty environment: whatever it was started with can be read in ``/proc/1/environ`` inside.
- Its options travel through a pipe: its argv can be read inside too. The pipe is also the moment at which limits are
  put on bwrap, before it has read what it shall run; nothing has to happen between fork and exec.
- Its root, /dev and /dev/shm are unlimited writable memory by default: sized or made read-only.
- Its word that the program was really started comes over a status pipe: an exit code 1 and the line ``bwrap: …`` on
  stderr can be forged by the program.

With control groups the memory and the number of processes of the whole tree are limited by the kernel, and the level
is ``strict``. Without them both are watched from outside every 50 ms, which stops a fork bomb after some hundred
processes, not at the limit: ``standard``.
"""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import SandboxError
from harness.core.execution import Ending, Isolation
from harness.core.ports import Job, Mount, Ran
from harness.sandbox.cgroups import Cgroups, Group
from harness.sandbox.limits import SHM_BYTES, TMP_BYTES, limit_process, limits_of
from harness.sandbox.pipes import Pipe
from harness.sandbox.supervision import REPORT_FD, Child, Ends, Supervised, kill, start, supervise
from harness.sandbox.watchdog import TreeWatch

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""Of the host's root: programs and libraries."""
SETTINGS = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/etc/mime.types")
"""Of the host's /etc: what programs need and no secret; not passwd, which names people."""
UNSHARED = (
    *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
    "--unshare-cgroup-try",
)
IDENTITY = ("--die-with-parent", "--new-session", "--uid", "1000", "--gid", "1000", "--hostname", "sandbox")
KERNEL_SETTINGS = (
    *("--ro-bind", "/proc/sys", "/proc/sys"),
    *("--ro-bind-try", "/proc/sysrq-trigger", "/proc/sysrq-trigger"),
)
"""The kernel asks who changes a setting, not in which user namespace: to a harness that root runs they would be open.
bwrap covers a folder of /proc only if the folder itself can be written to, which this one never can."""
SEALED = ("--disable-userns",)
"""No further user namespaces: from bubblewrap 0.8 on. Where it is missing, the call filter does it alone."""
_OWN_PROCESSES = 2
"""bwrap outside and its first process inside."""
PIPE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubblewrap:
    """Runs jobs under *program*, the path of ``bwrap``. What it may use of this machine was probed before."""

    program: Path
    system: tuple[str, ...]
    """Options that show the host's programs; see :func:`system_options`."""
    seals: bool = True
    """bwrap knows ``--disable-userns``."""
    seccomp: bytes | None = None
    """The call filter; see :mod:`harness.sandbox.seccomp`."""
    cgroups: Cgroups | None = None
    """Where groups that were proven to limit can be made."""

    @property
    def isolation(self) -> Isolation:
        return Isolation.STRICT if self.cgroups and self.seccomp else Isolation.STANDARD

    async def run(self, job: Job) -> Ran:
        """Run *job*. Raises SandboxError when bwrap could not start it: then nothing of it was run."""
        with ExitStack() as stack:
            options, status, calls = (stack.enter_context(Pipe()) for _ in range(3))
            report = stack.enter_context(Pipe()) if job.report else None
            group = limiting_group(stack, self.cgroups, job, own_processes=_OWN_PROCESSES)
            done = await supervise(
                job,
                lambda ends: self._begin(job, ends, group, (options, status, calls, report)),
                watch=group or TreeWatch(job=job, own_processes=_OWN_PROCESSES),
                report=report,
            )
            return _ran(job, done, _status(status.read_fd), self.isolation)

    async def _begin(
        self, job: Job, ends: Ends, group: Group | None, pipes: tuple[Pipe, Pipe, Pipe, Pipe | None]
    ) -> Child:
        options, status, calls, report = pipes
        argv = _arguments(self, job, status, calls, report)
        child = start(
            (str(self.program), "--args", str(options.read_fd), "--", *job.argv),
            ends,
            env={},
            pass_fds=(
                *(options.read_fd, status.write_fd),
                *([calls.read_fd] if self.seccomp else []),
                *([report.write_fd] if report else []),
            ),
            # Its first process inside dies with it, and the kernel ends the whole pid namespace.
            end=kill,
        )
        try:
            if group is not None:
                group.add(child.pid)
            limit_process(child.pid, limits_of(job))
            hand_over(options, b"".join(os.fsencode(argument) + b"\0" for argument in argv))
            hand_over(calls, self.seccomp or b"")
            status.close_write()
        except SandboxError:
            child.kill()
            await child.reap()
            raise
        return child


def limiting_group(stack: ExitStack, cgroups: Cgroups | None, job: Job, *, own_processes: int) -> Group | None:
    """A group with the limits of *job*, removed when *stack* is left; None where there are no groups."""
    if cgroups is None:
        return None
    return stack.enter_context(cgroups.make(memory_bytes=job.memory_bytes, processes=job.processes + own_processes))


def hand_over(pipe: Pipe, data: bytes) -> None:
    """Write *data*, all at once, into *pipe* and close it. A reader that is gone is no error here."""
    if len(data) > PIPE_BYTES:
        raise SandboxError(f"the options of a job take {len(data)} bytes; bwrap is given {PIPE_BYTES} at most")
    with suppress(BrokenPipeError):
        os.write(pipe.write_fd, data)
    pipe.close_write()


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


def _arguments(sandbox: Bubblewrap, job: Job, status: Pipe, calls: Pipe, report: Pipe | None) -> tuple[str, ...]:
    env = {**job.env, **({REPORT_FD: str(report.write_fd)} if report else {})}
    return (
        *UNSHARED,
        *IDENTITY,
        *(SEALED if sandbox.seals else ()),
        *("--cap-drop", "ALL"),
        *sandbox.system,
        *("--proc", "/proc", *KERNEL_SETTINGS, "--dev", "/dev"),
        *("--size", str(SHM_BYTES), "--tmpfs", "/dev/shm"),  # noqa: S108 - inside the sandbox
        *("--perms", "1777", "--size", str(TMP_BYTES), "--tmpfs", "/tmp"),  # noqa: S108 - inside the sandbox
        # The job's mounts come after /tmp, or it would hide what is mounted below it.
        *(option for mount in job.mounts for option in bind(mount)),
        *("--remount-ro", "/dev", "--remount-ro", "/"),
        *(option for name, value in env.items() for option in ("--setenv", name, value)),
        *("--chdir", job.cwd),
        *(("--seccomp", str(calls.read_fd)) if sandbox.seccomp else ()),
        *("--json-status-fd", str(status.write_fd)),
    )


def bind(mount: Mount) -> tuple[str, str, str]:
    return ("--bind" if mount.writable else "--ro-bind", str(mount.source), mount.target)


def _status(fd: int) -> int | None:
    """The exit code that bwrap reported of a program it had really started."""
    os.set_blocking(fd, False)
    try:
        text = os.read(fd, PIPE_BYTES).decode()
    except BlockingIOError:
        return None
    for line in text.splitlines():
        code = json.loads(line).get("exit-code")
        if isinstance(code, int):
            return code
    return None


def _ran(job: Job, done: Supervised, code: int | None, isolation: Isolation) -> Ran:
    if done.ending is Ending.EXITED and code is None and done.returncode >= 0:
        raise SandboxError(f"bwrap did not start {job.argv[0]!r}: {done.last_words()}")
    return done.ran(isolation, exit_code=None if code is None or code > 128 else code)
