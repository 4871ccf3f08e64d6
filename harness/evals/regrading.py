"""A regrade from the journal to its last new grade."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.content import Home, load_suite
from harness.core.errors import ConfigError
from harness.core.event import Call, Event, GradeGiven, RunFinished, RunStarted
from harness.core.ids import ModelId, RunId, TaskId
from harness.core.ports import Journal
from harness.core.request import Sampling
from harness.core.response import Reply
from harness.core.suite import Suite, Task
from harness.core.trial import Grade, Graded, Submission, TrialKey
from harness.evals.execution import open_executor
from harness.evals.importing import IN_FLIGHT
from harness.evals.judging import Judging
from harness.evals.plan import trace_of
from harness.evals.pool import in_order
from harness.evals.prompts import task_request
from harness.evals.recorded import solved
from harness.evals.run import Judge
from harness.evals.solving import FilesOf, Solved, text_submission
from harness.journal import journal_path, open_journal, recorded
from harness.transport import SystemClock

_KEPT = frozenset({Grade.REFUSED, Grade.LIMIT, Grade.UNSERVED, Grade.INFRA_ERROR})
"""Without a stored submission there was nothing to judge then, and there is nothing now: not half a text either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A grade that is new, or no longer what it was."""

    key: TrialKey
    before: Grade | None
    """``None``: it had not been judged."""
    after: Grade
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Regraded:
    """A run judged again."""

    run_id: RunId
    judged: int
    changes: tuple[Change, ...]
    skipped: int
    """Trials with nothing to judge, or whose task is gone from the suite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One trial: its last grade, or the reply that was never judged."""

    key: TrialKey
    task: Task | None
    graded: Graded | None = None
    reply: Reply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Regrader:
    begun: RunStarted
    suite: Suite
    judge: Judge
    journal: Journal
    files_of: FilesOf

    async def regrade(self, work: _Work) -> Change | str | None:
        """What changed; None: nothing; a word: why it was left alone."""
        if work.task is None:
            return "the task is gone from the suite"
        if work.graded is None:
            new = await self.judge(work.task, work.key, await self._unjudged(work))
        else:
            submission = stored_submission(work.graded, self.suite)
            if submission is None:
                return "nothing was handed in"
            solved = Solved(submission=submission)
            new = with_costs(await self.judge(work.task, work.key, solved), work.graded)
        await self.journal.append(GradeGiven(run_id=self.begun.run_id, graded=new))
        before = work.graded.grade if work.graded else None
        if new.grade is before:
            return None
        return Change(key=work.key, before=before, after=new.grade, detail=new.detail)

    async def _unjudged(self, work: _Work) -> Solved:
        """What an imported output amounts to."""
        assert work.task is not None
        assert work.reply is not None
        request = task_request(
            self.suite, work.task, trace_id=trace_of(self.begun.run_id, work.key), sampling=Sampling()
        )
        return await solved(self.suite, work.task, work.key, (request, work.reply), self.files_of)


async def regrade_run(
    home: Home, run_id: RunId, *, on_progress: Callable[[int, int], None] = lambda _done, _size: None
) -> Regraded:
    """Judge every stored submission of *run_id* by the suite as it is now; imported outputs also for the first time."""
    path = journal_path(home.state / "journal", run_id)
    events = recorded(path).events()
    begun = next((event for event in events if isinstance(event, RunStarted)), None)
    if begun is None:
        raise ConfigError(f"{path.name}: holds no run")
    suite = load_suite(home, begun.suite)
    work = list(_work(events, begun, {task.id: task for task in suite.tasks}))
    results: list[Change | str | None] = []
    async with (
        open_journal(path, clock=SystemClock()) as journal,
        open_executor(suite, home=home) as executor,
    ):
        judging = Judging(suite=suite, executor=executor)
        regrader = _Regrader(begun=begun, suite=suite, judge=judging.judge, journal=journal, files_of=executor.files_of)
        async for result in in_order(work, regrader.regrade, IN_FLIGHT):
            results.append(result)
            on_progress(len(results), len(work))
        if _completes(events, work):
            await journal.append(RunFinished(run_id=run_id, trials=len(work), complete=True))
    skipped = sum(isinstance(result, str) for result in results)
    return Regraded(
        run_id=run_id,
        judged=len(results) - skipped,
        changes=tuple(result for result in results if isinstance(result, Change)),
        skipped=skipped,
    )


def stored_submission(graded: Graded, suite: Suite) -> Submission | None:
    """What was handed in then; None when nothing was."""
    if graded.submission is not None:
        return graded.submission
    if graded.grade in _KEPT or not graded.output:
        return None
    return text_submission(suite, graded.output)


def with_costs(new: Graded, old: Graded) -> Graded:
    """Only the judgement is new: what the answer cost, and where it came from, is history."""
    return replace(
        new,
        cost_usd=old.cost_usd,
        cost_bound_usd=old.cost_bound_usd,
        usage=old.usage,
        latency_s=old.latency_s,
        calls=old.calls,
        verdict_id=old.verdict_id,
        output=old.output,
    )


def _work(events: Sequence[Event], begun: RunStarted, tasks: Mapping[TaskId, Task]) -> Iterator[_Work]:
    grades = {event.graded.key: event.graded for event in events if isinstance(event, GradeGiven)}
    calls = {(event.trace_id, event.model): event.reply for event in events if isinstance(event, Call)}
    for key, graded in grades.items():
        yield _Work(key=key, task=tasks.get(key.task_id), graded=graded)
    if begun.origin != "import":
        return
    for row in begun.tasks:
        for candidate in begun.candidates:
            for epoch in range(begun.epochs):
                key = TrialKey(task_id=row.id, candidate=candidate, epoch=epoch)
                reply = calls.get((trace_of(begun.run_id, key), ModelId(candidate)))
                if key not in grades and reply is not None:
                    yield _Work(key=key, task=tasks.get(row.id), reply=reply)


def _completes(events: Sequence[Event], work: Sequence[_Work]) -> bool:
    """Whether now, and not before, every output of an import has its grade."""
    ends = [event.complete for event in events if isinstance(event, RunFinished)]
    stored = bool(ends) and not any(ends)
    imported = any(isinstance(event, RunStarted) and event.origin == "import" for event in events)
    return imported and stored and all(each.task is not None or each.graded is not None for each in work)
