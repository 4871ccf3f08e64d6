"""Level ``none``: a plain process with an empty environment and resource limits. Keeps nothing from anybody.

For code one trusts, where nothing better works. Mounts are only paths here: a target in ``argv``, ``cwd`` or an
environment value is replaced by its source, so that one job means the same at every level. Read-only is not enforced.
"""

import os
import re
import signal
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from harness.core.execution import Isolation
from harness.core.ports import Job, Ran
from harness.sandbox.limits import limits_of, shell_limits
from harness.sandbox.pipes import Pipe
from harness.sandbox.supervision import REPORT_FD, Child, Ends, start, supervise
from harness.sandbox.watchdog import TreeWatch

SHELL = "/bin/sh"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainProcess:
    """Runs jobs as this user, with this user's files and network."""

    @property
    def isolation(self) -> Isolation:
        return Isolation.NONE

    async def run(self, job: Job) -> Ran:
        """Run *job* in a process group of its own. Raises SandboxError when it cannot be started."""
        with ExitStack() as stack:
            scratch = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="harness-job-", ignore_cleanup_errors=True)
            )
            report = stack.enter_context(Pipe()) if job.report else None
            done = await supervise(
                job, lambda ends: _start(job, Path(scratch), report, ends), watch=TreeWatch(job=job), report=report
            )
            return done.ran(Isolation.NONE, exit_code=done.returncode if done.returncode >= 0 else None)


async def _start(job: Job, scratch: Path, report: Pipe | None, ends: Ends) -> Child:
    sources = {"/tmp": str(scratch), **{mount.target: str(mount.source) for mount in job.mounts}}  # noqa: S108
    env = {name: relocate(value, sources) for name, value in job.env.items()}
    return start(
        # `exec` leaves no shell behind; a program that is not there ends with the shell's 127.
        (
            *(SHELL, "-c", f'{shell_limits(limits_of(job))}; exec "$@"', SHELL),
            *(relocate(argument, sources) for argument in job.argv),
        ),
        ends,
        env={**env, **({REPORT_FD: str(report.write_fd)} if report else {})},
        cwd=Path(relocate(job.cwd, sources)),
        pass_fds=(report.write_fd,) if report else (),
        end=_kill_group,
    )


def relocate(text: str, sources: Mapping[str, str]) -> str:
    """*text* with every path that lies at or below a key of *sources* moved to its value.

    >>> relocate("/w/src:/w2:/h/run.py", {"/w": "/home/a/tree", "/h": "/opt/h"})
    '/home/a/tree/src:/w2:/opt/h/run.py'
    """
    if not sources:
        return text
    longest_first = sorted(sources, key=len, reverse=True)
    targets = "|".join(re.escape(target.rstrip("/") or "/") for target in longest_first)
    pattern = rf"(?<![^:=,\s])({targets})(?=/|$|[:,\s])"
    found = {target.rstrip("/") or "/": source for target, source in sources.items()}
    return re.sub(pattern, lambda match: found[match[1]], text)


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
