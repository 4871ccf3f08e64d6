"""Executing what is to be graded: which part of a response is code, and what becomes of a sandbox that fails."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.compare import Unreadable
from harness.compare.generated_tests import read_tests
from harness.content import Home
from harness.core.ballot import Answer
from harness.core.errors import SandboxError
from harness.core.execution import Execution, Isolation, TestOutcome
from harness.core.ids import ModelId
from harness.core.ports import Job, Ran
from harness.core.suite import Suite, Task
from harness.core.trial import Grade, Submission
from harness.evals.execution import SandboxExecutor, code_in, open_executor, workers
from harness.sandbox import PlainProcess
from tests.evals.world import make_home, make_suite

BODY = '    """\n    >>> f("```x```")\n    ```\n    example\n    ```\n    """\n    return 1\n'
CASE = {
    "id": "double",
    "prompt": "def double(x):\n",
    "entry_point": "double",
    "tests": "def test_two():\n    assert double(2) == 4\n",
    "meta": {"visible_tests": "def test_one():\n    assert double(1) == 2\n"},
}


@pytest.mark.parametrize(
    "text",
    [
        "    return 2 * x\n",
        BODY,
        f"def f():\n{BODY}",
        '"""A module.\n\n```\nexample\n```\n"""\nx = 1\n',
        "s = '```'  # no fence\n",
        "",
        "no code at all",
    ],
)
def test_a_bare_completion_stays_as_it_is(text):
    assert code_in(text) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```python\nx = 1\n```", "x = 1\n"),
        ("Here:\n\n```\nx = 1\n```\nDone.", "x = 1\n"),
        ("1. So:\n\n   ```py\nx = 1\n   ```\n", "x = 1\n"),
        ("~~~python\nx = 1\n~~~", "x = 1\n"),
        ("```text\nno\n```\n```python\nx = 1\n```", "x = 1\n"),
        ("```python\nx = 1\n", "x = 1\n"),
    ],
)
def test_a_fence_that_begins_a_line_holds_the_code(text, code):
    assert code_in(text) == code


def test_a_fence_without_code_cannot_be_read():
    assert isinstance(code_in("Here:\n```python\n\n```"), Unreadable)
    assert isinstance(code_in("```a\nx\n```\n```b\ny\n```"), Unreadable)


@given(st.text(alphabet="`~ab \n", max_size=30))
def test_any_text_is_either_code_or_unreadable(text):
    found = code_in(text)
    assert isinstance(found, Unreadable) or found in text


def test_there_is_at_least_one_worker():
    assert workers() >= 1


# --- executing ------------------------------------------------------------------------------------------------------


class Failing:
    """A sandbox that is there, and starts nothing."""

    isolation = Isolation.NONE

    async def run(self, job: Job) -> Ran:
        raise SandboxError("no room for another process")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path, {"m": [{"text": "1"}]})


@pytest.fixture
def suite(home) -> Suite:
    return make_suite(home, [CASE], "code", kind="code", extract="whole", compare="exact")


def executor(suite: Suite, sandbox: object = None) -> SandboxExecutor:
    made = SandboxExecutor(minimum=Isolation.NONE, suite=suite)
    made._sandbox = sandbox or PlainProcess()  # type: ignore[assignment]
    return made


def run_code(suite: Suite, text: str, sandbox: object = None):
    return asyncio.run(executor(suite, sandbox).code(suite.tasks[0], text))


def test_code_is_run_under_the_tests_of_its_task(suite):
    execution, judged = run_code(suite, "Sure:\n```python\ndef double(x):\n    return 2 * x\n```")
    assert (judged.grade, judged.answer) == (Grade.RESOLVED, "def double(x):\n    return 2 * x\n")
    assert execution.isolation is Isolation.NONE
    assert [(test.id, test.outcome) for test in execution.tests] == [("test_two", TestOutcome.PASSED)]


def test_a_completion_continues_the_prompt(suite):
    assert run_code(suite, "    return 2 * x\n")[1].grade is Grade.RESOLVED
    assert run_code(suite, "    return x\n")[1].grade is Grade.NOT_RESOLVED


@pytest.mark.parametrize(("text", "grade"), [("", Grade.EMPTY), ("```python\n```", Grade.FORMAT_FAILURE)])
def test_without_code_there_is_nothing_to_resolve(suite, text, grade):
    assert run_code(suite, text)[1].grade is grade


def test_a_sandbox_that_fails_costs_one_trial_and_not_the_run(suite):
    execution, judged = run_code(suite, "def double(x): ...", Failing())
    assert execution is None
    assert (judged.grade, judged.answer) == (Grade.INFRA_ERROR, "def double(x): ...")
    assert "no room for another process" in judged.detail


def test_without_a_sandbox_there_is_no_run(suite):
    try:
        asyncio.run(SandboxExecutor(minimum=Isolation.STRICT).sandbox())
        pytest.skip("this machine has a sandbox of every level")
    except SandboxError:
        pass
    with pytest.raises(SandboxError):
        asyncio.run(SandboxExecutor(minimum=Isolation.STRICT, suite=suite).code(suite.tasks[0], "x"))


def test_a_sandbox_is_opened_once(suite):
    async def both() -> bool:
        one = SandboxExecutor(minimum=Isolation.NONE, suite=suite)
        async with asyncio.TaskGroup() as group:
            first, second = group.create_task(one.sandbox()), group.create_task(one.sandbox())
        return first.result() is second.result()

    assert asyncio.run(both())


def test_no_more_executions_at_once_than_processors(suite):
    busy = most = 0

    class Counting:
        isolation = Isolation.NONE

        async def run(self, job: Job) -> Ran:
            nonlocal busy, most
            busy += 1
            most = max(most, busy)
            try:
                return await PlainProcess().run(job)
            finally:
                busy -= 1

    async def many() -> None:
        one = executor(suite, Counting())
        async with asyncio.TaskGroup() as group:
            for _ in range(2 * workers() + 1):
                group.create_task(one.code(suite.tasks[0], "    return 2 * x\n"))

    asyncio.run(many())
    assert most == workers()


# --- voting by behaviour --------------------------------------------------------------------------------------------


def test_a_panel_votes_under_the_visible_examples_only(suite):
    task = suite.tasks[0]

    async def vote() -> Execution:
        execute = executor(suite).execute_for(task)
        assert execute is not None
        return await execute(ModelId("m"), Answer(text="def double(x):\n    return 2\n"))

    assert asyncio.run(vote()).signature == (("test_one", "passed"),), "right for 1, and wrong for the hidden 2"


def test_without_visible_examples_there_is_no_such_vote(home):
    suite = make_suite(home, [{**CASE, "meta": {}}], "code", kind="code", extract="whole", compare="exact")
    assert executor(suite).execute_for(suite.tasks[0]) is None


def test_a_panel_may_make_up_its_tests_and_never_sees_the_hidden_ones(suite):
    task = suite.tasks[0]
    tests = read_tests(["assert double(1) == 2\nassert double(3) == 9\n"], "double")

    async def observed() -> Execution:
        running = executor(suite)
        observer = running.observer_for(task)
        assert observer is not None
        assert observer.entry_point == "double"
        try:
            return await observer.run("```python\n    return 2 * x\n```", tests)
        finally:
            await running.aclose()

    execution = asyncio.run(observed())
    assert [output.value for output in execution.outputs] == ["2", "6"]
    assert [test.outcome for test in execution.tests] == [TestOutcome.PASSED, TestOutcome.FAILED]


def test_answers_are_no_programs(home):
    cases = [{"id": "one", "prompt": "1 + 1?", "expected": "2"}]
    suite = make_suite(home, cases, "sums", kind="answer", extract="whole", compare="exact")
    assert executor(suite).observer_for(suite.tasks[0]) is None


# --- opening --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "level"),
    [(None, Isolation.STANDARD), (Isolation.NONE, Isolation.NONE), (Isolation.STRICT, Isolation.STRICT)],
)
def test_the_level_is_the_suites_unless_another_is_asked_for(home, given, level):
    suite = make_suite(home, [CASE], "code", kind="code", extract="whole", compare="exact", min_isolation="standard")

    async def opened() -> tuple[Isolation, Path | None]:
        async with open_executor(suite, home=home, minimum=given) as made:
            return made.minimum, made.cache

    assert asyncio.run(opened()) == (level, home.state / "cache")


def test_without_a_suite_the_level_is_standard():
    async def opened() -> tuple[Isolation, Path | None]:
        async with open_executor() as made:
            return made.minimum, made.cache

    assert asyncio.run(opened()) == (Isolation.STANDARD, None)


def test_an_empty_patch_needs_no_files(suite):
    """Graded where the repository is; that there is a place for it, whoever opens the executor has to see to."""
    task: Task = suite.tasks[0]
    with pytest.raises(AssertionError, match="a place for trees"):
        asyncio.run(executor(suite).repo(task, Submission(format="none")))
