"""Solves repo tasks with one request that shows chosen files, and one more when its answer cannot be applied."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from harness.content import task_limits
from harness.core.card import Card
from harness.core.ids import CandidateId, TraceId
from harness.core.request import Sampling
from harness.core.suite import SolverLimits, Suite, Task
from harness.core.trial import Grade, Submission
from harness.engine import Engine, Execute
from harness.evals.patches import Edits, FormatFailure, apply, parse
from harness.evals.prompts import patch_request, second_try
from harness.evals.solvers.repo_map import Shown, choose
from harness.evals.solvers.solved import Solved
from harness.evals.solvers.text import ask
from harness.evals.unanswered import grade_of

WINDOW_SHARE = 0.5
"""Of a model's window at most this much is filled with files: the rest is for the statement and the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchSolver:
    """Puts the tasks of one suite to a candidate in a single request each."""

    engine: Engine
    suite: Suite
    sampling: Sampling

    async def solve(
        self, task: Task, candidate: CandidateId, trace_id: TraceId, tree: Mapping[str, str], execute: Execute | None
    ) -> Solved:
        """The patch of *candidate* over *tree*, the base's text files.

        When the second request brings nothing, the first answer stands, unless the vendor failed: then nothing was
        measured.
        """
        cards = self.engine.directory.cards_of([candidate]).values()
        shown = choose_files(task, tree, budget_tokens(task_limits(self.suite, task), cards))
        request = patch_request(
            self.suite, task, shown.files, outline=shown.outline, trace_id=trace_id, sampling=self.sampling
        )
        first = await ask(self.engine, candidate, request, execute=execute)
        if not first.served or first.text is None:
            return Solved(submission=None, outcomes=(first,))
        submission = submission_of(first.text, tree)
        if not submission.error:
            return Solved(submission=submission, outcomes=(first,))
        again = second_try(request, first.text, submission.error)
        second = await ask(self.engine, candidate, again, purpose="retry", execute=execute)
        if not second.served or second.text is None:
            spoiled = grade_of(second) is Grade.INFRA_ERROR
            return Solved(submission=None if spoiled else submission, outcomes=(first, second))
        submission = submission_of(second.text, tree)
        repair = ", ".join(filter(None, (submission.repair, "second_try")))
        return Solved(submission=replace(submission, repair=repair), outcomes=(first, second))


def budget_tokens(limits: SolverLimits, cards: Iterable[Card]) -> int:
    """How many tokens of files are shown: the suite's budget, or less where a model's window is small."""
    windows = (card.context.reliable or card.context.max for card in cards)
    return min(
        limits.prompt_tokens, *(int(window * WINDOW_SHARE) for window in windows if window), limits.prompt_tokens
    )


def choose_files(task: Task, tree: Mapping[str, str], budget: int) -> Shown:
    """The files a single request shows: those that the task names, else those that the repo map finds for *budget*."""
    if task.repo is not None and task.repo.files:
        return Shown(files={path: tree[path] for path in task.repo.files if path in tree})
    return choose(task.prompt, tree, budget)


def submission_of(text: str, tree: Mapping[str, str]) -> Submission:
    """The patch in *text*, applied to *tree*; ``error`` says why it is none."""
    edits = parse(text)
    if isinstance(edits, FormatFailure):
        return Submission(format="none", text=text, error=edits.why)
    return _applied(edits, text, tree)


def _applied(edits: Edits, text: str, tree: Mapping[str, str]) -> Submission:
    result = apply(edits, tree)
    if isinstance(result, FormatFailure):
        return Submission(format="none", text=text, error=result.why)
    return Submission(format=result.format, text=text, files=result.files, repair=result.repair)
