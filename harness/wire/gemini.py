"""Google's generateContent: the Gemini API with a key, Vertex AI with a token."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

import httpx

from harness.core.card import Card
from harness.core.hashing import Json
from harness.core.request import Message, Request
from harness.core.response import Finish
from harness.wire.body import Body, count, dumped, first, items, mapping, name, word
from harness.wire.family import Family
from harness.wire.outgoing import address, post
from harness.wire.said import Said, ToolCall, followed
from harness.wire.scrub import usable_key
from harness.wire.spelling import Spelling, merged, written
from harness.wire.spelling import dropped as left_out
from harness.wire.sse import Frame
from harness.wire.tally import Counts, Tally, tally

PUBLIC = "https://generativelanguage.googleapis.com/v1beta"
VERTEX = "aiplatform.googleapis.com"

FINISHES: Mapping[str, Finish] = {
    "STOP": Finish.STOP,
    "MAX_TOKENS": Finish.LENGTH,
    **dict.fromkeys(
        (
            "SAFETY",
            "RECITATION",
            "BLOCKLIST",
            "PROHIBITED_CONTENT",
            "SPII",
            "MODEL_ARMOR",
            "IMAGE_SAFETY",
            "IMAGE_RECITATION",
            "IMAGE_PROHIBITED_CONTENT",
        ),
        Finish.CONTENT_FILTER,
    ),
    **dict.fromkeys(
        (
            "MALFORMED_FUNCTION_CALL",
            "UNEXPECTED_TOOL_CALL",
            "TOO_MANY_TOOL_CALLS",
            "MALFORMED_RESPONSE",
            "MISSING_THOUGHT_SIGNATURE",
        ),
        Finish.ERROR,
    ),
}
"""``OTHER``, ``LANGUAGE``, ``NO_IMAGE`` and the like are not here: they do not say what happened."""

_TOP_LEVEL = frozenset(
    {"safetySettings", "tools", "toolConfig", "cachedContent", "labels", "modelArmorConfig", "generationConfig"}
)
"""Options that stand beside ``generationConfig``; every other option belongs into it."""


def encode(request: Request, card: Card, key: str | None, /, *, stream: bool = False) -> httpx.Request:
    """The HTTP request that asks *request* of *card*'s model. The model's name stands in the address, the key never."""
    model = quote(card.model if "/" in card.model else f"models/{card.model}", safe="/@-._~")
    verb = "streamGenerateContent" if stream else "generateContent"
    url = address(card, default=PUBLIC, path=f"{_version(card)}/{model}:{verb}", query="alt=sse" if stream else "")
    body = written(request, card, _SPELLING, _options(card))
    if "responseJsonSchema" in mapping(body.get("generationConfig")):
        body = merged({"generationConfig": {"responseMimeType": "application/json"}}, body)
    body["contents"] = [_content(message) for message in request.messages if message.role != "system"]
    system = "\n\n".join(message.content for message in request.messages if message.role == "system")
    if system:
        body["systemInstruction"] = {"parts": [{"text": system}]}
    return post(card, url, _auth(card, url, key), body)


def dropped(request: Request, card: Card) -> tuple[str, ...]:
    """Parameters of *request* that :func:`encode` does not send."""
    return left_out(request, card, _SPELLING.places, _options(card))


def read(body: Body) -> Said:
    """What a response, or one chunk of a stream, says. Parts that are thoughts are not part of it."""
    blocked = mapping(body.get("promptFeedback"))
    reason = word(blocked.get("blockReason"))
    candidate = first(body.get("candidates"))
    about = _about(body)
    if reason and not candidate:
        return replace(about, blocked=f"{reason} {word(blocked.get('blockReasonMessage'))}".strip(), finish_raw=reason)
    if not candidate:
        return replace(
            about, trouble=f"there are no `candidates` in the body, only {', '.join(sorted(body)) or 'nothing'}"
        )
    parts = [mapping(part) for part in items(mapping(candidate.get("content")).get("parts"))]
    calls = [mapping(part["functionCall"]) for part in parts if "functionCall" in part]
    return replace(
        about,
        text="".join(word(part.get("text")) for part in parts if part.get("thought") is not True),
        finish_raw=name(candidate.get("finishReason")),
        calls=tuple(ToolCall(name=word(call.get("name")), arguments=dumped(call.get("args") or {})) for call in calls),
    )


def step(said: Said, _frame: Frame, body: Body) -> Said:
    """*said* after one more chunk; the chunk with a finish word, or with a block, is the last with content."""
    part = read(body)  # a chunk without candidates may still bring the counts
    more = followed(said, part)
    return replace(more, ended=said.ended or part.finish_raw is not None)


def count_tokens(usage: Body) -> Tally:
    """Cached tokens are inside the prompt count; thoughts stand beside the output, tool results beside the prompt."""
    prompt = count(usage.get("promptTokenCount"))
    counts = Counts(
        prompt=None if prompt is None else prompt + (count(usage.get("toolUsePromptTokenCount")) or 0),
        output=count(usage.get("candidatesTokenCount")),
        cache_read=count(usage.get("cachedContentTokenCount")) or 0,
        reasoning=count(usage.get("thoughtsTokenCount")) or 0,
        total=count(usage.get("totalTokenCount")),
    )
    return tally(counts, cache_inside=True, reasoning_inside=False)


def _version(card: Card) -> str:
    """The version of the API, for a ``base_url`` that is a bare host."""
    base = (card.base_url or PUBLIC).partition("?")[0].rstrip("/")
    return "/v1beta" if base.count("/") == 2 else ""


def _auth(card: Card, url: httpx.URL, key: str | None) -> dict[str, str]:
    good = usable_key(key, card)
    if good is None:
        return {}
    return {"authorization": f"Bearer {good}"} if url.host.endswith(VERTEX) else {"x-goog-api-key": good}


def _content(message: Message) -> Json:
    return {"role": "model" if message.role == "assistant" else "user", "parts": [{"text": message.content}]}


def _options(card: Card) -> Body:
    """The card's options in the shape of the body."""
    top = {key: value for key, value in card.options.items() if key in _TOP_LEVEL}
    inner = {key: value for key, value in card.options.items() if key not in _TOP_LEVEL}
    return merged({"generationConfig": inner} if inner else {}, top)


def _about(body: Body) -> Said:
    return Said(
        usage=mapping(body.get("usageMetadata")),
        served_model=name(body.get("modelVersion")),
        vendor_id=name(body.get("responseId")),
    )


def _schema(schema: Body) -> Json:
    return schema


_SPELLING = Spelling(
    places={
        "temperature": ("generationConfig", "temperature"),
        "top_p": ("generationConfig", "topP"),
        "max_tokens": ("generationConfig", "maxOutputTokens"),
        "seed": ("generationConfig", "seed"),
        "stop": ("generationConfig", "stopSequences"),
        "json_schema": ("generationConfig", "responseJsonSchema"),
    },
    schema=_schema,
)

GEMINI = Family(
    name="gemini",
    encode=encode,
    dropped=dropped,
    read=read,
    step=step,
    tally=count_tokens,
    finishes=FINISHES,
)
