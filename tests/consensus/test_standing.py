"""Which calibration speaks for a request, and what is said when none does."""

from dataclasses import replace

import pytest

from harness.consensus import Abstain, Machine, Serve, fitted, standing
from harness.consensus.calibration import Revocation
from harness.core.ids import GENERAL, ModelId, TaskClass
from harness.core.outcome import Reason
from harness.core.policy import Quorum, RiskLimit
from tests.consensus.cases import COMPARATOR, by_text, calibration, no_price, play, policy, standing_of

LIMITED = policy("abc", RiskLimit(alpha=0.01, fallback=Quorum(k=2)), order="value")
AGREED = dict.fromkeys("abc", "7")


def other(**fields):
    return replace(calibration(LIMITED), **fields)


def test_a_calibration_that_fits_certifies():
    found = standing_of(LIMITED)
    assert found.certificate.threshold == 0.99
    assert (found.why, found.doubt(LIMITED), found.labels_missing) == ("", "", None)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"policy_version": "of yesterday"}, "calibrated for version of yesterday of p, not "),
        ({"comparator": "text@0"}, "calibrated with the comparator text@0, not text@1"),
        ({"models": (ModelId("a"), ModelId("b"), ModelId("z"))}, "calibrated for the panel a, b, z, not a, b, c"),
        ({"order": "cheap_first"}, "calibrated for order: cheap_first, not value"),
        ({"revoked": Revocation(at="2026-11-20", why="it drifted")}, "was revoked on 2026-11-20: it drifted"),
    ],
)
def test_a_calibration_of_something_else_certifies_nothing_and_lends_no_probability(changed, why):
    held = standing_of(LIMITED, **changed)
    assert (held.certificate, held.fitted, held.reason) == (None, None, Reason.UNCERTIFIED)
    assert (replace(calibration(LIMITED), **changed).certificate(0.01) is None) == ("revoked" in changed)
    assert why in held.why
    action, _, _ = play(LIMITED, AGREED, held=held)
    assert isinstance(action, Serve)
    assert (action.certificate, action.confidence, action.chances) == (None, None, ())
    assert action.why.startswith("uncertified: ")
    assert "the declared fallback applied: 2 of 2 valid ballots say the same" in action.why


def test_another_kind_of_work_is_out_of_class():
    known = {TaskClass("sums"): fitted(calibration(LIMITED))}
    held = standing(LIMITED, known, task_class=GENERAL, comparator=COMPARATOR)
    assert (held.reason, held.fitted) == (Reason.OUT_OF_CLASS, None)
    assert held.why == "the policy is calibrated on sums, and this is general"
    action, _, _ = play(LIMITED, AGREED, held=held)
    assert action.why.startswith("out_of_class: the policy is calibrated on sums")
    strict = replace(LIMITED, rule=RiskLimit(alpha=0.01))
    machine = Machine(strict, by_text, no_price, held)
    action = machine.start()
    assert isinstance(action, Abstain)
    assert (action.reason, action.review, machine.asked) == (Reason.OUT_OF_CLASS, True, ())
    assert "nobody was asked" in action.why


def test_no_calibration_says_how_many_labels_a_limit_takes():
    held = standing(LIMITED, {}, task_class=GENERAL, comparator=COMPARATOR)
    assert (held.reason, held.labels_missing) == (Reason.UNCERTIFIED, 230)
    assert held.doubt(LIMITED) == (
        "uncertified: the policy is not calibrated: a risk limit of 0.01 takes at least 230 labelled questions"
    )


@pytest.mark.parametrize(
    ("alpha", "missing", "why"),
    [
        (0.001, 1900, "about 1900 more labels are missing at the rates seen; certified: 0.01, 0.05"),
        (0.002, None, "that limit was not part of the calibration; certified: 0.01, 0.05"),
    ],
)
def test_a_limit_that_is_not_certified_keeps_the_probabilities(alpha, missing, why):
    one = replace(LIMITED, rule=RiskLimit(alpha=alpha, fallback=Quorum(k=2)))
    held = standing_of(one)
    assert (held.certificate, held.labels_missing) == (None, missing)
    assert why in held.why
    action, asked, _ = play(one, AGREED, held=held)
    assert isinstance(action, Serve)
    assert asked == "ab"
    assert action.certificate is None
    assert action.confidence == pytest.approx(0.9918, abs=1e-4)


def test_without_a_limit_nothing_is_certified_and_nothing_is_missing():
    one = policy("abc", Quorum(k=2))
    held = standing_of(one)
    assert held.fitted is not None
    assert (held.certificate, held.doubt(one), held.labels_missing) == (None, "", None)
    action, _, _ = play(one, AGREED, held=held)
    assert action.confidence > 0.99
    assert action.why == "2 of 2 valid ballots say the same"
    assert standing(one, {}, task_class=GENERAL, comparator=COMPARATOR).doubt(one) == ""


def test_groups_without_a_calibrated_member_have_no_chance():
    one = policy("abc", Quorum(k=2))
    held = standing_of(one)
    tied = replace(one, tiebreak=None, panel=(*one.panel, ModelId("z")))
    action, _, _ = play(tied, {**AGREED, "a": "8", "b": "9", "z": "1"}, held=held)
    assert isinstance(action, Abstain)
    assert [chance is None for chance in action.chances] == [False, False, False, True]
    assert action.confidence == max(filter(None, action.chances))


def test_under_a_fallback_the_value_of_an_answer_is_unknown_and_the_price_decides():
    price = {"a": 3, "b": 1, "c": 2}.get
    action, asked, _ = play(LIMITED, AGREED, price)
    assert isinstance(action, Serve)
    assert asked == "bc"
