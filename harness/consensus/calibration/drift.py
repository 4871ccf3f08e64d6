"""Has the panel changed since it was calibrated? Observed agreement against predicted agreement; no labels needed.

Each vote after the first either joins a group or says something new. The fitted model predicts the chance of joining
from the votes before it; outcome minus chance has mean zero whatever rule chose whom to ask, so stopped votes may be
compared with complete ones. What the model itself gets wrong is in the baseline, measured when it was fitted.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.consensus.calibration.estimate import Estimator, joining
from harness.consensus.calibration.votes import State, canonical

ALARM = 0.001
"""Chance of a false alarm per look; looks are repeated, so it is small."""
LEAST_QUESTIONS = 30
"""Below this many questions the normal approximation is not used: no alarm."""

Heard = tuple[Sequence[int | None], Sequence[int]]
"""One question: votes in panel order, and who was asked, in that order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Of "joined minus predicted", per question."""

    n: int
    mean: float
    variance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Surprise at fitting time, cross-fitted: of all votes, and per model."""

    panel: Moments
    models: tuple[Moments, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The result of one look."""

    questions: int
    observed: float
    """Share of votes (after the first of a question) that joined a group."""
    predicted: float
    """The same share as the model predicts it."""
    p_value: float
    """Two-sided, for the panel and each of its models, corrected for that many looks (Bonferroni)."""
    model_p_values: tuple[float, ...]
    """Uncorrected, in panel order; 1.0 for a model with too few votes."""
    alarm: bool


@dataclass(frozen=True, slots=True)
class _Surprise:
    model: int
    joined: bool
    chance: float


def baseline(estimators: Sequence[Estimator], heard: Sequence[Heard]) -> Baseline:
    """The surprise on the labelled questions; *estimators* runs parallel, each fitted without its question."""
    seen = [list(_surprises(one, *question)) for one, question in zip(estimators, heard, strict=True)]
    return _baseline(seen, len(estimators[0].parameters.answering))


def drift(estimator: Estimator, fitted: Baseline, heard: Iterable[Heard], *, alarm: float = ALARM) -> Drift:
    """Compares recent questions with the *fitted* baseline.

    Two-sample z of the mean surprise per question, for the panel and each model. Questions are taken as independent.
    """
    seen = [list(_surprises(estimator, *question)) for question in heard]
    now = _baseline(seen, len(fitted.models))
    votes = [one for question in seen for one in question]
    models = tuple(_p_value(a, b) for a, b in zip(now.models, fitted.models, strict=True))
    smallest = min((_p_value(now.panel, fitted.panel), *models))
    p_value = min(1.0, smallest * (1 + len(models)))
    return Drift(
        questions=len(seen),
        observed=sum(one.joined for one in votes) / max(len(votes), 1),
        predicted=sum(one.chance for one in votes) / max(len(votes), 1),
        p_value=p_value,
        model_p_values=models,
        alarm=p_value < alarm,
    )


def _surprises(estimator: Estimator, votes: Sequence[int | None], asked: Sequence[int]) -> Iterable[_Surprise]:
    """One per valid vote after the first of a question."""
    state: State = (None,) * len(votes)
    heard: list[int] = []
    for member in (i for i in asked if votes[i] is not None):
        if heard:
            groups = range(len(estimator.posterior(state).groups))
            chance = sum(estimator.chance(joining(state, member, group), state) for group in groups)
            yield _Surprise(member, any(votes[member] == votes[i] for i in heard), min(chance, 1.0))
        heard.append(member)
        state = canonical(votes[i] if i in heard else None for i in range(len(votes)))


def _baseline(seen: Sequence[Sequence[_Surprise]], models: int) -> Baseline:
    def residual(one: _Surprise) -> float:
        return one.joined - one.chance

    by_model: list[list[float]] = [[] for _ in range(models)]
    for question in seen:
        for one in question:
            by_model[one.model].append(residual(one))
    panel = [sum(map(residual, question)) for question in seen if question]
    return Baseline(panel=_moments(panel), models=tuple(map(_moments, by_model)))


def _moments(values: Sequence[float]) -> Moments:
    n = len(values)
    mean = math.fsum(values) / max(n, 1)
    return Moments(n=n, mean=mean, variance=math.fsum((v - mean) ** 2 for v in values) / max(n - 1, 1))


def _p_value(now: Moments, fitted: Moments) -> float:
    """Two-sided p of equal means; the larger of both variances, so that a window without surprises is not certain."""
    if min(now.n, fitted.n) < LEAST_QUESTIONS:
        return 1.0
    variance = max(now.variance, fitted.variance, 1e-9)
    z = (now.mean - fitted.mean) / math.sqrt(variance * (1 / now.n + 1 / fitted.n))
    return math.erfc(abs(z) / math.sqrt(2))
