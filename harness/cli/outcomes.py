"""An outcome, as people read it and as scripts do."""

from collections.abc import Sequence
from decimal import Decimal

from harness.cli.labels import dollars, dollars_alike, listed, percent, seconds, seconds_alike, shortened
from harness.cli.output import Output
from harness.core.ballot import Ballot
from harness.core.hashing import Json
from harness.core.outcome import Outcome
from harness.core.response import Response


def outcome_json(outcome: Outcome) -> dict[str, Json]:
    """The contract of ``ask --json``; what stands beside it is extra."""
    return {
        "served": outcome.served,
        "answer": outcome.answer,
        "reason": outcome.reason.value if outcome.reason else None,
        "detail": outcome.detail,
        "confidence": outcome.confidence,
        "certified": outcome.certified,
        "agreed": outcome.agreed,
        "degraded": outcome.degraded,
        "review": outcome.review,
        "policy": outcome.policy,
        "policy_version": outcome.policy_version,
        "comparator": outcome.comparator,
        "groups": [
            {"answer": group.answer, "models": list(group.models), "weight": group.weight} for group in outcome.groups
        ],
        "ballots": [_ballot_json(ballot) for ballot in outcome.ballots],
        "quorum": {
            "declared": outcome.quorum.declared,
            "called": outcome.quorum.called,
            "valid": outcome.quorum.valid,
            "missing": [{"model": each.model, "why": each.why} for each in outcome.quorum.missing],
        },
        "cost_usd": _number(outcome.cost_usd),
        "cost_bound_usd": _number(outcome.cost_bound_usd),
        "latency_s": outcome.latency_s,
        "calls_saved": outcome.calls_saved,
        "verdict_id": outcome.verdict_id,
    }


def print_outcome(output: Output, outcome: Outcome) -> None:
    """What was answered, how far it can be trusted, who said what, and what it cost."""
    if outcome.served:
        output.line(outcome.answer or "", style="bold green" if outcome.agreed else "bold yellow")
    else:
        output.line(f"not served: {outcome.reason}", style="bold red")
    output.prose(outcome.detail)
    if outcome.review:
        output.line("a person must look at it", style="yellow")
    output.line()
    _print_ballots(output, outcome.ballots)
    output.line()
    output.prose(_facts(outcome), style="dim")


def _print_ballots(output: Output, ballots: Sequence[Ballot]) -> None:
    latencies = seconds_alike([ballot.reply.latency_s or None if ballot.reply else None for ballot in ballots])
    costs = dollars_alike([ballot.reply.cost_usd if ballot.reply else Decimal(0) for ballot in ballots])
    rows = [
        [ballot.model, _said(ballot), _note(ballot), latency, cost]
        for ballot, latency, cost in zip(ballots, latencies, costs, strict=True)
    ]
    output.table(["model", "says", "note", "latency", "cost"], rows, right=["latency", "cost"], cut=["says"])


def _said(ballot: Ballot) -> str:
    return shortened(ballot.answer.text if ballot.answer else ballot.why, 200)


def _note(ballot: Ballot) -> str:
    role = "tiebreak" if ballot.role == "tiebreak" else ""
    return role if ballot.valid else " ".join(filter(None, (role, ballot.kind.value.replace("_", " "))))


def _facts(outcome: Outcome) -> str:
    confidence = "no calibration, so no probability is claimed"
    if outcome.confidence is not None:
        confidence = f"confidence {percent(outcome.confidence)}" + (" (certified)" if outcome.certified else "")
    said = listed([f"{len(group.models)} × {shortened(group.answer, 24)}" for group in outcome.groups])
    bound = outcome.cost_bound_usd
    most = "" if bound == outcome.cost_usd else f" (at most {dollars(bound)})"
    saved = f", {outcome.calls_saved} not needed" if outcome.calls_saved else ""
    facts = [
        f"{outcome.quorum.valid} valid of {outcome.quorum.called} called{saved}",
        *([said] if outcome.groups else []),
        confidence,
        f"{dollars(outcome.cost_usd)}{most}",
        seconds(outcome.latency_s),
        f"verdict {outcome.verdict_id}",
    ]
    return " · ".join(facts)


def _ballot_json(ballot: Ballot) -> dict[str, Json]:
    reply = ballot.reply
    usage = reply.usage if reply else None
    return {
        "model": ballot.model,
        "kind": ballot.kind.value,
        "answer": ballot.answer.text if ballot.answer else None,
        "why": ballot.why,
        "role": ballot.role,
        "finish": reply.finish.value if isinstance(reply, Response) else None,
        "latency_s": reply.latency_s if reply else None,
        "cost_usd": _number(reply.cost_usd) if reply else None,
        "tokens": {
            "input": usage.input,
            "cache_read": usage.cache_read,
            "cache_write": usage.cache_write,
            "output": usage.output,
            "reasoning": usage.reasoning,
        }
        if usage
        else None,
    }


def _number(cost: object) -> float | None:
    return None if cost is None else float(str(cost))
