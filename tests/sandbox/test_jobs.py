"""What holds for every backend: endings, streams, limits, the private channel, cancellation."""

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.errors import SandboxError
from harness.core.execution import Ending, Isolation
from harness.core.ports import Job, Mount
from harness.sandbox import PlainProcess


def test_exit_code_streams_and_stdin(sandbox, run):
    script = "import sys; data = sys.stdin.read(); print(len(data)); print('e', file=sys.stderr); sys.exit(3)"
    ran = run(sandbox, script, stdin=b"x" * 300_000)
    assert (ran.ending, ran.exit_code) == (Ending.EXITED, 3)
    assert (ran.stdout, ran.stderr) == (b"300000\n", b"e\n")
    assert ran.isolation is sandbox.isolation


def test_stdin_that_nobody_reads_is_no_error(sandbox, run):
    assert run(sandbox, "pass", stdin=b"x" * 3_000_000).exit_code == 0


def test_the_environment_is_the_jobs_and_nothing_else(sandbox, run, monkeypatch):
    monkeypatch.setenv("FAKE_API_KEY", "canary")
    ran = run(
        sandbox,
        "import os; print(sorted(set(os.environ) - {'PWD', 'OLDPWD', 'SHLVL', '_', 'LC_CTYPE'}))",
        env={"A": "1"},
    )
    assert ran.stdout.strip() == b"['A']"


def test_output_is_capped_at_both_ends(sandbox, run):
    script = "import os\nos.write(1, b'first')\nfor _ in range(4096): os.write(1, b'x' * 1024)\nos.write(1, b'last')"
    ran = run(sandbox, script, output_bytes=1000)
    assert ran.ending is Ending.EXITED
    assert ran.stdout.startswith(b"first")
    assert ran.stdout.endswith(b"last")
    assert len(ran.stdout) < 1100


def test_a_flood_is_stopped(sandbox, run):
    ran = run(sandbox, "import os\nwhile True: os.write(2, b'x' * 65536)", timeout_s=30)
    assert ran.ending is Ending.OUTPUT
    assert ran.exit_code is None


def test_the_wall_clock_ends_what_ignores_signals(sandbox, run):
    script = "import signal, time\nfor s in (2, 15, 1): signal.signal(s, signal.SIG_IGN)\ntime.sleep(60)"
    ran = run(sandbox, script, timeout_s=0.4)
    assert (ran.ending, ran.exit_code) == (Ending.TIMEOUT, None)


def test_a_signal_of_its_own_is_killed(sandbox, run):
    assert run(sandbox, "import os; os.kill(os.getpid(), 11)").ending is Ending.KILLED


def test_the_private_channel_is_read_to_its_end(sandbox, run):
    script = "import os\nfd = int(os.environ['HARNESS_REPORT_FD'])\nos.write(fd, b'said')\nprint('not this')"
    ran = run(sandbox, script, report=True)
    assert ran.report == b"said"
    assert run(sandbox, "import os; print('HARNESS_REPORT_FD' in os.environ)").stdout == b"False\n"


def test_too_many_processes_are_stopped(sandbox, run):
    script = "import os, time\nfor _ in range(60):\n    if not os.fork(): time.sleep(20); os._exit(0)\ntime.sleep(20)"
    assert run(sandbox, script, processes=10).ending is Ending.PROCESSES


def test_one_process_runs_into_its_own_memory_limit(sandbox, run):
    script = "try:\n    x = b'x' * (1 << 30)\nexcept MemoryError:\n    print('bounded')"
    assert run(sandbox, script, memory_bytes=200 << 20).stdout == b"bounded\n"


def test_the_sum_of_a_trees_memory_is_watched(sandbox, run):
    script = "import os, time\nfor _ in range(4):\n    if not os.fork():\n        x = b'x' * (60 << 20); time.sleep(20)\ntime.sleep(20)"
    assert run(sandbox, script, memory_bytes=150 << 20).ending is Ending.MEMORY


def test_a_daemon_that_holds_the_streams_does_not_hold_us(sandbox, run):
    script = "import os, time\nif not os.fork():\n    time.sleep(30)\n    os._exit(0)\nprint('done')"
    ran = run(sandbox, script)
    assert ran.ending is Ending.EXITED
    assert ran.stdout == b"done\n"
    assert ran.wall_s < 20


def test_mounts_are_seen_at_their_targets(sandbox, run, tmp_path):
    (tmp_path / "given.txt").write_text("given")
    mount = Mount(source=tmp_path, target="/w")
    script = "import os, sys; print(open(sys.argv[1]).read(), open('given.txt').read(), open(os.environ['AT']).read())"
    ran = run(sandbox, script, "/w/given.txt", mounts=(mount,), cwd="/w", env={"AT": "/w/given.txt"})
    assert ran.stdout == b"given given given\n", ran.stderr


def test_a_program_that_is_not_there(bubblewrap):
    with pytest.raises(SandboxError, match="did not start '/no/such'"):
        asyncio.run(bubblewrap.run(Job(argv=("/no/such",))))
    ran = asyncio.run(PlainProcess().run(Job(argv=("/no/such",))))
    assert ran.exit_code == 127


def test_a_folder_that_is_not_there():
    with pytest.raises(SandboxError, match="cannot be started"):
        asyncio.run(PlainProcess().run(Job(argv=("/bin/true",), cwd="/no/such")))


def test_cancelling_leaves_nothing_behind(sandbox, tmp_path):
    async def scenario() -> list[str]:
        job = Job(argv=("/bin/sleep", "61.25"))
        task = asyncio.create_task(sandbox.run(job))
        while not _sleepers():  # noqa: ASYNC110 - another process's doing
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await _none_left()

    assert asyncio.run(scenario()) == []


async def _none_left() -> list[str]:
    deadline = time.monotonic() + 5
    while _sleepers() and time.monotonic() < deadline:  # noqa: ASYNC110 - another process's doing
        await asyncio.sleep(0.02)
    return _sleepers()


def _sleepers() -> list[str]:
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if each.read_bytes() == b"/bin/sleep\x0061.25\x00":
                found.append(each.parent.name)
    return found


def test_descriptors_do_not_leak(sandbox, run):
    run(sandbox, "pass", report=True)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        run(sandbox, "pass", report=True, stdin=b"x")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_levels(bubblewrap):
    assert bubblewrap.isolation in (Isolation.STANDARD, Isolation.STRICT)
    assert replace(bubblewrap, cgroups=None).isolation is Isolation.STANDARD
    assert PlainProcess().isolation is Isolation.NONE
