"""Fits the difficulty-plus-attractor model to labelled questions: expectation maximisation with Beta priors.

Deterministic: the same questions in any order give the same parameters (to rounding). Works with ten labels, since
every estimate is shrunk: accuracies towards the model's own mean (itself towards one half), attractions towards one
quarter, class weights towards equal ones.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from harness.consensus.calibration.model import LEAST_UNSEEN, Parameters
from harness.consensus.calibration.votes import Labelled

Array: TypeAlias = NDArray[np.float64]
_Point: TypeAlias = tuple[Array, Array, Array]
"""pi, a, s."""

CLASSES = 3
KAPPA = 1.0
ITERATIONS = 60
TOLERANCE = 1e-7
_RIGHT = -1


@dataclass(frozen=True, slots=True)
class _Rows:
    """One row per (agreement pattern, possible attractor); 0/1 entries per model."""

    right: Array
    pulled: Array
    other: Array
    prior: Array
    """p(d) of the row."""
    pattern: NDArray[np.intp]
    """Which pattern the row belongs to."""
    counts: Array
    """How many questions show the pattern."""


def fit(
    items: Sequence[Labelled],
    *,
    coincidence: float = 0.01,
    classes: int = CLASSES,
    kappa: float = KAPPA,
    iterations: int = ITERATIONS,
) -> Parameters:
    """Parameters that make *items* likely.

    ``a_iz = (right + kappa ā_i) / (votes + kappa)``, ``s_iz = (same + ½) / (wrong + 2)``, ``pi_z`` with one added to
    each class. Stops after *iterations*, or once no parameter moves by more than ``1e-7``. ``classes=1`` still has an
    attractor. Raises ValueError without items, with votes of unequal length, or for *coincidence* outside (0, 1).
    """
    if not items:
        raise ValueError("no labelled questions to fit")
    if len({len(item.votes) for item in items}) != 1:
        raise ValueError("the questions were asked of panels of different sizes")
    if not 0 < coincidence < 1:
        raise ValueError(f"coincidence must lie inside (0, 1): {coincidence!r}")
    rows = _rows(items, coincidence)
    votes, right = _marginals(items)
    mean = (right + 1) / (votes + 2)
    at = _start(mean, classes)
    for _ in range(iterations):
        before, at = at, _improve(rows, at, kappa * mean[:, None], kappa, coincidence)
        if max(float(np.abs(x - y).max()) for x, y in zip(before, at, strict=True)) < TOLERANCE:
            break
    pi, a, s = at
    return Parameters(
        difficulty=tuple(map(float, pi)),
        accuracy=tuple(tuple(map(float, row)) for row in a),
        attraction=tuple(tuple(map(float, row)) for row in s),
        coincidence=float(coincidence),
        answering=tuple(map(float, (votes + 1) / (len(items) + 1))),
    )


def coincidence_rate(same: int, pairs: int, *, prior: float = 0.01, weight: float = 100.0) -> float:
    """The chance that two unrelated wrong answers coincide, from permuted pairs (:func:`permuted_pairs`).

    Shrunk towards *prior* with the weight of *weight* pairs; within [1e-4, 0.5].
    """
    return min(max((same + prior * weight) / (pairs + weight), 1e-4), 0.5)


def permuted_pairs(items: Sequence[Labelled], *, most: int = 20_000) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Pairs of wrong votes, by different models on different questions, as ((item, model), (item, model)).

    Whoever has the texts compares them; the share called the same estimates ``u``. Question q is paired with q + k for
    k = 1, 2, … (a permutation of questions without fixed points), up to *most* pairs.
    """
    wrong = [[i for i, g in enumerate(item.votes) if g is not None and g != item.right] for item in items]
    pairs: list[tuple[tuple[int, int], tuple[int, int]]] = []
    for shift in range(1, len(items)):
        for q, models in enumerate(wrong):
            other = (q + shift) % len(items)
            pairs.extend(((q, i), (other, j)) for i in models for j in wrong[other] if i != j)
            if len(pairs) >= most:
                return pairs[:most]
    return pairs


def _encoded(item: Labelled) -> tuple[int | None, ...]:
    """The votes as -1 (right), None (no vote), or the number of the wrong value by first appearance."""
    number: dict[int, int] = {}
    return tuple(
        None if g is None else _RIGHT if g == item.right else number.setdefault(g, len(number)) for g in item.votes
    )


def _rows(items: Sequence[Labelled], u: float) -> _Rows:
    patterns = sorted(Counter(map(_encoded, items)).items(), key=repr)
    right, pulled, other, prior, pattern = [], [], [], [], []
    for p, (votes, _) in enumerate(patterns):
        wrong = 1 + max((g for g in votes if g is not None), default=_RIGHT)
        for d in range(wrong + 1):  # the last one: an attractor nobody fell for
            right.append([g == _RIGHT for g in votes])
            pulled.append([g == d for g in votes])
            other.append([g is not None and g not in (_RIGHT, d) for g in votes])
            prior.append(u if d < wrong else max(1 - wrong * u, LEAST_UNSEEN))
            pattern.append(p)
    return _Rows(
        right=np.array(right, float),
        pulled=np.array(pulled, float),
        other=np.array(other, float),
        prior=np.array(prior, float),
        pattern=np.array(pattern),
        counts=np.array([count for _, count in patterns], float),
    )


def _marginals(items: Sequence[Labelled]) -> tuple[Array, Array]:
    """Votes and right votes of each model."""
    votes = np.array([[g is not None for g in item.votes] for item in items], float)
    right = np.array([[g is not None and g == item.right for g in item.votes] for item in items], float)
    return votes.sum(0), right.sum(0)


def _start(mean: Array, classes: int) -> _Point:
    """Equal classes; accuracies two logits easier and harder than the mean; attraction 0.3."""
    safe = mean.clip(0.02, 0.98)
    spread = np.linspace(2.0, -2.0, classes) if classes > 1 else np.zeros(1)
    a = 1 / (1 + np.exp(-(np.log(safe / (1 - safe))[:, None] + spread[None, :])))
    return np.full(classes, 1 / classes), a, np.full((len(mean), classes), 0.3)


def _improve(rows: _Rows, at: _Point, prior_right: Array, kappa: float, u: float) -> _Point:
    """One step of expectation maximisation."""
    pi, a, s = at
    chance = (1 - s) * u
    logs = rows.right @ np.log(a) + rows.pulled @ np.log((1 - a) * (s + chance)) + rows.other @ np.log((1 - a) * chance)
    logs += np.log(rows.prior)[:, None] + np.log(pi)[None, :]
    top = np.full(len(rows.counts), -np.inf)
    np.maximum.at(top, rows.pattern, logs.max(1))
    weight = np.exp(logs - top[rows.pattern][:, None])
    total = np.bincount(rows.pattern, weight.sum(1))
    weight *= (rows.counts / total)[rows.pattern][:, None]
    right = rows.right.T @ weight
    pulled = rows.pulled.T @ weight
    wrong = pulled + rows.other.T @ weight
    mass = weight.sum(0)
    return (
        (mass + 1) / (mass.sum() + len(pi)),
        (right + prior_right) / (right + wrong + kappa),
        (pulled * s / (s + chance) + 0.5) / (wrong + 2),
    )
