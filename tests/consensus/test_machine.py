from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.consensus import Abstain, Ask, Machine, Serve, Wait
from harness.core.ballot import Ballot, BallotKind
from harness.core.errors import ConfigError
from harness.core.ids import ModelId
from harness.core.outcome import Reason
from harness.core.policy import Quorum, RiskLimit, Unanimous
from harness.core.response import Failure, FailureKind, Retry
from tests.consensus.cases import ballot, by_text, no_price, play, policy


def test_two_that_agree_are_served_without_the_third():
    action, asked, rounds = play(policy("abc", order="accurate_first"), {"a": "7", "b": "7", "c": "8"})
    assert isinstance(action, Serve)
    assert action.winner.model == "a"
    assert (asked, rounds) == ("ab", 1)
    assert "2 of 2" in action.why


def test_third_is_asked_only_on_divergence():
    action, asked, rounds = play(policy("abc", order="accurate_first"), {"a": "7", "b": "8", "c": "8"})
    assert isinstance(action, Serve)
    assert (action.winner.answer.text, asked, rounds) == ("8", "abc", 2)


def test_three_different_answers_go_to_a_person():
    action, asked, _ = play(policy("abc"), {"a": "1", "b": "2", "c": "3"})
    assert isinstance(action, Abstain)
    assert action.reason is Reason.DIVERGENT
    assert action.review
    assert asked == "abc"
    assert "1 against 1 against 1" in action.why


def test_refuse_asks_no_person():
    action, _, _ = play(policy("ab", on_divergence="refuse"), {"a": "1", "b": "2"})
    assert isinstance(action, Abstain)
    assert not action.review


def test_one_survivor_is_never_consensus():
    action, _, _ = play(policy("abc"), {"a": "7", "b": None, "c": None})
    assert isinstance(action, Abstain)
    assert action.reason is Reason.DEGRADED_PANEL
    assert "b overloaded" in action.why


def test_quorum_is_reached_on_a_thinner_panel():
    action, _, _ = play(policy("abc"), {"a": "7", "b": None, "c": "7"})
    assert isinstance(action, Serve)
    assert [b.model for b in action.tally.ballots if not b.valid] == ["b"]


def test_tiebreaker_outside_the_panel_is_asked_last():
    action, asked, rounds = play(policy("ab", tie="t"), {"a": "1", "b": "2", "t": "2"})
    assert isinstance(action, Serve)
    assert (action.winner.model, asked, rounds) == ("b", "abt", 2)
    assert action.tally.ballots[-1].role == "tiebreak"


def test_tiebreaker_inside_the_panel_is_held_back():
    one = policy("tab", tie="t")
    assert play(one, {"a": "1", "b": "1", "t": "2"})[1] == "ab"
    action, asked, _ = play(one, {"a": "1", "b": "2", "t": "2"})
    assert isinstance(action, Serve)
    assert asked == "abt"


def test_tiebreak_that_agrees_with_nobody_serves_nothing():
    action, asked, _ = play(policy("ab", tie="t"), {"a": "1", "b": "2", "t": "3"})
    assert isinstance(action, Abstain)
    assert asked == "abt"


def test_unanimous_stops_at_the_first_dissent():
    machine = Machine(policy("abc", Unanimous()), by_text, no_price)
    machine.start()
    assert isinstance(machine.heard(ballot("a", "1")), Wait)
    action = machine.heard(ballot("b", "2"))
    assert isinstance(action, Abstain)
    assert (action.reason, action.why) == (Reason.DIVERGENT, "2 answers, 1 against 1; 3 alike are needed")
    assert machine.pending == ("c",)


def test_unanimous_needs_everybody():
    assert isinstance(play(policy("abc", Unanimous()), dict.fromkeys("abc", "1"))[0], Serve)
    action, _, _ = play(policy("abc", Unanimous()), {"a": "1", "b": "1", "c": None})
    assert isinstance(action, Abstain)
    assert action.reason is Reason.DEGRADED_PANEL


def test_unanimous_in_turns_asks_two_first():
    one = policy("abc", Unanimous(), order="accurate_first")
    assert play(one, {"a": "1", "b": "2", "c": "1"})[1] == "ab"
    assert play(one, {"a": "1", "b": "1", "c": "1"})[1:] == ("abc", 2)


def test_tiebreak_of_a_panel_that_was_not_unanimous_needs_a_majority():
    one = policy("abc", Unanimous(), order="accurate_first", tie="t")
    action, asked, _ = play(one, {"a": "1", "b": "2", "c": "1", "t": "1"})
    assert isinstance(action, Serve)
    assert asked == "abt"
    assert isinstance(play(one, {"a": "1", "b": "2", "c": "1", "t": "3"})[0], Abstain)


def test_two_members_of_which_one_is_the_tiebreaker_are_never_served_on_one_vote():
    one = policy("at", Unanimous(), tie="t")
    assert play(one, {"a": "1", "t": "1"})[1] == "at"
    assert isinstance(play(one, {"a": "1", "t": "1"})[0], Serve)
    assert isinstance(play(one, {"a": "1", "t": "2"})[0], Abstain)


def test_serve_best_takes_the_tiebreakers_group_and_says_so():
    one = policy("ab", on_divergence="serve_best", tie="t")
    action, _, _ = play(one, {"a": "1", "b": "2", "t": "3"})
    assert isinstance(action, Serve)
    assert (action.winner.model, action.agreed) == ("t", False)
    assert "divergent" in action.why


def test_serve_best_without_a_tiebreaker_takes_the_first_of_the_panel():
    action, _, _ = play(policy("abc", Quorum(k=3), on_divergence="serve_best"), {"a": "1", "b": "2", "c": "3"})
    assert isinstance(action, Serve)
    assert action.winner.model == "a"


def test_serve_best_never_serves_a_single_survivor():
    action, _, _ = play(policy("ab", on_divergence="serve_best"), {"a": "1", "b": None})
    assert isinstance(action, Abstain)


def test_what_the_comparator_cannot_tell_is_not_agreement():
    action, _, _ = play(policy("ab"), {"a": "1.234", "b": "1,234?"})
    assert isinstance(action, Abstain)
    assert action.reason is Reason.COMPARATOR_UNKNOWN
    assert "doubtful" in action.why


def test_cheap_first_asks_by_price_and_unknown_prices_last():
    price = {"a": Decimal(9), "b": Decimal(1), "c": None, "d": Decimal(2)}.get
    one = policy("abcd", order="cheap_first")
    assert play(one, dict.fromkeys("abcd", "1"), price)[1] == "bd"
    assert play(one, {"a": "1", "b": "2", "c": "3", "d": "4"}, price)[1] == "bdac"


def test_stops_when_the_quorum_is_out_of_reach():
    machine = Machine(policy("abc", Quorum(k=3)), by_text, no_price)
    machine.start()
    machine.heard(ballot("a", "1"))
    assert isinstance(machine.heard(ballot("b", "2")), Abstain)
    assert machine.pending == ("c",)


def test_waits_for_the_rest_when_a_tiebreak_can_still_help():
    machine = Machine(policy("abc", Quorum(k=3), tie="t"), by_text, no_price)
    machine.start()
    machine.heard(ballot("a", "1"))
    assert isinstance(machine.heard(ballot("b", "2")), Wait)


def test_grace_begins_when_enough_have_replied():
    machine = Machine(policy("abc"), by_text, no_price)
    machine.start()
    first = machine.heard(ballot("a", "1"))
    second = machine.heard(ballot("b", "2"))
    assert isinstance(first, Wait)
    assert isinstance(second, Wait)
    assert (first.grace, second.grace) == (False, True)


def test_value_order_needs_a_calibration():
    with pytest.raises(ConfigError, match=r"order: 'value'.*cheap_first, accurate_first, all_at_once"):
        Machine(policy("ab", order="value"), by_text, no_price).start()


def test_risk_limit_without_calibration_falls_back_or_abstains_unasked():
    fallback = policy("ab", RiskLimit(alpha=0.01, fallback=Quorum(k=2)))
    assert isinstance(play(fallback, {"a": "1", "b": "1"})[0], Serve)
    machine = Machine(policy("ab", RiskLimit(alpha=0.01)), by_text, no_price)
    action = machine.start()
    assert isinstance(action, Abstain)
    assert (action.reason, machine.asked) == (Reason.UNCERTIFIED, ())


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (BallotKind.REFUSED, Reason.REFUSED),
        (BallotKind.TRUNCATED, Reason.TRUNCATED),
        (BallotKind.FAILED, Reason.FAILED),
        (BallotKind.UNREADABLE, Reason.UNREADABLE),
        (BallotKind.MISSING, Reason.DEADLINE),
    ],
)
def test_nobody_answered(kind, reason):
    silent = {model: Ballot(model=ModelId(model), kind=kind) for model in "ab"}
    action, _, _ = play(policy("ab"), silent)
    assert isinstance(action, Abstain)
    assert action.reason is reason


def test_nobody_answered_for_several_reasons():
    silent = {
        "a": Ballot(model=ModelId("a"), kind=BallotKind.REFUSED),
        "b": Ballot(model=ModelId("b"), kind=BallotKind.FAILED),
    }
    action, asked, _ = play(policy("abc"), silent)
    assert action.reason is Reason.DEGRADED_PANEL  # without waiting for c, which could not make two alone
    assert asked == "abc"


def _unpaid(model: str) -> Ballot:
    failure = Failure(model=ModelId(model), kind=FailureKind.BUDGET, message="", retry=Retry.NEVER)
    return Ballot(model=ModelId(model), kind=BallotKind.MISSING, reply=failure)


def test_budget_is_named_as_the_reason():
    assert play(policy("ab"), {"a": _unpaid("a"), "b": _unpaid("b")})[0].reason is Reason.BUDGET
    assert play(policy("ab"), {"a": "1", "b": _unpaid("b")})[0].reason is Reason.BUDGET


def test_a_member_is_heard_once_and_only_when_asked():
    machine = Machine(policy("ab"), by_text, no_price)
    machine.start()
    machine.heard(ballot("a", "1"))
    with pytest.raises(AssertionError, match="twice"):
        machine.heard(ballot("a", "1"))
    with pytest.raises(AssertionError, match="not asked"):
        machine.heard(ballot("z", "1"))


PANELS = st.integers(2, 5).flatmap(
    lambda n: st.tuples(
        st.just("abcde"[:n]),
        st.one_of(st.integers(2, n).map(lambda k: Quorum(k=k)), st.just(Unanimous())),
        st.sampled_from(["all_at_once", "cheap_first", "accurate_first"]),
        st.sampled_from(["review", "refuse", "serve_best"]),
        st.sampled_from([None, "t", "a"]),
        st.fixed_dictionaries({m: st.sampled_from(["1", "2", "3?", None]) for m in "abcdet"}),
    )
)


@given(PANELS)
def test_always_ends_within_the_panel(case):
    panel, rule, order, on_divergence, tie, answers = case
    one = policy(panel, rule, order=order, on_divergence=on_divergence, tie=tie)
    action, asked, rounds = play(one, answers)
    assert isinstance(action, Serve | Abstain)
    assert rounds <= len(one.members)
    assert len(set(asked)) == len(asked) <= len(one.members)
    if isinstance(action, Serve):
        assert action.winner.valid
        assert action.tally.valid >= 2
        if action.agreed and isinstance(rule, Quorum):
            assert action.tally.largest >= rule.k
    members = [b.model for group in action.tally.groups for b in group]
    assert sorted(members) == sorted(b.model for b in action.tally.ballots if b.valid)


@given(st.lists(st.sampled_from(["1", "2", "3"]), min_size=3, max_size=5), st.randoms(use_true_random=False))
def test_arrival_order_does_not_change_a_full_panel(texts: Sequence[str], random):
    panel = "abcde"[: len(texts)]
    one = policy(panel, Quorum(k=len(texts)), on_divergence="serve_best")

    def vote(order):
        machine = Machine(one, by_text, no_price)
        action = machine.start()
        assert isinstance(action, Ask)
        for model in order:
            action = machine.heard(ballot(model, texts[panel.index(model)]))
        return action.winner.answer.text, action.tally.shares()

    shuffled = list(panel)
    random.shuffle(shuffled)
    assert vote(panel) == vote(shuffled)
