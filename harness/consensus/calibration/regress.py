"""Fits heads: ridge logistic regression by Newton's method, on posteriors of models that did not see the question."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from harness.consensus.calibration.estimate import Estimator
from harness.consensus.calibration.head import Head, kind_for, logit, shape
from harness.consensus.calibration.votes import Labelled, State, masked

Array: TypeAlias = NDArray[np.float64]
Row: TypeAlias = tuple[list[float], bool, float]
"""Features, whether the top answer was right, weight."""

RIDGE = 1.0
ALL_STAGES = 7
"""Up to this panel size every subset of two or more members is a stage to learn from."""
FEW_STAGES = 12
"""Up to this one: all pairs and triples; above: pairs. The full panel always."""


def fit_head(items: Sequence[Labelled], estimators: Sequence[Estimator]) -> Head:
    """The head for as many labels as there are.

    *estimators* runs parallel to *items*: each is raw (without a head) and fitted without that item. Ridge pulls the
    slope towards 1 and all else towards 0, so the less data, the closer to the posterior itself.
    """
    kind = kind_for(len(items))
    rows = [] if kind == "raw" else list(_rows(items, estimators))
    if not rows:
        return Head()
    width = len(rows[0][0]) if kind == "logistic" else 1
    found = ridge_logistic(
        np.array([features[:width] for features, _, _ in rows]),
        np.array([right for _, right, _ in rows], float),
        np.array([weight for _, _, weight in rows]),
        centre=np.array([1.0] + [0.0] * (width - 1)),
    )
    intercept, slope, *rest = map(float, found)
    if kind == "platt":
        return Head(kind=kind, intercept=intercept, slope=slope)
    *agreement, spread, second, missing = rest
    return Head(
        kind=kind,
        intercept=intercept,
        slope=slope,
        agreement=tuple(agreement),
        spread=spread,
        second=second,
        missing=missing,
    )


def ridge_logistic(
    features: Array, right: Array, weight: Array, *, centre: Array, ridge: float = RIDGE, steps: int = 50
) -> Array:
    """Intercept and coefficients with the largest ``Σ w log-likelihood - ridge/2 |coefficients - centre|²``.

    Newton's method with halved steps, from the centre. The intercept is nearly free (a thousandth of the ridge), so
    separable data have a finite solution.
    """
    x = np.hstack([np.ones((len(features), 1)), features])
    target = np.concatenate([[0.0], centre])
    penalty = np.full(len(target), ridge)
    penalty[0] = ridge / 1000

    def objective(at: Array) -> float:
        linear = x @ at
        likelihood = weight @ (right * linear - np.logaddexp(0, linear))
        return float(likelihood - (penalty * (at - target) ** 2).sum() / 2)

    at, value = target.copy(), objective(target)
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(x @ at).clip(-30, 30)))
        gradient = x.T @ (weight * (right - p)) - penalty * (at - target)
        curvature = (x * (weight * p * (1 - p))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        while objective(at + step) < value and np.abs(step).max() > 1e-12:
            step = step / 2
        at = at + step
        value = objective(at)
        if np.abs(step).max() < 1e-9:
            break
    return at


def stages(panel: int) -> list[tuple[int, ...]]:
    """Which members have been heard, at the moments a head learns from; the full panel last."""
    counts = range(2, panel if panel <= ALL_STAGES else 4 if panel <= FEW_STAGES else 3)
    return [heard for count in counts for heard in combinations(range(panel), count)] + [tuple(range(panel))]


def _rows(items: Sequence[Labelled], estimators: Sequence[Estimator]) -> Iterator[Row]:
    """The full panel has weight 1; the smaller stages share 1 too, each number of votes alike.

    What looks the same to the same estimator, and is right or wrong alike, is one row of its summed weight.
    """
    panel = len(items[0].votes)
    per_count = [math.comb(panel, count) for count in range(panel + 1)]
    plan = stages(panel)
    counts = len({len(heard) for heard in plan}) - 1
    weighted = [(x, 1.0 if len(x) == panel else 1 / (counts * per_count[len(x)])) for x in plan]
    alike = Counter((number, item.votes, item.right) for item, number in zip(items, map(id, estimators), strict=True))
    by_number = {id(estimator): estimator for estimator in estimators}
    rows: dict[tuple[int, State, bool], float] = {}
    for (number, votes, truth), questions in alike.items():
        for heard, weight in weighted:
            state = masked(votes, heard)
            top, _ = by_number[number].top(state)
            if top is not None:
                key = (number, state, truth is not None and votes[state.index(top)] == truth)
                rows[key] = rows.get(key, 0.0) + weight * questions
    for (number, state, right), weight in rows.items():
        top, probability = by_number[number].top(state)
        assert top is not None, "only states with votes were kept"
        yield [logit(probability), *shape(state, top)], right, weight
