"""Calibrates a policy from labelled votes: fits, cross-validates, and certifies thresholds of the stopped policy.

Whatever is certified was decided by a model and a head that had not seen the question: the questions are dealt into
five folds by a hash of their names, each fold is voted on by what was fitted to the other four (its head on posteriors
of models that in turn had not seen *their* question), and the five are counted together. The calibration that is kept
is fitted to all questions, so the certificate is that of the procedure, not of one split.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.consensus.calibration import metrics
from harness.consensus.calibration.calibration import Calibration, Scores
from harness.consensus.calibration.certify import DELTA, LIMITS, Tried, certify
from harness.consensus.calibration.drift import baseline
from harness.consensus.calibration.estimate import Estimator
from harness.consensus.calibration.fit import fit
from harness.consensus.calibration.head import Head, logistic
from harness.consensus.calibration.order import Rule, Walker, relative_costs
from harness.consensus.calibration.regress import fit_head
from harness.consensus.calibration.votes import Labelled, canonical
from harness.core.errors import ConfigError
from harness.core.hashing import digest
from harness.core.ids import ModelId, PolicyName, TaskClass
from harness.core.policy import Order

FOLDS = 5
LEAST_LABELS = 5
GRID = tuple(logistic(step / 10) for step in range(100, -1, -1))
"""Thresholds from 0.99995 to 0.5 in steps of a tenth of a logit: fixed beforehand, strict to loose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFacts:
    """What of a policy the votes depend on."""

    task_class: TaskClass
    policy: PolicyName
    policy_version: str
    comparator: str
    models: tuple[ModelId, ...]
    order: Order = "value"
    cost: tuple[float | None, ...] = ()
    """Per model, in any unit, None unknown; empty: all alike."""


def calibrate(
    items: Sequence[Labelled],
    facts: PolicyFacts,
    *,
    fitted_at: str,
    limits: Sequence[float] = LIMITS,
    coincidence: float = 0.01,
    delta: float = DELTA,
    versions: Mapping[str, str] | None = None,
) -> Calibration:
    """The calibration of one policy on one task class.

    *coincidence* is the chance that two unrelated wrong answers are the same (``coincidence_rate``). The order of
    *items* does not matter. Raises ConfigError when there are fewer than five, when a question occurs twice, or when
    the votes do not fit the panel.
    """
    _check(items, facts, limits)
    ordered = shuffled(items)
    cost = relative_costs(facts.cost or (1.0,) * len(facts.models))
    blind = crossfit(ordered, coincidence=coincidence)
    tried = try_thresholds(ordered, blind, order=facts.order, cost=cost) if limits else []
    final = train(ordered, coincidence=coincidence)
    everyone = range(len(facts.models))
    return Calibration(
        task_class=facts.task_class,
        policy=facts.policy,
        policy_version=facts.policy_version,
        comparator=facts.comparator,
        models=facts.models,
        order=facts.order,
        cost=cost,
        labels=len(items),
        parameters=final.parameters,
        head=final.head,
        delta=delta,
        thresholds=tuple(
            certify(tried, labels=len(items), risk_limit=limit, delta=delta) for limit in sorted(set(limits))
        ),
        scores=score(ordered, blind),
        baseline=baseline(blind, [(item.votes, everyone) for item in ordered]),
        data_hash=data_hash(ordered, facts.models),
        fitted_at=fitted_at,
        versions=dict(versions or {}),
    )


def shuffled(items: Iterable[Labelled]) -> list[Labelled]:
    """*items* in the order of the hash of their names: the same for the same questions, whoever lists them."""
    return sorted(items, key=lambda item: hashlib.sha256(item.task.encode()).digest())


def data_hash(items: Iterable[Labelled], models: Sequence[ModelId]) -> str:
    """What tells labelled votes apart: SHA-256 of the panel, the questions, the votes and the truth."""
    return digest([models, [[item.task, item.votes, item.right] for item in shuffled(items)]])


def train(items: Sequence[Labelled], *, coincidence: float = 0.01) -> Estimator:
    """Model and head on all *items*; the head learns from models that did not see the question. In the given order."""
    folds = _folds(items)
    blind = [
        Estimator(fit([x for x, fold in zip(items, folds, strict=True) if fold != k], coincidence=coincidence), Head())
        for k in range(max(folds) + 1)
    ]
    head = fit_head(items, [blind[fold] for fold in folds])
    return Estimator(fit(items, coincidence=coincidence), head)


def crossfit(items: Sequence[Labelled], *, coincidence: float = 0.01) -> list[Estimator]:
    """For each item an estimator, head included, that was trained without its fold."""
    folds = _folds(items)
    blind = [
        train([item for item, fold in zip(items, folds, strict=True) if fold != k], coincidence=coincidence)
        for k in range(max(folds) + 1)
    ]
    return [blind[fold] for fold in folds]


def score(items: Sequence[Labelled], estimators: Sequence[Estimator]) -> Scores:
    """How good the confidences in complete votes are."""
    pairs = scored(items, estimators)
    return Scores(
        accuracy=sum(right for _, right in pairs) / len(pairs),
        ece=metrics.ece(pairs),
        brier=metrics.brier(pairs),
        aurc=metrics.aurc(pairs),
    )


def scored(items: Sequence[Labelled], estimators: Sequence[Estimator]) -> list[tuple[float, bool]]:
    """(confidence, right) of the top answer of each complete vote; (0, False) where nobody answered."""
    found: list[tuple[float, bool]] = []
    for item, estimator in zip(items, estimators, strict=True):
        state = canonical(item.votes)
        top, confidence = estimator.top(state)
        found.append((confidence, top is not None and item.votes[state.index(top)] == item.right))
    return found


def try_thresholds(
    items: Sequence[Labelled],
    estimators: Sequence[Estimator],
    *,
    order: Order,
    cost: tuple[float, ...],
    grid: Sequence[float] = GRID,
) -> list[Tried]:
    """The stopped policy at every threshold of *grid*, over all *items*, each with its estimator."""
    by_number = {id(estimator): estimator for estimator in estimators}
    alike = Counter((id(one), item.votes, item.right) for item, one in zip(items, estimators, strict=True))
    found: list[Tried] = []
    for threshold in grid:
        rule = Rule(order=order, cost=cost, threshold=threshold)
        walkers = {number: Walker(estimator, rule) for number, estimator in by_number.items()}
        served = errors = calls = 0
        spent = expected = 0.0
        for (number, votes, right), questions in alike.items():
            stop = walkers[number].walk(votes)
            served += questions * (stop.group is not None)
            errors += questions * (stop.group is not None and stop.group != right)
            expected += questions * (1 - stop.confidence) * (stop.group is not None)
            calls += questions * len(stop.asked)
            spent += questions * sum(cost[i] for i in stop.asked)
        n = len(items)
        row = Tried(
            threshold=threshold,
            served=served,
            errors=errors,
            expected=expected,
            calls_mean=calls / n,
            cost_mean=spent / n,
        )
        found.append(row)
    return found


def _folds(items: Sequence[Labelled]) -> list[int]:
    """Dealt out in turn; *items* come sorted by hash, so this is a fair, repeatable shuffle."""
    return [i % min(FOLDS, len(items)) for i in range(len(items))]


def _check(items: Sequence[Labelled], facts: PolicyFacts, limits: Sequence[float]) -> None:
    if len(items) < LEAST_LABELS:
        raise ConfigError(
            f"{facts.policy}: {len(items)} labelled questions of class {facts.task_class}; at least {LEAST_LABELS} are "
            "needed to fit anything, and about 100 to be useful"
        )
    name, times = Counter(item.task for item in items).most_common(1)[0]
    if times > 1:
        raise ConfigError(f"{facts.policy}: question {name!r} occurs {times} times; each counts once, pick one epoch")
    panel = len(facts.models)
    if panel < 2 or len(set(facts.models)) < panel:
        raise ConfigError(f"{facts.policy}: panel {list(facts.models)!r}; two or more different models are needed")
    if any(len(item.votes) != panel for item in items) or len(facts.cost) not in (0, panel):
        raise ConfigError(f"{facts.policy}: votes and costs must name each of the {panel} members of the panel")
    for limit in limits:
        if not 0 < limit < 1:
            raise ConfigError(f"{facts.policy}: risk limit {limit!r}; it is a share of wrong answers, inside (0, 1)")
