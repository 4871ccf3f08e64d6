"""Solvers: a task and a candidate in, a submission out."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from harness.core.ballot import Extract
from harness.core.ids import CandidateId, TraceId
from harness.core.money import Usage, sum_known
from harness.core.outcome import Outcome
from harness.core.request import Purpose, Request, Sampling
from harness.core.suite import Suite, Task
from harness.core.trial import Grade, Submission
from harness.engine import Engine, Execute, Question
from harness.evals.patches import Edits, FormatFailure, apply, parse
from harness.evals.prompts import patch_request, second_try, task_request
from harness.evals.unanswered import grade_of

FilesOf = Callable[[Task], Awaitable[Mapping[str, str]]]
"""The text files of a repo task's base commit, by path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A submission, or none, and what it took."""

    submission: Submission | None
    """``None``: nothing came back; the last outcome says why."""
    outcomes: tuple[Outcome, ...] = ()
    """In order; empty for built-in candidates."""

    @property
    def text(self) -> str:
        """The model's last full text."""
        return next((outcome.text for outcome in reversed(self.outcomes) if outcome.text), "")

    @property
    def cost_usd(self) -> Decimal | None:
        return sum_known(outcome.cost_usd for outcome in self.outcomes)

    @property
    def cost_bound_usd(self) -> Decimal | None:
        return sum_known(outcome.cost_bound_usd for outcome in self.outcomes)

    @property
    def usage(self) -> Usage | None:
        known = [outcome.usage for outcome in self.outcomes if outcome.usage is not None]
        return sum(known, start=Usage()) if known or not self.outcomes else None

    @property
    def latency_s(self) -> float:
        return sum(outcome.latency_s for outcome in self.outcomes)

    @property
    def calls(self) -> int:
        """Calls that were made: a member that was held back by a limit or a breaker is none."""
        replies = (ballot.reply for outcome in self.outcomes for ballot in outcome.ballots)
        return sum(reply is not None and reply.attempts > 0 for reply in replies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solvers:
    """Solves the tasks of one suite by asking the engine."""

    engine: Engine
    suite: Suite
    sampling: Sampling = field(default_factory=Sampling)
    files_of: FilesOf
    execute_for: Callable[[Task], Execute | None] = lambda _task: None
    """How a panel that votes by behaviour runs answers: on the task's *visible* examples, never on its hidden tests."""

    async def solve(self, task: Task, candidate: CandidateId, trace_id: TraceId) -> Solved:
        """The submission of *candidate* for *task*."""
        if self.suite.kind == "repo":
            return await self._patch(task, candidate, trace_id)
        request = task_request(self.suite, task, trace_id=trace_id, sampling=self.sampling)
        return await self._text(task, candidate, request)

    async def _text(self, task: Task, candidate: CandidateId, request: Request) -> Solved:
        """Answer and code: one request. What it says is read by the judge, not here."""
        outcome = await self._ask(task, candidate, request)
        if outcome.text is None or not outcome.served:
            return Solved(submission=None, outcomes=(outcome,))
        return Solved(submission=text_submission(self.suite, outcome.text), outcomes=(outcome,))

    async def _patch(self, task: Task, candidate: CandidateId, trace_id: TraceId) -> Solved:
        """Repo: one request with the chosen files, and one more when its answer cannot be applied.

        When that one brings nothing, the first answer stands, unless the vendor failed: then nothing was measured.
        """
        tree = await self.files_of(task)
        shown = choose_files(task, tree)
        request = patch_request(self.suite, task, shown, trace_id=trace_id, sampling=self.sampling)
        first = await self._ask(task, candidate, request)
        if not first.served or first.text is None:
            return Solved(submission=None, outcomes=(first,))
        submission = submission_of(first.text, tree)
        if not submission.error:
            return Solved(submission=submission, outcomes=(first,))
        again = second_try(request, first.text, submission.error)
        second = await self._ask(task, candidate, again, "retry")
        if not second.served or second.text is None:
            spoiled = grade_of(second) is Grade.INFRA_ERROR
            return Solved(submission=None if spoiled else submission, outcomes=(first, second))
        submission = submission_of(second.text, tree)
        repair = ", ".join(filter(None, (submission.repair, "second_try")))
        return Solved(submission=replace(submission, repair=repair), outcomes=(first, second))

    async def _ask(self, task: Task, candidate: CandidateId, request: Request, purpose: Purpose = "vote") -> Outcome:
        execute = self.execute_for(task)
        question = Question(request=request, extract=Extract(), execute=execute, purpose=purpose)
        return await self.engine.ask(question, candidate)


def text_submission(suite: Suite, text: str) -> Submission:
    """A response as it is: what it says is read by whoever judges it."""
    return Submission(format="code" if suite.kind == "code" else "answer", text=text)


def submission_of(text: str, tree: Mapping[str, str]) -> Submission:
    """The patch in *text*, applied to *tree*; ``error`` says why it is none."""
    edits = parse(text)
    if isinstance(edits, FormatFailure):
        return Submission(format="none", text=text, error=edits.why)
    return applied(edits, text, tree)


def applied(edits: Edits, text: str, tree: Mapping[str, str]) -> Submission:
    """*edits* as new file contents."""
    result = apply(edits, tree)
    if isinstance(result, FormatFailure):
        return Submission(format="none", text=text, error=result.why)
    return Submission(format=result.format, text=text, files=result.files, repair=result.repair)


SHOWN_BYTES = 60_000
"""How much of a repository a single request shows when the task names no files."""


def choose_files(task: Task, tree: Mapping[str, str]) -> Mapping[str, str]:
    """The files a single request shows: those the task names, else those its statement mentions first, to a budget.

    The order is mentioned by path, mentioned by a name it defines, then the rest by size; tests and then what is no
    Python last.
    """
    if task.repo is not None and task.repo.files:
        return {path: tree[path] for path in task.repo.files if path in tree}
    ranked = sorted(tree, key=lambda path: (_rank(path, tree[path], task.prompt), len(tree[path]), path))
    shown: dict[str, str] = {}
    left = SHOWN_BYTES
    for path in ranked:
        size = len(tree[path].encode())
        if size <= left:
            shown[path] = tree[path]
            left -= size
    return shown


def _rank(path: str, text: str, statement: str) -> int:
    stem = path.rpartition("/")[2].removesuffix(".py")
    if path in statement or (path.endswith(".py") and f"{stem}.py" in statement):
        return 0
    if not path.endswith(".py"):
        return 4
    if "test" in path:
        return 3
    defined = (line.split("(")[0].split(":")[0].split()[-1] for line in text.splitlines() if _defines(line))
    return 1 if stem in statement or any(name in statement for name in defined) else 2


def _defines(line: str) -> bool:
    return line.startswith(("def ", "class ", "async def ")) and len(line.split()) > 1
