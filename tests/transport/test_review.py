"""What a call may cost in the end, and replies that are hardly HTTP."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from harness.core.card import Card
from harness.core.ids import ModelId, TraceId
from harness.core.money import Price, Rates, Usage
from harness.core.request import Request, Sampling, user_request
from harness.core.response import Failure, FailureKind, Finish, Reply, Response, Retry
from harness.transport import Deadlines, Ledger, open_transport
from harness.transport.bounds import Bill
from tests.servers.vendor import Vendor

PRICE = Price(rates=Rates(input=Decimal(1000), output=Decimal(1000)), as_of="2026-11-20", source="user")
BODY = b'{"choices":[{"message":{"content":"42"},"finish_reason":"stop"}]}'
ONE = Decimal(1)


def card(base_url: str) -> Card:
    return Card(id=ModelId("x/y"), api="openai-chat", model="y", base_url=base_url, family="x", price=PRICE)


def ask(prompt: str) -> Request:
    return replace(user_request(prompt, trace_id=TraceId("t")), sampling=Sampling(max_tokens=10))


def call(base_url: str, prompt: str, *, limit: bool = False, **options: Any) -> tuple[Reply, Decimal, Ledger]:
    """(reply, bound of one attempt, ledger)."""
    model, request, ledger = card(base_url), ask(prompt), Ledger()

    async def scene() -> tuple[Reply, Decimal]:
        async with open_transport(environ={}, ledger=ledger, **options) as transport:
            bound = transport.bound_usd(model, request)
            assert bound is not None
            return await transport.call(model, request, limit_usd=bound if limit else None), bound

    return *asyncio.run(scene()), ledger


def test_a_retry_that_could_break_the_calls_limit_is_not_made(vendor: Vendor, clock: Any):
    reply, bound, ledger = call(vendor.base_url, "1+1 [[cut, ok]] limited", limit=True, clock=clock)
    assert isinstance(reply, Failure)
    assert (reply.kind, reply.attempts, reply.cost_bound_usd) == (FailureKind.UNREACHABLE, 1, bound)
    assert ledger.spent_usd == bound


def test_a_retry_after_an_attempt_that_cost_nothing_is_made_under_a_limit(vendor: Vendor, clock: Any):
    reply, bound, ledger = call(vendor.base_url, "1+1 [[429, ok]] limited", limit=True, clock=clock)
    assert isinstance(reply, Response)
    assert reply.attempts == 2
    assert reply.cost_bound_usd is None, "all of it is known"
    assert ledger.spent_usd == reply.cost_usd
    assert ledger.spent_usd <= bound


def test_a_response_says_what_its_lost_attempts_can_have_cost(vendor: Vendor, clock: Any):
    reply, bound, ledger = call(vendor.base_url, "1+1 [[cut, ok]] unlimited", clock=clock)
    assert isinstance(reply, Response)
    assert reply.cost_usd is not None
    assert reply.cost_bound_usd == reply.cost_usd + bound == ledger.spent_usd


def test_a_response_of_unknown_cost_has_a_bound():
    silent = Response(model=ModelId("x/y"), text="42", finish=Finish.STOP, latency_s=0.1)
    told = replace(silent, cost_usd=Decimal(2), usage=Usage(input=1))
    lost = Failure(model=ModelId("x/y"), kind=FailureKind.UNREACHABLE, message="", retry=Retry.AFTER, cost_usd=None)
    assert Bill().total(silent, ONE).cost_bound_usd == 1
    assert Bill().total(silent, None).cost_bound_usd is None
    assert Bill().total(told, ONE) is told
    twice = Bill()
    twice.add(lost, ONE)
    assert twice.total(told, ONE).cost_bound_usd == 3
    assert twice.total(silent, ONE).cost_bound_usd == 2
    assert twice.total(replace(silent, vendor_cost_usd=Decimal(7)), ONE).cost_bound_usd == 8
    assert twice.total(lost, ONE).cost_bound_usd == 2


@contextlib.contextmanager
def saying(data: bytes) -> Iterator[str]:
    """A server that answers every connection with *data*."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client, contextlib.suppress(OSError):
                        client.recv(65536)
                        client.sendall(data)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 \xff\xfe\r\n",
        b"HTTP/1.1 200 OK\r\nx: \xff\xfe\x80\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\x00b\x1b[31m\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n",
        b"HTTP/1.1 999 X\r\n",
        b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n",
        b"HTTP/1.1 302 F\r\nlocation: file:///etc/passwd\r\n",
        b"",
    ],
)
def test_a_head_that_is_hardly_http_raises_nothing(head: bytes):
    with saying(head + (b"\r\n" if head else b"") + BODY) as url:
        reply, _, ledger = call(url, "1+1", deadlines=Deadlines(total_s=3, first_byte_s=1))
    if isinstance(reply, Response):
        assert reply.text == "42"
    assert ledger.reserved_usd == 0


@pytest.mark.parametrize("host", ["a..b", "...", "a" * 70 + ".example", "xn--"])
def test_a_host_that_no_name_server_knows_how_to_spell_is_a_failure(host: str):
    reply, _, ledger = call(f"http://{host}/v1", "1+1")
    assert isinstance(reply, Failure)
    assert ledger.reserved_usd == 0


def test_a_password_in_an_address_is_not_shown():
    reply, _, _ = call("http://ann:canary-word@127.0.0.1/v1", "1+1")
    assert isinstance(reply, Failure)
    assert reply.kind is FailureKind.REJECTED
    assert "canary" not in repr(reply)
    assert "127.0.0.1" in reply.message
