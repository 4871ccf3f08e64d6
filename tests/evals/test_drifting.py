"""Live votes against a calibration: who said what is read off the store's rows; the statistics are tested elsewhere."""

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from harness.consensus.calibration.calibrate import PolicyFacts, calibrate
from harness.core.ids import ModelId, PolicyName, TaskClass
from harness.evals.drifting import LEAST_VERDICTS, look
from harness.store import PolicyVoteRow
from tests.consensus.calibration.voters import SIX, survey

NAMES = tuple(ModelId(name) for name in "abcdef")
FACTS = PolicyFacts(
    task_class=TaskClass("sums"),
    policy=PolicyName("p"),
    policy_version="v1",
    comparator="numeric@3",
    models=NAMES,
    order="all_at_once",
)


@pytest.fixture(scope="module")
def calibration():
    return calibrate(survey(200, 21), FACTS, fitted_at="2026-11-21T08:00:00Z", limits=())


def rows(labelled, **changes):
    """The rows of one verdict, heard in a random order."""
    groups: dict[int, list[str]] = {}
    for name, group in zip(NAMES, labelled.votes, strict=True):
        if group is not None:
            groups.setdefault(group, []).append(name)
    order = random.Random(labelled.task).sample(range(6), 6)
    usual = PolicyVoteRow(
        verdict_id=labelled.task,
        at=datetime(2026, 11, 22, tzinfo=UTC),
        task_class="sums",
        policy_version="v1",
        comparator="numeric@3",
        groups=[{"answer": str(group), "models": models, "weight": 0.1} for group, models in groups.items()],
        model="",
        kind="",
    )
    kinds = ["failed" if labelled.votes[i] is None else "answered" for i in order]
    return [replace(usual, model=NAMES[i], kind=kind, **changes) for i, kind in zip(order, kinds, strict=True)]


def traffic(labelled, **changes):
    return [row for each in labelled for row in rows(each, **changes)]


def test_the_same_voters_are_as_expected(calibration):
    found = look(calibration, traffic(survey(200, 33)))
    assert found.found is not None
    assert (found.verdicts, found.other, found.alarm) == (200, 0, False)
    assert abs(found.found.observed - found.found.predicted) < 0.05


def test_a_model_that_was_replaced_raises_an_alarm_that_names_it(calibration):
    worse = replace(SIX, accuracy=tuple((0.5, 0.2, 0.1) if i == 3 else row for i, row in enumerate(SIX.accuracy)))
    found = look(calibration, traffic(survey(200, 34, worse)))
    assert found.alarm
    assert found.why.startswith("drift: in 200 verdicts ")
    assert found.why.endswith("most of all d")


def test_too_few_verdicts_say_nothing(calibration):
    assert look(calibration, traffic(survey(LEAST_VERDICTS - 1, 35))).found is None
    assert not look(calibration, []).alarm


def test_what_was_fitted_to_a_handful_can_tell_nothing():
    thin = calibrate(survey(20, 21), FACTS, fitted_at="2026-11-21T08:00:00Z", limits=())
    assert look(thin, traffic(survey(100, 36))).found is None


def test_votes_of_other_kinds_are_left_aside(calibration):
    some = survey(40, 37)
    assert look(calibration, traffic(some, policy_version="v0")).other == 40
    assert look(calibration, traffic(some, comparator="numeric@2")).other == 40
    elsewhere = look(calibration, traffic(some, task_class="texts"))
    assert (elsewhere.verdicts, elsewhere.other) == (0, 0)


def test_one_voice_is_no_agreement(calibration):
    alone = [row for each in survey(40, 38) for row in rows(each) if row.model == "a"]
    assert look(calibration, alone).verdicts == 0


def test_hostile_groups_count_for_nobody(calibration):
    odd = traffic(survey(40, 39), groups=["x", {"models": [1, None]}, {}])
    assert look(calibration, odd).verdicts == 0
