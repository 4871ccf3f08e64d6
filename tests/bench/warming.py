"""The same jobs in a fresh bubblewrap and in forks of a warm interpreter; prints seconds of wall clock as JSON.

``python -m tests.bench.warming pytest N`` runs a test file of two tests under pytest, ``… checks N`` a function under
its hidden tests as code suites are graded. Each N times each way, in turn. No executable but Python's is needed.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
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
    for name in config.default_plugins:
        __import__(f"_pytest.{name}")


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


async def measured(what: Callable[[Sandbox], Awaitable[None]], sandbox: Sandbox, count: int) -> float:
    began_s = time.perf_counter()
    for _ in range(count):
        await what(sandbox)
    return time.perf_counter() - began_s


async def main(kind: str, count: int) -> None:
    _script().write_text(SCRIPT)
    what = {"pytest": under_pytest, "checks": as_check}[kind]
    anew = open_sandbox(Isolation.STANDARD, want="bubblewrap")
    async with kept_warm(anew) as warm:
        await what(warm)  # not counted: starts the interpreter
        few = max(1, count // 5)
        each_anew_s, each_warm_s = await measured(what, anew, few) / few, await measured(what, warm, count) / count
    print(json.dumps({"anew_s": each_anew_s, "warm_s": each_warm_s, "isolation": anew.isolation.value}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
