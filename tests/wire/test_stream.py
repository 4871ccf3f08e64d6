"""Streams: the same reply as in one body, however the bytes are cut; and no answer from a stream that was cut."""

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.money import Usage
from harness.core.response import Failure, FailureKind, Finish, Response, Retry
from harness.wire import (
    HTTP_FAMILIES,
    Finished,
    HttpApi,
    InBandError,
    Stream,
    StreamEvent,
    TextDelta,
    UsageSeen,
    family,
)
from harness.wire.sse import Frame, Framing, frames, rest


def event(data: Any, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


def delta(finish: str | None = None, **fields: Any) -> bytes:
    return event({"id": "c1", "model": "gpt", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]})


DONE = event("[DONE]")
CHAT_USAGE = event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}})
CHAT = [
    b": ping\n\n",
    delta(role="assistant", content=""),
    delta(content="The "),
    delta(content="answer 🂡"),
    delta("stop"),
    CHAT_USAGE,
    DONE,
]
FINAL = {
    "id": "resp_1",
    "model": "gpt",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "The answer 🂡"}]}],
    "usage": {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12},
}
RESPONSES = [
    event({"type": "response.created", "response": {"status": "in_progress", "output": []}}),
    event({"type": "response.output_text.delta", "delta": "The "}),
    event({"type": "response.output_text.delta", "delta": "answer 🂡"}),
    event({"type": "response.completed", "response": FINAL}),
]
START = {"message": {"id": "msg_1", "model": "gpt", "usage": {"input_tokens": 9, "output_tokens": 1}}}
STOPPED = {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3, "input_tokens": None}}
ANTHROPIC = [
    event({"type": "message_start", **START}, "message_start"),
    event({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
    event({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}),
    event({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
    event({"type": "ping"}),
    event({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "The "}}),
    event({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "answer 🂡"}}),
    event({"type": "content_block_stop", "index": 1}),
    event(STOPPED, "message_delta"),  # the name alone says what it is
    event({"type": "message_stop"}),
]
GEMINI = [
    event({"candidates": [{"content": {"parts": [{"text": "The "}]}}], "modelVersion": "gpt", "responseId": "r"}),
    event({"usageMetadata": {"promptTokenCount": 9}}),
    event(
        {
            "candidates": [{"content": {"parts": [{"text": "answer 🂡"}]}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12},
        }
    ),
]
STREAMS: dict[HttpApi, list[bytes]] = {
    "openai-chat": CHAT,
    "openai-responses": RESPONSES,
    "anthropic": ANTHROPIC,
    "gemini": GEMINI,
}


def run(api: HttpApi, chunks: list[bytes]) -> tuple[Stream, list[StreamEvent]]:
    stream, events = Stream(), list[StreamEvent]()
    for chunk in chunks:
        stream, new = family(api).feed(stream, chunk)
        events += new
    return stream, events


@pytest.fixture
def close(card_of, request_of):
    def closed(api: HttpApi, chunks: list[bytes]):
        stream, _ = run(api, chunks)
        return family(api).close(request_of(), card_of(api), stream, httpx.Response(200), 2.0)

    return closed


@pytest.mark.parametrize("api", sorted(STREAMS))
def test_a_stream_is_read(api, close):
    _, events = run(api, STREAMS[api])
    assert "".join(item.text for item in events if isinstance(item, TextDelta)) == "The answer 🂡"
    assert [item.finish for item in events if isinstance(item, Finished)] == [Finish.STOP]
    assert [item.usage for item in events if isinstance(item, UsageSeen)][-1] == Usage(input=9, output=3)
    reply = close(api, STREAMS[api])
    assert isinstance(reply, Response), reply
    assert (reply.text, reply.finish, reply.usage) == ("The answer 🂡", Finish.STOP, Usage(input=9, output=3))
    assert (reply.served_model, reply.latency_s, reply.cost_usd) == ("gpt", 2.0, Decimal("0.000048"))


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("api", sorted(STREAMS))
def test_it_does_not_matter_where_the_bytes_are_cut(api, ending, close):
    content = b"\xef\xbb\xbf" + b"".join(STREAMS[api]).replace(b"\n", ending)
    one_by_one = [content[at : at + 1] for at in range(len(content))]
    assert close(api, one_by_one) == close(api, STREAMS[api])
    assert "".join(item.text for item in run(api, one_by_one)[1] if isinstance(item, TextDelta)) == "The answer 🂡"


@pytest.mark.parametrize("api", sorted(STREAMS))
def test_every_shorter_stream_is_a_failure_or_complete(api, close):
    content = b"".join(STREAMS[api])
    whole = close(api, [content])
    for size in range(0, len(content), 7):
        reply = close(api, [content[:size]])
        if isinstance(reply, Response):
            assert (reply.text, reply.finish) == (whole.text, Finish.STOP)
        else:
            assert (reply.kind, reply.retry) == (FailureKind.UNREACHABLE, Retry.AFTER)
            assert "the stream was cut after" in reply.message


@pytest.mark.parametrize("api", sorted(STREAMS))
def test_the_last_empty_line_may_be_missing(api, close):
    assert close(api, [b"".join(STREAMS[api]).rstrip(b"\n")]) == close(api, STREAMS[api])


def test_a_cut_stream_may_have_cost_something(close):
    failure = close("anthropic", ANTHROPIC[:-2])
    assert isinstance(failure, Failure)
    assert failure.usage == Usage(input=9, output=1)
    assert close("openai-chat", CHAT[:3]).cost_usd is None
    assert close("openai-chat", CHAT[:3]).cost_bound_usd is not None


@pytest.mark.parametrize(
    ("api", "error", "kind"),
    [
        ("openai-chat", {"error": {"code": 502, "message": "gone"}, "choices": [{"delta": {}, "finish_reason": "error"}]}, FailureKind.OVERLOADED),
        ("openai-chat", {"choices": [{"delta": {}, "finish_reason": "error", "error": {"code": 429, "message": "m"}}]}, FailureKind.THROTTLED),
        ("openai-responses", {"type": "error", "code": "server_error", "message": "gone"}, FailureKind.OVERLOADED),
        ("openai-responses", {"type": "response.failed", "response": {"status": "failed", "output": [], "error": {"code": "rate_limit_exceeded"}}}, FailureKind.THROTTLED),
        ("anthropic", {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, FailureKind.OVERLOADED),
        ("gemini", {"error": {"code": 503, "status": "UNAVAILABLE", "message": "gone"}}, FailureKind.OVERLOADED),
        ("gemini", [{"error": {"code": 503, "status": "UNAVAILABLE", "message": "gone"}}], FailureKind.OVERLOADED),
    ],
)  # fmt: skip
def test_an_error_in_the_middle(api, error, kind, close):
    chunks = [*STREAMS[api][:-1], event(error), *STREAMS[api][-1:]]
    _, events = run(api, chunks)
    assert isinstance(events[-1], InBandError)
    assert sum(isinstance(item, InBandError) for item in events) == 1
    reply = close(api, chunks)
    assert isinstance(reply, Failure)
    assert (reply.kind, reply.retry) == (kind, Retry.AFTER)


def test_an_event_that_is_no_json(close):
    chunks = [CHAT[2], event("{nonsense}"), *CHAT[3:]]
    assert isinstance(run("openai-chat", chunks)[1][-1], InBandError)
    failure = close("openai-chat", chunks)
    assert (failure.kind, "{nonsense}" in failure.message) == (FailureKind.UNINTELLIGIBLE, True)


def test_done_without_a_finish_word_is_no_stop(close):
    reply = close("openai-chat", [CHAT[2], DONE])
    assert (reply.text, reply.finish, reply.finish_raw) == ("The ", Finish.UNKNOWN, "")


def test_a_stream_that_stops_without_text(close):
    assert close("openai-chat", [delta("stop"), DONE]).kind is FailureKind.EMPTY


def test_tool_calls_in_pieces(close):
    pieces = [
        delta(tool_calls=[{"index": 0, "id": "a", "function": {"name": "add", "arguments": ""}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": '{"a"'}}, {"index": 1, "function": {"name": "sub"}}]),
        delta(
            tool_calls=[{"index": 0, "function": {"arguments": ": 1}"}}, {"index": 1, "function": {"arguments": "{}"}}]
        ),
        delta(tool_calls=[{"function": {"name": "neg", "arguments": "{}"}}]),
        delta("tool_calls"),
    ]
    reply = close("openai-chat", pieces)
    assert reply.finish is Finish.TOOL_CALLS
    assert [json.loads(call)["name"] for call in reply.tool_calls] == ["add", "sub", "neg"]
    assert json.loads(reply.tool_calls[0])["arguments"] == {"a": 1}


def test_anthropic_tool_calls_in_pieces(close):
    def block(**fields: Any) -> bytes:
        return event({"type": "content_block_start", "content_block": fields})

    def more(**fields: Any) -> bytes:
        return event({"type": "content_block_delta", "delta": fields})

    pieces = [
        ANTHROPIC[0],
        more(type="input_json_delta", partial_json="{"),  # belongs to no call
        block(type="tool_use", name="add"),
        more(type="input_json_delta", partial_json='{"a"'),
        more(type="input_json_delta", partial_json=": 1}"),
        block(type="tool_use", name="now"),
        event({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
        event({"type": "message_stop"}),
    ]
    reply = close("anthropic", pieces)
    assert reply.tool_calls == ('{"name":"add","arguments":{"a": 1}}', '{"name":"now","arguments":{}}')


def test_responses_refusal_and_a_last_event_without_items(close):
    bare = event({"type": "response.completed", "response": FINAL | {"output": []}})
    assert close("openai-responses", [*RESPONSES[:3], bare]).text == "The answer 🂡"
    refused = [event({"type": "response.refusal.delta", "delta": "No."}), bare]
    assert (close("openai-responses", refused).finish, close("openai-responses", refused).refusal) == (
        Finish.REFUSAL,
        "No.",
    )


def test_gemini_blocks_the_prompt_in_a_stream(close):
    failure = close("gemini", [event({"promptFeedback": {"blockReason": "SAFETY"}})])
    assert (failure.kind, failure.retry) == (FailureKind.FILTERED, Retry.BY_POLICY)


def test_framing():
    content = b": comment\nid: 7\nretry: 10\nevent: a\ndata: one\ndata:two\n\ndata\n\nevent: lost\n\ndata: last"
    framing, found = frames(Framing(), content)
    assert found == (Frame(name="a", data="one\ntwo"), Frame(name="", data=""))
    assert rest(framing) == (Frame(name="", data="last"),)
    assert frames(framing, b"") == (framing, ())


@given(st.lists(st.binary(max_size=30), max_size=6), st.sampled_from(sorted(STREAMS)))
def test_no_bytes_raise(chunks, api):
    run(api, chunks)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**14) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "delta", "text", "choices", "content", "usage", "message", "response", "candidates", "error", "status", "output", "tool_calls", "index", "function", "content_block", "parts", "promptFeedback", "usageMetadata", "code", "details"]), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip
KINDS = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "message_delta",
    "message_stop",
    "response.completed",
    "response.output_text.delta",
]


@given(st.lists(st.tuples(st.sampled_from(KINDS), values), max_size=5), st.sampled_from(sorted(HTTP_FAMILIES)))
def test_no_events_raise(events, api):
    chunks = [event(data if not isinstance(data, dict) else {"type": kind, **data}, kind) for kind, data in events]
    stream, _ = run(api, chunks)
    assert stream.framing.pending == b""
