"""Resource limits of one job, and how they are put on a process that has not begun to run it."""

import math
import os
import resource
from dataclasses import dataclass

from harness.core.errors import SandboxError
from harness.core.ports import Job

TMP_BYTES = 128 << 20
"""Size of the private /tmp."""
SHM_BYTES = 32 << 20
"""Size of the private /dev/shm."""
FILE_BYTES = 256 << 20
"""Largest file a job may write anywhere."""
OPEN_FILES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Per process. What a whole tree may use is the watchdog's to count."""

    cpu_s: int
    """A second line behind the wall clock, should the supervisor die."""
    data_bytes: int
    """Private writable memory; not address space, which 64-bit runtimes reserve freely."""
    file_bytes: int = FILE_BYTES
    open_files: int = OPEN_FILES

    def numbers(self) -> tuple[tuple[int, int], ...]:
        """As the kernel takes them: kind and value."""
        return (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_CPU, self.cpu_s),
            (resource.RLIMIT_DATA, self.data_bytes),
            (resource.RLIMIT_FSIZE, self.file_bytes),
            (resource.RLIMIT_NOFILE, self.open_files),
        )


def limits_of(job: Job) -> Limits:
    """The limits that *job* asks for."""
    cores = os.cpu_count() or 1
    return Limits(cpu_s=math.ceil(job.timeout_s * cores) + 1, data_bytes=job.memory_bytes)


def limit_process(pid: int, limits: Limits) -> None:
    """Put *limits* on the running process *pid*; its later children inherit them. Linux only.

    Raises SandboxError when the kernel refuses, as it does for a set-user-id program of another user.
    """
    for kind, value in limits.numbers():
        try:
            _lower(pid, kind, value)
        except ProcessLookupError:
            return
        except OSError as error:
            raise SandboxError(f"resource limit {kind} of process {pid} cannot be set to {value}: {error}") from error


def _lower(pid: int, kind: int, value: int) -> None:
    _, hard = resource.prlimit(pid, kind)
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.prlimit(pid, kind, (ceiling, ceiling))


def shell_limits(limits: Limits) -> str:
    """The same limits as a line of POSIX ``sh``, for where there is no moment before the program starts."""
    blocks = limits.file_bytes // 512
    kib = limits.data_bytes // 1024
    return f"ulimit -c 0; ulimit -t {limits.cpu_s}; ulimit -f {blocks}; ulimit -n {limits.open_files}; ulimit -d {kib}"
