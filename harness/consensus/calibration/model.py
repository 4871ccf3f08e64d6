"""The chance that each answer is right, by a model that knows voters share their errors.

Each question has a hidden difficulty class ``z`` with probability ``pi_z`` and one attractor ``d``: the wrong value
that a shared fallacy leads to. Given the truth ``c``, voter ``i`` says

    c                      with probability  a_iz
    d                      with probability  (1 - a_iz) (s_iz + (1 - s_iz) u)
    any other value        with probability  (1 - a_iz) (1 - s_iz) u

independently of the others. ``u`` is the chance that two unrelated wrong values coincide. Truth and attractor are a
priori any seen value with probability ``u`` each, or an unseen one with what remains. A model without a vote has no
factor: it is summed out, never counted as agreeing.
"""

import math
from dataclasses import dataclass

from harness.consensus.calibration.votes import State

LEAST_UNSEEN = 1e-6
"""Floor of the prior of "none of these": with a large u and many groups, 1 - m u would turn negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """A fitted model. Rows are models in panel order, columns difficulty classes."""

    difficulty: tuple[float, ...]
    """``pi_z``; sums to 1."""
    accuracy: tuple[tuple[float, ...], ...]
    """``a_iz``, inside (0, 1)."""
    attraction: tuple[tuple[float, ...], ...]
    """``s_iz``, inside [0, 1)."""
    coincidence: float
    """``u``, inside (0, 1)."""
    answering: tuple[float, ...]
    """How often each model gives a valid answer at all, in (0, 1]. Used to plan calls, not to weigh answers."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Logarithms of a model's factors, ``[class][model]``, relative to "any other value"."""

    prior: tuple[float, ...]
    other: tuple[tuple[float, ...], ...]
    right: tuple[tuple[float, ...], ...]
    drawn: tuple[tuple[float, ...], ...]
    coincidence: float


@dataclass(frozen=True, slots=True)
class Posterior:
    """Who is right, given some votes."""

    groups: tuple[float, ...]
    """Probability of each group of the state."""
    none: float
    """Probability that no group is right."""
    log_evidence: float
    """Logarithm of the probability of these votes."""


def tables(parameters: Parameters) -> Tables:
    """The logarithms :func:`weigh` adds up; worth keeping when one model weighs many states."""
    u = parameters.coincidence
    pairs = [
        [(a, s) for a, s in zip(accuracy, attraction, strict=True)]
        for accuracy, attraction in zip(
            zip(*parameters.accuracy, strict=True), zip(*parameters.attraction, strict=True), strict=True
        )
    ]
    log = math.log
    return Tables(
        prior=tuple(map(log, parameters.difficulty)),
        other=tuple(tuple(log((1 - a) * (1 - s) * u) for a, s in row) for row in pairs),
        right=tuple(tuple(log(a / ((1 - a) * (1 - s) * u)) for a, s in row) for row in pairs),
        drawn=tuple(tuple(log((s + (1 - s) * u) / ((1 - s) * u)) for _, s in row) for row in pairs),
        coincidence=u,
    )


def posterior(parameters: Parameters, votes: State) -> Posterior:
    """The chance of each group of the canonical state *votes*, and of "none of these". They sum to 1.

    Costs O(K (n + m²)) for K difficulty classes, n models and m groups.
    """
    return weigh(tables(parameters), votes)


def weigh(model: Tables, votes: State) -> Posterior:
    """:func:`posterior` from prepared tables."""
    voters = [(i, group) for i, group in enumerate(votes) if group is not None]
    groups = 1 + max((group for _, group in voters), default=-1)
    unseen = max(1.0 - groups * model.coincidence, LEAST_UNSEEN)
    logs: list[list[float]] = [_class_logs(model, z, voters, groups, unseen) for z in range(len(model.prior))]
    top = max(map(max, logs))
    weights = [math.fsum(math.exp(row[c] - top) for row in logs) for c in range(groups + 1)]
    total = math.fsum(weights)
    return Posterior(
        groups=tuple(weight / total for weight in weights[:groups]),
        none=weights[groups] / total,
        log_evidence=math.log(total) + top,
    )


def _class_logs(model: Tables, z: int, voters: list[tuple[int, int]], groups: int, unseen: float) -> list[float]:
    """Log of (prior of c) × (probability of the votes given c and class z), for each group c, then for none of them.

    Given z, the votes' probability factorises over groups once each factor is taken relative to "any other value":
    so the sum over attractors needs one product per group, not one per pair and voter.
    """
    start, other, right, drawn = model.prior[z], model.other[z], model.right[z], model.drawn[z]
    rights = [0.0] * groups
    pulls = [0.0] * groups
    for i, group in voters:
        start += other[i]
        rights[group] += right[i]
        pulls[group] += drawn[i]
    scale = max(pulls, default=0.0)
    u = model.coincidence
    pulled = [u * math.exp(pull - scale) for pull in pulls]
    free = unseen * math.exp(-scale)
    start += scale
    log_u = math.log(u)
    found = [
        start + log_u + rights[c] + math.log(free + sum(pulled[:c]) + sum(pulled[c + 1 :]) + 1e-300)
        for c in range(groups)
    ]
    found.append(start + math.log(unseen) + math.log(free + sum(pulled)))
    return found
