"""The same jobs in a fresh bubblewrap and in forks of a warm interpreter; prints seconds per job as JSON.

Wall clock, and where the processes of a job can be counted together, processor time of all of them, ours included.

``python -m tests.bench.warming pytest N`` runs a test file of two tests under pytest, ``… checks N`` a function under
its hidden tests as code suites are graded. N times warm, a fifth of it anew. No executable but Python's is needed.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from harness.core.execution import Isolation
from harness.core.ids import TaskClass, TaskId
from harness.core.ports import Job, Mount, Ran, Sandbox, Warm
from harness.core.suite import Task
from harness.core.trial import Grade
from harness.evals.grading import grade_code, judge_code
from harness.sandbox import interpreter_mounts, kept_warm, open_sandbox, yard_of

PYTHON = Path(sys.executable)
TESTS = "def test_one():\n    assert 1 + 1 == 2\n\n\ndef test_two():\n    assert 'a' * 2 == 'aa'\n"
SCRIPT = """\
import os
import sys


def preload():
    config = __import__("_pytest.config").config
    later = ("_pytest._argcomplete", "code", "faulthandler", "pdb", "readline")
    for name in (*(f"_pytest.{each}" for each in config.default_plugins), *later):
        __import__(name)


def main():
    import pytest

    os._exit(int(pytest.main(sys.argv[1:])))


if __name__ == "__main__":
    main()
"""
OPTIONS = ("-c", "/dev/null", "--rootdir", "/w", "-p", "no:cacheprovider", "--import-mode=importlib", "-q", "/w")
CHECKED = Task(
    id=TaskId("double"),
    task_class=TaskClass("python.function"),
    prompt="def double(x):\n",
    tests="def check(candidate):\n    assert candidate(2) == 4\n    assert candidate('a') == 'aa'\n",
    entry_point="double",
    digest="d",
)


async def under_pytest(sandbox: Sandbox) -> None:
    with tempfile.TemporaryDirectory(dir=yard_of(sandbox)) as name:
        (Path(name) / "test_two.py").write_text(TESTS)
        ran: Ran = await sandbox.run(_job(Path(name)))
    assert ran.exit_code == 0, ran.stdout + ran.stderr


def _job(tree: Path) -> Job:
    return Job(
        argv=(str(PYTHON), "-P", "-s", "-B", "/h/run.py", *OPTIONS),
        mounts=(
            *interpreter_mounts(PYTHON),
            Mount(source=_script(), target="/h/run.py"),
            Mount(source=tree, target="/w"),
        ),
        cwd="/w",
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "HOME": "/tmp", "PYTHONHASHSEED": "0"},
        warm=Warm(script=_script()),
    )


def _script() -> Path:
    return Path(tempfile.gettempdir()) / "harness-bench-run.py"


async def as_check(sandbox: Sandbox) -> None:
    execution = await grade_code(CHECKED, "    return x * 2\n", sandbox, PYTHON)
    assert judge_code(CHECKED, execution)[0] is Grade.RESOLVED


@contextmanager
def metered() -> Iterator[Callable[[], float]]:
    """Seconds of processor time of this process and all it starts meanwhile; of this process alone without cgroups."""
    old, new = Path("/sys/fs/cgroup/cpuacct"), Path("/sys/fs/cgroup")
    parent = old if old.is_dir() else new
    group = parent / f"harness-bench-{os.getpid()}"
    try:
        group.mkdir()
        (group / "cgroup.procs").write_text(str(os.getpid()))
    except OSError:
        yield time.process_time
        return
    try:
        if parent == old:
            yield lambda: int((group / "cpuacct.usage").read_text()) / 1e9
        else:
            yield lambda: int((group / "cpu.stat").read_text().split()[1]) / 1e6
    finally:
        (parent / "cgroup.procs").write_text(str(os.getpid()))
        # What was killed a moment ago may still be counted as a member.
        for _ in range(100):
            with suppress(OSError):
                group.rmdir()
                break
            time.sleep(0.01)


async def measured(what: Callable[[], Awaitable[None]], count: int, used_s: Callable[[], float]) -> tuple[float, float]:
    """Seconds of wall clock, and of processor time, each time."""
    began_s, before_s = time.perf_counter(), used_s()
    for _ in range(count):
        await what()
    return (time.perf_counter() - began_s) / count, (used_s() - before_s) / count


async def main(kind: str, count: int) -> None:
    _script().write_text(SCRIPT)
    what = {"pytest": under_pytest, "checks": as_check}[kind]
    anew = open_sandbox(Isolation.STANDARD, want="bubblewrap")
    with metered() as used_s:
        async with kept_warm(anew) as warm:
            await what(warm)  # not counted: starts the interpreter
            anew_s, anew_cpu_s = await measured(partial(what, anew), max(1, count // 5), used_s)
            warm_s, warm_cpu_s = await measured(partial(what, warm), count, used_s)
    figures = {"anew_s": anew_s, "warm_s": warm_s, "anew_cpu_s": anew_cpu_s, "warm_cpu_s": warm_cpu_s}
    print(json.dumps({**figures, "isolation": anew.isolation.value}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
