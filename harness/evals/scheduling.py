"""Runs that repeat: which is due, what it may spend, how far it came. Time is handed in; state is one small file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from cronsim import CronSim

from harness.content import Home, Schedule
from harness.core.errors import BudgetError, ConfigError
from harness.core.hashing import Json
from harness.core.ids import CandidateId
from harness.core.suite import Suite
from harness.evals.plan import Plan, make_plan

MISSED_PERIODS = 2
"""A schedule is overdue when so many of its times have passed since the last one that was done."""
_COUNTED_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The last time of a schedule that was carried out to its report."""

    slot: datetime
    run_id: str
    ended_at: datetime
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a schedule stands."""

    schedule: Schedule
    slot: datetime
    """The last time it should have begun."""
    next: datetime
    done: Done | None
    missed: int
    """Times between the last that was done and ``slot``, both left out; they are not made up for."""

    @property
    def due(self) -> bool:
        """Whether ``slot`` is still to be carried out."""
        return self.schedule.enabled and (self.done is None or self.done.slot < self.slot)

    @property
    def overdue(self) -> bool:
        """Whether so much was missed that somebody should look: see :data:`MISSED_PERIODS`."""
        return self.due and self.done is not None and self.missed + 1 >= MISSED_PERIODS


def last_slot(cron: str, now: datetime) -> datetime:
    """The last time of *cron* at or before *now*."""
    return next(CronSim(cron, now.astimezone(UTC) + timedelta(seconds=1), reverse=True))


def standing(schedule: Schedule, now: datetime, done: Done | None) -> Standing:
    """Where *schedule* stands at *now*."""
    slot = last_slot(schedule.cron, now)
    missed = 0
    if done is not None:
        for time in CronSim(schedule.cron, done.slot):
            if time >= slot or missed >= _COUNTED_MAX:
                break
            missed += 1
    return Standing(
        schedule=schedule, slot=slot, next=next(CronSim(schedule.cron, now.astimezone(UTC))), done=done, missed=missed
    )


def _file(home: Home) -> Path:
    return home.state / "schedules.json"


def read_done(home: Home) -> dict[str, Done]:
    """What was carried out last, by schedule. Raises ConfigError for a file that is none of ours."""
    path = _file(home)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: _done(entry) for name, entry in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}; delete it, and what is due is done again") from error


def _done(entry: Mapping[str, Json]) -> Done:
    return Done(
        slot=datetime.fromisoformat(entry["slot"]),
        run_id=str(entry["run"]),
        ended_at=datetime.fromisoformat(entry["ended_at"]),
        exit_code=int(entry["exit_code"]),
    )


def write_done(home: Home, name: str, done: Done) -> None:
    """Remember that *name* was carried out. Raises ConfigError when that cannot be written."""
    every = {**read_done(home), name: done}
    entries = {
        key: {
            "slot": one.slot.isoformat(),
            "run": one.run_id,
            "ended_at": one.ended_at.isoformat(timespec="seconds"),
            "exit_code": one.exit_code,
        }
        for key, one in sorted(every.items())
    }
    path = _file(home)
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


def scheduled_plan(schedule: Schedule, suite: Suite, slot: datetime) -> Plan:
    """The plan of one time of a schedule: the same time has the same run id, so doing it again only continues it."""
    return make_plan(
        suite,
        [CandidateId(name) for name in schedule.candidates],
        epochs=schedule.epochs,
        limit=schedule.limit,
        salt=f"{schedule.name}@{slot.isoformat()}",
    )


def confirming_plans(plan: Plan, run_id: str, suspected: Mapping[str, Sequence[str]], *, epochs: int) -> list[Plan]:
    """Fresh samples of what run *run_id* of *plan* raised: a plan per candidate, of its tasks only."""
    return [
        replace(
            plan,
            tasks=tuple(task for task in plan.tasks if task.id in set(tasks)),
            candidates=(CandidateId(candidate),),
            epochs=epochs,
            salt=f"confirms {run_id}",
        )
        for candidate, tasks in suspected.items()
    ]


def month_of(now: datetime) -> datetime:
    """When the calendar month of *now* began, in UTC."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def limit_usd(schedule: Schedule, spent_usd: Decimal) -> Decimal | None:
    """What a run may cost when *spent_usd* of the month's money are spent; ``None``: no limit.

    Raises BudgetError when nothing is left.
    """
    if schedule.max_month_usd is None:
        return schedule.max_cost_usd
    left = schedule.max_month_usd - spent_usd
    if left <= 0:
        raise BudgetError(
            f"schedule {schedule.name}: max_month_usd: of {schedule.max_month_usd} USD a month {spent_usd} are spent"
        )
    return left if schedule.max_cost_usd is None else min(left, schedule.max_cost_usd)
