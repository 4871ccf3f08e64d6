"""From a solved trial to its grade, with everything a report needs to show why."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from harness.content import Home
from harness.core.ballot import Extract
from harness.core.execution import Ending, Execution, Isolation, TestOutcome, TestResult
from harness.core.ids import CandidateId, TraceId
from harness.core.money import Usage
from harness.core.request import user_request
from harness.core.response import FailureKind
from harness.core.suite import Suite, Task
from harness.core.trial import Grade, Graded, Submission, SubmissionFormat, TrialKey
from harness.engine import alone, ballot_of
from harness.evals.answers import Judged
from harness.evals.judging import DETAIL_CHARACTERS, Judging, grader_name
from harness.evals.solving import Solved
from tests.engine.cases import failure, reply
from tests.evals.world import Row, make_home, make_suite

RAN = Execution(
    ending=Ending.EXITED,
    exit_code=0,
    tests=(TestResult(id="test_a", outcome=TestOutcome.PASSED),),
    finished=True,
    wall_s=0.1,
    isolation=Isolation.STANDARD,
    flags=("in_process",),
    log="hello",
)
A = CandidateId("a")


class Scripted:
    """An executor that has run it already."""

    def __init__(self, judged: Judged, execution: Execution | None = RAN) -> None:
        self.judged, self.execution, self.given = judged, execution, list[object]()

    async def code(self, task: Task, code: str):
        self.given.append(code)
        return self.execution, self.judged

    async def repo(self, task: Task, submission: Submission):
        self.given.append(submission.files)
        return self.execution, self.judged


@pytest.fixture
def home(tmp_path) -> Home:
    return make_home(tmp_path, {"m": [{"text": "1"}]})


@pytest.fixture
def answers(home) -> Suite:
    cases: list[Row] = [
        {"id": "sum", "prompt": "?", "expected": 42},
        {"id": "word", "prompt": "?", "expected": "deny", "extract": "whole", "compare": "exact"},
        {"id": "open", "prompt": "?"},
    ]
    return make_suite(home, cases)


@pytest.fixture
def code(home) -> Suite:
    case = {"id": "c", "prompt": "def f(): ...", "tests": "def test(): pass"}
    return make_suite(home, [case], "code", kind="code", extract="whole", compare="exact")


def solved(text: str, submission: Submission | None) -> Solved:
    request = user_request("?", trace_id=TraceId("t"))
    outcome = alone(ballot_of(reply("a", text), Extract()), A, request, latency_s=0.3)
    return Solved(submission=submission, outcomes=(outcome,))


def judge(suite: Suite, given: Solved, *, index: int = 0, executor: Scripted | None = None) -> Graded:
    task = suite.tasks[index]
    judging = Judging(suite=suite, executor=executor or Scripted(Judged(grade=Grade.VOID, detail="not asked")))
    return asyncio.run(judging.judge(task, TrialKey(task_id=task.id, candidate=A, epoch=0), given))


def said(text: str, form: SubmissionFormat = "answer") -> Solved:
    return solved(text, Submission(format=form, text=text))


def test_an_answer_is_compared(answers):
    graded = judge(answers, said("So it is 42."))
    assert (graded.grade, graded.answer, graded.output) == (Grade.RESOLVED, "42", "So it is 42.")
    assert (graded.cost_usd, graded.usage) == (Decimal("0.001"), Usage(input=10, output=5))
    assert (graded.latency_s, graded.calls) == (0.3, 1)
    assert (graded.task_digest, graded.task_class) == (answers.tasks[0].digest, answers.tasks[0].task_class)
    assert graded.verdict_id
    assert (graded.isolation, graded.tests, graded.submission, graded.log) == (None, (), None, "")


def test_a_case_is_read_and_judged_in_its_own_way_and_says_who_judged_it(answers):
    graded = judge(answers, said(" deny\n"), index=1)
    assert (graded.grade, graded.answer) == (Grade.RESOLVED, "deny")
    assert graded.grader.startswith("exact@")
    assert judge(answers, said("42")).grader == grader_name(answers) == grader_name(answers, answers.tasks[0])
    assert grader_name(answers).startswith("numeric@")


def test_code_is_executed(code):
    ran = Scripted(Judged(grade=Grade.RESOLVED, detail="1 of 1", answer="def f(): ...", flags=("in_process", "x")))
    graded = judge(code, said("```python\ndef f(): ...\n```", "code"), executor=ran)
    assert ran.given == ["```python\ndef f(): ...\n```"]
    assert (graded.grade, graded.answer, graded.grader) == (Grade.RESOLVED, "def f(): ...", "code@1")
    assert (graded.isolation, graded.log, graded.tests) == (Isolation.STANDARD, "hello", RAN.tests)
    assert graded.flags == ("in_process", "x"), "each flag once"


def test_what_a_sandbox_spoiled_can_be_judged_later(code):
    spoiled = Scripted(Judged(grade=Grade.INFRA_ERROR, detail="no room for a process"), None)
    graded = judge(code, said("def f(): ...", "code"), executor=spoiled)
    assert (graded.grade, graded.isolation) == (Grade.INFRA_ERROR, None)
    assert graded.submission == Submission(format="code", text="def f(): ...")


def repo_suite(code: Suite) -> Suite:
    return replace(code, kind="repo", solver="patch")


@pytest.mark.parametrize("files", [None, {}])
def test_a_patch_without_files_changes_nothing(code, files):
    graded = judge(repo_suite(code), solved("", Submission(format="none", files=files)))
    assert (graded.grade, graded.detail) == (Grade.EMPTY, "the submission changes nothing")


def test_a_patch_is_kept_with_its_files(code):
    files = {"a.py": "x = 1\n", "gone.py": None, "ü.py": "\ud800"}
    submission = Submission(format="udiff", text="--- a\n", files=files)
    ran = Scripted(Judged(grade=Grade.NOT_RESOLVED, detail="f2p t::x: failed"))
    graded = judge(repo_suite(code), solved("text", submission), executor=ran)
    assert ran.given == [files]
    assert graded.submission == submission
    assert graded.grader == "repo@1"
    assert graded.answer is not None
    assert graded.answer.startswith('{"a.py":"x = 1\\n","gone.py":null')
    graded.answer.encode()


def test_a_patch_that_does_not_apply_is_a_format_failure(code):
    broken = Submission(format="none", text="?", error="there is no file a.py.")
    graded = judge(repo_suite(code), solved("?", broken))
    assert (graded.grade, graded.detail, graded.answer) == (Grade.FORMAT_FAILURE, "there is no file a.py.", None)
    assert graded.submission == broken


def test_no_answer_has_the_grade_of_its_reason(answers):
    request = user_request("?", trace_id=TraceId("t"))
    for kind, grade in ((FailureKind.TIMEOUT, Grade.LIMIT), (FailureKind.QUOTA, Grade.INFRA_ERROR)):
        outcome = alone(ballot_of(failure("a", kind), Extract()), A, request, latency_s=0.3)
        graded = judge(answers, Solved(submission=None, outcomes=(outcome,)))
        assert (graded.grade, graded.detail) == (grade, f"{kind.value}: {kind.value}")
        assert (graded.answer, graded.output, graded.submission) == (None, "", None)


def test_no_outcome_means_there_was_no_reference(answers):
    graded = judge(answers, Solved(submission=None))
    assert (graded.grade, graded.verdict_id) == (Grade.INFRA_ERROR, None)
    assert graded.detail == "the task carries no reference to hand in"


def test_a_task_without_an_expectation_says_so_and_keeps_the_answer(answers):
    graded = judge(answers, said("42"), index=2)
    assert graded.grade is Grade.INFRA_ERROR
    assert graded.submission == Submission(format="answer", text="42")


def test_a_detail_is_not_as_long_as_an_answer(answers):
    graded = judge(answers, said("x" * 100_000), index=1)
    assert len(graded.detail) == DETAIL_CHARACTERS
    assert graded.answer is not None
    assert len(graded.answer) == 100_000


def test_a_submission_without_a_response_is_its_own_output(answers):
    graded = judge(answers, Solved(submission=Submission(format="answer", text="42")))
    assert (graded.output, graded.usage, graded.calls) == ("42", Usage(), 0)
    assert graded.cost_usd == 0
