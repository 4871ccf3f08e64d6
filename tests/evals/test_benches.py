"""What submissions of a repo suite are graded on: made once, and a sandbox that fails costs one trial."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.errors import ConfigError, SandboxError
from harness.core.execution import Execution, Isolation
from harness.core.ids import TaskId
from harness.core.ports import Job, Ran
from harness.core.suite import Suite, Task
from harness.core.trial import Grade
from harness.evals.answers import Judged
from harness.evals.benches import Benches, reference_files
from harness.evals.patches import unified_diff
from harness.sandbox import PlainProcess
from tests.evals.test_importing import toy_suite
from tests.evals.world import make_home

BASE = {"book.py": "def cents(text):\n    return int(float(text) * 100)\n"}
GOLD: Mapping[str, str | None] = {"book.py": "def cents(text):\n    return round(float(text) * 100)\n"}
WRONG: Mapping[str, str | None] = {"book.py": "def cents(text):\n    return 0\n"}
TESTS = {"test_a.py": "from book import cents\n\n\ndef test_x():\n    assert cents('1.15') == 115\n"}


class Counting:
    """Level none, with a count of its jobs; fails those that *failing* says."""

    isolation = Isolation.NONE

    def __init__(self, *failing: int) -> None:
        self.jobs = 0
        self.failing = failing

    async def run(self, job: Job) -> Ran:
        self.jobs += 1
        if self.jobs in self.failing:
            raise SandboxError("no room for another process")
        return await PlainProcess().run(job)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    home = make_home(tmp_path_factory.mktemp("home"), {})
    return toy_suite(home, BASE, {"book.py": str(GOLD["book.py"])}, hidden=TESTS)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared: an environment takes a second to make."""
    return tmp_path_factory.mktemp("cache")


def grade(benches: Benches, *submissions: Mapping[str, str | None]) -> list[tuple[Execution | None, Judged]]:
    """One after the other, on the suite's one task."""

    async def go() -> list[tuple[Execution | None, Judged]]:
        return [await benches.grade(benches.suite.tasks[0], files) for files in submissions]

    return asyncio.run(go())


@pytest.mark.slow
def test_canaries_are_looked_for_once(suite, cache):
    sandbox = Counting()
    results = grade(Benches(suite=suite, sandbox=sandbox, cache=cache), WRONG, GOLD, WRONG)
    assert [judged.grade for _, judged in results] == [Grade.NOT_RESOLVED, Grade.RESOLVED, Grade.NOT_RESOLVED]
    # The reference for its canaries; one run each; and a second one of what would be resolved.
    assert sandbox.jobs == 1 + 1 + 2 + 1


@pytest.mark.slow
def test_many_at_once_wait_for_one_bench(suite, cache):
    sandbox = Counting()
    benches = Benches(suite=suite, sandbox=sandbox, cache=cache)

    async def go() -> None:
        task = suite.tasks[0]
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(benches.grade(task, WRONG))
        assert await benches.bench(task) is await benches.bench(task)
        assert await benches.files_of(task) is await benches.files_of(task)

    asyncio.run(go())
    assert sandbox.jobs == 1 + 3


@pytest.mark.slow
def test_a_sandbox_that_fails_costs_one_trial(suite, cache):
    results = grade(Benches(suite=suite, sandbox=Counting(2), cache=cache), WRONG, GOLD)
    (execution, spoiled), (_, good) = results
    assert execution is None
    assert (spoiled.grade, spoiled.answer) == (Grade.INFRA_ERROR, None)
    assert "no room for another process" in spoiled.detail
    assert good.grade is Grade.RESOLVED


def test_a_sandbox_that_fails_the_reference_ends_the_run(suite, cache):
    with pytest.raises(SandboxError, match="no room"):
        grade(Benches(suite=suite, sandbox=Counting(1), cache=cache), GOLD)


def test_the_text_files_of_the_base(suite, cache):
    benches = Benches(suite=suite, sandbox=Counting(), cache=cache)
    assert asyncio.run(benches.files_of(suite.tasks[0])) == BASE


# --- the reference --------------------------------------------------------------------------------------------------


def with_patch(task: Task, patch: str) -> Task:
    assert task.repo is not None
    return replace(task, id=TaskId("other"), repo=replace(task.repo, reference_patch=patch))


def test_a_reference_is_what_its_patch_makes_of_the_base(suite):
    assert reference_files(suite.tasks[0], BASE) == GOLD


def test_a_reference_that_does_not_apply_is_the_suites_fault(suite, cache):
    broken = with_patch(suite.tasks[0], unified_diff({"book.py": "x\n"}, {"book.py": "y\n"}))
    with pytest.raises(ConfigError, match=r"task 'other': reference\.patch does not apply to its base: book.py: "):
        reference_files(broken, BASE)
    with pytest.raises(ConfigError, match="task 'other'"):
        grade(Benches(suite=replace(suite, tasks=(broken,)), sandbox=Counting(), cache=cache), GOLD)
