"""What is a response and what is a failure: the rules that hold for every family."""

import json
from decimal import Decimal
from typing import Any

import pytest

from harness.core.card import Context
from harness.core.money import Usage
from harness.core.request import Sampling
from harness.core.response import FailureKind, Finish, Retry

CALL: dict[str, Any] = {"id": "c", "type": "function", "function": {"name": "add", "arguments": '{"a": 0.10}'}}


def chat(content: Any = None, finish: str | None = "stop", usage: Any = None, **message: Any) -> Any:
    return {
        "id": "gen-1",
        "model": "gpt-5.5-2026-04-23",
        "system_fingerprint": "fp_1",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
        ],
        "usage": usage or {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }


def test_a_response_has_everything_the_vendor_said(respond):
    reply = respond("openai-chat", chat("42"), headers={"retry-after": "30", "x-request-id": "req-1"})
    assert (reply.model, reply.text, reply.finish, reply.finish_raw) == ("acme/openai-chat", "42", Finish.STOP, "stop")
    assert (reply.served_model, reply.fingerprint, reply.vendor_id) == ("gpt-5.5-2026-04-23", "fp_1", "gen-1")
    assert reply.usage == Usage(input=100, output=10)
    assert reply.cost_usd == Decimal("0.0003")
    assert (reply.latency_s, reply.vendor_cost_usd, reply.notes, reply.dropped) == (1.5, None, (), ())


def test_what_was_not_sent_is_on_the_response(respond, card_of, request_of):
    asked = request_of(sampling=Sampling(temperature=0.0, seed=1))
    reply = respond("openai-chat", chat("42"), card=card_of(rejects=frozenset({"temperature"})), request=asked)
    assert reply.dropped == ("temperature",)


def test_unknown_is_none_and_never_0(respond, card_of):
    assert respond("openai-chat", chat("42"), card=card_of(price=None)).cost_usd is None
    silent = respond("openai-chat", chat("42") | {"usage": None})
    assert (silent.usage, silent.cost_usd) == (None, None)
    # the price has no rate for what the vendor counted
    cached = {"prompt_tokens": 100, "completion_tokens": 1, "cached_tokens": 50}
    price = card_of().price
    bare = card_of(price=type(price)(rates=type(price.rates)(input=Decimal(1), output=Decimal(1)), as_of="", source=""))
    assert respond("openai-chat", chat("42", usage=cached), card=bare).cost_usd is None


@pytest.mark.parametrize(
    ("usage", "headers", "cost_usd"),
    [
        ({"cost": 0.000102}, {}, Decimal("0.000102")),
        ({"cost": {"total_cost": 0.006, "currency": "USD"}}, {}, Decimal("0.006")),
        ({"cost": "0.25"}, {"x-litellm-response-cost": "9"}, Decimal("0.25")),
        ({}, {"x-litellm-response-cost": "1.5e-05"}, Decimal("0.000015")),
        ({"cost": -1}, {}, None),
        ({"cost": []}, {}, None),
    ],
)
def test_the_vendors_own_figure_is_kept_beside_ours(usage, headers, cost_usd, respond):
    counts = {"prompt_tokens": 100, "completion_tokens": 10}
    reply = respond("openai-chat", chat("42", usage=counts | usage), headers=headers)
    assert (reply.vendor_cost_usd, reply.cost_usd) == (cost_usd, Decimal("0.0003"))


@pytest.mark.parametrize("text", [None, "", " \n\t", []])
@pytest.mark.parametrize("finish", ["stop", "", None, "martian", "tool_calls"])
def test_no_text_is_not_an_empty_answer(text, finish, fail):
    failure = fail("openai-chat", chat(text, finish))
    assert (failure.kind, failure.retry) == (FailureKind.EMPTY, Retry.NEVER)
    assert (failure.usage, failure.cost_usd) == (Usage(input=100, output=10), Decimal("0.0003"))


@pytest.mark.parametrize(
    ("finish", "expected"),
    [("length", Finish.LENGTH), ("content_filter", Finish.CONTENT_FILTER), ("refusal", Finish.REFUSAL)],
)
def test_some_finishes_need_no_text(finish, expected, respond):
    assert respond("openai-chat", chat("", finish)).finish is expected


def test_an_error_as_finish(fail, respond):
    assert fail("openai-chat", chat("", "error")).kind is FailureKind.OVERLOADED
    assert respond("openai-chat", chat("half an ans", "error")).finish is Finish.ERROR
    body = chat("", "error")
    body["choices"][0]["error"] = {"code": 429, "message": "upstream"}
    assert fail("openai-chat", body).kind is FailureKind.THROTTLED


def test_a_full_window_without_text_wants_a_bigger_one(fail, respond):
    body: dict[str, Any] = {
        "content": [],
        "stop_reason": "model_context_window_exceeded",
        "usage": {"input_tokens": 9, "output_tokens": 0},
    }
    failure = fail("anthropic", body)
    assert (failure.kind, failure.retry) == (FailureKind.CONTEXT_EXCEEDED, Retry.BIGGER_WINDOW)
    body["content"] = [{"type": "text", "text": "so far"}]
    assert respond("anthropic", body).finish is Finish.CONTEXT_EXCEEDED


@pytest.mark.parametrize("word", ["", "end", "STOP", "Stop", "stop ", "martian"])
def test_an_unknown_word_is_never_a_stop_and_is_kept(word, respond):
    reply = respond("openai-chat", chat("42", word))
    assert (reply.finish, reply.finish_raw) == (Finish.UNKNOWN, word)


def test_a_refusal_beats_every_finish_word(respond):
    reply = respond("openai-chat", chat(None, "stop", refusal="I'm sorry, I can't."))
    assert (reply.finish, reply.refusal, reply.text, reply.finish_raw) == (
        Finish.REFUSAL,
        "I'm sorry, I can't.",
        "",
        "stop",
    )


def test_tool_calls_that_parse(respond):
    reply = respond("openai-chat", chat(None, "tool_calls", tool_calls=[CALL]))
    assert reply.finish is Finish.TOOL_CALLS
    assert reply.tool_calls == ('{"name":"add","arguments":{"a": 0.10}}',)
    assert respond("openai-chat", chat("", "stop", tool_calls=[CALL])).finish is Finish.TOOL_CALLS


@pytest.mark.parametrize(
    "function",
    [{"name": "add", "arguments": '{"a": '}, {"name": "", "arguments": "{}"}, {"name": "x", "arguments": "[]"}, 3],
)
def test_tool_calls_that_do_not_parse_are_none(function, respond, fail):
    broken = [CALL, CALL | {"function": function}]
    assert fail("openai-chat", chat(None, "tool_calls", tool_calls=broken)).kind is FailureKind.EMPTY
    reply = respond("openai-chat", chat("I will add.", "tool_calls", tool_calls=broken))
    assert (reply.finish, reply.tool_calls, reply.notes) == (Finish.ERROR, (), ("tool_calls_unreadable",))
    assert respond("openai-chat", chat("I will add.", "stop", tool_calls=broken)).finish is Finish.STOP


@pytest.mark.parametrize(
    ("body", "retry", "words"),
    [
        (b"", Retry.NEVER, "the body is no JSON"),
        (b"<html><h1>Welcome</h1></html>", Retry.NEVER, "no JSON"),
        (b'{"choices": [{"mess', Retry.AFTER, "half JSON"),
        (b"[" * 100_000, Retry.AFTER, "half JSON"),
        (b"\xff\xfe\xfd", Retry.NEVER, "no JSON"),
        (b"null", Retry.NEVER, "the body is no object"),
        (b"[1, 2]", Retry.NEVER, "the body is no object: [1, 2]"),
        (b'"text"', Retry.NEVER, "the body is no object: text"),
        (b"{}", Retry.NEVER, "nothing"),
        (b'{"a": 1}', Retry.NEVER, "only a"),
    ],
)
@pytest.mark.parametrize("api", ["openai-chat", "openai-responses", "anthropic", "gemini"])
def test_200_without_a_completion(api, body, retry, words, fail):
    failure = fail(api, body)
    assert (failure.kind, failure.retry, failure.status) == (FailureKind.UNINTELLIGIBLE, retry, 200)
    assert words in failure.message
    # it may have been billed: unknown, with a bound
    assert failure.cost_usd is None
    assert failure.cost_bound_usd > Decimal("0.08")


def test_the_bound_is_known_only_where_everything_in_it_is(fail, card_of, request_of):
    unbounded = card_of(context=Context())
    assert fail("openai-chat", {}, card=unbounded).cost_bound_usd is None
    assert fail("openai-chat", {}, card=card_of(price=None)).cost_bound_usd is None
    asked = request_of(sampling=Sampling(max_tokens=10))
    tight = fail("openai-chat", {}, card=unbounded, request=asked).cost_bound_usd
    assert tight == card_of().price.bound_usd(prompt_tokens_max=asked.prompt_tokens_max, output_tokens_max=10)
    rejects = card_of(rejects=frozenset({"max_tokens"}))
    assert fail("openai-chat", {}, card=rejects, request=asked).cost_bound_usd > tight


@pytest.mark.parametrize("api", ["openai-chat", "openai-responses", "anthropic", "gemini"])
def test_200_with_an_error_is_classed_by_the_error(api, fail):
    failure = fail(api, {"error": {"code": "rate_limit_exceeded", "message": "slow"}}, headers={"retry-after": "30"})
    # a wait in the headers of a 200 is about something else
    assert (failure.kind, failure.retry, failure.retry_after_s) == (FailureKind.THROTTLED, Retry.AFTER, None)
    assert fail(api, {"type": "error", "error": {"type": "overloaded_error"}}).kind is FailureKind.OVERLOADED
    assert fail(api, [{"error": {"status": "UNAVAILABLE"}}]).kind is FailureKind.OVERLOADED
    assert fail(api, {"object": "error", "message": "?"}).kind is FailureKind.UNINTELLIGIBLE


def test_errors_say_how_long_to_wait_and_are_not_billed(fail):
    failure = fail(
        "openai-chat",
        {"error": {"code": "rate_limit_exceeded", "message": "slow\ndown"}},
        status=429,
        headers={"retry-after": "20"},
    )
    assert (failure.kind, failure.retry_after_s, failure.status, failure.code) == (
        FailureKind.THROTTLED,
        20.0,
        429,
        "rate_limit_exceeded",
    )
    assert failure.message == "429 rate_limit_exceeded: slow down"
    assert (failure.cost_usd, failure.cost_bound_usd, failure.latency_s) == (Decimal(0), None, 1.5)
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]
    google = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "m", "details": details}}
    assert fail("gemini", google, status=429).retry_after_s == 34.5
    assert fail("gemini", google, status=429, headers={"retry-after-ms": "1500"}).retry_after_s == 1.5


@pytest.mark.parametrize("body", [b"<html>502 Bad Gateway</html>", b"", b'{"half', b"null"])
def test_an_error_status_with_any_body(body, fail):
    failure = fail("anthropic", body, status=502)
    assert (failure.kind, failure.retry, failure.status) == (FailureKind.OVERLOADED, Retry.AFTER, 502)
    assert failure.message.startswith("502: ")


def test_text_that_cannot_be_written_is_repaired_aloud(respond):
    reply = respond("openai-chat", json.dumps(chat("half \ud800 of a pair")).encode())
    assert (reply.text, reply.notes) == ("half \ufffd of a pair", ("text_repaired",))
