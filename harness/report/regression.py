"""Did anything get worse? A regression report as JSON values: every number of the page comes from here."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Literal

from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.rows import RunRow
from harness.report.ab import run_facts
from harness.report.regression_changes import changes
from harness.report.regression_costs import cost_drift, latency_drift, repriced
from harness.report.regression_nights import SHOWN, Baseline, CellKey, CellNight, Judged, Night, replay
from harness.report.regression_tasks import task_lists, task_pairs
from harness.report.regression_words import verdict_of
from harness.stats import AlertRule, due, severity
from harness.store import NightCall

SCHEMA = "harness.regression/1"
CellState = Literal["ok", "new", "ongoing", "recovered", "suspected", "refuted", "no_baseline"]


def cell_state(cell: CellNight) -> CellState:
    """What is said of one cell tonight."""
    if cell.night.effect.diff is None:
        return "no_baseline"
    if cell.course.state != "quiet":
        return cell.course.state
    if cell.suspicion.cause:
        return "suspected" if cell.sure is None else "refuted"
    return "ok"


def _cell(key: CellKey, cell: CellNight, judged: Sequence[Judged], rule: AlertRule) -> dict[str, Json]:
    effect, course = cell.night.effect, cell.course
    before = judged[-2].night.run.started_at if len(judged) > 1 else None
    return {
        "candidate": key[0],
        "task_class": key[1],
        "state": cell_state(cell),
        "cause": course.cause or cell.suspicion.cause,
        "since": None if course.since is None else course.since.isoformat(timespec="seconds"),
        "severity": severity(effect, rule=rule) if course.open or cell.suspicion.cause else None,
        "told": due(course, at=judged[-1].night.run.started_at, before=before, rule=rule),
        "n": effect.n,
        "baseline": cell.night.baseline,
        "now": cell.night.now,
        "diff": effect.diff,
        "ci": [effect.lo, effect.hi],
        "p": effect.p,
        "p_holm": cell.suspicion.p_holm,
        "z": cell.night.z,
        "cusum": cell.suspicion.cusum,
        "fresh": None if cell.fresh is None else _fresh(cell),
        "history": [_point(one, key) for one in judged[-SHOWN:] if key in one.cells],
    }


def _fresh(cell: CellNight) -> dict[str, Json]:
    assert cell.fresh is not None, "asked only when there was a confirming run"
    effect = cell.fresh.effect
    return {"n": effect.n, "diff": effect.diff, "ci": [effect.lo, effect.hi], "p": effect.p, "confirmed": cell.sure}


def _point(one: Judged, key: CellKey) -> dict[str, Json]:
    cell = one.cells[key]
    spread = None
    if cell.night.z and cell.night.effect.diff is not None:
        spread = cell.night.effect.diff / cell.night.z
    return {
        "run": one.night.run.run_id,
        "at": one.night.run.started_at.isoformat(timespec="minutes"),
        "rate": cell.night.now,
        "baseline": cell.night.baseline,
        "spread": spread,
        "open": cell.course.open,
        "new": cell.course.state == "new",
    }


def _left_out(judged: Judged) -> dict[str, Json]:
    now = {(row.task_id, row.task_digest) for row in judged.night.rows}
    before = {(row.task_id, row.task_digest) for one in judged.baseline for row in one.rows}
    ids_now, ids_before = {task for task, _ in now}, {task for task, _ in before}
    changed = sorted({task for task, _ in now - before} & ids_before)
    infra = [row for row in judged.night.rows if not row.grade.measured]
    return {
        "shared": len(now & before),
        "changed": changed[:200],
        "changed_total": len(changed),
        "new": len(ids_now - ids_before),
        "gone": len(ids_before - ids_now),
        "infra": len(infra),
        "trials": len(judged.night.rows),
        "unmeasured": list(judged.unmeasured),
    }


def _baseline(baseline: Baseline, judged: Judged) -> dict[str, Json]:
    runs = [one.run for one in judged.baseline]
    return {
        "kind": baseline.kind,
        "runs": [
            {"id": run.run_id, "name": run.name, "at": run.started_at.isoformat(timespec="minutes")} for run in runs
        ],
        "missing": [run_id for run_id in baseline.run_ids if run_id not in {run.run_id for run in runs}],
        "set_at": baseline.set_at,
        "reason": baseline.reason,
        "who": baseline.who,
    }


def _drifts(judged: Judged, calls: Sequence[NightCall]) -> dict[str, Json]:
    pairs = {name: task_pairs(judged, name) for name in judged.night.run.candidates}
    steady = repriced(calls, judged.baseline[-1].run) if judged.baseline else {}
    return {
        "cost": [cost_drift(name, tasks, steady) for name, tasks in pairs.items()],
        "latency": [latency_drift(name, tasks) for name, tasks in pairs.items()],
        "tasks": task_lists(pairs, judged.night.fresh),
    }


def _changes(judged: Judged, calls: Sequence[NightCall]) -> Json:
    if not judged.baseline:
        return []
    last, now = judged.baseline[-1].run, judged.night.run
    return changes(
        last,
        now,
        calls_before=[call for call in calls if call.run_id == last.run_id],
        calls_now=[call for call in calls if call.run_id == now.run_id],
    )


def _command(run: RunRow, baseline: Baseline) -> str:
    chosen = [word for name in baseline.run_ids if baseline.kind == "chosen" for word in ("--baseline", name)]
    return shlex.join(["harness", "report", "regression", run.suite, "--run", run.run_id, *chosen])


def compared_runs(nights: Sequence[Night], baseline: Baseline, *, rule: AlertRule | None = None) -> list[str]:
    """The ids of the runs whose calls :func:`regression_results` needs: the last night's and those of its baseline."""
    judged = _replayed(nights, baseline, rule or AlertRule())[-1]
    return [judged.night.run.run_id, *(one.run.run_id for one in judged.baseline)]


def _replayed(nights: Sequence[Night], baseline: Baseline, rule: AlertRule) -> list[Judged]:
    judged = replay(nights, baseline, rule=rule)
    if not judged or judged[-1].night is not nights[-1]:
        last = nights[-1].run
        raise ConfigError(
            f"report regression: run {last.run_id} is part of the baseline it would be compared with; "
            "name a later one with --run, or another baseline with --baseline"
        )
    return judged


def regression_results(
    nights: Sequence[Night],
    baseline: Baseline,
    calls: Sequence[NightCall],
    *,
    rule: AlertRule | None = None,
) -> dict[str, Json]:
    """Judge the last of *nights*, which are the runs of one suite, oldest first; the others are its history.

    *calls*: of the runs that :func:`compared_runs` names. JSON values only, no NaN; rates are shares, unknown is None.
    Raises ConfigError when the last night is part of its own baseline, ValueError without a night.
    """
    if not nights:
        raise ValueError("nights must hold at least one run: ()")
    rule = rule or AlertRule()
    history = _replayed(nights, baseline, rule)
    judged = history[-1]
    cells = [_cell(key, cell, history, rule) for key, cell in sorted(judged.cells.items())]
    facts = {
        "schema": SCHEMA,
        "suite": judged.night.run.suite,
        "run": run_facts(judged.night.run),
        "baseline": _baseline(baseline, judged),
        "rule": {"floor": rule.floor, "alpha": rule.alpha, "k": rule.k, "h": rule.h, "tasks_min": rule.tasks_min},
        "cells": cells,
        "left_out": _left_out(judged),
        "changes": _changes(judged, calls),
        **_drifts(judged, calls),
        "nights": len(history),
        "command": _command(judged.night.run, baseline),
    }
    return {**facts, "verdict": verdict_of(facts)}


def suspected_tasks(
    nights: Sequence[Night], baseline: Baseline, *, rule: AlertRule | None = None
) -> Mapping[str, Json]:
    """What a confirming run of the last night has to ask again: ``{candidate: [task ids]}``; empty: nothing.

    After a sudden loss the tasks of the class that failed and were resolved before, and as many others, the ones with
    the smallest digests; after slow decay all tasks of the class.
    """
    judged = _replayed(nights, baseline, rule or AlertRule())[-1]
    wanted: dict[str, set[str]] = {}
    for (candidate, task_class), cell in judged.cells.items():
        if cell_state(cell) == "suspected":
            wanted.setdefault(candidate, set()).update(_again(judged, candidate, task_class, cell.suspicion.cause))
    return {candidate: sorted(tasks) for candidate, tasks in sorted(wanted.items())}


def _again(judged: Judged, candidate: str, task_class: str, cause: str) -> list[str]:
    tasks = [task for task in task_pairs(judged, candidate) if task.task_class == task_class]
    if cause == "slow":
        return [task.task_id for task in tasks]
    lost = [task.task_id for task in tasks if task.b_rate < 1]
    others = sorted((task for task in tasks if task.b_rate == 1), key=lambda task: task.task_digest)
    return lost + [task.task_id for task in others[: len(lost)]]
