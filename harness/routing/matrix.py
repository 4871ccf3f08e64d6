"""The routing matrix: what was measured per task class and candidate, and whom each class is routed to.

Cells come with their intervals: quality is a Wilson interval computed by whoever reads the store.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from harness.core.ids import CandidateId, RunId, TaskClass

CellState = Literal["measured", "insufficient"]
Objective = Literal["cost", "latency", "quality"]
"""What is best among candidates whose quality is within the margin of the best's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What is known of one candidate on one task class."""

    task_class: TaskClass
    candidate: CandidateId
    n_tasks: int
    """Distinct tasks, not trials."""
    quality: float
    """Success rate in [0, 1]."""
    quality_lo: float
    quality_hi: float
    """Ends of the interval of :attr:`quality`."""
    cost_per_success_usd: Decimal | None = None
    """``None``: some cost is unknown, or nothing succeeded."""
    p95_latency_s: float | None = None
    evidence: str = ""
    """Where it comes from, in words: ``paired runs of suite ledger v1``."""
    measured_at: str = ""
    """ISO date or time."""
    runs: tuple[RunId, ...] = ()
    state: CellState = "measured"
    """``insufficient``: too few tasks to route by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Whom a class is routed to, and why."""

    candidate: CandidateId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """``registry/matrix.yaml``."""

    version: int
    """Counts promotions; 0: nothing was promoted yet."""
    created: str = ""
    """ISO time, given by whoever proposes."""
    objective: Objective = "cost"
    minimum_tasks: int = 20
    margin: float = 0.03
    """How far below the best's lower bound a candidate may be and still be chosen for its cost."""
    cells: tuple[Cell, ...] = ()
    choices: Mapping[TaskClass, Choice] = field(default_factory=dict)
    """Classes without sufficient evidence have none."""

    def cell(self, task_class: TaskClass, candidate: str) -> Cell | None:
        """The cell of *candidate* on *task_class*, whatever its state."""
        found = (cell for cell in self.cells if cell.task_class == task_class and cell.candidate == candidate)
        return next(found, None)

    def measured(self, task_class: TaskClass, candidate: str) -> Cell | None:
        """The same, if the evidence suffices."""
        cell = self.cell(task_class, candidate)
        return cell if cell is not None and cell.state == "measured" else None


EMPTY = Matrix(version=0)
"""Before the first promotion."""


def propose(
    cells: Iterable[Cell],
    *,
    objective: Objective = "cost",
    minimum_tasks: int = 20,
    margin: float = 0.03,
    version: int = 1,
    created: str = "",
) -> Matrix:
    """A matrix with one choice per class that has evidence.

    Among the measured candidates of a class, those are eligible whose lower bound of quality is within *margin* of the
    highest lower bound; the choice is the cheapest of them (``objective`` ``cost``), the fastest, or the best. A
    candidate of unknown cost or latency comes after all known ones. Ties: higher lower bound, then the name.
    """
    rows = tuple(sorted((_with_state(cell, minimum_tasks) for cell in cells), key=_row_order))
    by_class: dict[TaskClass, list[Cell]] = {}
    for cell in rows:
        if cell.state == "measured":
            by_class.setdefault(cell.task_class, []).append(cell)
    return Matrix(
        version=version,
        created=created,
        objective=objective,
        minimum_tasks=minimum_tasks,
        margin=margin,
        cells=rows,
        choices={name: _choose(group, objective, margin) for name, group in by_class.items()},
    )


def _row_order(cell: Cell) -> tuple[str, str]:
    return cell.task_class, cell.candidate


def _with_state(cell: Cell, minimum_tasks: int) -> Cell:
    state: CellState = "measured" if cell.state == "measured" and cell.n_tasks >= minimum_tasks else "insufficient"
    return replace(cell, state=state)


def _choose(group: Sequence[Cell], objective: Objective, margin: float) -> Choice:
    best = max(group, key=lambda cell: cell.quality_lo)
    eligible = [cell for cell in group if cell.quality_lo >= best.quality_lo - margin]
    chosen = min(eligible, key=lambda cell: (*_rank(cell, objective), -cell.quality_lo, cell.candidate))
    return Choice(candidate=chosen.candidate, why=_why(chosen, best, objective, margin, len(eligible)))


def _rank(cell: Cell, objective: Objective) -> tuple[bool, float]:
    """Unknown last; then the smaller the better."""
    if objective == "quality":
        return False, -cell.quality_lo
    value = cell.cost_per_success_usd if objective == "cost" else cell.p95_latency_s
    return value is None, float(value or 0)


def _why(chosen: Cell, best: Cell, objective: Objective, margin: float, eligible: int) -> str:
    bounds = (
        f"quality {chosen.quality:.3f} [{chosen.quality_lo:.3f}, {chosen.quality_hi:.3f}] on {chosen.n_tasks} tasks"
    )
    if objective == "quality":
        return f"highest lower bound of quality: {bounds}"
    word = {"cost": "cheapest", "latency": "fastest"}[objective]
    known = chosen.cost_per_success_usd if objective == "cost" else chosen.p95_latency_s
    figure = (
        "no figure known"
        if known is None
        else (f"{known:f} USD per success" if objective == "cost" else f"p95 {known:g} s")
    )
    return (
        f"{word} of {eligible} within {margin:g} of the best lower bound "
        f"({best.candidate}: {best.quality_lo:.3f}): {figure}, {bounds}"
    )
