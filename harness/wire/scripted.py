"""Models whose answers stand in a file: for the demo, for tests, for simulation. No HTTP, no claim about any vendor.

What a file looks like is written at the top of ``script_rows.py``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from harness.core.card import Card, Parameter
from harness.core.money import Usage
from harness.core.request import Request
from harness.core.response import Failure, FailureKind, Finish, Reply, Response, Retry
from harness.wire.script_rows import FaultName, ScriptRow, parse_rows
from harness.wire.scrub import one_line
from harness.wire.spelling import Path, dropped

HANG_S = 3600.0
"""Longer than any deadline."""
ESTIMATED = "usage_estimated"
REFUSAL = "I cannot help with that."
"""The refusal of a row that gives no text."""

_CHARACTERS_PER_TOKEN = 4
_PLACES: Mapping[Parameter, Path] = {
    parameter: (parameter,) for parameter in ("temperature", "top_p", "max_tokens", "seed", "stop", "json_schema")
}
_FAILURES: Mapping[FaultName, tuple[FailureKind, Retry, str]] = {
    "throttled": (FailureKind.THROTTLED, Retry.AFTER, "too many requests"),
    "overloaded": (FailureKind.OVERLOADED, Retry.AFTER, "the model is overloaded"),
    "hang": (FailureKind.TIMEOUT, Retry.AFTER, "the model never answers"),
    "unreachable": (FailureKind.UNREACHABLE, Retry.AFTER, "connection refused"),
    "empty": (FailureKind.EMPTY, Retry.NEVER, "the model stopped without a word of text"),
    "unintelligible": (FailureKind.UNINTELLIGIBLE, Retry.NEVER, "the body is no completion"),
}
"""All faults but ``refused``: a refusal is a response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedReply:
    """What a scripted model does: wait *delay_s*, then give *reply*. Whoever calls does the waiting."""

    delay_s: float
    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The rows of one file. The first whose ``when`` is part of the last user message answers."""

    name: str
    """The file, as the user knows it."""
    rows: tuple[ScriptRow, ...]

    def answer(self, request: Request, card: Card) -> ScriptedReply:
        """What *card*'s model says to *request*: always the same for the same trace id."""
        asked = next((message.content for message in reversed(request.messages) if message.role == "user"), "")
        row = next((row for row in self.rows if row.when in asked), None)
        if row is None:
            why = f"{self.name}: no row of the script answers {asked[:80]!r}"
            return ScriptedReply(delay_s=0.0, reply=_failure(card, (FailureKind.REJECTED, Retry.NEVER, why)))
        if row.fault is None or row.fault == "refused":
            return ScriptedReply(delay_s=row.latency_s, reply=_response(row, request, card))
        delay_s = HANG_S if row.fault == "hang" else row.latency_s
        return ScriptedReply(delay_s=delay_s, reply=_failure(card, _FAILURES[row.fault], row.retry_after_s, delay_s))


def parse_script(text: str, *, name: str) -> Script:
    """The script in *text*, the content of the file *name*. Raises FaultsError with everything wrong with it."""
    return Script(name=name, rows=parse_rows(text, name=name))


def _response(row: ScriptRow, request: Request, card: Card) -> Response:
    text = _pick(row.texts, request, card) if row.texts else REFUSAL
    refused = row.fault == "refused"
    usage = row.usage or _estimated(request, text)
    return Response(
        model=card.id,
        text="" if refused else text,
        finish=Finish.REFUSAL if refused else row.finish,
        finish_raw="refusal" if refused else row.finish.value,
        usage=usage,
        cost_usd=None if card.price is None else card.price.cost_usd(usage),
        latency_s=row.latency_s,
        served_model=card.model,
        refusal=text if refused else None,
        dropped=dropped(request, card, _PLACES, {}),
        notes=() if row.usage else (ESTIMATED,),
    )


def _pick(texts: tuple[str, ...], request: Request, card: Card) -> str:
    """One of *texts* by the trace id; the model's id is mixed in, so that two models do not draw in step."""
    drawn = sha256(f"{card.id} {request.trace_id}".encode(errors="replace")).digest()
    return texts[int.from_bytes(drawn[:8], "big") % len(texts)]


def _failure(
    card: Card, known: tuple[FailureKind, Retry, str], retry_after_s: float | None = None, latency_s: float = 0.0
) -> Failure:
    kind, retry, why = known
    return Failure(
        model=card.id,
        kind=kind,
        message=one_line(why, ()),
        retry=retry,
        retry_after_s=retry_after_s,
        latency_s=latency_s,
    )


def _estimated(request: Request, text: str) -> Usage:
    prompt = sum(len(message.content) for message in request.messages)
    return Usage(input=math.ceil(prompt / _CHARACTERS_PER_TOKEN), output=math.ceil(len(text) / _CHARACTERS_PER_TOKEN))
