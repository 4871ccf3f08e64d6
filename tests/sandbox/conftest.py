"""Sandboxes of this machine and jobs for them."""

import asyncio
import sys
from pathlib import Path

import pytest

from harness.core.errors import SandboxError
from harness.core.execution import Isolation
from harness.core.ports import Job, Ran, Sandbox
from harness.sandbox import PlainProcess, base_interpreter, interpreter_mounts, open_sandbox

PYTHON = base_interpreter(Path(sys.executable))


@pytest.fixture(scope="session")
def bubblewrap() -> Sandbox:
    try:
        return open_sandbox(Isolation.STANDARD, want="bubblewrap")
    except SandboxError as error:
        pytest.skip(f"no bubblewrap here: {error}")


@pytest.fixture(params=["bubblewrap", "process"])
def sandbox(request) -> Sandbox:
    if request.param == "process":
        return PlainProcess()
    found: Sandbox = request.getfixturevalue("bubblewrap")
    return found


@pytest.fixture
def run():
    """Runs a Python script as a job: ``run(sandbox, script, **job)``."""

    def _run(sandbox: Sandbox, script: str, *args: str, mounts=(), **changes) -> Ran:
        argv = (str(PYTHON), "-I", "-S", "-c", script, *args)
        job = Job(argv=argv, **{"cwd": "/tmp", "mounts": (*interpreter_mounts(PYTHON), *mounts), **changes})
        return asyncio.run(sandbox.run(job))

    return _run
