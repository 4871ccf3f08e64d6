"""Did anything get worse? Tonight's results against a pooled baseline: sudden losses, slow decay, and when to speak.

Sudden: a paired test of tonight against the baseline, beyond a floor, with Holm's adjustment over everything that was
looked at. Slow: a one-sided CUSUM of standardised nights (Page 1954; Montgomery). Either only raises a suspicion, which
fresh samples have to confirm: a baseline that was lucky by chance looks like decay to a CUSUM that goes on for ever.
Both look at one cell, a candidate on a class of tasks, task by task, so a task that is missing tonight biases nothing.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeVar

from harness.stats.arguments import whole
from harness.stats.effect import PairedEffect, PairedFacts, paired_effect
from harness.stats.multiple import holm

Severity = Literal["low", "medium", "high"]
AlertState = Literal["quiet", "new", "ongoing", "recovered"]
Cause = Literal["", "sudden", "slow"]

SEVERE = 0.10
"""A loss of at least this much is of high severity."""
_SPREAD_MIN = 0.5
"""Of a night's number of successes: where no task ever varied, half a task still can."""

_K = TypeVar("_K", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """When a loss is told. The defaults were measured: see ``tests/sim/nightly.py``."""

    floor: float = 0.03
    """Share of tasks: a smaller loss is never told as sudden."""
    tasks_min: int = 2
    """Nor is a loss of fewer tasks than this."""
    alpha: float = 0.05
    """Of the adjusted p, and of the confirming run."""
    k: float = 0.5
    """CUSUM: standard deviations of a night that are forgiven each night."""
    h: float = 7.0
    """CUSUM: the limit, in standard deviations of a night."""
    confirming_epochs: int = 3
    """Fresh samples of each task that a confirming run takes."""
    runs_min: int = 5
    """Samples per task that a baseline needs before decay is looked for."""
    good_min: int = 3
    """Good nights in a row after which an alert is over."""
    remind_days: int = 7
    """An alert that goes on is told again after so many days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often one task was tried and resolved; what could not be measured is not counted."""

    resolved: int
    samples: int
    """At least 1."""

    @property
    def rate(self) -> float:
        """Share resolved."""
        return self.resolved / self.samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One cell tonight against its baseline, on the tasks that both have."""

    effect: PairedEffect
    """Tonight minus baseline."""
    baseline: float | None
    """Mean rate of the shared tasks; ``None`` without one."""
    now: float | None
    z: float | None
    """The difference in standard deviations of a night; ``None``: the baseline is too thin to know them."""

    @property
    def tasks_lost(self) -> float:
        """Net number of tasks; negative: won."""
        return 0.0 if self.effect.diff is None else -self.effect.diff * self.effect.n


def tally(results: Mapping[_K, Sequence[bool]]) -> dict[_K, Tally]:
    """*results*, successes by task, as counts. A task without a result is left out."""
    return {key: Tally(resolved=sum(found), samples=len(found)) for key, found in results.items() if found}


def shift(baseline: Mapping[_K, Tally], now: Mapping[_K, Tally], *, rule: AlertRule | None = None) -> Shift:
    """*now* against *baseline*, per task of both.

    One sample on either side: counts (Tango, McNemar). Otherwise task differences (t). ``z`` is the sum of the
    differences over the standard deviation that one night has by itself: per task ``p(1-p) m/(m-1)``, unbiased for *m*
    baseline samples, divided by tonight's samples.
    """
    rule = rule or AlertRule()
    shared = [(baseline[key], found) for key, found in now.items() if key in baseline]
    if not shared:
        return Shift(effect=paired_effect(PairedFacts()), baseline=None, now=None, z=None)
    return Shift(
        effect=paired_effect(_facts(shared)),
        baseline=math.fsum(before.rate for before, _ in shared) / len(shared),
        now=math.fsum(after.rate for _, after in shared) / len(shared),
        z=_standardised(shared, rule),
    )


def _facts(shared: Sequence[tuple[Tally, Tally]]) -> PairedFacts:
    if any(before.samples > 1 or after.samples > 1 for before, after in shared):
        return PairedFacts(differences=tuple(after.rate - before.rate for before, after in shared))
    cells = [(before.resolved, after.resolved) for before, after in shared]
    return PairedFacts(
        both=cells.count((1, 1)), a_only=cells.count((1, 0)), b_only=cells.count((0, 1)), neither=cells.count((0, 0))
    )


def _standardised(shared: Sequence[tuple[Tally, Tally]], rule: AlertRule) -> float | None:
    if math.fsum(before.samples for before, _ in shared) / len(shared) < rule.runs_min:
        return None
    many = [(before, after) for before, after in shared if before.samples > 1]
    variance = math.fsum(
        before.rate * (1 - before.rate) * before.samples / (before.samples - 1) / after.samples
        for before, after in many
    )
    total = math.fsum(after.rate - before.rate for before, after in many)
    return total / max(_SPREAD_MIN, math.sqrt(variance))


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """What one night says of one cell, before fresh samples confirm it."""

    p_holm: float
    """Of the paired test, adjusted for every cell that was looked at."""
    cusum: float
    """Standard deviations of a night that were lost so far and not forgiven."""
    cause: Cause
    """Empty: nothing is suspected."""


def suspicions(
    shifts: Sequence[Shift], courses: Sequence["Course"], *, rule: AlertRule | None = None
) -> list[Suspicion]:
    """What is suspected in each of *shifts*, all the cells that were looked at tonight, given how each stood before.

    A cell whose alert is open is not suspected again.
    """
    rule = rule or AlertRule()
    adjusted = holm(p=[one.effect.p for one in shifts]).p_adj if shifts else ()
    return [_suspicion(*cell, rule) for cell in zip(shifts, courses, adjusted, strict=True)]


def _suspicion(night: Shift, course: "Course", p_holm: float, rule: AlertRule) -> Suspicion:
    cusum = course.cusum if night.z is None else max(0.0, course.cusum - night.z - rule.k)
    cause: Cause = ""
    if not course.open and p_holm < rule.alpha and _large(night, rule):
        cause = "sudden"
    elif not course.open and cusum > rule.h:
        cause = "slow"
    return Suspicion(p_holm=p_holm, cusum=cusum, cause=cause)


def _large(one: Shift, rule: AlertRule) -> bool:
    diff = one.effect.diff
    return diff is not None and diff <= -rule.floor and one.tasks_lost >= rule.tasks_min - 1e-9


def confirmed(fresh: Shift, *, rule: AlertRule | None = None) -> bool:
    """Whether fresh samples show the loss as well: one-sided *alpha*, beyond the floor.

    Fresh are samples that did not raise the suspicion: after a sudden loss of the tasks that failed and as many others,
    after slow decay of all the tasks of the class.
    """
    rule = rule or AlertRule()
    diff = fresh.effect.diff
    return diff is not None and diff <= -rule.floor and fresh.effect.p / 2 < rule.alpha


def severity(effect: PairedEffect, *, rule: AlertRule | None = None) -> Severity:
    """How bad a loss is at least: by the end of its interval that is nearer to 0, never by the estimate."""
    rule = rule or AlertRule()
    if effect.hi <= -SEVERE:
        return "high"
    return "medium" if effect.hi <= -rule.floor else "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Where one cell stands after a night."""

    state: AlertState = "quiet"
    cusum: float = 0.0
    """Standard deviations lost and not forgiven."""
    cause: Cause = ""
    """Of the alert."""
    since: datetime | None = None
    """The night the alert was raised."""
    good: int = 0
    """Good nights in a row since it was last bad."""

    @property
    def open(self) -> bool:
        """Whether an alert stands."""
        return self.state in {"new", "ongoing"}


def advance(
    course: Course,
    night: Shift,
    suspicion: Suspicion,
    *,
    sure: bool | None,
    at: datetime,
    rule: AlertRule | None = None,
) -> Course:
    """*course* after one more night. *sure*: whether fresh samples confirmed the suspicion; ``None``: none were taken.

    A confirmed suspicion raises an alert; decay that was not confirmed falls back to half the limit. An alert goes on
    until *good_min* nights in a row lost less than the floor, and is recovered then. A night without a shared task
    changes nothing.
    """
    rule = rule or AlertRule()
    if night.effect.diff is None:
        return course
    if not course.open:
        if suspicion.cause and sure:
            return Course(state="new", cusum=suspicion.cusum, cause=suspicion.cause, since=at)
        return Course(cusum=rule.h / 2 if suspicion.cause == "slow" and sure is False else suspicion.cusum)
    good = 0 if night.effect.diff <= -rule.floor else course.good + 1
    if good >= rule.good_min:
        return Course(state="recovered", cause=course.cause, since=course.since)
    return replace(course, state="ongoing", cusum=suspicion.cusum, good=good)


def due(course: Course, *, at: datetime, before: datetime | None, rule: AlertRule | None = None) -> bool:
    """Whether somebody is told tonight: what is new or over, and a reminder of what goes on.

    *before* is the night before this one; ``None``: there was none.
    """
    rule = rule or AlertRule()
    if course.state in {"new", "recovered"}:
        return True
    if course.state != "ongoing" or course.since is None:
        return False
    days = whole("remind_days", rule.remind_days, least=1)
    told = 0 if before is None else (before - course.since).days // days
    return (at - course.since).days // days > told
