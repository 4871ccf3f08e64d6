"""A tie that a judge breaks, and answers that are put together field by field."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.compare import comparator, group
from harness.consensus import Abstain, Ask, Machine, Serve, Wait
from harness.core.ballot import Answer, Ballot, BallotKind, Compare
from harness.core.ids import ModelId
from harness.core.outcome import Reason
from harness.core.policy import Quorum, RiskLimit, Tiebreak, Unanimous
from tests.consensus.cases import ballot, by_text, no_price, play, policy

JUDGE = Tiebreak(model=ModelId("j"), mode="judge")
CHOICE = "judged: j chose this answer in both orders"


def judged(text: str | None, why: str = "the judge said so", kind: BallotKind = BallotKind.JUDGED) -> Ballot:
    answer = None if text is None else Answer(text=text)
    return Ballot(model=ModelId("j"), kind=kind, answer=answer, why=why, role="tiebreak")


def decide(said: Ballot, answers: str = "12", rule=None, **fields):
    """The end of a vote of members that say one letter each, and a judge that says *said*."""
    one = policy("abcde"[: len(answers)], rule, tiebreak=JUDGE, **fields)
    given = dict(zip("abcde", answers, strict=False))
    return play(one, {**given, "j": said})


def test_a_judge_chooses_a_group_and_has_no_vote():
    action, asked, _ = decide(judged("2"))
    assert isinstance(action, Serve)
    assert (action.winner.model, action.agreed, action.certificate) == ("b", False, None)
    assert action.why.startswith(CHOICE)
    assert "1 against 1" in action.why
    assert [each.model for each in action.tally.ballots] == ["a", "b"]
    assert asked == "abj"


def test_a_judge_is_not_asked_when_the_panel_agrees_or_has_nothing_to_choose_from():
    assert decide(judged("1"), "11")[1] == "ab"
    one = policy("ab", tiebreak=JUDGE)
    action, asked, _ = play(one, {"a": "1", "b": None, "j": judged("1")})
    assert isinstance(action, Abstain)
    assert (action.reason, asked) == (Reason.DEGRADED_PANEL, "ab")


def test_a_judge_may_choose_where_the_comparator_cannot_tell():
    action, _, _ = play(policy("ab", tiebreak=JUDGE), {"a": "1", "b": "2?", "j": judged("2?")})
    assert isinstance(action, Serve)


def test_a_judge_does_not_lower_the_bar_of_unanimity():
    action, _, _ = decide(judged(None, why="it cannot tell"), "1112", Unanimous())
    assert isinstance(action, Abstain), "three of four are a majority of all who were asked, and not unanimous"
    assert "not judged: it cannot tell" in action.why


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (judged(None, why="another answer when they stood in another order"), "stood in another order"),
        (judged("9"), "not clear which group"),
        (ballot("j", "1"), "no judgement is on record"),
        (ballot("j", None), "overloaded"),
        (judged(None, why="", kind=BallotKind.MISSING), "missing"),
    ],
)
@pytest.mark.parametrize("ending", ["review", "refuse", "serve_best"])
def test_without_a_judgement_the_policy_says_what_follows(said, why, ending):
    action, _, _ = decide(said, on_divergence=ending)
    assert why in action.why
    assert isinstance(action, Serve) is (ending == "serve_best")
    assert isinstance(action, Serve) or action.review is (ending == "review")


def flagged(text: str, *models: str) -> dict[str, Ballot]:
    return {model: ballot(model, text, flags=("override",)) for model in models}


@pytest.mark.parametrize("ending", ["review", "refuse", "serve_best"])
def test_an_answer_that_speaks_to_the_judge_does_not_win_by_it(ending):
    one = policy("ab", tiebreak=JUDGE, on_divergence=ending)
    action, _, _ = play(one, {"a": "1", **flagged("2", "b"), "j": judged("2")})
    assert isinstance(action, Abstain)
    assert action.review
    assert "may be addressed to it (override)" in action.why


def test_nor_is_it_the_best_of_a_divergent_panel():
    one = policy("abc", Quorum(k=3), tiebreak=JUDGE, on_divergence="serve_best")
    action, _, _ = play(one, {"c": "1", **flagged("2", "a", "b"), "j": judged(None, why="unread")})
    assert isinstance(action, Abstain)
    assert action.review


def test_the_answer_beside_it_may_be_chosen():
    action, _, _ = play(policy("ab", tiebreak=JUDGE), {"a": "1", **flagged("2", "b"), "j": judged("1")})
    assert isinstance(action, Serve)
    assert action.winner.model == "a"


def test_a_judge_that_was_not_heard_is_pending_and_heard_once():
    machine = Machine(policy("ab", tiebreak=JUDGE), by_text, no_price)
    machine.start()
    machine.heard(ballot("a", "1"))
    action = machine.heard(ballot("b", "2"))
    assert action == Ask((ModelId("j"),), "tiebreak")
    assert machine.pending == ("j",)
    machine.heard(judged("1"))
    assert (machine.pending, machine.judgement) == ((), judged("1"))
    with pytest.raises(AssertionError, match="heard twice"):
        machine.heard(judged("1"))


def test_under_a_fallback_a_judge_decides_as_the_fallback_does():
    action, _, _ = decide(judged("1"), rule=RiskLimit(alpha=0.01, fallback=Quorum(k=2)))
    assert isinstance(action, Serve)
    assert action.why.startswith("uncertified")


@given(st.text("12", min_size=2, max_size=5), st.sampled_from(["1", "2", "3", None]), st.booleans())
def test_whatever_a_judge_says_only_an_answer_of_the_panel_is_served(answers, choice, unanimous):
    rule = Unanimous() if unanimous else Quorum(k=max(2, len(answers) // 2 + 1))
    action, asked, _ = decide(judged(choice), answers, rule)
    if isinstance(action, Serve):
        assert action.winner.answer.text in answers
        assert action.agreed is ("j" not in asked)


# --- field by field ---------------------------------------------------------------------------------------------------

FIELDS = partial(group, comparator=comparator(Compare(name="json", options={"vote": "fields"})))


def vote(one, *answers: str | None):
    machine = Machine(one, FIELDS, no_price)
    action, given = machine.start(), dict(zip("abcdef", answers, strict=False))
    while isinstance(action, Ask):
        for model in action.models:
            action = machine.heard(ballot(model, given[model]))
            if not isinstance(action, Wait):
                break
    return action, "".join(machine.asked)


def test_an_answer_that_nobody_gave_whole_is_served_with_its_authors():
    action, _ = vote(policy("abc"), '{"x": 1, "y": 1}', '{"x": 2, "y": 1}', '{"x": 2, "y": 3}')
    assert isinstance(action, Serve)
    assert action.merged is not None
    assert (action.merged.answer.text, action.winner.model) == ('{"x": 2, "y": 1}', "b")
    action, _ = vote(policy("abc"), '{"x": 1, "y": 1, "z": 0}', '{"x": 1, "y": 2, "z": 5}', '{"x": 3, "y": 2, "z": 0}')
    assert isinstance(action, Serve)
    assert action.merged is not None
    assert action.merged.answer.text == '{"x": 1, "y": 2, "z": 0}'
    assert (action.agreed, action.winner.model) == (True, "a")
    assert action.why == "merged: each of 3 fields has 2 or more of 3 valid ballots"


def test_a_contested_field_is_named():
    action, _ = vote(policy("abc"), '{"x": 1, "y": 1}', '{"x": 2, "y": 1}', '{"x": 3, "y": 1}')
    assert isinstance(action, Abstain)
    assert action.reason is Reason.DIVERGENT
    assert "no agreement on $.x" in action.why
    assert "$.y" not in action.why


def test_whoever_has_to_be_unanimous_is_so_as_a_whole():
    action, _ = vote(policy("abc", Unanimous()), '{"x": 1}', '{"x": 1}', '{"x": 2}')
    assert isinstance(action, Abstain)
    assert "merged" not in action.why


def test_more_are_asked_while_the_fields_can_still_be_agreed():
    one = policy("abcde", Quorum(k=3), order="accurate_first")
    answers = [
        f'{{"x": {x}, "y": {y}, "z": {z}}}' for x, y, z in ((1, 1, 1), (1, 2, 2), (2, 2, 1), (1, 1, 3), (4, 1, 1))
    ]
    action, asked = vote(one, *answers)
    assert asked == "abcde", "as wholes, four different answers of five are hopeless"
    assert isinstance(action, Serve)
    assert action.merged is not None
    assert action.merged.answer.text == '{"x": 1, "y": 1, "z": 1}'


def test_nobody_without_an_answer_merges_anything():
    action, _ = vote(policy("ab"), None, None)
    assert isinstance(action, Abstain)
    assert action.reason is Reason.FAILED
