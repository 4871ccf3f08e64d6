"""Measured cells of the routing matrix, from graded trials. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from harness.core.ids import CandidateId, RunId, TaskClass
from harness.core.money import sum_known
from harness.core.rows import TrialRow
from harness.core.trial import Grade
from harness.evals.builtin import PREFIX
from harness.routing import Cell
from harness.stats import wilson_ci


def measure(rows: Iterable[TrialRow], *, measured_at: str, evidence: str) -> list[Cell]:
    """One cell per task class and candidate.

    What infrastructure errors spoiled says nothing, and a built-in candidate is nobody to route to.
    """
    by_cell: dict[tuple[str, str], list[TrialRow]] = {}
    for row in rows:
        if row.grade.measured and not row.candidate.startswith(PREFIX):
            by_cell.setdefault((row.task_class, row.candidate), []).append(row)
    return [_cell(*key, group, measured_at, evidence) for key, group in sorted(by_cell.items())]


def _cell(task_class: str, candidate: str, rows: Sequence[TrialRow], measured_at: str, evidence: str) -> Cell:
    """Quality is the mean over tasks of each task's share of successes.

    The interval is Wilson's at the number of tasks: repeats of a task are not independent evidence, so they add none.
    """
    by_task: dict[tuple[str, str], list[bool]] = {}
    for row in rows:  # by content too: ids are unique in one version of one suite only
        by_task.setdefault((row.task_id, row.task_digest), []).append(row.grade is Grade.RESOLVED)
    n = len(by_task)
    successes = sum(sum(results) / len(results) for results in by_task.values())
    interval = wilson_ci(k=successes, n=n)
    return Cell(
        task_class=TaskClass(task_class),
        candidate=CandidateId(candidate),
        n_tasks=n,
        quality=successes / n,
        quality_lo=interval.lo,
        quality_hi=interval.hi,
        cost_per_success_usd=_cost_per_success(rows),
        p95_latency_s=_p95(rows),
        evidence=evidence,
        measured_at=measured_at,
        runs=tuple(sorted({RunId(row.run_id) for row in rows})),
    )


def _cost_per_success(rows: Sequence[TrialRow]) -> Decimal | None:
    cost = sum_known(row.cost_usd for row in rows)
    resolved = sum(row.grade is Grade.RESOLVED for row in rows)
    return None if cost is None or resolved == 0 else (cost / resolved).quantize(Decimal("0.000000001"))


def _p95(rows: Sequence[TrialRow]) -> float:
    """Nearest rank."""
    ordered = sorted(row.latency_s for row in rows)
    return ordered[-(-95 * len(ordered) // 100) - 1]
