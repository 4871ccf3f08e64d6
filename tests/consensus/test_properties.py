"""What holds for every panel, rule, order and set of answers."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.consensus import UNCALIBRATED, Abstain, Ask, Machine, Serve, Wait
from harness.core.policy import Quorum, RiskLimit, Unanimous
from tests.consensus.cases import ballot, by_text, no_price, play, policy, standing_of

TEXTS = st.sampled_from(["1", "2", "3?", None])
ANSWERS = st.fixed_dictionaries(dict.fromkeys("abcdet", TEXTS))
COUNTED = st.builds(
    lambda n, k, tie, order: policy("abcde"[:n], Quorum(k=min(k, n)) if k else Unanimous(), tie=tie, order=order),
    st.integers(2, 5),
    st.sampled_from([0, 2, 3, 4, 5]),
    st.sampled_from([None, "t", "a"]),
    st.sampled_from(["all_at_once", "cheap_first", "accurate_first"]),
)
LIMITED = st.builds(
    lambda alpha, tie, order: policy("ab" if tie else "abc", RiskLimit(alpha=alpha), tie=tie, order=order),
    st.sampled_from([0.01, 0.02, 0.05, 0.3]),
    st.sampled_from([None, "c"]),
    st.sampled_from(["all_at_once", "cheap_first", "accurate_first", "value"]),
)
CASES = st.one_of(COUNTED.map(lambda one: (one, UNCALIBRATED)), LIMITED.map(lambda one: (one, standing_of(one))))


def vote(one, held, answers, shuffle):
    """The end of a vote in which the members of each round answer in the order *shuffle* puts them in."""
    machine = Machine(one, by_text, no_price, held)
    action = machine.start()
    while isinstance(action, Ask):
        role, models = action.role, list(action.models)
        for model in shuffle(models):
            action = machine.heard(ballot(model, answers[model], role=role))
            if not isinstance(action, Wait):
                break
    return machine, action


@given(CASES, ANSWERS, st.randoms(use_true_random=False))
def test_a_vote_ends_within_its_panel_and_groups_partition_its_ballots(case, answers, random):
    one, held = case
    machine, action = vote(one, held, answers, lambda models: random.sample(models, len(models)))
    assert isinstance(action, Serve | Abstain)
    assert len(set(machine.asked)) == len(machine.asked) <= len(one.members)
    assert set(machine.asked) <= set(one.members)
    heard = [each.model for each in action.tally.ballots]
    assert len(set(heard)) == len(heard)
    assert sorted(set(machine.asked) - set(machine.pending)) == sorted(heard)
    grouped = [each.model for group in action.tally.groups for each in group]
    assert sorted(grouped) == sorted(each.model for each in action.tally.ballots if each.valid)
    assert len(action.chances) in (0, len(action.tally.groups))
    assert sum(chance or 0 for chance in action.chances) <= 1 + 1e-9
    if isinstance(action, Serve):
        assert action.winner.valid
        assert action.tally.valid >= 2
        if held.certificate is not None:
            assert action.certificate == held.certificate
            assert action.confidence >= held.certificate.threshold


@given(LIMITED, ANSWERS, st.permutations("abc"))
def test_under_a_limit_the_order_of_arrival_changes_nothing(one, answers, order):
    held = standing_of(one)
    _, straight = vote(one, held, answers, list)
    _, shuffled = vote(one, held, answers, lambda models: sorted(models, key=order.index))
    assert straight == shuffled


@given(COUNTED, ANSWERS, st.randoms(use_true_random=False))
def test_a_panel_asked_at_once_has_one_verdict_whoever_answers_first(one, answers, random):
    """With a quorum above one half, which is all that a file of policies may say; the groups may be half-heard."""
    at_once = sum(1 for model in one.panel if one.tiebreak is None or model != one.tiebreak.model)
    assume(one.order != "all_at_once" or not isinstance(one.rule, Quorum) or 2 * one.rule.k > at_once)
    _, straight = vote(one, UNCALIBRATED, answers, list)
    _, shuffled = vote(one, UNCALIBRATED, answers, lambda models: random.sample(models, len(models)))
    assert isinstance(straight, Serve) == isinstance(shuffled, Serve)
    if isinstance(straight, Serve):
        assert straight.winner.answer == shuffled.winner.answer


@given(st.lists(st.sampled_from("12"), min_size=2, max_size=4), st.sampled_from("12"))
def test_one_more_that_agrees_never_lowers_the_share_of_its_group(texts, more):
    def share(votes):
        members = "abcde"[: len(votes)]
        one = policy(members, Quorum(k=len(votes)), on_divergence="serve_best")
        action, _, _ = play(one, dict(zip(members, votes, strict=True)))
        return {group.answer: group.weight for group in action.tally.shares()}

    assert share([*texts, more])[more] >= share(texts).get(more, 0)


@pytest.mark.parametrize("order", ["value", "cheap_first", "accurate_first", "all_at_once"])
@given(answers=ANSWERS)
def test_a_member_that_falls_silent_never_makes_a_divergent_answer_certain(order, answers):
    """Whoever is silent has not agreed: what is served without a dissenter is served on two that agree at least."""
    one = policy("abc", RiskLimit(alpha=0.01), order=order)
    _, action = vote(one, standing_of(one), answers, list)
    if isinstance(action, Serve):
        assert action.tally.largest >= 2
