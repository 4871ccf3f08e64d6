"""Outcomes on record in real journals, to take evidence from."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.core.ballot import Answer, Ballot, BallotKind, Compare
from harness.core.event import Call, Decided, Event, Reviewed
from harness.core.hashing import plain
from harness.core.ids import CallKey, CandidateId, ModelId, PolicyName, TaskClass, TraceId, VerdictId
from harness.core.money import Price, Rates, Usage
from harness.core.outcome import Group, Outcome, QuorumFacts, Reason, missing
from harness.core.policy import Policy, Quorum, Tiebreak
from harness.core.request import Purpose, user_request
from harness.core.response import Failure, FailureKind, Finish, Reply, Response, Retry
from harness.journal import Capture, open_journal
from harness.journal.excerpt import Excerpt, excerpt
from harness.report.evidence import Context

A, B, C, D = (ModelId(f"acme/{name}") for name in "abcd")
TRACE, CLASS = TraceId("ask-1"), TaskClass("finance.calculation")
REQUEST = user_request("What is 17 % of 100 EUR?", trace_id=TRACE, task_class=CLASS)
PRICE = Price(rates=Rates(input=Decimal(2), output=Decimal(10)), as_of="2026-11-01", source="vendor")
POLICY = Policy(
    name=PolicyName("payments"),
    panel=(A, B, C),
    task_class=CLASS,
    compare=Compare(name="numeric"),
    rule=Quorum(k=2),
    tiebreak=Tiebreak(model=C),
)
CONTEXT = Context(
    policy=plain(POLICY),  # type: ignore[arg-type]  # a policy becomes an object
    compare={"name": "numeric", "options": {}},
    prices={model: {**plain(PRICE), "from": "registry/models.yaml"} for model in (A, B, C)},  # type: ignore[dict-item]
)


@dataclass
class Clock:
    """Every look is a tenth of a second later."""

    looks: int = 0

    def now(self) -> datetime:
        self.looks += 1
        return datetime(2026, 11, 20, 9, tzinfo=UTC) + timedelta(milliseconds=100 * self.looks)

    def monotonic_s(self) -> float:
        return self.looks / 10

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def response(model: ModelId, text: str, **changes: Any) -> Response:
    usage = Usage(input=100, output=20, reasoning=10)
    fields = {
        "model": model,
        "text": text,
        "finish": Finish.STOP,
        "finish_raw": "stop",
        "usage": usage,
        "latency_s": 0.05,
    }
    return Response(**{**fields, "cost_usd": PRICE.cost_usd(usage), "served_model": f"{model}-2026", **changes})


def failure(model: ModelId, kind: FailureKind = FailureKind.TIMEOUT) -> Failure:
    return Failure(
        model=model, kind=kind, message="no first byte within 5 s", retry=Retry.AFTER, cost_usd=None,
        cost_bound_usd=Decimal("0.01"), latency_s=5.0,
    )  # fmt: skip


def call(reply: Reply, *, purpose: Purpose = "vote", **changes: Any) -> Call:
    fields = {"key": CallKey(f"k-{reply.model}"), "trace_id": TRACE, "model": reply.model, "purpose": purpose}
    return Call(**{**fields, "request_sha256": REQUEST.sha256, "request": REQUEST, "reply": reply, **changes})


def said(model: ModelId, text: str, **changes: Any) -> Ballot:
    return Ballot(model=model, kind=BallotKind.ANSWERED, answer=Answer(text=text), **changes)


def silent(model: ModelId, kind: BallotKind = BallotKind.MISSING, why: str = "no reply within 5 s") -> Ballot:
    return Ballot(model=model, kind=kind, why=why)


def outcome(ballots: Sequence[Ballot], *groups: Sequence[ModelId], served: bool, **changes: Any) -> Outcome:
    """An outcome of *ballots*, who stand in *groups*, the largest first."""
    text = {ballot.model: ballot.answer.text for ballot in ballots if ballot.answer}
    valid = sum(map(len, groups))
    shown = tuple(Group(answer=text[group[0]], models=tuple(group), weight=len(group) / valid) for group in groups)
    fields = {
        "verdict_id": VerdictId("abc123"),
        "candidate": CandidateId("consensus/payments"),
        "served": served,
        "answer": shown[0].answer if served else None,
        "reason": None if served else Reason.DIVERGENT,
        "detail": f"{len(groups[0]) if groups else 0} of {valid} valid ballots say the same",
        "policy": POLICY.name,
        "policy_version": POLICY.version,
        "comparator": "numeric@1",
        "groups": shown,
        "ballots": tuple(ballots),
        "quorum": QuorumFacts(declared=len(POLICY.members), called=len(ballots), valid=valid, missing=missing(ballots)),
        "review": not served,
        "cost_usd": Decimal("0.0015"),
        "cost_bound_usd": Decimal("0.0015"),
        "latency_s": 0.4,
    }
    return Outcome(**{**fields, **changes})


def decided(result: Outcome, **changes: Any) -> Decided:
    fields = {"trace_id": TRACE, "outcome": result, "request_sha256": REQUEST.sha256, "task_class": CLASS}
    return Decided(**{**fields, "price_as_of": dict.fromkeys((A, B, C), "2026-11-01"), **changes})


def agreed() -> tuple[Event, ...]:
    """Two against one, the third a tiebreaker."""
    ballots = (said(A, "17 EUR"), said(B, "1.7 EUR"), said(C, "EUR 17.00", role="tiebreak"))
    return (
        call(response(B, "It is 1.7 EUR")),
        call(response(A, "It is 17 EUR")),
        call(response(C, "I get EUR 17.00"), purpose="tiebreak"),
        decided(outcome(ballots, (A, C), (B,), served=True)),
    )


def divided() -> tuple[Event, ...]:
    """Two answers, a member that failed, and what a person made of it."""
    ballots = (said(A, "17 EUR"), said(B, "1.7 EUR"), silent(C))
    result = outcome(ballots, (A,), (B,), served=False, cost_usd=None, cost_bound_usd=Decimal("0.02"))
    return (
        call(response(A, "It is 17 EUR", dropped=("temperature",), notes=("usage_inconsistent",))),
        call(response(B, "It is 1.7 EUR", served_model=f"{A}-2026")),
        call(failure(C)),
        call(response(D, "What is it to me?"), purpose="check"),
        decided(result),
        Reviewed(verdict_id="abc123", answer="17.00 EUR", who="ann", why="computed by hand"),
    )


def record(folder: Path, *events: Event, name: str = "ask-1", capture: Capture = "full") -> Excerpt:
    """*events* in a journal of *folder*, and all its lines."""
    path = folder / f"{name}.jsonl"

    async def go() -> None:
        async with open_journal(path, clock=Clock(), capture=capture) as journal:
            for event in events:
                await journal.append(event)

    asyncio.run(go())
    return excerpt(path, range(1, len(events) + 1))


def everywhere(text: str) -> tuple[Event, ...]:
    """*text* in every field that a model, a user or a reviewer can reach."""
    asked = user_request(text, trace_id=TraceId(text), task_class=TaskClass(text))
    model = ModelId(f"acme/{text}")
    vote = response(model, text, finish_raw=text, served_model=text, refusal=text, dropped=(text,), notes=(text,))
    lost = replace(failure(B), message=text)
    ballots = (said(model, text), silent(B, BallotKind.UNREADABLE, text))
    result = outcome(
        ballots, (model,), served=False, verdict_id=VerdictId(f"v{text}"), detail=text, policy=text,
        policy_version=text, candidate=CandidateId(text), comparator=f"{text}@{text}",
    )  # fmt: skip
    of = {"trace_id": TraceId(text), "request": asked, "request_sha256": asked.sha256}
    verdict = decided(result, trace_id=TraceId(text), request_sha256=asked.sha256, task_class=TaskClass(text))
    return (
        call(vote, **of),
        call(lost, **of),
        call(response(D, text), purpose="check", **of),
        verdict,
        Reviewed(verdict_id=f"v{text}", answer=text, who=text, why=text),
    )
