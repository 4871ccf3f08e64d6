"""A realistic run of two scripted candidates and a bystander, made from a seed; nothing here is random twice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from harness.core.rows import RunRow, TrialRow
from harness.core.trial import Grade
from harness.report import ab_results, ab_tasks, render_ab

A, B, C = "scripted/careful", "scripted/quick-2026-11", "consensus/starter"
TEMPLATES = Path(__file__).parents[2] / "reports" / "templates"
CLASSES = ("finance.calculation", "security.decision", "structured.extraction", "python.bugfix")
STRENGTH = {A: 0.80, B: 0.86, C: 0.9}
PRICE = {A: 0.021, B: 0.009, C: 0.034}

RUN = RunRow(
    run_id="r-7f3c2a91d0",
    suite="starter",
    suite_version=1,
    suite_digest="9b1c" * 16,
    suite_kind="answer",
    candidates=(A, B, C),
    epochs=1,
    seed=7,
    solver="answer",
    origin="run",
    name="nightly",
    scripted=True,
    started_at=datetime(2026, 11, 21, 6, 0, 0, tzinfo=UTC),
    finished_at=datetime(2026, 11, 21, 6, 2, 11, tzinfo=UTC),
    complete=True,
    tasks=120,
    trials=360,
    journal="r-7f3c2a91d0.jsonl",
    prices={A: {"input": "3", "output": "15", "as_of": "2026-11-20"}, B: {"input": "1", "output": "5"}},
    provenance={"version": "0.1.0", "commit": "abc1234", "python": "3.11.7"},
)


def trial(
    candidate: str, number: int, *, grade: Grade = Grade.RESOLVED, epoch: int = 0, draw: Random | None = None
) -> TrialRow:
    """One plausible trial."""
    draw = draw or Random(number)
    total = 1200 + 37 * number
    said = total if grade is Grade.RESOLVED else total - draw.choice((1, 10, 100))
    output = f"Net amount {total - 200}.\nVAT at 17 % is {draw.choice((200, 201))}.\n\nThe answer is {said}.00 EUR"
    return TrialRow(
        run_id=RUN.run_id,
        task_id=f"vat-{number:04d}",
        task_digest=f"{number:064x}",
        task_class=CLASSES[number % len(CLASSES)],
        candidate=candidate,
        epoch=epoch,
        grade=grade,
        detail="" if grade is Grade.RESOLVED else f"expected {total}.00 EUR, got {said}.00 EUR",
        grader="numeric@1",
        answer=f"{said}.00 EUR",
        output=output,
        cost_usd=Decimal(str(round(PRICE.get(candidate, 0.01) * draw.lognormvariate(0, 0.4), 6))),
        tokens_in=draw.randrange(300, 420),
        tokens_out=draw.randrange(60, 400),
        latency_s=round(draw.lognormvariate(1.4 if candidate == A else 1.0, 0.5), 3),
        calls=1,
        prompt=f"An invoice has the net amount {total - 200} EUR. Add 17 % VAT and state the total in EUR.",
        expected=f"{total}.00 EUR",
    )


def graded(candidate: str, number: int, epoch: int = 0) -> TrialRow:
    """A trial whose grade follows from the strength of its candidate and the difficulty of its task."""
    hardness = Random(f"task {number}").random()
    draw = Random(f"{candidate} {number} {epoch}")
    passed = hardness < STRENGTH.get(candidate, 0.5) - 0.1 or draw.random() < 0.35
    wrong = draw.choices((Grade.NOT_RESOLVED, Grade.FORMAT_FAILURE, Grade.REFUSED, Grade.LIMIT), (8, 2, 1, 1))[0]
    if candidate == C and not passed and draw.random() < 0.5:
        wrong = Grade.UNSERVED
    return trial(candidate, number, grade=Grade.RESOLVED if passed else wrong, epoch=epoch, draw=draw)


def make_rows(tasks: int = 120, epochs: int = 1, candidates: Sequence[str] = (A, B, C)) -> list[TrialRow]:
    """Graded trials of *candidates* on *tasks* tasks."""
    return [graded(name, number, epoch) for number in range(tasks) for name in candidates for epoch in range(epochs)]


def make_run(rows: Sequence[TrialRow], **changes: Any) -> RunRow:
    """The run of *rows*."""
    candidates = tuple(dict.fromkeys(row.candidate for row in rows)) or (A, B)
    tasks = len({row.task_id for row in rows})
    epochs = max((row.epoch for row in rows), default=0) + 1
    run = replace(RUN, candidates=candidates, tasks=tasks, epochs=epochs, trials=len(rows))
    return replace(run, **changes)


@pytest.fixture(scope="session")
def rows() -> list[TrialRow]:
    return make_rows()


@pytest.fixture(scope="session")
def run(rows: list[TrialRow]) -> RunRow:
    return make_run(rows)


@pytest.fixture(scope="session")
def templates() -> Path:
    return TEMPLATES


@pytest.fixture(scope="session")
def page(run: RunRow, rows: list[TrialRow]) -> str:
    """The page of the run, rendered once."""
    return render_ab(ab_results(run, rows, a=A, b=B), ab_tasks(rows, a=A, b=B), templates=TEMPLATES)
