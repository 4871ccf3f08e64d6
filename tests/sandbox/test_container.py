"""The container backend: its arguments, and its run against a stand-in engine that executes what it is told."""

import asyncio
import itertools
from pathlib import Path

import pytest

from harness.core.errors import SandboxError
from harness.core.execution import Ending, Isolation
from harness.core.ports import Job, Mount
from harness.sandbox import Container
from harness.sandbox.container import arguments

ENGINE = """#!/bin/sh
[ "$1" = kill ] && exit 0
for each; do case "$previous" in -v) case "$each" in *:/run/harness) channel=${each%%:/run/harness};; esac;; esac
previous=$each; done
while [ "$1" != IMAGE ]; do shift; done
shift; shift
script=$(echo "$1" | sed "s#/run/harness#$channel#"); shift
exec /bin/sh -c "$script" "$@"
"""


@pytest.fixture
def container(tmp_path) -> Container:
    engine = tmp_path / "engine"
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    return Container(engine=engine, image="IMAGE")


def test_every_restriction_is_asked_for():
    job = Job(
        argv=("/bin/prog", "a b"),
        mounts=(Mount(source=Path("/here"), target="/w"), Mount(source=Path("/out"), target="/o", writable=True)),
        cwd="/w",
        env={"A": "1"},
        processes=7,
        memory_bytes=1000,
        report=True,
    )
    argv = arguments(job, image="IMAGE", name="n", channel=Path("/c"))
    pairs = set(itertools.pairwise(argv))
    assert {("--network", "none"), ("--cap-drop", "ALL"), ("--pids-limit", "7"), ("--memory", "1000")} <= pairs
    assert {("--memory-swap", "1000"), ("--security-opt", "no-new-privileges"), ("--pull", "never")} <= pairs
    assert {("-v", "/here:/w:ro"), ("-v", "/out:/o:rw"), ("-v", "/c:/run/harness"), ("--env", "A=1")} <= pairs
    assert "--read-only" in argv
    assert argv[-3:] == ("/bin/sh", "/bin/prog", "a b")
    assert not any(
        "/run/harness" in each for each in arguments(Job(argv=("x",)), image="I", name="n", channel=Path("/c"))
    )


def test_runs_and_reports(container):
    job = Job(argv=("/bin/sh", "-c", "echo out; echo said >&$HARNESS_REPORT_FD; exit 4"), report=True)
    ran = asyncio.run(container.run(job))
    assert (ran.ending, ran.exit_code, ran.isolation) == (Ending.EXITED, 4, Isolation.STANDARD)
    assert (ran.stdout, ran.report) == (b"out\n", b"said\n")


def test_the_engines_own_failure_is_not_the_codes(container):
    container.engine.write_text("#!/bin/sh\necho 'no such image' >&2\nexit 125\n")
    with pytest.raises(SandboxError, match="did not start '/bin/true': no such image"):
        asyncio.run(container.run(Job(argv=("/bin/true",))))


def test_signals_and_timeouts(container):
    assert asyncio.run(container.run(Job(argv=("/bin/sh", "-c", "kill -9 $$")))).ending is Ending.KILLED
    slow = asyncio.run(container.run(Job(argv=("/bin/sleep", "30"), timeout_s=0.3)))
    assert (slow.ending, slow.exit_code) == (Ending.TIMEOUT, None)
