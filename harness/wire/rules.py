"""What counts as a response and what as a failure: the same rules for every family.

Only a reply with a finish word we know as a stop is a ``STOP``. A 200 that holds an error, no completion, or a stop
without a word of text is a failure; so is a stream that ended before the vendor said so.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from harness.core.card import Card
from harness.core.hashing import Json
from harness.core.money import Usage
from harness.core.request import Request
from harness.core.response import Failure, FailureKind, Finish, Reply, Response, Retry
from harness.wire.body import Unreadable, first, is_object, mapping, money, parse, whole
from harness.wire.classify import Problem, classify, problem_in
from harness.wire.said import Said, ToolCall
from harness.wire.scrub import MESSAGE_MAX, blotted, one_line
from harness.wire.tally import Tally
from harness.wire.waiting import header_wait_s

_REPAIRED = "text_repaired"
_BAD_CALLS = "tool_calls_unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is known of a reply apart from its body."""

    request: Request
    card: Card
    status: int
    headers: Mapping[str, str]
    latency_s: float
    dropped: tuple[str, ...]
    keys: tuple[str, ...]
    """What must not appear in anything that is kept."""

    @property
    def ok(self) -> bool:
        """Whether the status announces an answer."""
        return 200 <= self.status < 300


def failed(arrival: Arrival, body: Json) -> Failure:
    """The failure that an error body, or a body under an error status, tells of."""
    told = Problem(message=body.decode("utf-8", errors="replace")) if isinstance(body, bytes) else problem_in(body)
    # a wait in the headers of a 200 is advice for the next call, not about this error
    asked_s = None if arrival.ok else header_wait_s(arrival.headers)
    kind, retry = classify(told, arrival.status, header_wait_s=asked_s)
    what = " ".join(part for part in (str(told.status or arrival.status), told.code) if part)
    return _failure(
        arrival,
        (kind, retry),
        f"{what}: {told.message or 'no message'}",
        wait_s=told.wait_s if asked_s is None else asked_s,
        code=told.code,
    )


def unintelligible(arrival: Arrival, why: str, *, again: bool = False) -> Failure:
    """A reply that is not what the API documents. *again*: it may be better the next time."""
    retry = Retry.AFTER if again else Retry.NEVER
    return _failure(arrival, (FailureKind.UNINTELLIGIBLE, retry), f"{arrival.status}, but {why}")


def unreadable(arrival: Arrival, content: bytes) -> Json | Failure:
    """The JSON in *content*, or the failure that it is none."""
    value = parse(content)
    if not isinstance(value, Unreadable):
        return value
    if not arrival.ok:
        return failed(arrival, content)
    said = "half JSON" if value.cut else "no JSON"
    sample = content[:120].decode("utf-8", errors="replace")
    return unintelligible(arrival, f"the body is {said} ({value.why}): {sample}", again=value.cut)


def cut(arrival: Arrival, said: Said, tally: Tally) -> Failure:
    """A stream that ended before the vendor said so."""
    message = f"{arrival.status}, but the stream was cut after {len(said.text)} characters, before its last event"
    return _failure(arrival, (FailureKind.UNREACHABLE, Retry.AFTER), message, usage=tally.usage)


def judged(arrival: Arrival, said: Said, finishes: Mapping[str, Finish], tally: Tally) -> Reply:
    """The response in *said*, or why it is none."""
    if said.error:
        return failed(arrival, {"error": said.error})
    if said.trouble:
        return unintelligible(arrival, said.trouble)
    if said.blocked:
        message = f"{arrival.status}, but the prompt was blocked: {said.blocked}"
        return _failure(
            arrival, (FailureKind.FILTERED, Retry.BY_POLICY), message, code=said.finish_raw, usage=tally.usage
        )
    calls = _readable(said.calls)
    finish = _finish(said, finishes, calls)
    if not said.text.strip() and not calls and finish in _NEED_TEXT:
        return _failure(arrival, *_NEED_TEXT[finish], usage=tally.usage)
    return _response(arrival, said, (finish, calls), tally)


_NEED_TEXT: Mapping[Finish, tuple[tuple[FailureKind, Retry], str]] = {
    Finish.STOP: ((FailureKind.EMPTY, Retry.NEVER), "the model stopped without a word of text"),
    Finish.UNKNOWN: ((FailureKind.EMPTY, Retry.NEVER), "no text, and no finish word we know"),
    Finish.TOOL_CALLS: ((FailureKind.EMPTY, Retry.NEVER), "no text, and no tool call that can be read"),
    Finish.ERROR: ((FailureKind.OVERLOADED, Retry.AFTER), "the model broke off with an error, without text"),
    Finish.CONTEXT_EXCEEDED: (
        (FailureKind.CONTEXT_EXCEEDED, Retry.BIGGER_WINDOW),
        "the window was full before a word of text",
    ),
}
"""What a reply without text is, by its finish; the others are responses even so."""


def _finish(said: Said, finishes: Mapping[str, Finish], calls: tuple[str, ...]) -> Finish:
    if said.refusal:
        return Finish.REFUSAL
    finish = finishes.get(said.finish_raw or "", Finish.UNKNOWN)
    if finish is Finish.STOP and said.calls and not said.text.strip():
        finish = Finish.TOOL_CALLS  # Gemini and some servers say "stop" for a turn that is all tool calls
    if finish is Finish.TOOL_CALLS and not calls:
        return Finish.ERROR if said.text.strip() else Finish.TOOL_CALLS
    return finish


def _readable(calls: tuple[ToolCall, ...]) -> tuple[str, ...]:
    """Each call as JSON; none at all when one of them cannot be read: half of a plan is not the plan."""
    readable = tuple(
        f'{{"name":{json.dumps(call.name)},"arguments":{whole(call.arguments)}}}'
        for call in calls
        if call.name and is_object(call.arguments)
    )
    return readable if len(readable) == len(calls) else ()


def _response(arrival: Arrival, said: Said, judged_as: tuple[Finish, tuple[str, ...]], tally: Tally) -> Response:
    finish, calls = judged_as
    text, refusal = whole(said.text), whole(said.refusal)
    notes = [*tally.notes]
    if (text, refusal) != (said.text, said.refusal):
        notes.append(_REPAIRED)
    if said.calls and not calls:
        notes.append(_BAD_CALLS)
    vendor_id = said.vendor_id or arrival.headers.get("x-request-id") or arrival.headers.get("request-id")
    return Response(
        model=arrival.card.id,
        text=blotted(text, arrival.keys),
        finish=finish,
        finish_raw=_named(whole(said.finish_raw or ""), arrival),
        usage=tally.usage,
        cost_usd=_cost_usd(arrival.card, tally.usage),
        vendor_cost_usd=_vendor_cost_usd(arrival, said),
        latency_s=arrival.latency_s,
        served_model=said.served_model and _named(said.served_model, arrival),
        fingerprint=said.fingerprint and _named(said.fingerprint, arrival),
        vendor_id=vendor_id and _named(vendor_id, arrival),
        refusal=blotted(refusal, arrival.keys) or None,
        tool_calls=tuple(blotted(call, arrival.keys) for call in calls),
        dropped=arrival.dropped,
        notes=tuple(dict.fromkeys(notes)),
    )


def _named(text: str, arrival: Arrival) -> str:
    """A name or word of the vendor's: without a key, and no longer than one can read."""
    return blotted(text, arrival.keys)[:MESSAGE_MAX]


def _failure(
    arrival: Arrival,
    known: tuple[FailureKind, Retry],
    message: str,
    *,
    wait_s: float | None = None,
    code: str | None = None,
    usage: Usage | None = None,
) -> Failure:
    kind, retry = known
    cost_usd = _cost_usd(arrival.card, usage) if arrival.ok else Decimal(0)
    return Failure(
        model=arrival.card.id,
        kind=kind,
        message=one_line(message, arrival.keys),
        retry=retry,
        retry_after_s=wait_s,
        status=arrival.status,
        code=None if code is None else one_line(code, arrival.keys),
        usage=usage,
        cost_usd=cost_usd,
        cost_bound_usd=_bound_usd(arrival) if cost_usd is None else None,
        latency_s=arrival.latency_s,
    )


def _cost_usd(card: Card, usage: Usage | None) -> Decimal | None:
    return None if card.price is None or usage is None else card.price.cost_usd(usage)


def _bound_usd(arrival: Arrival) -> Decimal | None:
    """The most this call can have cost; None when nothing bounds its output or its price is not known."""
    limit = arrival.request.sampling.max_tokens
    if limit is None or "max_tokens" in arrival.dropped:
        limit = arrival.card.context.output
    if limit is None or arrival.card.price is None:
        return None
    return arrival.card.price.bound_usd(prompt_tokens_max=arrival.request.prompt_tokens_max, output_tokens_max=limit)


def _vendor_cost_usd(arrival: Arrival, said: Said) -> Decimal | None:
    """OpenRouter's ``usage.cost``, Perplexity's ``usage.cost.total_cost``, LiteLLM's header."""
    told = said.usage.get("cost")
    amount = money(mapping(told).get("total_cost") if isinstance(told, Mapping) else told)
    return money(arrival.headers.get("x-litellm-response-cost")) if amount is None else amount


def error_in(body: Json) -> bool:
    """Whether a successful reply is an error all the same: an object with ``error`` set, or a list of one."""
    told = first(body) or mapping(body)
    return bool(told.get("error")) or told.get("type") == "error" or told.get("object") == "error"
