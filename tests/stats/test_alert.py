"""The alert rule: what is suspected, what is confirmed, and how an alert comes and goes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats import (
    AlertRule,
    Course,
    Shift,
    Suspicion,
    Tally,
    advance,
    confirmed,
    due,
    severity,
    shift,
    suspicions,
    tally,
)
from tests.sim.nightly import month

AT = datetime(2026, 11, 1, 2, tzinfo=UTC)
QUIET = Suspicion(p_holm=1.0, cusum=0.0, cause="")
SUDDEN = Suspicion(p_holm=0.001, cusum=2.0, cause="sudden")
SLOW = Suspicion(p_holm=1.0, cusum=8.0, cause="slow")


def cell(rate: float, tasks: int = 40, samples: int = 1) -> dict[int, Tally]:
    """The first tasks always, the others never."""
    return {
        task: Tally(resolved=samples if task < round(rate * tasks) else 0, samples=samples) for task in range(tasks)
    }


def varied(tasks: int = 40, samples: int = 15, resolved: int = 12) -> dict[int, Tally]:
    return {task: Tally(resolved=resolved, samples=samples) for task in range(tasks)}


def test_counts_of_results():
    assert tally({"a": [True, False], "b": [], "c": [True]}) == {
        "a": Tally(resolved=1, samples=2),
        "c": Tally(resolved=1, samples=1),
    }
    assert Tally(resolved=1, samples=2).rate == 0.5


def test_one_sample_on_either_side_is_a_table_of_counts():
    one = shift(cell(1.0), cell(0.5))
    assert one.effect.method == "Tango score interval, McNemar mid-p"
    assert (one.effect.n, one.effect.diff, one.baseline, one.now, one.z) == (40, -0.5, 1.0, 0.5, None)
    assert one.tasks_lost == 20


def test_a_pooled_baseline_knows_what_a_night_varies_by():
    # 40 tasks of 0.8, each with variance 0.16 · 15/14 a night: sd of the sum 2.619; 26 of 40 is 6 fewer than 32.
    one = shift(varied(), cell(0.65))
    assert one.z == pytest.approx(-6 / (40 * 0.16 * 15 / 14) ** 0.5)
    # A task that never varied still may: half a task a night.
    assert shift(cell(1.0, samples=15), cell(0.95)).z == pytest.approx(-2 / 0.5)


def test_only_shared_tasks_count():
    nothing = shift({}, cell(1.0))
    assert (nothing.effect.n, nothing.effect.diff, nothing.baseline, nothing.z, nothing.tasks_lost) == (
        0,
        None,
        None,
        None,
        0,
    )
    assert shift({0: Tally(resolved=1, samples=1), 99: Tally(resolved=0, samples=1)}, cell(1.0)).effect.n == 1


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 1)), min_size=1, max_size=60))
def test_worse_nights_have_lower_z_and_all_is_finite(tasks):
    before = {at: Tally(resolved=old, samples=15) for at, (old, _) in enumerate(tasks)}
    now = {at: Tally(resolved=new, samples=1) for at, (_, new) in enumerate(tasks)}
    worst = {at: Tally(resolved=0, samples=1) for at in now}
    found, least = shift(before, now), shift(before, worst)
    assert found.z is not None
    assert least.z is not None
    assert abs(found.z) < 1e6
    assert least.z <= found.z
    assert -1 <= found.effect.lo <= found.effect.hi <= 1


@pytest.mark.parametrize(
    ("before", "now", "cause"),
    [
        (varied(), cell(0.8), ""),
        (varied(), cell(0.4), "sudden"),
        (cell(1.0), cell(0.0), "sudden"),
        (cell(0.4), cell(1.0), ""),
        (cell(1.0, tasks=1), cell(0.0, tasks=1), ""),
        ({}, cell(0.0), ""),
    ],
)
def test_what_is_suspected_in_one_night(before, now, cause):
    (found,) = suspicions([shift(before, now)], [Course()])
    assert found.cause == cause


def test_many_cells_ask_for_more_and_open_alerts_are_not_suspected_again():
    night = shift(varied(), cell(0.6))
    (alone,) = suspicions([night], [Course()])
    among = suspicions([night, *[shift(varied(), cell(0.8))] * 40], [Course()] * 41)
    assert (alone.cause, among[0].cause) == ("sudden", "")
    assert among[0].p_holm > alone.p_holm
    assert suspicions([night], [Course(state="new", since=AT)])[0].cause == ""
    assert suspicions([], []) == []


def test_decay_adds_up():
    course = Course()
    night = shift(varied(), cell(0.75))
    for _ in range(40):
        (found,) = suspicions([night], [course])
        if found.cause:
            break
        course = advance(course, night, found, sure=None, at=AT)
    assert found.cause == "slow"
    assert found.cusum > AlertRule().h
    assert advance(course, night, found, sure=False, at=AT) == Course(cusum=AlertRule().h / 2)
    # Without fresh samples it stays suspected.
    assert advance(course, night, found, sure=None, at=AT).cusum == found.cusum


@pytest.mark.parametrize(
    ("now", "sure"), [(cell(0.5, samples=3), True), (cell(0.8, samples=3), False), ({}, False), (cell(1.0), False)]
)
def test_fresh_samples_confirm_or_not(now, sure):
    assert confirmed(shift(varied(), now)) is sure


def test_severity_is_the_end_of_the_interval():
    assert severity(shift(varied(200), cell(0.3, 200)).effect) == "high"
    assert severity(shift(varied(400), cell(0.7, 400)).effect) == "medium"
    assert severity(shift(varied(40), cell(0.7)).effect) == "low"


def course_of(nights: str) -> list[Course]:
    """C: a confirmed sudden loss; b: bad; g: good; -: nothing shared."""
    bad, good, nothing = shift(varied(), cell(0.5)), shift(varied(), cell(0.8)), shift({}, cell(0.8))
    course, found = Course(), []
    for place, kind in enumerate(nights):
        night = {"C": bad, "b": bad, "g": good, "-": nothing}[kind]
        suspicion, sure = (SUDDEN, True) if kind == "C" else (QUIET, None)
        course = advance(course, night, suspicion, sure=sure, at=AT + timedelta(days=place))
        found.append(course)
    return found


@pytest.mark.parametrize(
    ("nights", "states"),
    [
        ("gg", "quiet quiet"),
        ("C", "new"),
        ("Cb", "new ongoing"),
        ("Cggg", "new ongoing ongoing recovered"),
        ("Cggbgg", "new ongoing ongoing ongoing ongoing ongoing"),
        ("C-g", "new new ongoing"),
        ("Cgggg", "new ongoing ongoing recovered quiet"),
        ("CgggC", "new ongoing ongoing recovered new"),
    ],
)
def test_an_alert_comes_and_goes(nights, states):
    found = course_of(nights)
    assert [course.state for course in found] == states.split()
    assert all(course.since == AT for course in found if course.open and "gggC" not in nights)
    assert found[-1].open == (states.split()[-1] in {"new", "ongoing"})


def test_a_slow_alert_keeps_its_cause():
    night = shift(varied(), cell(0.75))
    course = advance(Course(cusum=5.0), night, SLOW, sure=True, at=AT)
    assert (course.state, course.cause, course.cusum, course.since) == ("new", "slow", 8.0, AT)


def test_who_is_told_when():
    new, ongoing = Course(state="new", since=AT), Course(state="ongoing", since=AT)
    assert due(new, at=AT, before=None)
    assert due(Course(state="recovered", since=AT), at=AT, before=None)
    assert not due(Course(), at=AT, before=None)
    told = [due(ongoing, at=AT + timedelta(days=day), before=AT + timedelta(days=day - 1)) for day in range(1, 16)]
    assert [day for day, said in enumerate(told, start=1) if said] == [7, 14]
    assert due(ongoing, at=AT + timedelta(days=8), before=None)
    assert not due(Course(state="ongoing"), at=AT, before=None)


def test_a_shift_without_a_difference_is_no_loss():
    assert not confirmed(shift({}, {}))
    assert isinstance(shift({}, {}), Shift)


def test_a_smoke_of_the_simulation():
    # The full figures: python -m tests.sim.nightly.
    quiet = [month(seed) for seed in range(6)]
    assert sum(one.false for one in quiet) <= 2
    found = [month(1000 + seed, loss=0.15, nights=7).found for seed in range(12)]
    assert sum(night is not None for night in found) >= 10
