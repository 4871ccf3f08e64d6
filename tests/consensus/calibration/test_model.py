import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.consensus.calibration.estimate import Estimator, joining
from harness.consensus.calibration.head import Head
from harness.consensus.calibration.model import Parameters, posterior, tables, weigh
from harness.consensus.calibration.votes import canonical
from tests.consensus.calibration.voters import SIX

STATES = st.lists(st.none() | st.integers(0, 5), min_size=6, max_size=6).map(canonical)


def by_definition(p: Parameters, state) -> list[float]:
    """Every truth, class and attractor in turn, each voter's factor written out; last: none of these."""
    groups = sorted({group for group in state if group is not None})
    u, unseen = p.coincidence, max(1 - len(groups) * p.coincidence, 1e-6)
    weights = []
    for truth in [*groups, None]:
        total = 0.0
        for (z, share), attractor in product(enumerate(p.difficulty), [*(g for g in groups if g != truth), None]):
            weight = share * (unseen if truth is None else u) * (unseen if attractor is None else u)
            for i, vote in enumerate(state):
                a, s = p.accuracy[i][z], p.attraction[i][z]
                if vote is None:
                    continue
                if vote == truth:
                    weight *= a
                elif vote == attractor:
                    weight *= (1 - a) * (s + (1 - s) * u)
                else:
                    weight *= (1 - a) * (1 - s) * u
            total += weight
        weights.append(total)
    return weights


@given(STATES)
def test_posterior_is_the_sum_over_truths_classes_and_attractors(state):
    found, weights = posterior(SIX, state), by_definition(SIX, state)
    assert [*found.groups, found.none] == pytest.approx([w / sum(weights) for w in weights], rel=1e-9)
    assert found.log_evidence == pytest.approx(math.log(sum(weights)), abs=1e-9)
    assert sum(found.groups) + found.none == pytest.approx(1)


@given(STATES, st.integers(0, 5))
def test_a_missing_member_is_summed_out(state, member):
    state = canonical((*state[:member], None, *state[member + 1 :]))
    smaller = Parameters(
        difficulty=SIX.difficulty,
        accuracy=(*SIX.accuracy[:member], *SIX.accuracy[member + 1 :]),
        attraction=(*SIX.attraction[:member], *SIX.attraction[member + 1 :]),
        coincidence=SIX.coincidence,
        answering=SIX.answering[1:],
    )
    without = posterior(smaller, (*state[:member], *state[member + 1 :]))
    assert posterior(SIX, state).groups == pytest.approx(without.groups)


@given(STATES, st.integers(0, 5))
def test_the_chances_of_the_next_vote_sum_to_one(state, member):
    state = canonical((*state[:member], None, *state[member + 1 :]))
    estimator = Estimator(SIX, Head())
    groups = len(estimator.posterior(state).groups)
    joined = sum(estimator.chance(joining(state, member, group), state) for group in range(groups))
    assert 0 <= joined <= 1 + 1e-9
    prospects = estimator.prospects(state, member)
    assert sum(chance for chance, _ in prospects) == pytest.approx(SIX.answering[member])
    assert len(prospects) == groups + 1


@given(st.permutations(range(6)), st.lists(st.none() | st.integers(0, 3), min_size=6, max_size=6))
def test_the_order_of_the_panel_does_not_matter(order, votes):
    turned = Parameters(
        difficulty=SIX.difficulty,
        accuracy=tuple(SIX.accuracy[i] for i in order),
        attraction=tuple(SIX.attraction[i] for i in order),
        coincidence=SIX.coincidence,
        answering=SIX.answering,
    )
    straight = posterior(SIX, canonical(votes))
    other = posterior(turned, canonical(votes[i] for i in order))
    assert sorted(straight.groups) == pytest.approx(sorted(other.groups))


def test_shared_fallacies_lower_the_confidence():
    """Two weak voters against one strong one: the more their errors coincide, the less their agreement proves."""

    def confidence(attraction: float) -> float:
        parameters = Parameters(
            difficulty=(1.0,),
            accuracy=((0.7,), (0.7,), (0.9,)),
            attraction=((attraction,),) * 3,
            coincidence=0.01,
            answering=(1.0,) * 3,
        )
        return posterior(parameters, (0, 0, 1)).groups[0]

    assert confidence(0.0) > 0.95
    assert confidence(0.9) < 0.5


def test_large_panels_and_extreme_parameters_neither_overflow_nor_vanish():
    sharp = Parameters(
        difficulty=(0.5, 0.5),
        accuracy=((1 - 1e-12, 1e-12),) * 60,
        attraction=((1 - 1e-12, 0.0),) * 60,
        coincidence=1e-4,
        answering=(1.0,) * 60,
    )
    for state in (canonical(range(60)), (0,) * 60, (0,) * 30 + (1,) * 30, (None,) * 60):
        found = weigh(tables(sharp), state)
        assert sum(found.groups) + found.none == pytest.approx(1)
        assert math.isfinite(found.log_evidence)


def test_many_groups_of_a_small_choice_leave_something_for_none_of_these():
    quarters = Parameters(
        difficulty=(1.0,),
        accuracy=((0.6,),) * 5,
        attraction=((0.2,),) * 5,
        coincidence=0.25,
        answering=(1.0,) * 5,
    )
    found = posterior(quarters, (0, 1, 2, 3, 4))
    assert 0 < found.none < 0.01
