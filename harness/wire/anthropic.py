"""Anthropic's messages."""

from collections.abc import Mapping
from dataclasses import replace

import httpx

from harness.core.card import Card
from harness.core.hashing import Json
from harness.core.request import Request
from harness.core.response import Finish
from harness.wire.body import Body, count, dumped, items, joined, mapping, name, word
from harness.wire.family import Family
from harness.wire.outgoing import address, post
from harness.wire.said import Said, ToolCall, followed
from harness.wire.scrub import usable_key
from harness.wire.spelling import Spelling, written
from harness.wire.spelling import dropped as left_out
from harness.wire.sse import Frame
from harness.wire.tally import INCONSISTENT, Counts, Tally, tally

PUBLIC = "https://api.anthropic.com"
VERSION = "2023-06-01"
OUTPUT_TOKENS = 4096
"""Sent as ``max_tokens``, which this API demands, when neither the request nor the card says a number."""

FINISHES: Mapping[str, Finish] = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "tool_use": Finish.TOOL_CALLS,
    "refusal": Finish.REFUSAL,
    "model_context_window_exceeded": Finish.CONTEXT_EXCEEDED,
}
"""``pause_turn`` and ``compaction`` are not here: the turn is not over, and we do not continue it."""


def encode(request: Request, card: Card, key: str | None, /, *, stream: bool = False) -> httpx.Request:
    """The HTTP request that asks *request* of *card*'s model. System messages go before the conversation."""
    with_version = (card.base_url or "").partition("?")[0].rstrip("/").endswith(("/v1", "/v1/messages"))
    url = address(card, default=PUBLIC, path="/messages" if with_version else "/v1/messages")
    system = "\n\n".join(message.content for message in request.messages if message.role == "system")
    body: dict[str, Json] = {
        "max_tokens": card.context.output or OUTPUT_TOKENS,
        **written(request, card, _SPELLING, card.options),
        "model": card.model,
        "messages": [
            {"role": message.role, "content": message.content}
            for message in request.messages
            if message.role != "system"
        ],
    }
    if system:
        body["system"] = system
    if stream:
        body["stream"] = True
    good = usable_key(key, card)
    return post(card, url, {"anthropic-version": VERSION} | ({"x-api-key": good} if good else {}), body)


def dropped(request: Request, card: Card) -> tuple[str, ...]:
    """Parameters of *request* that :func:`encode` does not send: this API has no ``seed``."""
    return left_out(request, card, _SPELLING.places, card.options)


def read(body: Body) -> Said:
    """What a message says. Thinking blocks are not part of it."""
    if not isinstance(body.get("content"), list):
        return Said(trouble=f"there is no `content` list in the body, only {', '.join(sorted(body)) or 'nothing'}")
    blocks = [mapping(block) for block in items(body["content"])]
    return replace(
        _about(body),
        text=joined(body["content"]),
        finish_raw=word(body.get("stop_reason")),
        calls=tuple(_call(block) for block in blocks if block.get("type") == "tool_use"),
    )


def step(said: Said, frame: Frame, body: Body) -> Said:
    """*said* after one more event; the counts of ``message_delta`` replace those of ``message_start``."""
    kind = word(body.get("type")) or frame.name
    if kind == "message_start":
        return followed(said, _about(mapping(body.get("message"))))
    if kind == "content_block_start":
        block = mapping(body.get("content_block"))
        # the arguments follow, piece by piece
        call = ToolCall(name=word(block.get("name")), arguments="")
        return followed(said, Said(text=joined([block]), calls=(call,) if block.get("type") == "tool_use" else ()))
    if kind == "content_block_delta":
        return _grown(said, mapping(body.get("delta")))
    if kind == "message_delta":
        reason = name(mapping(body.get("delta")).get("stop_reason"))
        return followed(said, Said(finish_raw=reason, usage=_known(body.get("usage"))))
    if kind == "message_stop":
        calls = tuple(replace(call, arguments=call.arguments or "{}") for call in said.calls)
        return replace(said, calls=calls, ended=True)
    return said


def count_tokens(usage: Body) -> Tally:
    """Cached tokens stand beside the input count; thinking is inside the output count. There is no total."""
    split = mapping(usage.get("cache_creation"))
    five_minutes, hour = (count(split.get(f"ephemeral_{time}_input_tokens")) or 0 for time in ("5m", "1h"))
    stated = count(usage.get("cache_creation_input_tokens"))
    notes = ["cache_write_1h"] if hour else []
    if split and stated not in (None, five_minutes + hour):
        notes.append(INCONSISTENT)
    counts = Counts(
        prompt=count(usage.get("input_tokens")),
        output=count(usage.get("output_tokens")),
        cache_read=count(usage.get("cache_read_input_tokens")) or 0,
        cache_write=five_minutes + hour if stated is None else stated,
        reasoning=count(mapping(usage.get("output_tokens_details")).get("thinking_tokens")) or 0,
    )
    return tally(counts, cache_inside=False, reasoning_inside=True, notes=tuple(notes))


def _about(message: Body) -> Said:
    return Said(
        usage=_known(message.get("usage")), served_model=name(message.get("model")), vendor_id=name(message.get("id"))
    )


def _known(usage: Json) -> Body:
    """The counts that are there: a null in a later event does not take an earlier count away."""
    return {key: value for key, value in mapping(usage).items() if value is not None}


def _call(block: Body) -> ToolCall:
    return ToolCall(name=word(block.get("name")), arguments=dumped(block.get("input")))


def _grown(said: Said, delta: Body) -> Said:
    if delta.get("type") == "text_delta":
        return replace(said, text=said.text + word(delta.get("text")))
    if delta.get("type") == "input_json_delta" and said.calls:
        *done, call = said.calls
        more = replace(call, arguments=call.arguments + word(delta.get("partial_json")))
        return replace(said, calls=(*done, more))
    return said


def _format(schema: Body) -> Json:
    return {"type": "json_schema", "schema": schema}


_SPELLING = Spelling(
    places={
        "temperature": ("temperature",),
        "top_p": ("top_p",),
        "max_tokens": ("max_tokens",),
        "stop": ("stop_sequences",),
        "json_schema": ("output_config", "format"),
    },
    schema=_format,
)

ANTHROPIC = Family(
    name="anthropic",
    encode=encode,
    dropped=dropped,
    read=read,
    step=step,
    tally=count_tokens,
    finishes=FINISHES,
)
