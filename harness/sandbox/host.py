"""The host's own trusted tools: git and uv, by argv, without a shell and without this process's environment."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import SandboxError

GIT_ENV = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}
"""No configuration but the repository's own, no question, no lock."""
GIT_OPTIONS = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.attributesFile=/dev/null"),
    *("-c", "core.pager=cat", "-c", "diff.external=", "-c", "protocol.ext.allow=never", "-c", "safe.directory=*"),
    *("-c", "core.sshCommand=false", "-c", "credential.helper=", "-c", "gc.auto=0"),
)
"""What a repository's own configuration could make git execute, overruled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRan:
    """What a tool said."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: bytes
    stderr: bytes
    wall_s: float

    def checked(self) -> bytes:
        """Standard output. Raises SandboxError with the last words of standard error for any exit code but 0."""
        if self.exit_code == 0:
            return self.stdout
        why = self.stderr.decode(errors="replace").strip()[-800:]
        raise SandboxError(f"{' '.join(self.argv)}: exit code {self.exit_code}: {why or 'no reason given'}")


async def run_tool(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout_s: float = 60.0,
) -> ToolRan:
    """Run *argv* with exactly ``PATH`` and *env* as its environment; everything it writes is kept.

    Raises SandboxError when it cannot be started or does not end within *timeout_s*; whatever it started in its
    process group is killed then. An exit code other than 0 is the caller's to judge: see ``ToolRan.checked``.
    """
    began_s = time.monotonic()
    surroundings = {"PATH": os.environ.get("PATH", os.defpath), **(env or {})}
    process = await _started(argv, cwd, surroundings, speaks=bool(stdin))
    try:
        async with asyncio.timeout(timeout_s):
            stdout, stderr = await process.communicate(stdin or None)
    except TimeoutError as error:
        raise SandboxError(f"{' '.join(argv)}: not done within {timeout_s:g} s") from error
    finally:
        await _end(process)
    assert process.returncode is not None, "communicate returns after the end"
    wall_s = time.monotonic() - began_s
    return ToolRan(argv=tuple(argv), exit_code=process.returncode, stdout=stdout, stderr=stderr, wall_s=wall_s)


async def run_git(args: Sequence[str], *, cwd: Path, stdin: bytes = b"", timeout_s: float = 60.0) -> ToolRan:
    """Run git with *args*; nothing that the machine, the user or the repository configured is executed by it.

    Text conversion has no such switch: commands that show differences need ``--no-textconv --no-ext-diff``.
    """
    return await run_tool(("git", *GIT_OPTIONS, *args), cwd=cwd, env=GIT_ENV, stdin=stdin, timeout_s=timeout_s)


async def _started(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], *, speaks: bool
) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE if speaks else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(f"{argv[0]!r} cannot be started in {str(cwd)!r}: {error}") from error


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())
