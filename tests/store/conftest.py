"""What the store's tests share: journals on disk, and a run worth asking about."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from harness.core.ballot import Answer, Ballot, BallotKind
from harness.core.event import (
    BudgetHit,
    Call,
    Decided,
    Event,
    Executed,
    GradeGiven,
    MatrixPromoted,
    Reviewed,
    RunFinished,
    RunStarted,
    TaskRow,
)
from harness.core.execution import Ending, Execution, Isolation, TestOutcome, TestResult
from harness.core.ids import CallKey, CandidateId, ModelId, RunId, SuiteName, TaskClass, TaskId, TraceId, VerdictId
from harness.core.money import Price, Rates, Usage
from harness.core.outcome import Group, Missing, Outcome, QuorumFacts, Reason
from harness.core.request import user_request
from harness.core.response import Failure, FailureKind, Finish, Response, Retry
from harness.core.trial import Grade, Graded, TrialKey
from harness.journal import open_journal
from harness.store import Store, open_store

A, B = ModelId("acme/a"), ModelId("acme/b")
MATH, CODE = TaskClass("finance.calculation"), TaskClass("python.bugfix")


@dataclass
class TickingClock:
    """Every look is a millisecond later."""

    looks: int = 0

    def now(self) -> datetime:
        self.looks += 1
        return datetime(2026, 11, 20, 9, tzinfo=UTC) + timedelta(milliseconds=self.looks)

    def monotonic_s(self) -> float:
        return self.looks / 1000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def started(run_id: str = "run-one", **changes) -> RunStarted:
    fields = {
        "run_id": RunId(run_id),
        "suite": SuiteName("starter"),
        "suite_version": 1,
        "suite_digest": "d1",
        "suite_kind": "answer",
        "candidates": (CandidateId(A), CandidateId("consensus/x")),
        "epochs": 1,
        "seed": 7,
        "tasks": (
            TaskRow(id=TaskId("t1"), digest="x1", task_class=MATH, prompt="1+1?", expected=2),
            TaskRow(id=TaskId("t2"), digest="x2", task_class=CODE, prompt="fix ä", expected={"a": [None, 1.5]}),
            TaskRow(id=TaskId("t3"), digest="x3", task_class=CODE, prompt="open question"),
        ),
        "solver": "answer",
        "name": "first",
        "prices": {A: Price(rates=Rates(input=Decimal(1), output=Decimal(2)), as_of="2026-11-01", source="vendor")},
        "provenance": {"python": "3.11"},
    }
    return RunStarted(**{**fields, **changes})


def called(number: int = 1, model: ModelId = A, *, failed: bool = False, text: str = "2") -> Call:
    trace = TraceId(f"trace-{number}")
    request = user_request("1+1?", trace_id=trace, task_class=MATH)
    response = Response(
        model=model,
        text=text,
        finish=Finish.STOP,
        usage=Usage(input=10, cache_read=5, output=3, reasoning=4),
        cost_usd=Decimal("0.000000125"),
        latency_s=0.5,
        served_model="a-2026",
    )
    failure = Failure(
        model=model, kind=FailureKind.CANCELLED, message="decided", retry=Retry.NEVER, cost_usd=None,
        cost_bound_usd=Decimal("0.5"), status=None, latency_s=0.1,
    )  # fmt: skip
    return Call(
        key=CallKey(f"key-{number}-{model}"),
        trace_id=trace,
        model=model,
        purpose="vote",
        request_sha256=request.sha256,
        request=request,
        reply=failure if failed else response,
    )


def ballots() -> tuple[Ballot, ...]:
    return (
        Ballot(model=A, kind=BallotKind.ANSWERED, answer=Answer(text="2")),
        Ballot(model=B, kind=BallotKind.UNREADABLE, why="no number"),
    )


def graded(task: str = "t1", grade: Grade = Grade.RESOLVED, *, run_id: str = "run-one", **changes) -> GradeGiven:
    fields = {
        "key": TrialKey(
            task_id=TaskId(task), candidate=changes.pop("candidate", CandidateId(A)), epoch=changes.pop("epoch", 0)
        ),
        "task_digest": f"x{task[-1]}",
        "task_class": MATH if task == "t1" else CODE,
        "grade": grade,
        "detail": "expected 2, found 2",
        "flags": ("canary_passed",),
        "isolation": Isolation.STANDARD,
        "grader": "numeric@1",
        "tests": (
            TestResult(id="t::b", outcome=TestOutcome.PASSED),
            TestResult(id="t::a", outcome=TestOutcome.FAILED, message="no"),
        ),
        "answer": "2",
        "output": "It is 2.\0",
        "cost_usd": Decimal("0.01"),
        "usage": Usage(input=10, output=3),
        "latency_s": 0.5,
        "calls": 1,
    }
    return GradeGiven(run_id=RunId(run_id), graded=Graded(**{**fields, **changes}), ballots=ballots())


def decided(verdict: str = "v-one", *, review: bool = False) -> Decided:
    outcome = Outcome(
        verdict_id=VerdictId(verdict),
        candidate=CandidateId("consensus/x"),
        served=not review,
        answer=None if review else "2",
        reason=Reason.DIVERGENT if review else None,
        detail="one of two",
        confidence=None if review else 0.97,
        certified=not review,
        policy="x",
        policy_version="abc",
        comparator="numeric@1",
        groups=(Group(answer="2", models=(A,), weight=1.0),),
        ballots=ballots(),
        quorum=QuorumFacts(declared=2, called=2, valid=1, missing=(Missing(model=B, why="no number"),)),
        review=review,
        cost_usd=None,
        cost_bound_usd=Decimal("0.5"),
        latency_s=0.75,
    )
    return Decided(
        trace_id=TraceId("trace-1"), outcome=outcome, request_sha256="q", task_class=MATH, price_as_of={A: "2026-11-01"}
    )


def executed() -> Executed:
    execution = Execution(
        ending=Ending.TIMEOUT, exit_code=None, tests=(TestResult(id="x", outcome=TestOutcome.ABSENT),), wall_s=1.5,
        isolation=Isolation.NONE, flags=("f",), log="out",
    )  # fmt: skip
    return Executed(trace_id=TraceId("trace-1"), model=A, code_sha256="c", execution=execution)


@dataclass(frozen=True)
class Events:
    """The makers above, for tests."""

    started = staticmethod(started)
    called = staticmethod(called)
    graded = staticmethod(graded)
    decided = staticmethod(decided)
    executed = staticmethod(executed)

    def whole_run(self) -> tuple[Event, ...]:
        """One of every kind, a grade given twice."""
        return (
            started(),
            called(1),
            called(1, B),
            called(2, B, failed=True),
            executed(),
            decided(),
            decided("v-two", review=True),
            graded("t1", Grade.NOT_RESOLVED),
            graded("t2", Grade.UNSERVED, candidate=CandidateId("consensus/x"), verdict_id="v-one", cost_usd=None),
            graded("t3", Grade.INFRA_ERROR, usage=None),
            graded("t1", Grade.RESOLVED),
            Reviewed(verdict_id="v-two", answer="3", who="ann", why="counted"),
            MatrixPromoted(version=2, sha256="m", forced=False, reason="", changes=("x",)),
            BudgetHit(limit_usd=Decimal(1), spent_usd=Decimal("0.9"), reserved_usd=Decimal("0.2"), what="run"),
            RunFinished(run_id=RunId("run-one"), trials=3, complete=True),
        )


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def append(journals: Path) -> Callable[..., Path]:
    """Appends events to the journal *name*; returns its path."""
    clock = TickingClock()

    def append_all(*happened: Event, name: str = "run-one") -> Path:
        async def go() -> None:
            path = journals / f"{name}.jsonl"
            async with open_journal(path, clock=clock) as journal, asyncio.TaskGroup() as group:
                for event in happened:
                    group.create_task(journal.append(event))

        asyncio.run(go())
        return journals / f"{name}.jsonl"

    return append_all


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "db" / "harness.duckdb"


@pytest.fixture
def store(database: Path) -> Iterator[Store]:
    with open_store(database) as opened:
        yield opened


TABLES = (
    "file", "run_started", "run_finished", "task_declared", "grade", "test_result", "call", "verdict", "ballot",
    "execution", "review", "matrix_promoted", "budget", "run", "task", "trial",
)  # fmt: skip


@pytest.fixture
def contents() -> Callable[[Store], dict[str, list[tuple[Any, ...]]]]:
    """Every row of every table and view."""
    return lambda db: {
        table: db._connection.sql(f'SELECT * FROM "{table}" ORDER BY ALL').fetchall() for table in TABLES
    }
