"""One night from its run to the message: measure, compare, take fresh samples of what is suspected, report, tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.interrupts import run_async
from harness.cli.labels import counted, link
from harness.cli.matrix import MARGIN, MINIMUM_TASKS, proposal
from harness.cli.nights import CONFIRMS, judge, load_course, write_outputs, write_report
from harness.cli.progress import progress_of
from harness.cli.provenance import provenance
from harness.cli.runtime import environ, write_text
from harness.cli.stored import open_synced
from harness.content import Home, Registry, Schedule, load_matrix, load_suite, matrix_text
from harness.core.errors import BudgetError, ConfigError
from harness.core.hashing import Json
from harness.engine import Directory, require_keys
from harness.evals.notifying import notify
from harness.evals.plan import Plan
from harness.evals.run import RunResult
from harness.evals.running import RunOptions, asked_candidates, run_suite
from harness.evals.scheduling import (
    Done,
    Standing,
    confirming_plans,
    limit_usd,
    month_of,
    scheduled_plan,
    write_done,
)
from harness.report.regression import suspected_tasks
from harness.routing import diff
from harness.stats import AlertRule
from harness.store import runs as runs_query
from harness.store import spent_usd
from harness.transport import SystemClock

SCHEDULE = "schedule"
"""In the provenance of a run: whose it is, for the money of the month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What became of one time of a schedule."""

    schedule: Schedule
    slot: datetime
    run_id: str
    exit: Exit
    why: str = ""
    """Why there is no report."""
    confirming: tuple[str, ...] = ()
    """Runs that took fresh samples."""
    results: Mapping[str, Json] | None = None
    page: Path | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def carry_out(at: Context, home: Home, registry: Registry, standing: Standing, *, out_dir: Path | None) -> Night:
    """Carry out the last time of a schedule, or what is missing of it, and remember that it was done.

    A night that stops at its budget has no report and stays due. Raises BudgetError when the month's money is spent.
    """
    schedule = standing.schedule
    suite = load_suite(home, schedule.suite)
    plan = scheduled_plan(schedule, suite, standing.slot)
    directory = Directory(cards=registry.cards, policies=registry.policies, routing=registry.routing)
    require_keys(list(directory.cards_of(asked_candidates(plan.candidates)).values()), environ())
    run_id, result = _measured(at, home, registry, plan, schedule, {})
    if not result.complete:
        why = "stopped at its budget; the same command with more money continues it"
        return Night(schedule=schedule, slot=standing.slot, run_id=run_id, exit=Exit.BUDGET, why=why)
    rule = AlertRule(floor=schedule.margin)
    chosen = () if schedule.baseline == "previous" else (schedule.baseline,)
    course = load_course(home, schedule.suite, run=run_id, chosen=chosen, rule=rule)
    suspected = suspected_tasks(course.nights, course.baseline, rule=rule)
    plans = confirming_plans(plan, run_id, suspected, epochs=rule.confirming_epochs)
    confirming, unpaid = _confirmed(at, home, registry, plans, schedule, run_id)
    if confirming:
        course = load_course(home, schedule.suite, run=run_id, chosen=chosen, rule=rule)
    results = judge(course, rule=rule)
    folder = out_dir or home.state / "pages"
    page = write_report(home, course, results, page=folder / f"regression-{run_id}.html")
    outputs = {} if out_dir is None else write_outputs(home, results, folder=out_dir)
    proposed = _proposed(home, run_id, folder) if schedule.propose_matrix else []
    remarks = [*unpaid, *proposed, *_missed(standing), *_told(schedule, results, standing)]
    code = Exit(results["verdict"]["exit_code"])
    now = SystemClock().now()
    write_done(home, schedule.name, Done(slot=standing.slot, run_id=run_id, ended_at=now, exit_code=code))
    return Night(
        schedule=schedule,
        slot=standing.slot,
        run_id=run_id,
        exit=code,
        confirming=tuple(confirming),
        results=results,
        page=page,
        outputs=outputs,
        remarks=tuple(remarks),
    )


def _confirmed(
    at: Context, home: Home, registry: Registry, plans: Sequence[Plan], schedule: Schedule, run_id: str
) -> tuple[list[str], list[str]]:
    """The runs that took fresh samples, and why some were not: the night itself is paid, and gets its report."""
    done: list[str] = []
    try:
        for again in plans:
            done.append(_measured(at, home, registry, again, schedule, {CONFIRMS: run_id})[0])  # noqa: PERF401 -- kept
    except BudgetError as error:
        return done, [f"not confirmed: {error}"]
    return done, []


def _proposed(home: Home, run_id: str, folder: Path) -> list[str]:
    """Write the routing matrix that all runs support, as it would stand after a promotion; promotes nothing."""
    try:
        matrix = proposal(home, (), objective="cost", minimum_tasks=MINIMUM_TASKS, margin=MARGIN)
    except ConfigError as error:  # only built-in candidates were measured; the night has its report all the same
        return [f"no proposal of the routing matrix: {error}"]
    path = folder / f"matrix-{run_id}.yaml"
    header = ["A proposal: harness matrix promote writes registry/matrix.yaml, if the evidence carries it."]
    write_text(path, matrix_text(home, matrix, header))
    changes = diff(load_matrix(home), matrix)
    said = "no choice would change" if not changes else f"{counted(len(changes), 'choice')} would change"
    return [f"proposal of the routing matrix, {said}: {link(path)}"]


def _measured(
    at: Context, home: Home, registry: Registry, plan: Plan, schedule: Schedule, more: Mapping[str, str]
) -> tuple[str, RunResult]:
    limit = limit_usd(schedule, _spent(home, schedule))
    with progress_of(at.output, f"schedule {schedule.name}") as report:
        options = RunOptions(
            environ=environ(),
            max_cost_usd=limit,
            on_progress=report,
            provenance={**provenance(at.argv), SCHEDULE: schedule.name, **more},
        )
        return run_async(run_suite(home, registry, plan, options))


def _spent(home: Home, schedule: Schedule) -> Decimal:
    """What the schedule's runs of this month have cost, at most."""
    if schedule.max_month_usd is None:
        return Decimal(0)
    begun = month_of(SystemClock().now())
    with open_synced(home) as store:
        mine = [
            row.run_id
            for row in runs_query(store)
            if row.provenance.get(SCHEDULE) == schedule.name and row.started_at >= begun
        ]
        bills = [spent_usd(store, run_id=run_id) for run_id in mine]
    return sum((bill.usd + bill.bound_usd for bill in bills), start=Decimal(0))


def _missed(standing: Standing) -> list[str]:
    if not standing.missed:
        return []
    return [
        f"missed: {counted(standing.missed, 'time')} before this one passed without a run; they are not made up for"
    ]


def _told(schedule: Schedule, results: Mapping[str, Json], standing: Standing) -> list[str]:
    """One message for everything that is new, over, or due for a reminder; nothing on a quiet night."""
    verdict = results["verdict"]
    if schedule.alert_env is None or not (verdict["told"] or verdict["verdict"] == "unmeasured" or standing.overdue):
        return []
    lines = [verdict["headline"], *verdict["why"], *_missed(standing)]
    message = {
        "title": f"harness: {results['suite']}",
        "text": "\n".join(lines),
        "schedule": schedule.name,
        "suite": results["suite"],
        "run": results["run"]["id"],
        "verdict": verdict["verdict"],
        "cells": [
            {name: cell[name] for name in ("candidate", "task_class", "state", "severity", "baseline", "now", "ci")}
            for cell in results["cells"]
            if cell["told"]
        ],
    }
    failed = run_async(notify(message, variable=schedule.alert_env, environ=environ(), via=schedule.alert_via))
    return [f"told: {schedule.alert_env}" if not failed else f"not told: {schedule.alert_env}: {failed}"]
