"""The evidence of one outcome, derived from its journal lines: who said what, how it was judged, what it cost. Pure.

The same lines and the same context give the same view, so whoever holds both can derive it again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter

from harness.compare import comparator
from harness.core.ballot import Ballot, Comparator, Compare
from harness.core.errors import ConfigError
from harness.core.event import Call, Decided, Event, Executed, GradeGiven, Reviewed
from harness.core.hashing import Json, canonical, digest, plain
from harness.core.ids import ModelId
from harness.core.money import Price
from harness.core.response import Response
from harness.journal.capture import hashed
from harness.journal.excerpt import Quote
from harness.report.evidence_policies import alternatives

SCHEMA: Final = "harness.evidence/1"
_MARK: Final = "[redacted:"
_E = TypeVar("_E", bound=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the lines of an outcome refer to and do not hold."""

    policy: Mapping[str, Json] | None = None
    """All fields of the policy the outcome was decided under; ``None``: no longer on record in that version."""
    compare: Mapping[str, Json] | None = None
    """``{"name", "options"}`` of the comparator; ``None``: its options are not known."""
    prices: Mapping[str, Json] = field(default_factory=dict)
    """By model, the fields of :class:`harness.core.money.Price` and ``"from"``, where it stands."""
    run: Mapping[str, Json] | None = None
    """``{"run_id", "name", "suite"}`` of the run it was asked in."""
    scripted: Sequence[str] = ()
    """Models whose answers are scripted: nothing here is a claim about a vendor's model."""


def evidence_view(quotes: Sequence[Quote], context: Context, *, hashes_only: bool = False) -> dict[str, Json]:
    """The evidence of the outcome whose journal lines are *quotes*; of several outcomes among them, the last.

    A JSON object. Money is decimal strings, unknown is ``null``. With *hashes_only*, prompts, outputs and answers
    are replaced by their hashes; the judgements are still those of the answers. Raises ConfigError when no line is
    an outcome, JournalError for a line that this version cannot read.
    """
    events = [(quote, quote.event) for quote in quotes]
    verdict = next(_last(events, Decided), None)
    if verdict is None:
        raise ConfigError("these journal lines hold no outcome")
    quote, decided = verdict
    pairs = _pairs(decided, quote, context)
    if hashes_only:
        events = [(line, hashed(event)) for line, event in events]
        decided = hashed_outcome(decided)
        pairs = [{**pair, "why": _hash_of(pair["why"])} for pair in pairs]
    outcome, calls = decided.outcome, list(_all(events, Call))
    voted = _calls_of(decided, calls)
    return {
        "schema": SCHEMA,
        "verdict_id": outcome.verdict_id,
        "candidate": outcome.candidate,
        "at": quote.at,
        "trace_id": decided.trace_id,
        "task_class": decided.task_class,
        "captured": quote.captured and not hashes_only,
        "outcome": _outcome(decided),
        "policy": _policy(decided, context),
        "comparator": _comparator(decided, context),
        "request": _request(decided, calls),
        "quorum": plain(outcome.quorum),
        "groups": [plain(group) for group in outcome.groups],
        "ballots": [
            {**_ballot(ballot), "call": _call(*found, context) if found else None}
            for ballot, found in zip(outcome.ballots, voted, strict=True)
        ],
        "other_calls": [_call(line, call, context) for line, call in calls if (line, call) not in voted],
        "pairs": pairs,
        "static_policies": alternatives(outcome, panel=_voters(context), tiebreaker=_tiebreaker(context)),
        "executions": [_execution(line, event) for line, event in _all(events, Executed)],
        "grade": next((_grade(line, event) for line, event in _last(events, GradeGiven)), None),
        "run": context.run,
        "scripted": [ballot.model for ballot in outcome.ballots if ballot.model in context.scripted],
        "reviews": [_review(line, event) for line, event in _all(events, Reviewed)],
        "redactions": sum(line.raw.count(_MARK.encode()) for line in quotes),
        "lines": [
            {"position": line.position, "kind": line.kind, "at": line.at, "prev": line.prev, "hash": line.hash}
            for line in quotes
        ],
    }


def hashed_outcome(decided: Decided) -> Decided:
    """*decided* with its texts replaced by their hashes."""
    event = hashed(decided)
    assert isinstance(event, Decided), "hashing keeps the kind of an event"
    return event


def same_view(one: Mapping[str, Json], other: Mapping[str, Json]) -> str | None:
    """The first field in which two views differ; None when they are equal."""
    names = dict.fromkeys((*one, *other))
    return next((name for name in names if canonical(one.get(name)) != canonical(other.get(name))), None)


def _all(events: Sequence[tuple[Quote, Event]], kind: type[_E]) -> Iterator[tuple[Quote, _E]]:
    return ((quote, event) for quote, event in events if isinstance(event, kind))


def _last(events: Sequence[tuple[Quote, Event]], kind: type[_E]) -> Iterator[tuple[Quote, _E]]:
    return _all(list(reversed(events)), kind)


def _hash_of(text: str) -> str:
    return f"sha256:{digest(text)}" if text else ""


def _outcome(decided: Decided) -> Json:
    shown: dict[str, Any] = plain(decided.outcome)  # type: ignore[assignment]  # a dataclass becomes an object
    apart = ("verdict_id", "candidate", "policy", "policy_version", "comparator", "groups", "ballots", "quorum")
    return {name: value for name, value in shown.items() if name not in apart}


def _policy(decided: Decided, context: Context) -> Json:
    """Name, version and, where they are still on record, all fields: the version is the beginning of their hash."""
    version = decided.outcome.policy_version
    proved = context.policy is not None and bool(version) and digest(context.policy).startswith(version)
    return {
        "name": decided.outcome.policy,
        "version": version,
        "fields": context.policy if proved else None,
    }


def _judge(context: Context) -> Comparator | None:
    if context.compare is None:
        return None
    return comparator(Compare(name=context.compare["name"], options=context.compare["options"]))


def _comparator(decided: Decided, context: Context) -> Json:
    name, _, version = decided.outcome.comparator.partition("@")
    judge = _judge(context)
    return {
        "name": name,
        "version": version,
        "options": None if context.compare is None else context.compare["options"],
        "judged_again_by": None if judge is None else f"{judge.name}@{judge.version}",
    }


def _pairs(decided: Decided, quote: Quote, context: Context) -> list[dict[str, Json]]:
    """What the comparator says, now, of each two valid answers; empty when it cannot be asked."""
    judge = _judge(context)
    if judge is None or not quote.captured:
        return []
    voters = [ballot for ballot in decided.outcome.ballots if ballot.valid]
    found: list[dict[str, Json]] = []
    for a, b in combinations(voters, 2):
        assert a.answer, "a valid ballot has an answer"
        assert b.answer, "a valid ballot has an answer"
        said = judge(a.answer, b.answer)
        found.append({"a": a.model, "b": b.model, "relation": said.relation.value, "why": said.why})
    return found


def _request(decided: Decided, calls: Sequence[tuple[Quote, Call]]) -> Json:
    """What was asked; the messages are ``None`` when no call of this request has them."""
    asked = next(
        (
            call.request
            for _, call in calls
            if call.request is not None and call.request_sha256 == decided.request_sha256
        ),
        None,
    )
    return {
        "sha256": decided.request_sha256,
        "messages": None if asked is None else plain(asked.messages),
        "sampling": None if asked is None else plain(asked.sampling),
        "json_schema": None if asked is None else plain(asked.json_schema),
        "hash_fits": None if asked is None else asked.sha256 == decided.request_sha256,
    }


def _calls_of(decided: Decided, calls: Sequence[tuple[Quote, Call]]) -> list[tuple[Quote, Call] | None]:
    """The call behind each ballot: of the same request, model and role; of several, the last."""

    def of(ballot: Ballot) -> tuple[Quote, Call] | None:
        tiebreak = ballot.role != "panel"
        fitting = [
            (quote, call)
            for quote, call in calls
            if call.model == ballot.model and (call.purpose in ("tiebreak", "judge")) == tiebreak
        ]
        same = [(quote, call) for quote, call in fitting if call.request_sha256 == decided.request_sha256]
        return next(reversed(same or (fitting if tiebreak else [])), None)

    return [of(ballot) for ballot in decided.outcome.ballots]


def _ballot(ballot: Ballot) -> dict[str, Json]:
    return {
        "model": ballot.model,
        "role": ballot.role,
        "kind": ballot.kind.value,
        "answer": None if ballot.answer is None else ballot.answer.text,
        "execution": None if ballot.answer is None else plain(ballot.answer.execution),
        "why": ballot.why,
    }


def _call(quote: Quote, call: Call, context: Context) -> Json:
    reply = call.reply
    price = context.prices.get(call.model)
    shown: dict[str, Any] = plain(reply)  # type: ignore[assignment]  # a dataclass becomes an object
    return {
        "position": quote.position,
        "at": quote.at,
        "key": call.key,
        "purpose": call.purpose,
        "request_sha256": call.request_sha256,
        "ok": isinstance(reply, Response),
        **shown,
        "price": price,
        "cost_again_usd": None if price is None else _cost_again(call, price),
    }


def _cost_again(call: Call, price: Mapping[str, Json]) -> str | None:
    """What the recorded usage costs at the recorded price."""
    if call.reply.usage is None:
        return None
    cost = price_of(price).cost_usd(call.reply.usage)
    return None if cost is None else str(cost)


def price_of(fields: Mapping[str, Json]) -> Price:
    """The price whose fields, as :func:`harness.core.hashing.plain` writes them, are *fields*."""
    return _prices().validate_python({name: value for name, value in fields.items() if name != "from"})


@cache
def _prices() -> TypeAdapter[Price]:
    return TypeAdapter(Price)


def _execution(quote: Quote, event: Executed) -> Json:
    return {
        "position": quote.position,
        "model": event.model,
        "code_sha256": event.code_sha256,
        "ending": event.execution.ending.value,
        "isolation": event.execution.isolation.value,
    }


def _grade(quote: Quote, event: GradeGiven) -> Json:
    graded = event.graded
    return {
        "position": quote.position,
        "run_id": event.run_id,
        "task_id": graded.key.task_id,
        "epoch": graded.key.epoch,
        "grade": graded.grade.value,
        "detail": graded.detail,
    }


def _review(quote: Quote, event: Reviewed) -> Json:
    return {
        "position": quote.position,
        "at": quote.at,
        "answer": event.answer,
        "who": event.who,
        "why": event.why,
    }


def _voters(context: Context) -> Sequence[ModelId] | None:
    """Who has an independent vote under the policy: a judge that is shown the others' answers has none."""
    if context.policy is None:
        return None
    tiebreak = context.policy["tiebreak"]
    judge = tiebreak["model"] if tiebreak is not None and tiebreak["mode"] == "judge" else None
    return [ModelId(name) for name in context.policy["panel"] if name != judge]


def _tiebreaker(context: Context) -> ModelId | None:
    tiebreak = None if context.policy is None else context.policy["tiebreak"]
    return None if tiebreak is None else ModelId(tiebreak["model"])
