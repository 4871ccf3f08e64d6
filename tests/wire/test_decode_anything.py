"""Whatever a vendor sends, ``decode`` gives a response or a failure, and its figures make sense."""

import json
from typing import Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from harness.core.card import Card
from harness.core.ids import ModelId, TraceId
from harness.core.request import user_request
from harness.core.response import Failure, Finish, Reply, Response
from harness.wire import HTTP_FAMILIES, HttpApi, family

KEY = "canary-KEY-4f1e7a90"
WORDS = """choices message content refusal tool_calls function name arguments finish_reason usage prompt_tokens
completion_tokens total_tokens prompt_tokens_details completion_tokens_details cached_tokens reasoning_tokens cost error
code type status details output output_text text incomplete_details reason stop_reason cache_creation candidates parts
finishReason promptFeedback blockReason usageMetadata promptTokenCount thoughtsTokenCount functionCall args input model
id metadata raw retryDelay violations quotaId detail msg input_tokens output_tokens""".split()  # noqa: SIM905 - easier to read
TEXTS = [
    "",
    "stop",
    "STOP",
    "end_turn",
    "completed",
    "queued",
    "tool_use",
    "tool_calls",
    "text",
    "message",
    "\ud800",
    "42",
    "{}",
    "429",
    KEY,
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**14), 10**14)
    | st.floats()
    | st.sampled_from(TEXTS)
    | st.text(max_size=8)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=30,
)
near_misses: dict[HttpApi, st.SearchStrategy[Any]] = {
    "openai-chat": st.fixed_dictionaries(
        {
            "choices": st.lists(st.fixed_dictionaries({"message": values, "finish_reason": scalars}), max_size=2),
            "usage": values,
        }
    ),
    "openai-responses": st.fixed_dictionaries(
        {
            "status": scalars,
            "output": st.lists(st.fixed_dictionaries({"type": scalars, "content": values}), max_size=2),
            "usage": values,
        }
    ),
    "anthropic": st.fixed_dictionaries(
        {"content": st.lists(values, max_size=3), "stop_reason": scalars, "usage": values}
    ),
    "gemini": st.fixed_dictionaries(
        {
            "candidates": st.lists(st.fixed_dictionaries({"content": values, "finishReason": scalars}), max_size=2),
            "usageMetadata": values,
        }
    ),
}
apis = st.sampled_from(sorted(HTTP_FAMILIES))
headers = st.dictionaries(
    st.sampled_from(
        ["retry-after", "retry-after-ms", "date", "x-request-id", "x-litellm-response-cost", "content-type"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12),
)


def decoded(api: HttpApi, status: int, sent: dict[str, str], content: bytes) -> Reply:
    card = Card(id=ModelId("a/b"), api=api, model="m", family="f")
    request = user_request("q", trace_id=TraceId("t"))
    asked = family(api).encode(request, card, KEY)
    return family(api).decode(request, card, httpx.Response(status, headers=sent, content=content, request=asked), 1.0)


def check(reply: Reply) -> None:
    assert KEY not in repr(reply)
    if reply.usage is not None:
        counts = (
            reply.usage.input,
            reply.usage.cache_read,
            reply.usage.cache_write,
            reply.usage.output,
            reply.usage.reasoning,
        )
        assert min(counts) >= 0
        assert reply.usage.total > 0
    if isinstance(reply, Failure):
        assert len(reply.message) <= 300
        assert reply.message.isprintable()
        assert reply.message.encode("utf-8")
        assert reply.retry_after_s is None or reply.retry_after_s >= 0
    else:
        assert isinstance(reply, Response)
        assert reply.text.encode("utf-8") is not None
        assert reply.text.strip() or reply.tool_calls or reply.finish is not Finish.STOP
        for call in reply.tool_calls:
            assert set(json.loads(call)) == {"name", "arguments"}


@given(apis, st.integers(100, 999), headers, st.binary())
def test_bytes(api, status, sent, content):
    check(decoded(api, status, sent, content))


@given(apis, st.sampled_from([200, 200, 200, 201, 400, 429, 503]), headers, values)
def test_json(api, status, sent, value):
    check(decoded(api, status, sent, json.dumps(value).encode()))


@given(st.data(), apis)
def test_almost_a_completion(data, api):
    body = data.draw(near_misses[api])
    check(decoded(api, 200, {}, json.dumps(body).encode()))
