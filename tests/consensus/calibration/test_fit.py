import math
import random

import pytest

from harness.consensus.calibration.estimate import Estimator
from harness.consensus.calibration.fit import coincidence_rate, fit, permuted_pairs
from harness.consensus.calibration.head import Head
from harness.consensus.calibration.votes import Labelled, canonical
from tests.consensus.calibration.voters import SIX, survey


def likelihood(parameters, items) -> float:
    """Mean log probability of the votes, a proper score of the model."""
    estimator = Estimator(parameters, Head())
    return sum(estimator.posterior(canonical(item.votes)).log_evidence for item in items) / len(items)


def test_fit_predicts_new_votes_nearly_as_well_as_the_truth():
    found, fresh = fit(survey(1500, 1)), survey(1500, 2)
    assert sum(found.difficulty) == pytest.approx(1)
    assert likelihood(found, fresh) > likelihood(SIX, fresh) - 0.05
    assert likelihood(found, fresh) > likelihood(fit(survey(1500, 1), classes=1), fresh)


def test_fit_finds_accuracies_and_silences():
    items = survey(3000, 3)
    found = fit(items)
    for i in range(6):
        votes = [item for item in items if item.votes[i] is not None]
        right = sum(item.votes[i] == item.right for item in votes) / len(votes)
        assert sum(p * a for p, a in zip(found.difficulty, found.accuracy[i], strict=True)) == pytest.approx(
            right, abs=0.03
        )
        assert found.answering[i] == pytest.approx(SIX.answering[i], abs=0.02)


@pytest.mark.parametrize(
    "items",
    [
        survey(10, 4),
        [Labelled(task=str(i), votes=(0, 0, 0), right=0) for i in range(10)],
        [Labelled(task=str(i), votes=(0, 1, None), right=None) for i in range(10)],
        [Labelled(task=str(i), votes=(None, None), right=None) for i in range(10)],
        [Labelled(task="only", votes=(0, 1), right=1)],
    ],
    ids=["ten labels", "always right", "always wrong", "never an answer", "one label"],
)
def test_fit_divides_by_nothing(items):
    found = fit(items)
    numbers = [*found.difficulty, *found.answering, *(a for row in found.accuracy for a in row)]
    assert all(0 < x <= 1 and math.isfinite(x) for x in numbers)
    assert all(a < 1 for row in found.accuracy for a in row)
    assert all(0 <= s < 1 for row in found.attraction for s in row)
    answer = Estimator(found, Head()).posterior(canonical(items[0].votes))
    assert sum(answer.groups) + answer.none == pytest.approx(1)


def test_the_order_of_the_questions_does_not_matter():
    items = survey(200, 5)
    shuffled = random.Random(1).sample(items, len(items))
    assert fit(items) == fit(shuffled)


def test_fit_refuses_what_it_cannot_use():
    with pytest.raises(ValueError, match="no labelled questions"):
        fit([])
    with pytest.raises(ValueError, match="different sizes"):
        fit([Labelled(task="a", votes=(0, 1), right=0), Labelled(task="b", votes=(0,), right=0)])
    with pytest.raises(ValueError, match=r"coincidence must lie inside \(0, 1\): 1.0"):
        fit(survey(10, 1), coincidence=1.0)


def test_chance_of_coincidence_is_shrunk_and_bounded():
    assert coincidence_rate(0, 0) == 0.01
    assert coincidence_rate(300, 900) == pytest.approx(301 / 1000)
    assert coincidence_rate(0, 10**9) == 1e-4
    assert coincidence_rate(10**9, 10**9) == 0.5


def test_permuted_pairs_are_wrong_votes_of_two_models_on_two_questions():
    items = survey(60, 6)
    pairs = permuted_pairs(items, most=500)
    assert len(pairs) == 500
    for (q, i), (r, j) in pairs:
        assert q != r
        assert i != j
        assert items[q].votes[i] not in (None, items[q].right)
        assert items[r].votes[j] not in (None, items[r].right)
    assert permuted_pairs([items[0]]) == []
    assert len(permuted_pairs(items[:3], most=10**6)) == len(set(permuted_pairs(items[:3], most=10**6)))
