import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.consensus.calibration.estimate import Estimator
from harness.consensus.calibration.head import Head
from harness.consensus.calibration.model import Parameters
from harness.consensus.calibration.order import Rule, next_calls, reachable, relative_costs, served, walk
from harness.consensus.calibration.votes import canonical
from tests.consensus.calibration.voters import SIX

ESTIMATOR = Estimator(SIX, Head())
ALIKE = (1.0,) * 6
ORDERS = st.sampled_from(["value", "cheap_first", "accurate_first", "all_at_once"])


def rule(threshold=0.95, order="value", cost=ALIKE) -> Rule:
    return Rule(order=order, cost=cost, threshold=threshold)


@given(
    st.lists(st.none() | st.integers(0, 4), min_size=6, max_size=6),
    st.floats(0.3, 0.99999),
    ORDERS,
    st.lists(st.floats(0.01, 100), min_size=6, max_size=6),
)
def test_every_walk_ends_within_the_panel(votes, threshold, order, cost):
    stop = walk(ESTIMATOR, votes, rule(threshold, order, tuple(cost)))
    assert len(set(stop.asked)) == len(stop.asked)
    assert 2 <= len(stop.asked) <= 6
    heard = [votes[i] for i in stop.asked if votes[i] is not None]
    if stop.group is None:
        assert stop.confidence < threshold or len(heard) < 2
    else:
        assert stop.confidence >= threshold
        assert stop.group in heard
        assert len(heard) >= 2


@given(st.lists(st.none() | st.integers(0, 4), min_size=6, max_size=6), ORDERS)
def test_the_same_votes_walk_the_same_way_with_a_fresh_memory(votes, order):
    assert walk(ESTIMATOR, votes, rule(order=order)) == walk(Estimator(SIX, Head()), votes, rule(order=order))


def test_two_that_agree_stop_the_panel():
    assert len(walk(ESTIMATOR, (0,) * 6, rule(0.9)).asked) == 2
    assert len(walk(ESTIMATOR, (0,) * 6, rule(0.9, "all_at_once")).asked) == 6


def test_a_strict_threshold_asks_more():
    assert len(walk(ESTIMATOR, (0,) * 6, rule(0.9)).asked) < len(walk(ESTIMATOR, (0,) * 6, rule(0.995)).asked)


def test_hopeless_disagreement_is_not_paid_for():
    everyone_differs = tuple(range(6))
    assert len(walk(ESTIMATOR, everyone_differs, rule(0.999)).asked) < 6


def test_price_decides_among_equals():
    twins = Parameters(
        difficulty=(1.0,),
        accuracy=((0.95,),) * 4,
        attraction=((0.3,),) * 4,
        coincidence=0.01,
        answering=(1.0,) * 4,
    )
    estimator = Estimator(twins, Head())
    nobody = (None,) * 4
    assert set(next_calls(estimator, nobody, range(4), 0, rule(cost=(9, 1, 9, 1)))) == {1, 3}
    assert next_calls(estimator, (0, 1, None, None), [2, 3], 2, rule(cost=(9, 9, 2, 1))) == (3,)
    assert next_calls(estimator, nobody, range(4), 0, rule(order="cheap_first", cost=(4, 3, 2, 1))) == (3, 2)
    assert next_calls(estimator, nobody, range(4), 0, rule(order="accurate_first", cost=(4, 3, 2, 1))) == (0, 1)


def test_quality_decides_at_equal_price():
    assert set(next_calls(ESTIMATOR, (None,) * 6, range(6), 0, rule(0.97))) == {4, 5}


def test_a_wrong_pair_is_not_preferred_for_agreeing_often():
    """Members 0 and 1 echo each other's errors; their agreement is likelier, and worth less."""
    parameters = Parameters(
        difficulty=(1.0,),
        accuracy=((0.9,), (0.9,), (0.9,), (0.9,)),
        attraction=((0.95,), (0.95,), (0.05,), (0.05,)),
        coincidence=0.01,
        answering=(1.0,) * 4,
    )
    estimator = Estimator(parameters, Head())
    assert estimator.pair(0, 1)[0] > estimator.pair(2, 3)[0]
    assert set(next_calls(estimator, (None,) * 4, range(4), 0, rule(0.8))) == {2, 3}


def test_after_the_first_silence_one_more_is_asked():
    votes = (0, 0, 0, 0, None, 0)
    stop = walk(ESTIMATOR, votes, rule(0.97))
    assert stop.asked[:2] == (4, 5)
    assert len(stop.asked) == 3
    assert stop.group == 0


def test_two_votes_away_is_still_asked():
    """No single vote can cross the threshold, two may: look-ahead by one alone would stop here."""
    state = canonical((0, 1, None, None, None, None))
    strict = rule(0.985)
    assert max(c for i in range(2, 6) for _, c in ESTIMATOR.prospects(state, i)) < 0.985
    assert reachable(ESTIMATOR, state, [2, 3, 4, 5], 0.985)
    assert len(next_calls(ESTIMATOR, state, [2, 3, 4, 5], 2, strict)) == 1


def test_nobody_left_means_nobody_asked():
    state = canonical((0, 1, 2, 3, 4, 5))
    for order in ("value", "cheap_first", "all_at_once"):
        assert next_calls(ESTIMATOR, state, [], 6, rule(order=order)) == ()
    assert next_calls(ESTIMATOR, (None,) * 6, [2], 0, rule()) == (2,)


def test_one_vote_is_never_served():
    assert not served(ESTIMATOR, (0, None, None, None, None, None), 0.1)


def test_costs_are_made_comparable():
    assert relative_costs([None, 2.0, 0.0]) == (2.0, 2.0, 0.002)
    assert relative_costs([None, None]) == (1.0, 1.0)
    assert relative_costs([0.0, 0.0]) == (0.001, 0.001)


def test_memory_is_bounded():
    estimator = Estimator(SIX, Head())
    rng = random.Random(0)
    states = [canonical(rng.choices([None, 0, 1, 2, 3], k=6)) for _ in range(300)]
    first = [estimator.top(state) for state in states]
    estimator._posteriors.update({(i,): estimator.posterior(states[0]) for i in range(50_000)})
    assert estimator.posterior(canonical((0, 1, 2, 3, 4, 5))).none > 0
    assert len(estimator._posteriors) == 1
    assert [estimator.top(state) for state in states] == first


@given(st.lists(st.none() | st.integers(0, 4), min_size=6, max_size=6))
def test_the_ranking_is_a_distribution(votes):
    state = canonical(votes)
    ranking = ESTIMATOR.ranking(state)
    assert sorted(group for group, _ in ranking) == sorted({group for group in state if group is not None})
    assert sum(chance for _, chance in ranking) <= 1 + 1e-9
    if ranking:
        assert ranking[0] == ESTIMATOR.top(state)
        others = [chance for _, chance in ranking[1:]]
        assert others == sorted(others, reverse=True)
        assert pytest.approx(ranking[0][1] + sum(others) + ESTIMATOR.posterior(state).none, abs=1e-6) == 1
