import random
from dataclasses import replace

from harness.consensus.calibration import drift
from harness.consensus.calibration.order import Rule, walk
from tests.consensus.calibration.voters import SIX, survey

PANEL = range(6)


def complete(items):
    return [(item.votes, PANEL) for item in items]


def stopped(calibration, items, threshold=0.97):
    """Only what the policy would have heard."""
    estimator = calibration.estimator()
    rule = Rule(order="value", cost=(1.0,) * 6, threshold=threshold)
    return [(item.votes, walk(estimator, item.votes, rule).asked) for item in items]


def test_the_same_voters_raise_no_alarm(calibration):
    for seed in range(30, 36):
        found = drift(calibration.estimator(), calibration.baseline, complete(survey(300, seed)))
        assert not found.alarm, found
        assert found.questions == 300
        assert abs(found.observed - found.predicted) < 0.05


def test_stopped_votes_raise_no_alarm_either(calibration):
    """Who is asked depends on who disagreed: marginal agreement rates would differ, the prediction given them does not."""
    for seed in range(40, 44):
        found = drift(calibration.estimator(), calibration.baseline, stopped(calibration, survey(400, seed)))
        assert not found.alarm, found


def worse(member, accuracy):
    return replace(SIX, accuracy=tuple(accuracy if i == member else row for i, row in enumerate(SIX.accuracy)))


def test_a_model_that_was_replaced_is_noticed(calibration):
    found = drift(calibration.estimator(), calibration.baseline, complete(survey(200, 50, worse(3, (0.6, 0.3, 0.1)))))
    assert found.alarm
    assert found.observed < found.predicted
    assert min(range(6), key=found.model_p_values.__getitem__) == 3


def test_harder_traffic_is_noticed(calibration):
    harder = replace(SIX, difficulty=(0.2, 0.4, 0.4))
    assert drift(calibration.estimator(), calibration.baseline, stopped(calibration, survey(200, 51, harder))).alarm


def test_members_that_start_to_echo_are_noticed(calibration):
    rng = random.Random(1)
    echoes = [((0 if rng.random() < 0.5 else 1,) * 6, PANEL) for _ in range(400)]
    found = drift(calibration.estimator(), calibration.baseline, echoes)
    assert found.alarm
    assert found.observed == 1.0


def test_a_handful_of_questions_proves_nothing(calibration):
    bad = complete(survey(20, 52, worse(3, (0.1, 0.1, 0.1))))
    assert not drift(calibration.estimator(), calibration.baseline, bad).alarm
    nothing = drift(calibration.estimator(), calibration.baseline, [])
    assert (nothing.questions, nothing.observed, nothing.p_value) == (0, 0.0, 1.0)
