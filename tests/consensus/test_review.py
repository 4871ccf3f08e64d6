"""Votes that must not count for more than they are."""

import pytest

from harness.consensus import Abstain, Machine, Serve, Wait
from harness.core.policy import Quorum, RiskLimit, Unanimous
from tests.consensus.cases import ballot, by_text, no_price, play, policy


@pytest.mark.parametrize(
    ("answers", "served"),
    [
        ({"a": "1", "b": None, "c": None, "t": "1"}, False),  # two of four that were asked
        ({"a": "1", "b": "1", "c": None, "t": "1"}, True),
        ({"a": "1", "b": "1", "c": None, "t": "2"}, False),
        ({"a": "1", "b": "1", "c": "2", "t": "1"}, True),
        ({"a": None, "b": None, "c": None, "t": "1"}, False),
    ],
)
def test_a_tiebreak_does_not_turn_unanimity_into_two_survivors(answers, served):
    action, asked, _ = play(policy("abc", Unanimous(), tie="t"), answers)
    assert asked == "abct"
    assert isinstance(action, Serve if served else Abstain)


def test_only_answers_begin_the_grace():
    machine = Machine(policy("abcd", Quorum(k=2)), by_text, no_price)
    machine.start()
    graces = []
    for model, text in [("a", None), ("b", "1"), ("c", "2")]:
        action = machine.heard(ballot(model, text))
        assert isinstance(action, Wait)
        graces.append(action.grace)
    assert graces == [False, False, True]


def test_a_panel_of_doubts_is_never_served_by_quorum():
    """Each answer may be the same as each other, and none is known to be."""
    action, _, _ = play(policy("abc", Quorum(k=2)), {"a": "1?", "b": "2?", "c": "3?"})
    assert isinstance(action, Abstain)


def test_a_rule_that_limits_the_risk_never_serves_the_best_of_a_divergent_panel():
    limited = RiskLimit(alpha=0.01, fallback=Quorum(k=2))
    for rule, kind in [(Quorum(k=2), Serve), (limited, Abstain)]:
        action, _, _ = play(policy("ab", rule, on_divergence="serve_best"), {"a": "1", "b": "2"})
        assert isinstance(action, kind)
