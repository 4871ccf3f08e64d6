"""How a vote, a single answer or a failed routing becomes an outcome. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from harness.consensus import UNCALIBRATED, Abstain, Serve, Standing, served_name
from harness.core.ballot import Ballot, Comparator
from harness.core.hashing import digest
from harness.core.ids import CandidateId, ModelId, VerdictId
from harness.core.money import sum_known
from harness.core.outcome import CalibrationFacts, Group, Outcome, QuorumFacts, Reason, missing
from harness.core.policy import Policy
from harness.core.request import Request
from harness.core.response import Failure, FailureKind, Response
from harness.engine.ballots import reason_of


def verdict_id(request: Request, candidate: CandidateId) -> VerdictId:
    """The name of an outcome: the same question of the same candidate in the same trace has the same name."""
    return VerdictId(digest((request.trace_id, candidate, request.sha256))[:16])


def decided(
    action: Serve | Abstain,
    ballots: tuple[Ballot, ...],
    *,
    policy: Policy,
    judge: Comparator,
    standing: Standing = UNCALIBRATED,
    candidate: CandidateId,
    request: Request,
    latency_s: float,
    notes: Sequence[str] = (),
) -> Outcome:
    """The outcome of a vote; *notes* are added to its detail."""
    serve = action if isinstance(action, Serve) else None
    answer = serve.winner.answer if serve else None
    cost, bound = costs(ballots)
    asked = {ballot.model for ballot in ballots if ballot.reply is not None}
    called = len(asked.intersection(policy.voters))
    shared = shared_models(action.tally.ballots)
    facts = QuorumFacts(declared=len(policy.voters), called=called, valid=action.tally.valid, missing=missing(ballots))
    merged = serve.merged if serve else None
    return Outcome(
        verdict_id=verdict_id(request, candidate),
        candidate=candidate,
        served=serve is not None,
        answer=merged.answer.text if merged else answer.text if answer else None,
        text=merged.answer.text if merged else _text(serve.winner) if serve else None,
        reason=action.reason if isinstance(action, Abstain) else None,
        detail="; ".join((action.why, *shared, *notes)),
        confidence=action.confidence,
        certified=serve is not None and serve.certificate is not None,
        calibration=_calibration_facts(standing),
        uncertified=standing.doubt(policy),
        labels_missing=standing.labels_missing,
        agreed=serve is None or serve.agreed,
        merged=merged.fields if merged else (),
        degraded=bool(shared) or _degraded(action.tally.ballots),
        policy=policy.name,
        policy_version=policy.version,
        comparator=f"{judge.name}@{judge.version}",
        groups=_groups(action),
        ballots=ballots,
        quorum=facts,
        review=isinstance(action, Abstain) and action.review,
        cost_usd=cost,
        cost_bound_usd=bound,
        latency_s=latency_s,
        calls_saved=len(policy.members) - len(asked.intersection(policy.members)),
    )


def alone(ballot: Ballot, candidate: CandidateId, request: Request, *, latency_s: float) -> Outcome:
    """The outcome of asking one model: served when it finished with a readable answer. No claim about its truth."""
    cost, bound = costs((ballot,))
    answer = ballot.answer.text if ballot.answer else None
    return Outcome(
        verdict_id=verdict_id(request, candidate),
        candidate=candidate,
        served=ballot.valid,
        answer=answer,
        text=_text(ballot),
        reason=None if ballot.valid else reason_of(ballot),
        detail="one model, asked alone: nobody has checked it" if ballot.valid else ballot.why,
        policy=ballot.model,
        groups=(Group(answer=answer, models=(ballot.model,), weight=1.0),) if answer is not None else (),
        ballots=(ballot,),
        quorum=QuorumFacts(declared=1, called=1, valid=int(ballot.valid), missing=missing((ballot,))),
        cost_usd=cost,
        cost_bound_usd=bound,
        latency_s=latency_s,
    )


def routed(tried: Sequence[Outcome]) -> Outcome:
    """The last of *tried*, which were asked one after the other, with the ballots and the costs of all."""
    ballots = tuple(ballot for outcome in tried for ballot in outcome.ballots)
    cost, bound = costs(ballots)
    last = tried[-1]
    return replace(
        last,
        detail="; ".join((last.detail, *(f"{each.policy} gave none: {each.detail}" for each in tried[:-1]))),
        ballots=ballots,
        quorum=replace(last.quorum, called=len(ballots), missing=missing(ballots)),
        cost_usd=cost,
        cost_bound_usd=bound,
        latency_s=sum(outcome.latency_s for outcome in tried),
    )


def unrouted(why: str, candidate: CandidateId, request: Request) -> Outcome:
    """The outcome when no model passes the filters: nothing was asked, nothing was paid."""
    return Outcome(
        verdict_id=verdict_id(request, candidate),
        candidate=candidate,
        served=False,
        reason=Reason.NO_ROUTE,
        detail=why,
        policy=candidate,
        quorum=QuorumFacts(declared=0, called=0, valid=0),
        cost_usd=Decimal(0),
        latency_s=0.0,
    )


def unasked(why: str, policy: Policy, candidate: CandidateId, request: Request) -> Outcome:
    """The outcome when the policy's own spending limit leaves no room for an answer: nothing was asked."""
    return Outcome(
        verdict_id=verdict_id(request, candidate),
        candidate=candidate,
        served=False,
        reason=Reason.BUDGET,
        detail=why,
        policy=policy.name,
        policy_version=policy.version,
        quorum=QuorumFacts(declared=len(policy.voters), called=0, valid=0),
        review=policy.on_divergence == "review",
        cost_usd=Decimal(0),
        cost_bound_usd=Decimal(0),
        latency_s=0.0,
        calls_saved=len(policy.members),
    )


def costs(ballots: Sequence[Ballot]) -> tuple[Decimal | None, Decimal | None]:
    """(what is known to be billed, the most it can be).

    Calls that we cancelled are in the second figure only: whether they are billed is the vendor's matter. The first
    is None when a completed call's cost is unknown; the second when nothing bounds it either.
    """
    replies = [ballot.reply for ballot in ballots if ballot.reply is not None]
    known = sum_known(reply.cost_usd for reply in replies if not _cancelled(reply))
    return known, sum_known(
        reply.cost_usd if reply.cost_bound_usd is None else reply.cost_bound_usd for reply in replies
    )


def shared_models(ballots: Sequence[Ballot]) -> tuple[str, ...]:
    """One line for each model that answered for several of *ballots*: those are no independent votes."""
    voters: dict[str, list[ModelId]] = {}
    for ballot in ballots:
        name = served_name(ballot) if ballot.valid else None
        if name is not None:
            voters.setdefault(name, []).append(ballot.model)
    return tuple(
        f"{' and '.join(members)} were served by one model, {name!r}: their votes are not independent"
        for name, members in voters.items()
        if len(members) > 1
    )


def _cancelled(reply: Response | Failure) -> bool:
    return isinstance(reply, Failure) and reply.kind is FailureKind.CANCELLED


def _text(ballot: Ballot) -> str | None:
    return ballot.reply.text if isinstance(ballot.reply, Response) else None


def _degraded(counted: Sequence[Ballot]) -> bool:
    return any(not ballot.valid for ballot in counted)


def _groups(action: Serve | Abstain) -> tuple[Group, ...]:
    shares = action.tally.shares()
    chances = action.chances or (None,) * len(shares)
    return tuple(replace(group, chance=chance) for group, chance in zip(shares, chances, strict=True))


def _calibration_facts(standing: Standing) -> CalibrationFacts | None:
    if standing.fitted is None:
        return None
    calibration, certificate = standing.fitted.calibration, standing.certificate
    return CalibrationFacts(
        version=standing.fitted.version,
        task_class=calibration.task_class,
        labels=calibration.labels,
        fitted_at=calibration.fitted_at,
        threshold=certificate.threshold if certificate else None,
        risk_limit=certificate.risk_limit if certificate else None,
    )
