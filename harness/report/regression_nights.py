"""The nights of a suite, replayed in order: each is judged against its baseline, and moves what stands about it.

Everything follows from rows, so the state of an alert needs no memory of its own: the same runs give the same alerts.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.core.rows import RunRow, TrialRow
from harness.core.trial import Grade
from harness.stats import (
    AlertRule,
    Course,
    Shift,
    Suspicion,
    Tally,
    advance,
    confirmed,
    shift,
    suspicions,
    tally,
)

POOLED = 15
"""Runs that make up a baseline, unless somebody froze others."""
SHOWN = 30
"""Nights that are replayed and drawn."""
INFRA_SHARE_MAX = 0.10
"""A night of which more could not be measured says nothing about its candidate."""

TaskKey = tuple[str, str]
"""Task id and content digest: a task that changed is another task."""
CellKey = tuple[str, str]
"""Candidate and task class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One run, and the runs that took fresh samples to confirm what it raised."""

    run: RunRow
    rows: Sequence[TrialRow]
    fresh: Sequence[TrialRow] = ()

    def unmeasured(self) -> tuple[str, ...]:
        """The candidates of whose trials too few were measured to say anything."""
        trials = Counter(row.candidate for row in self.rows)
        failed = Counter(row.candidate for row in self.rows if not row.grade.measured)
        return tuple(
            name for name in self.run.candidates if not trials[name] or failed[name] > INFRA_SHARE_MAX * trials[name]
        )

    def sound(self) -> list[TrialRow]:
        """The trials of all other candidates."""
        left_out = self.unmeasured()
        return [row for row in self.rows if row.candidate not in left_out]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What nights are compared with."""

    kind: Literal["frozen", "chosen", "pooled"]
    """Frozen by ``harness baseline set``, named with ``--baseline``, or the last accepted runs."""
    run_ids: tuple[str, ...] = ()
    """Of the first two kinds."""
    set_at: str = ""
    reason: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellNight:
    """One cell after one night."""

    night: Shift
    suspicion: Suspicion
    fresh: Shift | None
    """Of the confirming run; ``None``: there was none."""
    sure: bool | None
    course: Course


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A night with all its cells, and the runs it was compared with."""

    night: Night
    cells: Mapping[CellKey, CellNight]
    baseline: tuple[Night, ...]
    unmeasured: tuple[str, ...] = ()
    """Candidates of which too much failed for reasons of infrastructure."""

    @property
    def accepted(self) -> bool:
        """Whether the night may become part of a pooled baseline: complete, measured, and nothing raised or open."""
        calm = not any(cell.course.open or cell.suspicion.cause for cell in self.cells.values())
        return calm and self.night.run.complete and not self.unmeasured


@dataclass(slots=True, kw_only=True)
class _Replay:
    baseline: Baseline
    rule: AlertRule
    named: tuple[Night, ...]
    accepted: list[Night] = field(default_factory=list)
    courses: dict[CellKey, Course] = field(default_factory=dict)
    pooled_ids: tuple[str, ...] = ()
    pooled: Mapping[CellKey, Mapping[TaskKey, Tally]] = field(default_factory=dict)

    def pool(self) -> tuple[Night, ...]:
        return self.named if self.baseline.kind != "pooled" else tuple(self.accepted[-POOLED:])

    def before(self, pool: tuple[Night, ...]) -> Mapping[CellKey, Mapping[TaskKey, Tally]]:
        ids = tuple(one.run.run_id for one in pool)
        if ids != self.pooled_ids:  # a named baseline stays the same every night
            self.pooled_ids, self.pooled = ids, tallies([row for one in pool for row in one.sound()])
        return self.pooled

    def judge(self, night: Night) -> Judged:
        pool = self.pool()
        before, now, fresh = self.before(pool), tallies(night.sound()), tallies(night.fresh)
        keys = sorted(now)
        shifts = [shift(before.get(key, {}), now[key], rule=self.rule) for key in keys]
        courses = [self.courses.get(key, Course()) for key in keys]
        cells: dict[CellKey, CellNight] = {}
        looked = suspicions(shifts, courses, rule=self.rule)
        for key, one, course, suspicion in zip(keys, shifts, courses, looked, strict=True):
            again = shift(before.get(key, {}), fresh[key], rule=self.rule) if suspicion.cause and key in fresh else None
            sure = None if again is None or again.effect.diff is None else confirmed(again, rule=self.rule)
            after = advance(course, one, suspicion, sure=sure, at=night.run.started_at, rule=self.rule)
            self.courses[key] = after
            cells[key] = CellNight(night=one, suspicion=suspicion, fresh=again, sure=sure, course=after)
        judged = Judged(night=night, cells=cells, baseline=pool, unmeasured=night.unmeasured())
        if judged.accepted:
            self.accepted.append(night)
        return judged


def tallies(rows: Collection[TrialRow]) -> dict[CellKey, dict[TaskKey, Tally]]:
    """How often each task was resolved, by cell; what could not be measured is left out."""
    found: dict[CellKey, dict[TaskKey, list[bool]]] = {}
    for row in rows:
        if row.grade.measured:
            cell = found.setdefault((row.candidate, row.task_class), {})
            cell.setdefault((row.task_id, row.task_digest), []).append(row.grade is Grade.RESOLVED)
    return {key: tally(tasks) for key, tasks in found.items()}


def replay(nights: Sequence[Night], baseline: Baseline, *, rule: AlertRule | None = None) -> list[Judged]:
    """*nights*, oldest first, each judged by what was known then; runs of a named baseline are not judged themselves.

    A night that is not complete is judged only as the last one, and never becomes part of a baseline.
    """
    named = tuple(night for night in nights if night.run.run_id in baseline.run_ids)
    course = _Replay(baseline=baseline, rule=rule or AlertRule(), named=named)
    begun = max((night.run.started_at for night in named), default=None)
    later = [
        night
        for place, night in enumerate(nights)
        if night not in named
        and (begun is None or night.run.started_at > begun or place == len(nights) - 1)
        and (night.run.complete or place == len(nights) - 1)
    ]
    return [course.judge(night) for night in later]
