from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.consensus.calibration import Abstain, Ask, Moment, Serve, Wait, decide
from harness.core.outcome import Reason
from tests.consensus.calibration.conftest import NAMES

LIMIT = 0.05


def moment(*said, asked=None, unavailable=None) -> Moment:
    """The first members have *said* this; the others were not asked."""
    votes = dict(zip(NAMES, said, strict=False))
    return Moment(votes=votes, asked=list(votes) if asked is None else asked, unavailable=unavailable or {})


def play(calibration, answers, limit=LIMIT):
    """Asks until there is a decision; *answers* by model."""
    votes, asked = {}, []
    while True:
        action = decide(calibration, Moment(votes=votes, asked=asked), limit)
        if not isinstance(action, Ask):
            return action, asked
        asked += action.models
        votes |= {model: answers[model] for model in action.models}


def test_the_first_round_has_two_members(calibration):
    action = decide(calibration, moment(), LIMIT)
    assert isinstance(action, Ask)
    assert len(action.models) == 2


def test_two_good_members_that_agree_are_served(calibration):
    action, asked = play(calibration, dict.fromkeys(NAMES, 7))
    assert isinstance(action, Serve)
    assert (action.group, len(asked)) == (7, 2)
    assert action.certificate.risk_limit == LIMIT
    assert action.confidence >= action.certificate.threshold
    assert action.ranking == ((7, action.confidence),)


def test_disagreement_is_ranked_and_divergent(calibration):
    action, asked = play(calibration, {model: i for i, model in enumerate(NAMES)})
    assert isinstance(action, Abstain)
    assert action.reason is Reason.DIVERGENT
    assert action.why.startswith("votes 1 against 1")
    assert len(action.ranking) == len(asked)
    assert sum(chance for _, chance in action.ranking) < 1


@given(votes=st.lists(st.none() | st.integers(0, 5), min_size=6, max_size=6))
def test_every_vote_ends_within_the_panel_with_a_reason_or_two_votes(calibration, votes):
    action, asked = play(calibration, dict(zip(NAMES, votes, strict=True)))
    assert len(asked) == len(set(asked)) <= 6
    heard = [votes[NAMES.index(model)] for model in asked]
    valid = [group for group in heard if group is not None]
    if isinstance(action, Serve):
        assert action.group in valid
        assert len(valid) >= 2
    else:
        assert isinstance(action, Abstain)
        assert action.reason in (Reason.DIVERGENT, Reason.DEGRADED_PANEL)
        if len(valid) < 2:
            assert action.reason is Reason.DEGRADED_PANEL


def test_all_silent_is_a_degraded_panel(calibration):
    action, asked = play(calibration, dict.fromkeys(NAMES))
    assert isinstance(action, Abstain)
    assert action.reason is Reason.DEGRADED_PANEL
    assert len(asked) == 6
    assert action.ranking == ()
    assert action.why.startswith("votes 0; no valid answer from v/a, v/b")


def test_one_survivor_is_not_consensus(calibration):
    action, _ = play(calibration, dict.fromkeys(NAMES) | {NAMES[5]: 1})
    assert isinstance(action, Abstain)
    assert action.reason is Reason.DEGRADED_PANEL


def test_silence_that_could_have_sufficed_degrades(calibration):
    """Two against one where the three others fell silent: their answers could have been enough."""
    action = decide(calibration, moment(0, 1, None, None, None, None), LIMIT)
    assert isinstance(action, Abstain)
    assert action.reason is Reason.DEGRADED_PANEL
    assert "v/c, v/d, v/e, v/f" in action.why


def test_a_silent_member_lowers_the_confidence(calibration):
    estimator = calibration.estimator()
    full = decide(calibration, moment(0, 0, 0, 0, 0, 0), LIMIT, estimator=estimator)
    thinner = decide(calibration, moment(0, 0, 0, 0, 0, None), LIMIT, estimator=estimator)
    assert isinstance(full, Serve)
    assert isinstance(thinner, Serve)
    assert thinner.confidence < full.confidence


def test_pending_members_are_waited_for_only_while_needed(calibration):
    assert isinstance(decide(calibration, moment(0, 1, asked=NAMES[:3]), LIMIT), Wait)
    assert isinstance(decide(calibration, moment(0, 0, 0, 0, asked=NAMES), LIMIT), Serve)
    patient = replace(calibration, order="all_at_once")
    assert isinstance(decide(patient, moment(0, 0, 0, 0, asked=NAMES), LIMIT), Wait)
    assert isinstance(decide(patient, moment(0, 0, 0, 0, 0, None), LIMIT), Serve)
    first = decide(patient, moment(), LIMIT)
    assert isinstance(first, Ask)
    assert first.models == NAMES


def test_without_a_certificate_nobody_is_asked(calibration):
    action = decide(calibration, moment(), 0.0001)
    assert isinstance(action, Abstain)
    assert action.reason is Reason.UNCERTIFIED
    assert "that limit was not part of the calibration; certified: 0." in action.why

    def uncertified(missing):
        thresholds = tuple(
            replace(t, certified=False, threshold=None, labels_missing=missing) for t in calibration.thresholds
        )
        return decide(replace(calibration, thresholds=thresholds), moment(), 0.01)

    assert uncertified(250).labels_missing == 250
    assert "about 250 more labels are missing" in uncertified(250).why
    assert "certified: none" in uncertified(250).why
    assert "too many for any number of labels" in uncertified(None).why


def test_a_looser_limit_is_served_under_a_stricter_certificate(calibration):
    action = decide(calibration, moment(0, 0, 0, 0, 0, 0), 0.07)
    assert isinstance(action, Serve)
    assert action.certificate.risk_limit == 0.05


def test_members_that_may_not_be_asked(calibration):
    wanted = decide(calibration, moment(), LIMIT)
    assert isinstance(wanted, Ask)
    without = decide(calibration, moment(unavailable={wanted.models[0]: Reason.BUDGET}), LIMIT)
    assert isinstance(without, Ask)
    assert wanted.models[0] not in without.models
    nobody = decide(calibration, moment(0, 1, unavailable=dict.fromkeys(NAMES[2:], Reason.BUDGET)), LIMIT)
    assert isinstance(nobody, Abstain)
    assert nobody.reason is Reason.BUDGET
    hopeless = replace(
        calibration, thresholds=tuple(replace(t, threshold=0.9999999, certified=True) for t in calibration.thresholds)
    )
    given_up = decide(hopeless, moment(0, 1, 2, unavailable={NAMES[5]: Reason.BUDGET}), LIMIT)
    assert isinstance(given_up, Abstain)
    assert given_up.reason is Reason.DIVERGENT


def test_other_costs_change_who_is_asked(calibration):
    cheap = dict.fromkeys(NAMES, 100.0) | {NAMES[0]: 0.01, NAMES[1]: 0.01}
    action = decide(calibration, moment(), 0.1, cost=cheap)
    assert isinstance(action, Ask)
    assert set(action.models) == set(NAMES[:2])


def test_strangers_are_refused(calibration):
    with pytest.raises(ValueError, match=r"'v/x' is not in the calibration; there are: v/a, "):
        decide(calibration, Moment(votes={"v/x": 0}, asked=["v/x"]), LIMIT)
    with pytest.raises(ValueError, match="'v/a' was heard and never asked"):
        decide(calibration, Moment(votes={"v/a": 0}, asked=[]), LIMIT)


@given(votes=st.lists(st.none() | st.integers(0, 3), min_size=6, max_size=6), order=st.permutations(range(6)))
def test_order_of_arrival_does_not_change_a_full_panel(calibration, votes, order):
    straight = decide(calibration, moment(*votes), LIMIT)
    shuffled = {NAMES[i]: votes[i] for i in order}
    assert decide(calibration, Moment(votes=shuffled, asked=list(shuffled)), LIMIT) == straight
