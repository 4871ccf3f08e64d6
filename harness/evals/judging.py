"""From a solved trial to its grade: answers are compared, code and patches are executed."""

from dataclasses import dataclass
from typing import Protocol

from harness.compare import comparator
from harness.content import task_compare, task_extract
from harness.core.ballot import Comparator
from harness.core.execution import Execution
from harness.core.hashing import canonical
from harness.core.suite import Suite, Task
from harness.core.trial import Grade, Graded, Submission, TrialKey
from harness.evals.answers import Judged, judge_answer
from harness.evals.solving import Solved
from harness.evals.unanswered import grade_of


class Executor(Protocol):
    """Judges what has to run. Opens the sandbox on first use."""

    async def code(self, task: Task, code: str) -> tuple[Execution | None, Judged]: ...

    async def repo(self, task: Task, submission: Submission) -> tuple[Execution | None, Judged]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """Grades the trials of one suite."""

    suite: Suite
    executor: Executor

    async def judge(self, task: Task, key: TrialKey, solved: Solved) -> Graded:
        """The grade of *solved*, with all that a report needs to show why."""
        submission = solved.submission
        if submission is None:
            return self._graded(task, key, solved, _unanswered(solved))
        if solved.limit:
            return await self._unfinished(task, key, solved, submission)
        if submission.error:
            failure = Judged(grade=Grade.FORMAT_FAILURE, detail=submission.error, answer=None)
            return self._graded(task, key, solved, failure)
        if self.suite.kind == "answer":
            return self._graded(task, key, solved, self._answer(task, submission.text))
        execution, judged = await self._execute(task, submission)
        return self._graded(task, key, solved, judged, execution)

    async def _unfinished(self, task: Task, key: TrialKey, solved: Solved, submission: Submission) -> Graded:
        """A trial that a limit has ended is no success whatever it had by then; what that was worth is said."""
        execution, judged = await self._execute(task, submission)
        if judged.grade is not Grade.VOID:
            detail = f"{solved.limit}; what it had changed by then: {judged.grade.value}"
            judged = Judged(grade=Grade.LIMIT, detail=detail, flags=judged.flags)
        return self._graded(task, key, solved, judged, execution)

    def _answer(self, task: Task, text: str) -> Judged:
        judge: Comparator = comparator(task_compare(self.suite, task))
        return judge_answer(text, task.expected, extract=task_extract(self.suite, task), judge=judge)

    async def _execute(self, task: Task, submission: Submission) -> tuple[Execution | None, Judged]:
        if self.suite.kind == "code":
            return await self.executor.code(task, submission.text)
        if not submission.files:
            return None, Judged(grade=Grade.EMPTY, detail="the submission changes nothing")
        return await self.executor.repo(task, submission)

    def _kept(self, judged: Judged) -> bool:
        """Whether the submission is stored: files, which are not the model's text; and what can be judged later."""
        if judged.grade is Grade.LIMIT:
            return False  # it was not handed in, and is not to be judged as if it had been
        return self.suite.kind == "repo" or judged.grade is Grade.INFRA_ERROR

    def _graded(
        self, task: Task, key: TrialKey, solved: Solved, judged: Judged, execution: Execution | None = None
    ) -> Graded:
        flags = (*judged.flags, *(execution.flags if execution else ()), *solved.flags)
        return Graded(
            key=key,
            task_digest=task.digest,
            task_class=task.task_class,
            grade=judged.grade,
            detail=judged.detail[:DETAIL_CHARACTERS],
            flags=tuple(dict.fromkeys(flags)),
            isolation=execution.isolation if execution else None,
            grader=grader_name(self.suite, task),
            tests=execution.tests if execution else (),
            answer=_judged_text(judged, solved.submission),
            submission=solved.submission if self._kept(judged) else None,
            output=solved.text or (solved.submission.text if solved.submission else ""),
            cost_usd=solved.cost_usd,
            cost_bound_usd=solved.cost_bound_usd,
            usage=solved.usage,
            latency_s=solved.latency_s,
            calls=solved.calls,
            verdict_id=solved.outcomes[-1].verdict_id if solved.outcomes else None,
            log=execution.log if execution else "",
        )


DETAIL_CHARACTERS = 2000
"""Of the one line that says expected against observed; an answer may be megabytes long."""


def grader_name(suite: Suite, task: Task | None = None) -> str:
    """Who judges *suite*, or *task* in it, as ``name@version``; the version changes when a grade may change."""
    if suite.kind == "answer":
        judge = comparator(suite.compare if task is None else task_compare(suite, task))
        return f"{judge.name}@{judge.version}"
    return f"{suite.kind}@1"


def _unanswered(solved: Solved) -> Judged:
    if solved.failed:
        return Judged(grade=Grade.INFRA_ERROR, detail=solved.failed)
    if not solved.outcomes:
        return Judged(grade=Grade.INFRA_ERROR, detail="the task carries no reference to hand in")
    outcome = solved.outcomes[-1]
    return Judged(grade=grade_of(outcome), detail=outcome.detail)


def _judged_text(judged: Judged, submission: Submission | None) -> str | None:
    if judged.answer is not None or submission is None:
        return judged.answer
    if submission.files is not None:
        return canonical(submission.files).decode(errors="replace")
    return None
