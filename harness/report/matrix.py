"""The routing matrix as JSON values: its cells, what a proposal would change and on which evidence. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from harness.core.hashing import Json
from harness.core.rows import RunRow, TrialRow
from harness.report.arms import cost_of, latency, per_success
from harness.report.baselines import baselines
from harness.routing import Cell, Matrix, diff, gate, propose
from harness.routing.promotion import Change
from harness.stats import facts_of, pair_trials, paired_effect
from harness.store import PromotionRow

SCHEMA: Final = "harness.matrix/1"
STALE_DAYS: Final = 30
"""Evidence older than this is marked."""
_MARGINS: Final = (0.02, 0.05)
_PRICES: Final = (Decimal("0.8"), Decimal("1.2"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a proposal rests on."""

    rows: Sequence[TrialRow]
    """The graded trials it was measured by, without built-in candidates."""
    runs: Sequence[RunRow]
    promotions: Sequence[PromotionRow] = ()
    """Newest first."""
    at: datetime
    """When the page is made: ages are counted from here."""
    command: str = ""
    """Makes the page again."""


def matrix_results(active: Matrix, proposed: Matrix, evidence: Evidence) -> dict[str, Json]:
    """What *proposed* would change in *active*, the promoted matrix, and what every cell of it rests on.

    JSON values only, no NaN; rates and differences are shares, amounts US dollars; unknown and undefined are None. The
    same rows in any order give the same results.
    """
    changes = {change.task_class: change for change in diff(active, proposed)}
    classes = sorted({cell.task_class for cell in (*proposed.cells, *active.cells)})
    found = [_class(name, active, proposed, changes.get(name), evidence) for name in classes]
    return {
        "schema": SCHEMA,
        "at": evidence.at.isoformat(timespec="seconds"),
        "verdict": _verdict(active, proposed),
        "health": list(_health(found, proposed, evidence)),
        "proposed": _facts(proposed),
        "active": _facts(active),
        "classes": found,
        "expected": {
            "proposed": baselines(evidence.rows, {name: one.candidate for name, one in proposed.choices.items()}),
            "active": baselines(evidence.rows, {name: one.candidate for name, one in active.choices.items()})["routed"],
        },
        "sensitivity": list(_sensitivity(proposed)),
        "history": [_promotion(row) for row in evidence.promotions],
        "runs": [_run(run, evidence.rows) for run in _used(evidence)],
        "scripted": any(run.scripted for run in _used(evidence)),
        "stale_days": STALE_DAYS,
        "command": evidence.command,
    }


def _facts(matrix: Matrix) -> dict[str, Json]:
    return {
        "version": matrix.version,
        "created": matrix.created,
        "objective": matrix.objective,
        "minimum_tasks": matrix.minimum_tasks,
        "margin": matrix.margin,
        "choices": len(matrix.choices),
        "cells": len(matrix.cells),
    }


def _verdict(active: Matrix, proposed: Matrix) -> dict[str, Json]:
    """``supported``, ``unchanged``, ``refused`` or ``insufficient``, in words, with its exit code."""
    changes, found = diff(active, proposed), gate(active, proposed)
    routed = [change for change in changes if change.after is not None]
    lost = len(changes) - len(routed)
    classes = "class" if len(changes) == 1 else "classes"
    if not proposed.choices:
        headline = "Insufficient evidence: no class has enough measured tasks to be routed by"
        return {"verdict": "insufficient", "headline": headline, "why": [], "changes": len(changes), "exit_code": 5}
    if not changes:
        said = f"Nothing changes: version {active.version} routes every class as the evidence says"
        return {"verdict": "unchanged", "headline": said, "why": [], "changes": 0, "exit_code": 0}
    if found.allowed:
        said = f"{len(changes)} {classes} would be routed differently, and the evidence carries it"
        return {"verdict": "supported", "headline": said, "why": [], "changes": len(changes), "exit_code": 0}
    refused = [change for change in changes if not change.supported]
    said = f"Not to be promoted: the evidence does not carry {len(refused)} of {len(changes)} changes"
    why = [f"{change.task_class}: {change.support}." for change in refused]
    if lost:
        why.append(f"{lost} of them would leave a class without a route.")
    return {"verdict": "refused", "headline": said, "why": why, "changes": len(changes), "exit_code": 3}


def _health(classes: Sequence[Mapping[str, Json]], proposed: Matrix, evidence: Evidence) -> Iterator[dict[str, Json]]:
    cells = [cell for one in classes for cell in one["cells"]]
    few = sum(cell["state"] != "measured" for cell in cells)
    open_ = sum(one["chosen"] is None for one in classes)
    yield _line(
        not few,
        f"Every cell has at least {proposed.minimum_tasks} tasks.",
        f"{few} of {len(cells)} cells have too few tasks to route by.",
    )
    if open_:
        yield _line(False, "", f"{open_} of {len(classes)} classes have no route: insufficient evidence.")
    stale = sum(cell["stale"] for cell in cells)
    yield _line(
        not stale,
        f"No evidence is older than {STALE_DAYS} days.",
        f"{stale} cells rest on evidence older than {STALE_DAYS} days.",
    )
    unpriced = sum(cell["cost_per_success_usd"] is None and bool(cell["quality"]) for cell in cells)
    yield _line(not unpriced, "Every cost is known.", f"The cost of {unpriced} cells is not known.")
    infra = sum(not row.grade.measured for row in evidence.rows)
    yield _line(
        not infra,
        "Every trial was measured.",
        f"{infra:,} of {len(evidence.rows):,} trials could not be measured and were left out.",
    )
    incomplete = sum(not run.complete for run in _used(evidence))
    if incomplete:
        yield _line(False, "", f"{incomplete} of the source runs are not complete.")


def _line(fine: bool, said: str, complaint: str) -> dict[str, Json]:  # noqa: FBT001 -- a condition, not an option
    return {"state": "ok" if fine else "warn", "text": said if fine else complaint}


def _class(name: str, active: Matrix, proposed: Matrix, change: Change | None, evidence: Evidence) -> dict[str, Json]:
    choice = proposed.choices.get(name)  # type: ignore[call-overload]  # names of classes are strings
    before = active.choices.get(name)  # type: ignore[call-overload]
    rows = [row for row in evidence.rows if row.task_class == name]
    cells = [cell for cell in proposed.cells if cell.task_class == name]
    known = {cell.candidate for cell in cells}
    gone = [cell for cell in active.cells if cell.task_class == name and cell.candidate not in known]
    return {
        "task_class": name,
        "chosen": None if choice is None else choice.candidate,
        "active": None if before is None else before.candidate,
        "why": "insufficient evidence" if choice is None else choice.why,
        "change": None if change is None else _change(change, rows),
        "cells": [_cell(cell, choice and choice.candidate, before and before.candidate, evidence) for cell in cells],
        "gone": [cell.candidate for cell in gone],
    }


def _cell(cell: Cell, chosen: str | None, active: str | None, evidence: Evidence) -> dict[str, Json]:
    ends = [run.finished_at or run.started_at for run in evidence.runs if run.run_id in cell.runs]
    age = (evidence.at - max(ends)).days if ends else None
    mine = [row for row in evidence.rows if row.task_class == cell.task_class and row.candidate == cell.candidate]
    return {
        "candidate": cell.candidate,
        "n_tasks": cell.n_tasks,
        "n_trials": sum(row.grade.measured for row in mine),
        "infra": sum(not row.grade.measured for row in mine),
        "quality": cell.quality,
        "lo": cell.quality_lo,
        "hi": cell.quality_hi,
        "cost_per_success_usd": None if cell.cost_per_success_usd is None else float(cell.cost_per_success_usd),
        "p95_latency_s": cell.p95_latency_s,
        "state": cell.state,
        "chosen": cell.candidate == chosen,
        "active": cell.candidate == active,
        "age_days": age,
        "stale": age is not None and age > STALE_DAYS,
        "runs": list(cell.runs),
    }


def _change(change: Change, rows: Sequence[TrialRow]) -> dict[str, Json]:
    """What the class gains and loses, on the tasks that both candidates met."""
    found: dict[str, Json] = {
        "before": change.before,
        "after": change.after,
        "why": change.why,
        "supported": change.supported,
        "support": change.support,
        "paired": None,
    }
    if change.before is None or change.after is None:
        return found
    tasks = pair_trials(rows, a=change.before, b=change.after).tasks
    effect, cost, time = paired_effect(facts_of(tasks)), per_success(tasks, cost_of), latency(tasks)
    paired = {
        "n": effect.n,
        "diff": effect.diff,
        "ci": [effect.lo, effect.hi],
        "cost_ratio": cost["ratio"],
        "p95_ratio": time["ratio"],
    }
    return found | {"paired": paired}


def _sensitivity(proposed: Matrix) -> Iterator[dict[str, Json]]:
    """Which choices would be others under another margin, or if a candidate became dearer or cheaper."""
    for margin in _MARGINS:
        if margin != proposed.margin:
            yield _flips(f"a margin of {100 * margin:g} points", proposed, proposed.cells, margin)
    for name in sorted({cell.candidate for cell in proposed.cells}) if proposed.objective == "cost" else ():
        for factor in _PRICES:
            cells = [_repriced(cell, factor) if cell.candidate == name else cell for cell in proposed.cells]
            word = "20% dearer" if factor > 1 else "20% cheaper"
            yield _flips(f"{name} {word}", proposed, cells, proposed.margin)


def _repriced(cell: Cell, factor: Decimal) -> Cell:
    cost = cell.cost_per_success_usd
    return cell if cost is None else replace(cell, cost_per_success_usd=cost * factor)


def _flips(what: str, proposed: Matrix, cells: Sequence[Cell], margin: float) -> dict[str, Json]:
    other = propose(cells, objective=proposed.objective, minimum_tasks=proposed.minimum_tasks, margin=margin)
    flips = [
        {"task_class": name, "from": choice.candidate, "to": other.choices[name].candidate}
        for name, choice in sorted(proposed.choices.items())
        if other.choices[name].candidate != choice.candidate
    ]
    return {"what": what, "flips": flips}


def _promotion(row: PromotionRow) -> dict[str, Json]:
    return {
        "version": row.version,
        "at": row.at.isoformat(timespec="seconds"),
        "forced": row.forced,
        "reason": row.reason,
        "changes": list(row.changes),
        "sha256": row.sha256,
        "position": row.position,
    }


def _used(evidence: Evidence) -> list[RunRow]:
    used = {row.run_id for row in evidence.rows}
    return sorted((run for run in evidence.runs if run.run_id in used), key=lambda run: (run.started_at, run.run_id))


def _run(run: RunRow, rows: Sequence[TrialRow]) -> dict[str, Json]:
    return {
        "id": run.run_id,
        "name": run.name,
        "suite": run.suite,
        "suite_version": run.suite_version,
        "suite_digest": run.suite_digest,
        "candidates": list(run.candidates),
        "started_at": run.started_at.isoformat(timespec="seconds"),
        "trials": sum(row.run_id == run.run_id for row in rows),
        "complete": run.complete,
        "scripted": run.scripted,
        "journal": run.journal,
    }


def matrix_summary(results: Mapping[str, Json], file: str) -> dict[str, Json]:
    """What ``report matrix --json`` prints."""
    verdict = results["verdict"]
    return {
        "verdict": verdict["verdict"],
        "active": results["active"]["version"],
        "proposed": results["proposed"]["version"],
        "changes": [
            {"task_class": one["task_class"], **one["change"]}
            for one in results["classes"]
            if one["change"] is not None
        ],
        "classes": {
            one["task_class"]: {"active": one["active"], "chosen": one["chosen"], "cells": len(one["cells"])}
            for one in results["classes"]
        },
        "file": file,
    }
