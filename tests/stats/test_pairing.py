"""Pairs: same task, same content, same epoch, both measured."""

import pytest

from harness.core.trial import Grade
from harness.stats import pair_trials

FAIL, PASS, INFRA = Grade.NOT_RESOLVED, Grade.RESOLVED, Grade.INFRA_ERROR


def test_pairs_by_task_content_and_epoch(make_trial):
    rows = [
        make_trial("t1", "a", PASS), make_trial("t1", "b", FAIL),
        make_trial("t2", "a", PASS, digest="old"), make_trial("t2", "b", PASS, digest="new"),
        make_trial("t3", "a", PASS, epoch=0), make_trial("t3", "a", FAIL, epoch=1), make_trial("t3", "b", PASS, epoch=1),
    ]  # fmt: skip
    found = pair_trials(rows[::-1], a="a", b="b")
    assert [(task.task_id, task.a_rate, task.b_rate, task.difference) for task in found.tasks] == [
        ("t1", 1.0, 0.0, -1.0),
        ("t3", 0.0, 1.0, 1.0),
    ]
    assert (found.unpaired_a, found.unpaired_b, found.changed, found.epochs) == (2, 1, ("t2",), 1)


def test_a_trial_that_was_not_measured_takes_its_partner_along(make_trial):
    rows = [
        make_trial("t1", "a", PASS),
        make_trial("t1", "b", INFRA),
        make_trial("t2", "a", PASS),
        make_trial("t2", "b", PASS),
    ]
    found = pair_trials(rows, a="a", b="b")
    assert [task.task_id for task in found.tasks] == ["t2"]
    assert (found.excluded, found.infra_a, found.infra_b, found.trials_b) == (1, 0, 1, 2)


@pytest.mark.parametrize(("rule", "rates"), [("fail", (1.0, 0.0)), ("a_passes", (1.0, 0.0)), ("b_passes", (1.0, 1.0))])
def test_what_not_measured_may_count_as(make_trial, rule, rates):
    (task,) = pair_trials([make_trial("t", "a", PASS), make_trial("t", "b", INFRA)], a="a", b="b", infra=rule).tasks
    assert (task.a_rate, task.b_rate) == rates


def test_epochs_are_shares(make_trial):
    rows = [make_trial("t", "a", grade, epoch=epoch) for epoch, grade in enumerate((PASS, FAIL, FAIL))]
    rows += [make_trial("t", "b", grade, epoch=epoch) for epoch, grade in enumerate((PASS, PASS, INFRA))]
    found = pair_trials(rows, a="a", b="b")
    assert found.tasks[0].difference == 0.5
    assert found.epochs == 2


def test_only_resolved_passes(make_trial):
    for grade in Grade:
        rows = [make_trial("t", "a", PASS), make_trial("t", "b", grade)]
        pairs = pair_trials(rows, a="a", b="b", infra="fail").tasks
        assert pairs[0].b_rate == (1.0 if grade is PASS else 0.0)


def test_two_candidates_are_needed():
    with pytest.raises(ValueError, match="must be two candidates: 'a'"):
        pair_trials([], a="a", b="a")
    assert pair_trials([], a="a", b="b").epochs == 0
