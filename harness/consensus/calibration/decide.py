"""Serve, ask or abstain under a risk limit: a pure function of the votes so far."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from harness.consensus.calibration.calibration import Calibration
from harness.consensus.calibration.certify import Threshold
from harness.consensus.calibration.estimate import Estimator
from harness.consensus.calibration.order import LEAST_CALLS, Rule, next_calls, reachable, relative_costs, served
from harness.consensus.calibration.votes import State, canonical
from harness.core.ids import ModelId
from harness.core.outcome import Reason

Ranking = tuple[tuple[int, float], ...]
"""(group, chance of being right), most likely first; what is missing to 1 is "none of these"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serve:
    """Certified: give this answer to the caller."""

    group: int
    confidence: float
    """Calibrated chance of being right."""
    certificate: Threshold
    ranking: Ranking


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask these, all in one round."""

    models: tuple[ModelId, ...]
    ranking: Ranking


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Not yet: someone has been asked and not heard."""

    ranking: Ranking


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstain:
    """Not served, and why."""

    reason: Reason
    why: str
    ranking: Ranking = ()
    labels_missing: int | None = None
    """Set with UNCERTIFIED, where more labels would help."""


Decision = Serve | Ask | Wait | Abstain


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A vote as it stands."""

    votes: Mapping[ModelId, int | None]
    """Who has been heard: the group of its answer, or None when it gave no valid one. Any numbering."""
    asked: Collection[ModelId]
    """Who has been asked, heard or not."""
    unavailable: Mapping[ModelId, Reason] = field(default_factory=dict)
    """Who may not be asked any more, and what to call it (BUDGET, DEADLINE, …)."""


def decide(
    calibration: Calibration,
    moment: Moment,
    risk_limit: float,
    *,
    cost: Mapping[ModelId, float] | None = None,
    estimator: Estimator | None = None,
) -> Decision:
    """What to do now.

    Serves as soon as the confidence reaches the certified threshold of *risk_limit* (or of a stricter certified limit),
    with at least two votes. A member without a valid answer is summed out. While someone is pending it serves or waits;
    with ``order: all_at_once`` it waits for all, since that is the policy that was certified. *cost* replaces the costs
    of the calibration in the choice of whom to ask: the confidence stays right, the certificate is that of the other
    costs. Pass ``calibration.estimator()`` as *estimator* to reuse its memory between calls. Reasons for abstaining:
    UNCERTIFIED, DEGRADED_PANEL (too few valid answers, or those that are missing could have sufficed), DIVERGENT, or
    that of the unavailable member that would have been asked. Raises ValueError for a model outside the calibration.
    """
    certificate = calibration.certificate(risk_limit)
    if certificate is None or certificate.threshold is None:
        return _uncertified(calibration, risk_limit)
    _check(calibration, moment)
    known = estimator or calibration.estimator()
    votes = [moment.votes.get(model) for model in calibration.models]
    state = canonical(votes)
    ranking = tuple((group, chance) for group, chance in _ranked(known, state, votes))
    pending = set(moment.asked) - set(moment.votes)
    complete = not pending or calibration.order != "all_at_once"
    if complete and served(known, state, certificate.threshold):
        group, confidence = ranking[0]
        return Serve(group=group, confidence=confidence, certificate=certificate, ranking=ranking)
    if pending:
        return Wait(ranking=ranking)
    rule = _rule(calibration, certificate.threshold, cost)
    calls = _calls(calibration, known, state, moment, rule)
    if isinstance(calls, Reason):
        return Abstain(reason=calls, why="the member to ask next is not available", ranking=ranking)
    if calls:
        return Ask(models=tuple(calibration.models[i] for i in calls), ranking=ranking)
    silent = [i for i, model in enumerate(calibration.models) if model in moment.votes and state[i] is None]
    sufficing = bool(silent) and reachable(known, state, silent, certificate.threshold)
    reason, why = _shortfall(state, [calibration.models[i] for i in silent], sufficing=sufficing)
    if ranking:
        why = f"{why}; confidence {ranking[0][1]:.4f}, threshold {certificate.threshold:.4f}"
    return Abstain(reason=reason, why=why, ranking=ranking)


def _rule(calibration: Calibration, threshold: float, cost: Mapping[ModelId, float] | None) -> Rule:
    rule = Rule(order=calibration.order, cost=calibration.cost, threshold=threshold)
    if cost is None:
        return rule
    return replace(rule, cost=relative_costs(cost.get(model) for model in calibration.models))


def _calls(
    calibration: Calibration, estimator: Estimator, state: State, moment: Moment, rule: Rule
) -> tuple[int, ...] | Reason:
    """Whom to ask; a reason when only members that are not available would have been worth it."""
    left = [i for i, model in enumerate(calibration.models) if model not in moment.asked]
    able = [i for i in left if calibration.models[i] not in moment.unavailable]
    calls = next_calls(estimator, state, able, len(moment.asked), rule)
    if calls or len(able) == len(left):
        return calls
    wanted = next_calls(estimator, state, left, len(moment.asked), rule)
    barred = [calibration.models[i] for i in wanted if i not in able]
    return moment.unavailable[barred[0]] if barred else ()


def _uncertified(calibration: Calibration, risk_limit: float) -> Abstain:
    asked_for = [t for t in calibration.thresholds if abs(t.risk_limit - risk_limit) <= 1e-12]
    missing = asked_for[0].labels_missing if asked_for else None
    known = ", ".join(f"{t.risk_limit:g}" for t in calibration.thresholds if t.certified) or "none"
    if missing is not None:
        more = f"about {missing} more labels are missing at the rates seen"
    elif asked_for:
        more = "the errors seen are too many for any number of labels"
    else:
        more = "that limit was not part of the calibration"
    why = (
        f"a risk limit of {risk_limit:g} is not certified from {calibration.labels} labels: {more}; certified: {known}"
    )
    return Abstain(reason=Reason.UNCERTIFIED, why=why, labels_missing=missing)


def _shortfall(state: State, silent: list[ModelId], *, sufficing: bool) -> tuple[Reason, str]:
    """What to call it that nobody is worth asking; *sufficing*: the answers of *silent* could have been enough."""
    sizes = [list(state).count(group) for group in sorted({group for group in state if group is not None})]
    votes = " against ".join(map(str, sizes)) or "0"
    if sum(sizes) < LEAST_CALLS or sufficing:
        return Reason.DEGRADED_PANEL, f"votes {votes}; no valid answer from {', '.join(silent) or 'anyone'}"
    return Reason.DIVERGENT, f"votes {votes}"


def _ranked(estimator: Estimator, state: State, votes: list[int | None]) -> list[tuple[int, float]]:
    """The ranking in the caller's numbering."""
    named = {number: group for number, group in zip(state, votes, strict=True) if number is not None}
    return [(group, chance) for number, chance in estimator.ranking(state) if (group := named[number]) is not None]


def _check(calibration: Calibration, moment: Moment) -> None:
    strangers = sorted({*moment.votes, *moment.asked} - set(calibration.models))
    if strangers:
        raise ValueError(f"{strangers[0]!r} is not in the calibration; there are: {', '.join(calibration.models)}")
    unasked = sorted(moment.votes.keys() - set(moment.asked))
    if unasked:
        raise ValueError(f"{unasked[0]!r} was heard and never asked")
