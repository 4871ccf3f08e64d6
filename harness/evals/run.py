"""The loop of a run: every missing trial is solved, judged and written down; the same command continues it."""

import asyncio
from array import array
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from harness.core.event import GradeGiven, RunFinished
from harness.core.ids import CandidateId
from harness.core.money import sum_known
from harness.core.outcome import Outcome
from harness.core.ports import Journal
from harness.core.suite import Task
from harness.core.trial import Grade, Graded, TrialKey
from harness.engine import over_budget
from harness.engine.errors import one_error
from harness.evals.plan import Plan
from harness.evals.solving import Solved
from harness.evals.stopping import Frontier
from harness.stats import Look

Solve = Callable[[Task, TrialKey], Awaitable[Solved]]
Judge = Callable[[Task, TrialKey, Solved], Awaitable[Graded]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a run stands."""

    done: int
    """Trials with a grade, those of earlier sessions included."""
    size: int
    resolved: int
    cost_usd: Decimal | None
    """Of this and earlier sessions; ``None`` when a call's cost is unknown."""


@dataclass(slots=True, kw_only=True)
class Totals:
    """Counts of one candidate. Never the trials themselves: a run of any length needs the same memory."""

    grades: Counter[Grade] = field(default_factory=Counter)
    cost_usd: Decimal | None = Decimal(0)
    tokens: int = 0
    """As the vendors reported them; a reply without a report adds none."""
    latencies_s: "array[float]" = field(default_factory=lambda: array("d"))
    """Eight bytes a trial: a percentile needs them all."""

    def add(self, graded: Graded) -> None:
        """Count one trial."""
        self.grades[graded.grade] += 1
        self.cost_usd = sum_known((self.cost_usd, graded.cost_usd))
        self.tokens += graded.usage.total if graded.usage else 0
        self.latencies_s.append(graded.latency_s)

    @property
    def p95_latency_s(self) -> float | None:
        """The 95th percentile, nearest rank; None without trials."""
        ordered = sorted(self.latencies_s)
        return ordered[-(-95 * len(ordered) // 100) - 1] if ordered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a session of a run ended."""

    complete: bool
    """Every trial has its grade, or the rule of the plan has ended it."""
    stopped_at_budget: bool
    totals: Mapping[CandidateId, Totals]
    look: Look | None = None
    """Where the pairs of a run that may stop early stand; ``None``: it may not."""


@dataclass(slots=True, kw_only=True)
class Loop:
    """One session of a run."""

    plan: Plan
    journal: Journal
    solve: Solve
    judge: Judge
    done: Mapping[TrialKey, Graded]
    """Trials that earlier sessions judged; only their counts are looked at."""
    ended: bool = False
    """An earlier session wrote down that every trial had its grade."""
    concurrency: int = 16
    on_progress: Callable[[Progress], None] = lambda _progress: None
    _totals: dict[CandidateId, Totals] = field(default_factory=dict)
    _finished: int = 0
    _budget: bool = False
    _frontier: Frontier | None = None
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> RunResult:
        """Judge every missing trial, or stop at the spending limit. Cancellation leaves a journal that resumes.

        Raises the HarnessError of a trial that could not be solved or judged at all.
        """
        self._totals = {candidate: Totals() for candidate in self.plan.candidates}
        self._frontier = None if self.plan.stopping is None else Frontier(plan=self.plan)
        for graded in self.done.values():
            self._count(graded)
        before, missing = self._finished, self._missing()
        with one_error():
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.concurrency, self.plan.size - before)):
                    group.create_task(self._work(missing))
        look = None if self._frontier is None else self._frontier.look
        complete = self._finished == self.plan.size or self._decided
        why = "" if complete else "stopped at the spending limit"
        if look is not None and look.stopped:
            why = f"{look.state} after {look.seen} of {len(self.plan.tasks)} pairs"
        if not (complete and self.ended and self._finished == before):  # else there is nothing to tell
            await self.journal.append(
                RunFinished(run_id=self.plan.run_id, trials=self._finished, complete=complete, why=why)
            )
        return RunResult(complete=complete, stopped_at_budget=self._budget, totals=self._totals, look=look)

    @property
    def _decided(self) -> bool:
        return self._frontier is not None and self._frontier.look.stopped

    def _missing(self) -> Iterator[tuple[Task, TrialKey]]:
        for task, key in self.plan.trials():
            if key not in self.done:
                yield task, key

    async def _work(self, missing: Iterator[tuple[Task, TrialKey]]) -> None:
        for task, key in missing:
            await self._turn(key)
            if self._budget or self._decided:
                return
            solved = await self.solve(task, key)
            if any(map(_unpaid, solved.outcomes)):
                self._budget = True
                self._signal()
                return
            graded = await self.judge(task, key, solved)
            await self.journal.append(GradeGiven(run_id=self.plan.run_id, graded=graded))
            self._count(graded)

    async def _turn(self, key: TrialKey) -> None:
        """Wait until its pair is near the next one to be looked at: what lies beyond a stop was paid for nothing."""
        while self._frontier is not None and not self._frontier.near(key, ahead=self.concurrency):
            if self._budget or self._decided:
                return
            await self._moved.wait()

    def _signal(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    def _count(self, graded: Graded) -> None:
        self._totals[graded.key.candidate].add(graded)
        self._finished += 1
        if self._frontier is not None:
            self._frontier.take(graded)
            self._signal()
        self.on_progress(
            Progress(
                done=self._finished,
                size=self.plan.size,
                resolved=sum(totals.grades[Grade.RESOLVED] for totals in self._totals.values()),
                cost_usd=sum_known(totals.cost_usd for totals in self._totals.values()),
            )
        )


def _unpaid(outcome: Outcome) -> bool:
    return not outcome.served and over_budget(outcome)
