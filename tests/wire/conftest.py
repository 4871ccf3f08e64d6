"""Builders for the tests of the wire room: a card, a request, a reply."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from harness.core.card import Card, Context
from harness.core.ids import ModelId, TraceId
from harness.core.money import Price, Rates
from harness.core.request import Message, Request, Sampling
from harness.core.response import Failure, Reply, Response
from harness.wire import HttpApi, family

KEY = "canary-KEY-4f1e7a90"
MODELS: dict[str, str] = {
    "openai-chat": "gpt-5.5",
    "openai-responses": "gpt-5.5",
    "anthropic": "claude-opus-4-6",
    "gemini": "gemini-2.5-flash",
    "scripted": "careful",
}
PRICE = Price(
    rates=Rates(input=Decimal(2), output=Decimal(10), cache_read=Decimal("0.2"), cache_write=Decimal("2.5")),
    as_of="2026-11-20",
    source="vendor",
)


def build_card(api: HttpApi = "openai-chat", **changes: Any) -> Card:
    fields: dict[str, Any] = {
        "id": ModelId(f"acme/{api}"),
        "api": api,
        "model": MODELS[api],
        "family": "acme",
        "key_env": "ACME_KEY",
        "price": PRICE,
        "context": Context(max=100_000, output=8_000),
        "supports": frozenset({"json_schema"}),
    }
    return Card(**(fields | changes))


def build_request(*turns: tuple[str, str], **changes: Any) -> Request:
    told: Any = turns or (("user", "What is 6 × 7?"),)
    fields: dict[str, Any] = {
        "messages": tuple(Message(role=role, content=content) for role, content in told),
        "trace_id": TraceId("trace-1"),
    }
    return Request(**(fields | changes))


FULL_SAMPLING = Sampling(temperature=0.2, top_p=0.9, max_tokens=64, seed=7, stop=("END", "\n\n"))
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


def build_reply(
    body: object, *, status: int = 200, headers: dict[str, str] | None = None, key: str | None = None
) -> httpx.Response:
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    sent = None if key is None else httpx.Request("POST", "http://host/v1", headers={"authorization": f"Bearer {key}"})
    return httpx.Response(status, headers=headers, content=content, request=sent)


@pytest.fixture
def card_of() -> Callable[..., Card]:
    return build_card


@pytest.fixture
def request_of() -> Callable[..., Request]:
    return build_request


@pytest.fixture
def full_request() -> Request:
    turns = (("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello."), ("user", "What is 6 × 7? „quoted“\n"))
    return build_request(*turns, sampling=FULL_SAMPLING, json_schema=SCHEMA)


@pytest.fixture
def reply_of() -> Callable[..., httpx.Response]:
    return build_reply


@pytest.fixture
def decode() -> Callable[..., Reply]:
    """Decodes one body of one family, with the default card and request."""

    def run(
        api: HttpApi, body: object, *, card: Card | None = None, request: Request | None = None, **rest: Any
    ) -> Reply:
        asked = request or build_request()
        return family(api).decode(asked, card or build_card(api), build_reply(body, **rest), 1.5)

    return run


@pytest.fixture
def respond(decode: Callable[..., Reply]) -> Callable[..., Response]:
    """As ``decode``, for bodies that are answers."""

    def run(*args: Any, **kwargs: Any) -> Response:
        reply = decode(*args, **kwargs)
        assert isinstance(reply, Response), reply
        return reply

    return run


@pytest.fixture
def fail(decode: Callable[..., Reply]) -> Callable[..., Failure]:
    """As ``decode``, for bodies that are none."""

    def run(*args: Any, **kwargs: Any) -> Failure:
        reply = decode(*args, **kwargs)
        assert isinstance(reply, Failure), reply
        return reply

    return run
