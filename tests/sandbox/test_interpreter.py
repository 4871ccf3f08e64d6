"""What has to be seen for an interpreter to run."""

import asyncio
import sys
from pathlib import Path

import pytest

from harness.core.errors import SandboxError
from harness.core.ports import Job
from harness.sandbox import base_interpreter, interpreter_mounts


def test_a_virtual_environment_runs_inside(bubblewrap):
    python = Path(sys.prefix) / "bin" / "python"
    job = Job(argv=(str(python), "-c", "import pytest, sys; print(sys.prefix)"), mounts=interpreter_mounts(python))
    ran = asyncio.run(bubblewrap.run(job))
    assert ran.stdout.decode().strip() == sys.prefix, ran.stderr


def test_links_on_the_way_are_seen_too(tmp_path):
    base = tmp_path / "cpython-3.11.7" / "bin"
    base.mkdir(parents=True)
    (base / "python3").write_text("")
    (tmp_path / "cpython-3.11").symlink_to("cpython-3.11.7")
    venv = tmp_path / "venv" / "bin"
    venv.mkdir(parents=True)
    (venv / "python").symlink_to(tmp_path / "cpython-3.11" / "bin" / "python3")
    (tmp_path / "venv" / "pyvenv.cfg").write_text(f"home = {tmp_path}/cpython-3.11/bin\nversion = 3\n")
    targets = [mount.target for mount in interpreter_mounts(venv / "python")]
    assert targets == [str(tmp_path / name) for name in ("cpython-3.11.7", "venv", "cpython-3.11")]


def test_the_systems_own_needs_nothing():
    assert interpreter_mounts(Path("/usr/bin/env")) == ()


def test_no_interpreter():
    with pytest.raises(SandboxError, match="no Python interpreter at '/no/python': No such file"):
        base_interpreter(Path("/no/python"))
