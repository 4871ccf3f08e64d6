"""The requests each family makes: compared with reviewed files, and with what they must never do.

``UPDATE_GOLDEN=1 pytest tests/wire/test_outgoing.py`` writes the files anew; read the diff.
"""

import json
import os
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest

from harness.core.card import Context
from harness.core.errors import ConfigError
from harness.wire import HTTP_FAMILIES, HttpApi, family

GOLDEN = Path(__file__).parents[1] / "golden" / "wire"
KEY = "canary-KEY-4f1e7a90"
APIS: tuple[HttpApi, ...] = get_args(HttpApi)


def seen(request: httpx.Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": str(request.url),
        "headers": dict(request.headers.items()),
        "body": json.loads(request.content),
    }


def agrees(name: str, request: httpx.Request) -> None:
    path = GOLDEN / f"{name}.json"
    made = json.dumps(seen(request), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")


@pytest.fixture
def encoded(card_of, request_of):
    def run(api: HttpApi, **changes: Any) -> httpx.Request:
        return family(api).encode(request_of(), card_of(api, **changes), f" {KEY}\n")

    return run


@pytest.mark.parametrize("api", APIS)
def test_a_full_request(api, card_of, full_request):
    card = card_of(api)
    assert HTTP_FAMILIES[api].name == api
    agrees(f"{api}-full", family(api).encode(full_request, card, KEY))


@pytest.mark.parametrize("api", APIS)
def test_a_plain_request_sends_no_parameter(api, card_of, request_of):
    agrees(f"{api}-plain", family(api).encode(request_of(), card_of(api, context=Context()), None))


@pytest.mark.parametrize("api", APIS)
def test_a_stream(api, card_of, request_of):
    agrees(f"{api}-stream", family(api).encode(request_of(), card_of(api), KEY, stream=True))


@pytest.mark.parametrize("api", APIS)
def test_what_a_model_rejects_is_not_sent_and_is_recorded(api, card_of, full_request):
    rejects = frozenset({"temperature", "top_p", "max_tokens", "seed", "stop"})
    card = card_of(api, rejects=rejects, supports=frozenset())
    sent = family(api).encode(full_request, card, KEY)
    assert family(api).dropped(full_request, card) == (
        "temperature",
        "top_p",
        "max_tokens",
        "seed",
        "stop",
        "json_schema",
    )
    agrees(f"{api}-dropped", sent)


@pytest.mark.parametrize(
    ("api", "missing"),
    [
        ("openai-chat", ()),
        ("openai-responses", ("seed", "stop")),
        ("anthropic", ("seed",)),
        ("gemini", ()),
    ],
)
def test_what_a_family_does_not_have_is_recorded(api, missing, card_of, full_request):
    assert family(api).dropped(full_request, card_of(api)) == missing


def test_an_option_in_the_place_of_a_parameter_wins_and_is_recorded(card_of, full_request):
    card = card_of("openai-chat", options={"temperature": 1, "reasoning_effort": "high", "model": "other"})
    body = seen(family("openai-chat").encode(full_request, card, None))["body"]
    assert (body["temperature"], body["reasoning_effort"], body["model"]) == (1, "high", "gpt-5.5")
    assert family("openai-chat").dropped(full_request, card) == ("temperature",)


def test_options_are_merged_with_what_the_request_puts_beside_them(card_of, full_request):
    card = card_of("openai-responses", options={"text": {"verbosity": "low"}, "store": True})
    body = seen(family("openai-responses").encode(full_request, card, None))["body"]
    assert (body["text"]["verbosity"], body["text"]["format"]["type"], body["store"]) == ("low", "json_schema", True)
    assert "json_schema" not in family("openai-responses").dropped(full_request, card)


def test_gemini_options_go_into_the_generation_config_unless_they_stand_beside_it(card_of, full_request):
    options = {
        "thinkingConfig": {"thinkingBudget": 0},
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        "generationConfig": {"topP": 1},
    }
    card = card_of("gemini", options=options)
    agrees("gemini-options", family("gemini").encode(full_request, card, KEY))
    assert family("gemini").dropped(full_request, card) == ("top_p",)


VERTEX = "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/publishers/google"
AZURE = "https://corp.openai.azure.com/openai/deployments/gpt?api-version=2024-10-21"


@pytest.mark.parametrize(
    ("api", "base_url", "url", "header"),
    [
        ("openai-chat", None, "https://api.openai.com/v1/chat/completions", "authorization"),
        ("openai-chat", "http://localhost:11434/v1/", "http://localhost:11434/v1/chat/completions", "authorization"),
        ("openai-chat", AZURE, AZURE.replace("?", "/chat/completions?"), "api-key"),
        ("openai-chat", "https://api.cohere.com/v2/chat", "https://api.cohere.com/v2/chat", "authorization"),
        ("openai-chat", "http://h/v1/chat/completions", "http://h/v1/chat/completions", "authorization"),
        (
            "openai-responses",
            "https://corp.openai.azure.com/openai/v1",
            "https://corp.openai.azure.com/openai/v1/responses",
            "api-key",
        ),
        ("anthropic", None, "https://api.anthropic.com/v1/messages", "x-api-key"),
        ("anthropic", "http://h:1", "http://h:1/v1/messages", "x-api-key"),
        ("anthropic", "http://h:1/v1", "http://h:1/v1/messages", "x-api-key"),
        ("anthropic", "http://h:1/v1/messages", "http://h:1/v1/messages", "x-api-key"),
        (
            "gemini",
            None,
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
            "x-goog-api-key",
        ),
        ("gemini", "http://h:1/", "http://h:1/v1beta/models/gemini-2.5-flash:generateContent", "x-goog-api-key"),
        (
            "gemini",
            VERTEX,
            f"{VERTEX}/models/gemini-2.5-flash:generateContent",
            "authorization",
        ),
    ],
)
def test_address_and_key_header(api, base_url, url, header, encoded):
    sent = encoded(api, base_url=base_url)
    assert str(sent.url) == url
    assert sent.headers[header] in (KEY, f"Bearer {KEY}")
    assert [name for name, value in sent.headers.items() if KEY in value] == [header]


@pytest.mark.parametrize("base_url", [None, "https://api.openai.com/v1", "https://openrouter.ai/api/v1"])
def test_only_openai_itself_gets_the_new_name_of_the_output_limit(base_url, card_of, full_request):
    body = seen(family("openai-chat").encode(full_request, card_of(base_url=base_url), None))["body"]
    name = "max_tokens" if base_url and "openrouter" in base_url else "max_completion_tokens"
    assert body[name] == 64
    assert len({"max_tokens", "max_completion_tokens"} & set(body)) == 1


def test_a_stranger_model_name_cannot_change_the_address(card_of, request_of):
    sent = family("gemini").encode(request_of(), card_of("gemini", model="tunedModels/a?key=1#x"), KEY)
    assert sent.url.path == "/v1beta/tunedModels/a?key=1#x:generateContent"
    assert not sent.url.query
    assert not sent.url.fragment


@pytest.mark.parametrize("api", APIS)
def test_nothing_printed_has_the_key_in_it(api, card_of, request_of):
    for base_url in (None, AZURE):
        sent = family(api).encode(request_of(), card_of(api, base_url=base_url), KEY)
        for shown in (repr(sent), repr(sent.headers), str(sent.headers), repr(sent.headers.copy()), str(sent.url)):
            assert KEY not in shown
        assert "[secure]" in repr(sent.headers)
        assert KEY.encode() not in sent.content


@pytest.mark.parametrize("key", ["two words", "schlüssel", "line\nbreak", "nul\0"])
def test_a_key_no_header_can_carry_is_named_not_shown(key, card_of, request_of):
    with pytest.raises(ConfigError, match="ACME_KEY: the key has white space") as caught:
        family("anthropic").encode(request_of(), card_of("anthropic"), key)
    assert key not in str(caught.value)
    with pytest.raises(ConfigError, match="acme/gemini: the key"):
        family("gemini").encode(request_of(), card_of("gemini", key_env=None), key)


@pytest.mark.parametrize("key", [None, "", "  \n"])
@pytest.mark.parametrize("api", APIS)
def test_without_a_key_no_header_is_sent(api, key, card_of, request_of):
    headers = family(api).encode(request_of(), card_of(api), key).headers
    assert not {"authorization", "x-api-key", "x-goog-api-key", "api-key"} & set(headers)


@pytest.mark.parametrize(
    "base_url", ["localhost:11434", "ftp://h/v1", "https://", "http://u:p@h/v1", "http://h:port/v1"]
)
def test_a_bad_address_is_the_users_to_fix(base_url, card_of, request_of):
    with pytest.raises(ConfigError, match="acme/openai-chat: base_url: ") as caught:
        family("openai-chat").encode(request_of(), card_of(base_url=base_url), None)
    assert repr(base_url.replace("u:p@", "…@")) in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), object()])
def test_options_that_are_not_json_are_the_users_to_fix(value, card_of, request_of):
    with pytest.raises(ConfigError, match=r"acme/openai-chat: .* is not JSON.*options"):
        family("openai-chat").encode(request_of(), card_of(options={"x": value}), None)


@pytest.mark.parametrize("api", APIS)
def test_any_prompt_can_be_sent_and_is_the_same_for_all(api, card_of, request_of):
    prompt = 'lone \ud800 half, nul \0, „quotes" \\ and 🂡'
    body = family(api).encode(request_of(("user", prompt)), card_of(api), None).content
    expected = json.dumps(prompt).encode()
    assert expected in body
