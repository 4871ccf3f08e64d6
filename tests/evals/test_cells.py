"""Measured cells of the matrix: tasks are the evidence, not their repeats; unknown costs stay unknown."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.rows import TrialRow
from harness.core.trial import Grade
from harness.evals.cells import measure
from harness.stats import wilson_ci


def row(task: str = "t0", grade: Grade = Grade.RESOLVED, **changes) -> TrialRow:
    usual = {
        "run_id": "r1",
        "task_id": task,
        "task_digest": f"digest of {task}",
        "task_class": "x.y",
        "candidate": "v/a",
        "epoch": 0,
        "cost_usd": Decimal("0.01"),
        "tokens_in": 1,
        "tokens_out": 1,
        "latency_s": 1.0,
        "calls": 1,
    }
    return TrialRow(grade=grade, **{**usual, **changes})


def cells(*rows: TrialRow):
    return measure(rows, measured_at="2026-11-20", evidence="runs of sums")


def test_one_cell_per_class_and_candidate():
    found = cells(
        row(), row(candidate="v/b"), row(task_class="a"), row("t1", Grade.NOT_RESOLVED), row("t1", candidate="v/b")
    )
    assert [(cell.task_class, cell.candidate, cell.n_tasks, cell.quality) for cell in found] == [
        ("a", "v/a", 1, 1.0),
        ("x.y", "v/a", 2, 0.5),
        ("x.y", "v/b", 2, 1.0),
    ]
    assert {(cell.measured_at, cell.evidence) for cell in found} == {("2026-11-20", "runs of sums")}
    assert cells() == []


def test_what_infrastructure_spoiled_says_nothing():
    (cell,) = cells(row(), row("t1", Grade.INFRA_ERROR, latency_s=99.0, cost_usd=None))
    assert (cell.n_tasks, cell.quality, cell.p95_latency_s, cell.cost_per_success_usd) == (1, 1.0, 1.0, Decimal("0.01"))
    assert cells(row(grade=Grade.INFRA_ERROR)) == []


@pytest.mark.parametrize("grade", [grade for grade in Grade if grade.measured and grade is not Grade.RESOLVED])
def test_every_other_grade_is_no_success(grade):
    (cell,) = cells(row(), row("t1", grade))
    assert cell.quality == 0.5


def test_built_in_candidates_are_nobody_to_route_to():
    assert cells(row(candidate="builtin/reference"), row(candidate="builtin/noop")) == []


@settings(deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=4), min_size=1, max_size=12))
def test_repeats_of_a_task_are_no_further_evidence(results):
    rows = [
        row(f"t{task}", Grade.RESOLVED if right else Grade.NOT_RESOLVED, epoch=epoch)
        for task, epochs in enumerate(results)
        for epoch, right in enumerate(epochs)
    ]
    (cell,) = cells(*rows)
    successes = sum(sum(epochs) / len(epochs) for epochs in results)
    interval = wilson_ci(k=successes, n=len(results))
    assert cell.n_tasks == len(results)
    assert cell.quality == pytest.approx(successes / len(results))
    assert (cell.quality_lo, cell.quality_hi) == (interval.lo, interval.hi)
    assert cell.quality_lo <= cell.quality <= cell.quality_hi


def test_the_same_task_in_two_runs_is_one_task():
    (cell,) = cells(row(), row(run_id="r2", grade=Grade.NOT_RESOLVED))
    assert (cell.n_tasks, cell.quality, cell.runs) == (1, 0.5, ("r1", "r2"))


def test_two_tasks_that_share_an_id_are_two():
    """Ids like ``row-0`` are unique in one suite only, and a task may be changed under its id."""
    (cell,) = cells(row(), row(run_id="r2", task_digest="of another suite", grade=Grade.NOT_RESOLVED))
    assert cell.n_tasks == 2


def test_cost_per_success_counts_the_failures_too():
    (cell,) = cells(row(), row("t1"), row("t2", Grade.NOT_RESOLVED))
    assert cell.cost_per_success_usd == Decimal("0.015")
    (none,) = cells(row(grade=Grade.REFUSED))
    assert none.cost_per_success_usd is None
    (unknown,) = cells(row(), row("t1", cost_usd=None))
    assert unknown.cost_per_success_usd is None


def test_p95_is_the_nearest_rank():
    rows = [row(f"t{n}", latency_s=float(n)) for n in range(1, 101)]
    assert cells(*rows)[0].p95_latency_s == 95.0
    assert cells(*rows[:1])[0].p95_latency_s == 1.0
    assert cells(*reversed(rows))[0].p95_latency_s == 95.0


def test_rows_of_one_cell_need_not_be_together():
    a, b = row(), replace(row(), candidate="v/b")
    assert cells(a, b, replace(a, task_id="t1", task_digest="1"), b) == cells(
        replace(a, task_id="t1", task_digest="1"), a, b, b
    )
