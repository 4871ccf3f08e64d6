"""Sandboxes of this machine and jobs for them."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.core.errors import SandboxError
from harness.core.execution import Isolation
from harness.core.ports import Job, Mount, Ran, Sandbox, Warm
from harness.sandbox import PlainProcess, WarmSandbox, base_interpreter, interpreter_mounts, open_sandbox
from harness.sandbox.selftest import ATTACKER

PYTHON = base_interpreter(Path(sys.executable))


@pytest.fixture(scope="session")
def bubblewrap() -> Sandbox:
    try:
        return open_sandbox(Isolation.STANDARD, want="bubblewrap")
    except SandboxError as error:
        pytest.skip(f"no bubblewrap here: {error}")


@pytest.fixture(scope="session")
def warm(bubblewrap) -> Iterator[WarmSandbox]:
    """Bubblewrap with interpreters kept ready."""
    if bubblewrap.seccomp is None:
        pytest.skip("no call filter here, so no warm interpreters")
    made = WarmSandbox(bubblewrap)
    yield made
    asyncio.run(made.aclose())


@pytest.fixture(params=["bubblewrap", "warm", "process"])
def sandbox(request) -> Sandbox:
    if request.param == "process":
        return PlainProcess()
    found: Sandbox = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def run():
    """Runs a Python script as a job: ``run(sandbox, script, **job)``."""

    def _run(sandbox: Sandbox, script: str, *args: str, mounts=(), **changes) -> Ran:
        argv = (str(PYTHON), "-I", "-S", "/h/attacker.py", script, *args)
        shown = (*interpreter_mounts(PYTHON), Mount(source=ATTACKER, target="/h/attacker.py"), *mounts)
        warm = Warm(script=ATTACKER) if isinstance(sandbox, WarmSandbox) else None
        return asyncio.run(sandbox.run(Job(argv=argv, **{"cwd": "/tmp", "mounts": shown, "warm": warm, **changes})))

    return _run
