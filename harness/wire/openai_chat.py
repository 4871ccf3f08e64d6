"""OpenAI's chat completions, and everybody who speaks them through ``base_url``.

Azure, OpenRouter, LiteLLM, Ollama, vLLM, llama.cpp, Groq, Mistral, DeepSeek, Snowflake, Cohere's own chat. They differ
in the small print: what is read here is the union of what they were seen to send.
"""

from collections.abc import Mapping
from dataclasses import replace

import httpx

from harness.core.card import Card, Parameter
from harness.core.hashing import Json
from harness.core.request import Request
from harness.core.response import Finish
from harness.wire.body import Body, count, dumped, first, items, joined, mapping, name, word
from harness.wire.family import Family
from harness.wire.outgoing import address, post
from harness.wire.said import Said, ToolCall, followed
from harness.wire.scrub import usable_key
from harness.wire.spelling import Path, Spelling, written
from harness.wire.spelling import dropped as left_out
from harness.wire.sse import Frame
from harness.wire.tally import Counts, Tally, tally

PUBLIC = "https://api.openai.com/v1"
AZURE = (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")

FINISHES: Mapping[str, Finish] = {
    "stop": Finish.STOP,
    "eos_token": Finish.STOP,
    "COMPLETE": Finish.STOP,
    "STOP_SEQUENCE": Finish.STOP,
    "length": Finish.LENGTH,
    "model_length": Finish.LENGTH,
    "MAX_TOKENS": Finish.LENGTH,
    "tool_calls": Finish.TOOL_CALLS,
    "function_call": Finish.TOOL_CALLS,
    "TOOL_CALL": Finish.TOOL_CALLS,
    "content_filter": Finish.CONTENT_FILTER,
    "refusal": Finish.REFUSAL,
    "error": Finish.ERROR,
    "ERROR": Finish.ERROR,
    "abort": Finish.ERROR,
    "insufficient_system_resource": Finish.ERROR,
}
"""OpenAI's words, then those of Hugging Face's server, Cohere, Mistral, vLLM and DeepSeek that mean the same."""


def auth(card: Card, url: httpx.URL, key: str | None) -> dict[str, str]:
    """The header with the key: Azure's own, elsewhere a bearer token."""
    good = usable_key(key, card)
    if good is None:
        return {}
    return {"api-key": good} if url.host.endswith(AZURE) else {"authorization": f"Bearer {good}"}


def encode(request: Request, card: Card, key: str | None, /, *, stream: bool = False) -> httpx.Request:
    """The HTTP request that asks *request* of *card*'s model."""
    # Cohere's own address ends there and takes the same body
    path = "/v2/chat" if (card.base_url or "").endswith("/v2/chat") else "/chat/completions"
    url = address(card, default=PUBLIC, path=path)
    body: dict[str, Json] = {
        **written(request, card, _spelling(card), card.options),
        "model": card.model,
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
    }
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return post(card, url, auth(card, url, key), body)


def dropped(request: Request, card: Card) -> tuple[str, ...]:
    """Parameters of *request* that :func:`encode` does not send."""
    return left_out(request, card, _spelling(card).places, card.options)


def read(body: Body) -> Said:
    """What a chat completion says."""
    choice = first(body.get("choices")) or (body if "message" in body and "finish_reason" in body else {})
    if not choice:
        return Said(trouble=f"there are no `choices` in the body, only {', '.join(sorted(body)) or 'nothing'}")
    return _choice(choice, mapping(choice.get("message")), body)


def step(said: Said, _frame: Frame, body: Body) -> Said:
    """*said* after one more chunk. Servers that forget ``[DONE]`` have ended with their finish word."""
    choice = first(body.get("choices"))
    delta = mapping(choice.get("delta"))
    part = replace(_choice(choice, delta, body), calls=())
    more = replace(followed(said, part), calls=_continued(said.calls, delta), error=part.error)
    return replace(more, ended=said.ended or part.finish_raw is not None)


def count_tokens(usage: Body) -> Tally:
    """Cached tokens and reasoning are inside the prompt and output counts; xAI's reasoning is beside them."""
    # Cohere counts twice: what went through the model, and what is on the bill
    through = mapping(usage.get("tokens")) or usage
    prompt_details = mapping(usage.get("prompt_tokens_details"))
    output_details = mapping(usage.get("completion_tokens_details"))
    billed = mapping(usage.get("billed_units"))
    counts = Counts(
        prompt=_either(through, "prompt_tokens", "input_tokens"),
        output=_either(through, "completion_tokens", "output_tokens"),
        cache_read=_most(
            prompt_details.get("cached_tokens"),
            usage.get("cached_tokens"),
            usage.get("prompt_cache_hit_tokens"),
            usage.get("cache_read_input_tokens"),
        ),
        cache_write=_most(
            prompt_details.get("cache_write_tokens"),
            prompt_details.get("cache_creation_tokens"),
            usage.get("cache_creation_input_tokens"),
        ),
        reasoning=_most(output_details.get("reasoning_tokens"), usage.get("reasoning_tokens")),
        total=count(usage.get("total_tokens")),
    )
    differs = billed and any(
        count(billed.get(key)) != count(through.get(key)) for key in ("input_tokens", "output_tokens")
    )
    return tally(counts, cache_inside=True, reasoning_inside=True, notes=("billed_units_differ",) if differs else ())


def _spelling(card: Card) -> Spelling:
    public = card.base_url is None or card.base_url.rstrip("/") == PUBLIC
    places: Mapping[Parameter, Path] = {
        "temperature": ("temperature",),
        "top_p": ("top_p",),
        "max_tokens": ("max_completion_tokens" if public else "max_tokens",),
        "seed": ("seed",),
        "stop": ("stop",),
        "json_schema": ("response_format",),
    }
    return Spelling(places=places, schema=_response_format)


def _response_format(schema: Body) -> Json:
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}


def _choice(choice: Body, message: Body, body: Body) -> Said:
    raw = choice.get("finish_reason")
    return Said(
        text=joined(message.get("content")),
        refusal=word(message.get("refusal")),
        finish_raw=raw if isinstance(raw, str) else None,
        calls=tuple(_call(mapping(call)) for call in items(message.get("tool_calls"))),
        error=choice.get("error"),
        usage=mapping(body.get("usage")),
        served_model=name(body.get("model")),
        vendor_id=name(body.get("id")),
        fingerprint=name(body.get("system_fingerprint")),
    )


def _call(call: Body) -> ToolCall:
    function = mapping(call.get("function"))
    arguments = function.get("arguments")
    text = arguments if isinstance(arguments, str) else dumped(arguments)
    return ToolCall(name=word(function.get("name")), arguments=text)


def _continued(calls: tuple[ToolCall, ...], delta: Body) -> tuple[ToolCall, ...]:
    """*calls* after the fragments in *delta*: each names the call it continues by its index."""
    grown = list(calls)
    for fragment in map(mapping, items(delta.get("tool_calls"))):
        index, part = (
            count(fragment.get("index")),
            _call({"function": {"arguments": "", **mapping(fragment.get("function"))}}),
        )
        place = len(grown) if index is None else index
        if place < len(grown):
            part = ToolCall(name=grown[place].name + part.name, arguments=grown[place].arguments + part.arguments)
            grown[place] = part
        else:
            grown.append(part)
    return tuple(grown)


def _either(counts: Body, key: str, other: str) -> int | None:
    found = count(counts.get(key))
    return count(counts.get(other)) if found is None else found


def _most(*values: Json) -> int:
    return max(count(value) or 0 for value in values)


OPENAI_CHAT = Family(
    name="openai-chat",
    encode=encode,
    dropped=dropped,
    read=read,
    step=step,
    tally=count_tokens,
    finishes=FINISHES,
)
