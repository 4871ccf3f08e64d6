"""Keys are kept out of everything that is stored or shown."""

import json

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.core.card import Card
from harness.core.ids import ModelId, TraceId
from harness.core.request import user_request
from harness.wire import HTTP_FAMILIES
from harness.wire.scrub import MESSAGE_MAX, one_line

KEY = "canary-KEY-4f1e7a90"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n b\t c", "a b c"),
        ("red \x1b[31m", "red \\x1b[31m"),
        ("right \u202eleft", "right \\u202eleft"),
        ("half \ud800", "half \\ud800"),
        ("nul \0", "nul \\x00"),
        (f"key {KEY}, KEY {KEY.upper()}", "key [key], KEY [key]"),
        ("sk-proj-abcdefghijklmnop0123 leaked", "[key] leaked"),
        ("Authorization: Bearer abc.def.ghijk", "Authorization: [key]"),
        ("AIza" + "x" * 35, "[key]"),
        ("x" * 400, "x" * (MESSAGE_MAX - 1) + "…"),
    ],
)
def test_one_line(text, expected):
    assert one_line(text, (KEY,)) == expected


def test_a_key_is_not_left_in_half_at_the_end_of_a_long_message():
    assert KEY[:8] not in one_line("x" * (MESSAGE_MAX - 10) + KEY, (KEY,))


BODIES = {
    "openai-chat": {
        "id": KEY,
        "model": KEY,
        "system_fingerprint": KEY,
        "choices": [
            {
                "finish_reason": KEY,
                "message": {
                    "content": f"your key is {KEY}",
                    "refusal": KEY,
                    "tool_calls": [{"function": {"name": KEY, "arguments": f'{{"k": "{KEY}"}}'}}],
                },
            }
        ],
    },
    "openai-responses": {
        "status": KEY,
        "output": [{"type": "message", "content": [{"type": "output_text", "text": KEY}]}],
    },
    "anthropic": {"id": KEY, "content": [{"type": "text", "text": KEY}], "stop_reason": KEY},
    "gemini": {"candidates": [{"content": {"parts": [{"text": KEY}]}, "finishReason": KEY}], "modelVersion": KEY},
}
ERRORS = [
    {"error": {"message": f"Incorrect API key provided: {KEY}.", "code": KEY, "type": KEY}},
    {"error": KEY},
    f"<html>{KEY}",
    {KEY: 1},
    [KEY],
    f'{{"half": "{KEY}',
]


@pytest.mark.parametrize("api", sorted(HTTP_FAMILIES))
def test_an_echo_of_the_key_stays_out_of_responses(api, respond):
    assert KEY not in repr(respond(api, BODIES[api], key=KEY))
    assert KEY in repr(respond(api, BODIES[api]))  # without the request nobody can know it


@pytest.mark.parametrize("status", [200, 401, 500])
@pytest.mark.parametrize("body", ERRORS, ids=repr)
@pytest.mark.parametrize("api", sorted(HTTP_FAMILIES))
def test_an_echo_of_the_key_stays_out_of_failures(api, body, status, fail):
    assert KEY not in repr(fail(api, body, status=status, key=KEY))


@pytest.mark.parametrize("header", ["x-api-key", "api-key", "x-goog-api-key"])
def test_every_header_that_carries_a_key_is_known(header, reply_of, request_of, card_of):
    reply = reply_of({"error": {"message": f"bad key {KEY}"}}, status=401, key="")
    reply.request.headers[header] = KEY
    assert KEY not in repr(HTTP_FAMILIES["anthropic"].decode(request_of(), card_of("anthropic"), reply, 1.0))


def test_a_stand_in_for_a_key_garbles_nothing(fail):
    assert fail("openai-chat", {"error": {"message": "x is not a model"}}, status=404, key="x").message.endswith(
        "x is not a model"
    )


@given(
    key=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=60),
    around=st.tuples(st.text(max_size=400), st.text(max_size=50)),
    status=st.sampled_from([200, 400, 401, 429, 500]),
    api=st.sampled_from(sorted(HTTP_FAMILIES)),
)
def test_no_failure_has_the_key(key, around, status, api):
    assume("[key]" not in f"[{key}]" and key.lower() not in "[key]")
    card = Card(id=ModelId("a/b"), api=api, model="m", family="f")
    sent = HTTP_FAMILIES[api].encode(user_request("q", trace_id=TraceId("t")), card, key)
    content = json.dumps({"error": {"message": around[0] + key + around[1], "code": key}}).encode()
    reply = httpx.Response(status, content=content, request=sent)
    failure = HTTP_FAMILIES[api].decode(user_request("q", trace_id=TraceId("t")), card, reply, 1.0)
    assert key not in failure.message  # type: ignore[union-attr]
    assert key not in (failure.code or "")  # type: ignore[union-attr]
