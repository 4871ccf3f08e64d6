"""Runs written straight into a home's journals: graded trials of every odd shape, without a model or a suite."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from harness.core.event import GradeGiven, RunFinished, RunStarted, TaskRow
from harness.core.execution import Isolation
from harness.core.ids import CandidateId, RunId, SuiteName, TaskClass, TaskId
from harness.core.money import Usage
from harness.core.trial import Grade, Graded, TrialKey
from harness.journal import open_journal

OLD, NEW = "acme/old", "acme/new"


class Ticks:
    """Every look is a millisecond later than the last."""

    def __init__(self) -> None:
        self.now_ = datetime(2026, 11, 20, 9, tzinfo=UTC)

    def now(self) -> datetime:
        self.now_ += timedelta(milliseconds=1)
        return self.now_

    def monotonic_s(self) -> float:
        return self.now_.timestamp()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial of a run."""

    task: str
    candidate: str = OLD
    epoch: int = 0
    grade: Grade = Grade.RESOLVED
    digest: str = "d"
    task_class: str = "finance.calculation"
    cost_usd: Decimal | None = Decimal("0.01")
    isolation: Isolation | None = None
    grader: str = "numeric@1"
    detail: str = ""
    output: str = "text"


def trials(
    grades: Iterable[bool | Grade], *, candidate: str = OLD, epoch: int = 0, first: int = 0, classes: int = 1, **fields
) -> list[Trial]:
    """One trial per grade, on the tasks ``t0``, ``t1``, …; True is resolved, False is not."""
    words = {True: Grade.RESOLVED, False: Grade.NOT_RESOLVED}
    return [
        Trial(
            task=f"t{number}",
            candidate=candidate,
            epoch=epoch,
            grade=grade if isinstance(grade, Grade) else words[grade],
            task_class=f"class-{number % classes}",
            **fields,
        )
        for number, grade in enumerate(grades, first)
    ]


def record(root: Path, name: str, rows: Sequence[Trial], *, finished: bool = True, suite: str = "odd", **design) -> str:
    """A run *name* in a journal of the home *root*; its id."""
    run_id = f"run-{name}"
    classes = {row.task: row.task_class for row in rows}
    candidates = design.pop("candidates", None) or tuple(dict.fromkeys(row.candidate for row in rows)) or (OLD, NEW)
    started = RunStarted(
        run_id=RunId(run_id), suite=SuiteName(suite), suite_version=1, suite_digest="s", suite_kind="answer",
        candidates=tuple(map(CandidateId, candidates)), epochs=max([0, *(row.epoch for row in rows)]) + 1, seed=0,
        tasks=tuple(
            TaskRow(id=TaskId(task), digest="d", task_class=TaskClass(kind), prompt="?") for task, kind in classes.items()
        ),
        solver="answer", name=name,
    )  # fmt: skip
    events = [started, *(_given(run_id, row) for row in rows)]
    if finished:
        events.append(RunFinished(run_id=RunId(run_id), trials=len(rows), complete=True))

    async def write() -> None:
        path = root / ".harness" / "journal" / f"{run_id}.jsonl"
        async with open_journal(path, clock=Ticks()) as journal, asyncio.TaskGroup() as group:
            for event in events:
                group.create_task(journal.append(event))

    asyncio.run(write())
    return run_id


def _given(run_id: str, row: Trial) -> GradeGiven:
    graded = Graded(
        key=TrialKey(task_id=TaskId(row.task), candidate=CandidateId(row.candidate), epoch=row.epoch),
        task_digest=row.digest, task_class=TaskClass(row.task_class), grade=row.grade, detail=row.detail,
        isolation=row.isolation, grader=row.grader, answer="1", output=row.output, cost_usd=row.cost_usd,
        usage=None if row.cost_usd is None else Usage(input=10, output=5), latency_s=0.5, calls=1,
    )  # fmt: skip
    return GradeGiven(run_id=RunId(run_id), graded=graded, ballots=())
