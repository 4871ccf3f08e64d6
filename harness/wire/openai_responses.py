"""OpenAI's responses API: what was said stands in a list of items, and the status beside it says how it ended."""

from collections.abc import Mapping
from dataclasses import replace

import httpx

from harness.core.card import Card
from harness.core.hashing import Json
from harness.core.request import Request
from harness.core.response import Finish
from harness.wire.body import Body, count, items, mapping, name, word
from harness.wire.family import Family
from harness.wire.openai_chat import PUBLIC, auth
from harness.wire.outgoing import address, post
from harness.wire.said import Said, ToolCall
from harness.wire.spelling import Spelling, written
from harness.wire.spelling import dropped as left_out
from harness.wire.sse import Frame
from harness.wire.tally import Counts, Tally, tally

FINISHES: Mapping[str, Finish] = {
    "completed": Finish.STOP,
    "max_output_tokens": Finish.LENGTH,
    "content_filter": Finish.CONTENT_FILTER,
}
"""The status, or for an incomplete response its reason."""

_LAST = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")


def encode(request: Request, card: Card, key: str | None, /, *, stream: bool = False) -> httpx.Request:
    """The HTTP request that asks *request* of *card*'s model. Nothing is to be stored, unless the card says so."""
    url = address(card, default=PUBLIC, path="/responses")
    body: dict[str, Json] = {
        "store": False,
        **written(request, card, _SPELLING, card.options),
        "model": card.model,
        "input": [{"role": message.role, "content": message.content} for message in request.messages],
    }
    if stream:
        body["stream"] = True
    return post(card, url, auth(card, url, key), body)


def dropped(request: Request, card: Card) -> tuple[str, ...]:
    """Parameters of *request* that :func:`encode` does not send: this API has no ``seed`` and no ``stop``."""
    return left_out(request, card, _SPELLING.places, card.options)


def read(body: Body) -> Said:
    """What a response object says."""
    status = body.get("status")
    if status in ("queued", "in_progress", "cancelled"):
        return Said(trouble=f"the response is {status}: there is no answer in it")
    if "output" not in body or not isinstance(body["output"], list):
        return Said(trouble=f"there is no `output` list in the body, only {', '.join(sorted(body)) or 'nothing'}")
    output = [mapping(item) for item in items(body["output"])]
    parts = [mapping(part) for item in output if item.get("type") == "message" for part in items(item.get("content"))]
    reason = word(mapping(body.get("incomplete_details")).get("reason"))
    calls = tuple(
        ToolCall(name=word(item.get("name")), arguments=word(item.get("arguments")))
        for item in output
        if item.get("type") == "function_call"
    )
    return Said(
        text="".join(word(part.get("text")) for part in parts if part.get("type") == "output_text"),
        refusal="".join(word(part.get("refusal")) for part in parts if part.get("type") == "refusal"),
        finish_raw=reason or word(status),
        calls=calls,
        usage=mapping(body.get("usage")),
        served_model=name(body.get("model")),
        vendor_id=name(body.get("id")),
        error={"code": "failed", "message": "the response has the status failed"} if status == "failed" else None,
    )


def step(said: Said, frame: Frame, body: Body) -> Said:
    """*said* after one more event. The last one holds the whole response, which then stands for all that came."""
    kind = word(body.get("type")) or frame.name
    delta = word(body.get("delta"))
    if kind == "response.output_text.delta":
        return replace(said, text=said.text + delta)
    if kind == "response.refusal.delta":
        return replace(said, refusal=said.refusal + delta)
    if kind not in _LAST:
        return said
    told = mapping(body.get("response"))
    final = read(told)
    # some servers leave the items out of the last event
    return replace(
        final,
        text=final.text or said.text,
        refusal=final.refusal or said.refusal,
        error=told.get("error") or final.error,
        ended=True,
    )


def count_tokens(usage: Body) -> Tally:
    """Cached tokens are inside the input count, reasoning inside the output count."""
    read_from = mapping(usage.get("input_tokens_details"))
    counts = Counts(
        prompt=count(usage.get("input_tokens")),
        output=count(usage.get("output_tokens")),
        cache_read=count(read_from.get("cached_tokens")) or 0,
        cache_write=count(read_from.get("cache_write_tokens")) or 0,
        reasoning=count(mapping(usage.get("output_tokens_details")).get("reasoning_tokens")) or 0,
        total=count(usage.get("total_tokens")),
    )
    return tally(counts, cache_inside=True, reasoning_inside=True)


def _format(schema: Body) -> Json:
    return {"type": "json_schema", "name": "answer", "strict": True, "schema": schema}


_SPELLING = Spelling(
    places={
        "temperature": ("temperature",),
        "top_p": ("top_p",),
        "max_tokens": ("max_output_tokens",),
        "json_schema": ("text", "format"),
    },
    schema=_format,
)

OPENAI_RESPONSES = Family(
    name="openai-responses",
    encode=encode,
    dropped=dropped,
    read=read,
    step=step,
    tally=count_tokens,
    finishes=FINISHES,
)
