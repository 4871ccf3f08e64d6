"""An outcome, as people read it and as scripts do."""

import math
from collections.abc import Sequence
from decimal import Decimal

from harness.cli.labels import dollars, dollars_alike, listed, seconds, seconds_alike, shortened
from harness.cli.output import Output
from harness.core.ballot import Ballot
from harness.core.hashing import Json, plain
from harness.core.outcome import Group, Outcome
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
        "merged": [{"field": each.field, "models": list(each.models)} for each in outcome.merged],
        "degraded": outcome.degraded,
        "review": outcome.review,
        "policy": outcome.policy,
        "policy_version": outcome.policy_version,
        "comparator": outcome.comparator,
        "groups": [
            {"answer": each.answer, "models": list(each.models), "weight": each.weight, "chance": each.chance}
            for each in outcome.groups
        ],
        "uncertified": outcome.uncertified or None,
        "labels_missing": outcome.labels_missing,
        "calibration": None if outcome.calibration is None else plain(outcome.calibration),
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
        sound = outcome.agreed and not outcome.uncertified
        output.line(outcome.answer or "", style="bold green" if sound else "bold yellow")
    else:
        output.line(f"not served: {outcome.reason}", style="bold red")
    output.prose(outcome.detail)
    if outcome.review:
        output.line("a person must look at it", style="yellow")
    output.line()
    _print_ballots(output, outcome.ballots)
    if outcome.merged:
        output.line()
        output.table(["field", "from"], [[each.field, listed(each.models)] for each in outcome.merged], cut=["from"])
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
    role = "" if ballot.role == "panel" else ballot.role
    kind = "" if ballot.valid else ballot.kind.value.replace("_", " ")
    return " ".join(filter(None, (role, kind, "flagged" if ballot.flags else "")))


def _facts(outcome: Outcome) -> str:
    said = listed([_group(group) for group in outcome.groups])
    bound = outcome.cost_bound_usd
    most = "" if bound == outcome.cost_usd else f" (at most {dollars(bound)})"
    saved = f", {outcome.calls_saved} not needed" if outcome.calls_saved else ""
    facts = [
        f"{outcome.quorum.valid} valid of {outcome.quorum.called} called{saved}",
        *([said] if outcome.groups else []),
        _trust(outcome),
        f"{dollars(outcome.cost_usd)}{most}",
        seconds(outcome.latency_s),
        f"verdict {outcome.verdict_id}",
    ]
    return " · ".join(facts)


def _group(group: Group) -> str:
    said = f"{len(group.models)} × {shortened(group.answer, 24)}"
    return said if group.chance is None else f"{said} ({_chance(group.chance)})"


def _trust(outcome: Outcome) -> str:
    """How far the answer can be trusted; never a share of votes in the place of a probability."""
    facts, claims = outcome.calibration, []
    if outcome.confidence is not None:
        whose = "" if outcome.served else " for the likeliest answer"
        claims.append(f"calibrated: {_chance(outcome.confidence)}{whose}")
    if facts is not None and facts.risk_limit is not None:
        claims.append(f"limit {100 * facts.risk_limit:g} % certified from {facts.labels} labels")
    elif outcome.labels_missing is not None:
        claims.append(f"uncertified: about {outcome.labels_missing} labels missing")
    elif outcome.uncertified:
        claims.append("uncertified")
    return " · ".join(claims) or "no calibration, so no probability is claimed"


def _chance(chance: float) -> str:
    """A probability, rounded down: what is almost sure is not called sure."""
    return f"{math.floor(1000 * chance) / 10:.1f} %" if chance < 0.995 else f"{math.floor(10_000 * chance) / 100:.2f} %"


def _ballot_json(ballot: Ballot) -> dict[str, Json]:
    reply = ballot.reply
    usage = reply.usage if reply else None
    return {
        "model": ballot.model,
        "kind": ballot.kind.value,
        "answer": ballot.answer.text if ballot.answer else None,
        "why": ballot.why,
        "role": ballot.role,
        "flags": list(ballot.flags),
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
