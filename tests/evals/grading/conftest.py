"""A sandbox, a small code task and a small repository task."""

import asyncio
from pathlib import Path

import pytest

from harness.core.errors import SandboxError
from harness.core.execution import Isolation
from harness.core.ids import SuiteName, TaskClass, TaskId
from harness.core.ports import Sandbox
from harness.core.suite import Environment, RepoTask, Suite, Task
from harness.evals.grading import Bench, base_tree, prepare
from harness.sandbox import open_sandbox

LEDGER = {
    "pyproject.toml": '[project]\nname = "book"\nversion = "1"\n[tool.pytest.ini_options]\nmarkers = ["money: sums"]\n',
    "src/book/__init__.py": "def cents(text):\n    return int(float(text) * 100)\n\n\ndef total(items):\n    return sum(items)\n",
    "tests/test_total.py": "from book import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
    "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef nothing():\n    return []\n",
}
HIDDEN = {
    "tests/test_cents.py": """
import pytest
from book import cents, total

@pytest.mark.money
@pytest.mark.parametrize("text, expected", [("1.15", 115), ("0.29", 29)])
def test_exact(text, expected):
    assert cents(text) == expected

def test_whole():
    assert cents("2") == 200

def test_none(nothing):
    assert total(nothing) == 0
"""
}


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    try:
        return open_sandbox(Isolation.STANDARD)
    except SandboxError as error:
        pytest.skip(f"no sandbox of level standard here: {error}")


@pytest.fixture(scope="session")
def repo_suite(tmp_path_factory) -> Suite:
    """A plain folder with one task."""
    folder = tmp_path_factory.mktemp("suite")
    for path, text in LEDGER.items():
        (folder / "repo" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "repo" / path).write_text(text)
    return repo_suite_over(folder / "repo", None)


def repo_suite_over(repo: Path, commit: str | None) -> Suite:
    task = Task(
        id=TaskId("exact-cents"),
        task_class=TaskClass("python.bugfix"),
        prompt="cents('1.15') is 114.",
        digest="d",
        repo=RepoTask(
            base_commit=commit,
            f2p=("tests/test_cents.py::test_exact[1.15-115]",),
            p2p=(
                "tests/test_cents.py::test_none",
                "tests/test_cents.py::test_whole",
                "tests/test_total.py::test_total",
            ),
            reference_patch="",
            hidden={path: text.encode() for path, text in HIDDEN.items()},
            timeout_s=20,
        ),
    )
    return Suite(
        name=SuiteName("book"),
        kind="repo",
        version=1,
        task_class=TaskClass("python.bugfix"),
        tasks=(task,),
        solver="patch",
        environment=Environment(install=(".",)),
        folder=repo.parent,
        repo_path=repo,
        digest="d",
    )


@pytest.fixture(scope="session")
def bench(repo_suite, sandbox, tmp_path_factory) -> Bench:
    cache = tmp_path_factory.mktemp("cache")
    return asyncio.run(_bench(repo_suite, sandbox, cache))


async def _bench(suite: Suite, sandbox: Sandbox, cache: Path) -> Bench:
    assert suite.repo_path is not None
    return Bench(
        base=await base_tree(suite.repo_path, None, cache),
        environment=await prepare(suite, None, cache),
        settings=suite.environment,
        sandbox=sandbox,
    )


@pytest.fixture(scope="session")
def task(repo_suite) -> Task:
    found: Task = repo_suite.tasks[0]
    return found
