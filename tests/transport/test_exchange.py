"""One exchange over real sockets: every way it can go wrong ends as the right failure, none as an answer."""

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from harness.core.card import Card
from harness.core.errors import ConfigError
from harness.core.ids import ModelId, TraceId
from harness.core.request import user_request
from harness.core.response import Failure, FailureKind, Finish, Reply, Response, Retry
from harness.transport import Deadlines, Secret
from harness.transport.exchange import Exchange, open_http
from harness.wire.spelling import HttpApi
from tests.servers.vendor import Vendor

KEY = Secret("sk-canary-0123456789")
PATIENT = Deadlines()
HASTY = Deadlines(connect_s=0.3, first_byte_s=0.4, idle_s=0.3, total_s=5.0)


def card(base_url: str, api: HttpApi = "openai-chat") -> Card:
    return Card(id=ModelId("x/y"), api=api, model="y", base_url=base_url, family="x")


def send(
    base_url: str,
    prompt: str,
    api: HttpApi = "openai-chat",
    *,
    deadlines: Deadlines = PATIENT,
    left_s: float = 30.0,
    body_max_bytes: int = 1 << 20,
) -> Reply:
    async def scene() -> Reply:
        http = open_http(trust_env=False)
        try:
            exchange = Exchange(card(base_url, api), KEY, http=http, deadlines=deadlines, body_max_bytes=body_max_bytes)
            return await exchange.send(user_request(prompt, trace_id=TraceId("t")), left_s=left_s)
        finally:
            await http.aclose()

    return asyncio.run(scene())


def failure(reply: Reply, kind: FailureKind) -> Failure:
    assert isinstance(reply, Failure), reply
    assert reply.kind is kind, reply
    assert "canary" not in repr(reply)
    return reply


@pytest.mark.parametrize("api", get_args(HttpApi))
def test_every_family_is_asked_and_understood(vendor: Vendor, api: HttpApi):
    reply = send(vendor.base_url, "What is 17+25? Answer with the number.", api)
    assert isinstance(reply, Response), reply
    assert (reply.text, reply.finish, reply.attempts) == ("42", Finish.STOP, 1)
    assert reply.latency_s > 0


@pytest.mark.parametrize("api", get_args(HttpApi))
@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ("429", {FailureKind.THROTTLED}),
        ("500", {FailureKind.OVERLOADED}),
        ("503", {FailureKind.OVERLOADED}),
        ("cut", {FailureKind.UNREACHABLE}),
        ("error_200", {FailureKind.OVERLOADED, FailureKind.UNINTELLIGIBLE}),
        ("not_json", {FailureKind.UNINTELLIGIBLE}),
        ("half_json", {FailureKind.UNINTELLIGIBLE}),
        ("wrong_json", {FailureKind.UNINTELLIGIBLE}),
        ("empty", {FailureKind.EMPTY}),
        ("401", {FailureKind.UNAUTHORIZED}),
        ("redirect", {FailureKind.UNINTELLIGIBLE, FailureKind.REJECTED, FailureKind.UNREACHABLE}),
    ],
)
def test_no_fault_becomes_an_answer(vendor: Vendor, api: HttpApi, fault: str, kinds: set[FailureKind]):
    reply = send(vendor.base_url, f"What is 17+25? [[{fault}]]", api)
    assert isinstance(reply, Failure), reply
    assert reply.kind in kinds
    assert "canary" not in repr(reply)


@pytest.mark.parametrize("api", get_args(HttpApi))
def test_a_refusal_is_a_response_that_does_not_vote(vendor: Vendor, api: HttpApi):
    reply = send(vendor.base_url, "What is 17+25? [[refusal]]", api)
    if isinstance(reply, Response):
        assert reply.finish in {Finish.REFUSAL, Finish.CONTENT_FILTER}
    else:
        assert reply.kind is FailureKind.FILTERED


@pytest.mark.parametrize("form", ["429_seconds", "429_date"])
def test_both_forms_of_retry_after_are_heard(vendor: Vendor, form: str):
    reply = failure(send(vendor.base_url, f"[[{form}]]"), FailureKind.THROTTLED)
    assert reply.retry_after_s is not None
    assert 0 <= reply.retry_after_s <= 2
    assert reply.retry is Retry.AFTER


def test_a_cut_body_may_have_been_billed(vendor: Vendor):
    reply = failure(send(vendor.base_url, "[[cut]]"), FailureKind.UNREACHABLE)
    assert (reply.retry, reply.cost_usd) == (Retry.AFTER, None)
    assert "broke off after" in reply.message


def test_the_first_byte_deadline(vendor: Vendor):
    reply = failure(send(vendor.base_url, "[[hang]]", deadlines=HASTY), FailureKind.TIMEOUT)
    assert "no first byte within 0.4 s (first-byte deadline)" in reply.message
    assert reply.latency_s == pytest.approx(0.4, abs=0.25)
    assert reply.cost_usd is None


def test_the_idle_deadline(vendor: Vendor):
    reply = failure(send(vendor.base_url, "[[stall]]", deadlines=HASTY), FailureKind.TIMEOUT)
    assert "silent for 0.3 s after" in reply.message
    assert "(idle deadline)" in reply.message


def test_the_total_deadline_wins_when_it_comes_first(vendor: Vendor):
    reply = failure(send(vendor.base_url, "[[hang]]", deadlines=HASTY, left_s=0.2), FailureKind.TIMEOUT)
    assert "not finished after 5 s (total deadline)" in reply.message
    assert reply.latency_s < 0.39


def test_slow_is_not_late(vendor: Vendor):
    reply = send(vendor.base_url, "1+1 [[slow]]", deadlines=HASTY)
    assert isinstance(reply, Response), reply
    assert reply.text == "2"
    assert reply.latency_s > 0.14


def test_the_connect_deadline():
    # a listener whose queue is full drops further handshakes, as an unreachable host does
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        with contextlib.ExitStack() as stack:
            for _ in range(4):
                client = stack.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex(full.getsockname())
                waiting.append(client)
            url = f"http://127.0.0.1:{full.getsockname()[1]}"
            reply = failure(send(url, "1+1", deadlines=HASTY), FailureKind.TIMEOUT)
    assert "no connection within 0.3 s (connect deadline)" in reply.message
    assert reply.cost_usd == 0, "nothing was sent, nothing is billed"


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    reply = failure(send(f"http://127.0.0.1:{port}", "1+1"), FailureKind.UNREACHABLE)
    assert (reply.cost_usd, reply.retry) == (Decimal(0), Retry.AFTER)
    assert "no connection" in reply.message


@contextlib.contextmanager
def rude(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a little and then does what *behave* does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client, contextlib.suppress(OSError):
                        client.recv(65536)
                        behave(client)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5)


def _babble(client: socket.socket) -> None:
    client.sendall(b"HELLO WORLD, this is no HTTP\r\n\r\n")


def _drip(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    for _ in range(400):
        client.sendall(b" ")
        threading.Event().wait(0.02)


def _flood(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        client.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


@pytest.mark.parametrize("behave", [lambda _client: None, _babble])
def test_no_reply_or_none_that_is_http(behave: Callable[[socket.socket], None]):
    with rude(behave) as url:
        reply = failure(send(url, "1+1"), FailureKind.UNREACHABLE)
    assert reply.cost_usd is None, "the request had left"
    assert "before any reply" in reply.message


def test_who_drips_is_never_idle_and_still_ends():
    with rude(_drip) as url:
        reply = failure(send(url, "1+1", deadlines=HASTY, left_s=0.8), FailureKind.TIMEOUT)
    assert "total deadline" in reply.message


def test_an_endless_body_is_not_read_to_its_end():
    with rude(_flood) as url:
        reply = failure(send(url, "1+1"), FailureKind.UNINTELLIGIBLE)
    assert "longer than 1048576 bytes" in reply.message
    assert (reply.retry, reply.cost_usd) == (Retry.NEVER, None)


def test_the_cap_holds_for_packed_bodies_too(vendor: Vendor):
    packed = send(vendor.base_url, "20+3 [[gzip]]")
    assert isinstance(packed, Response), packed
    assert packed.text == "23"
    failure(send(vendor.base_url, "20+3 [[bomb]]", body_max_bytes=1 << 20), FailureKind.UNINTELLIGIBLE)
    failure(send(vendor.base_url, "20+3 [[big]]", body_max_bytes=1 << 20), FailureKind.UNINTELLIGIBLE)
    big = send(vendor.base_url, "20+3 [[big]]", body_max_bytes=4 << 20)
    assert isinstance(big, Response)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "http://", "http://user:word@127.0.0.1/"])
def test_an_address_that_is_none_is_said_once(url: str):
    reply = failure(send(url, "1+1"), FailureKind.REJECTED)
    assert "base_url" in reply.message
    assert (reply.retry, reply.cost_usd) == (Retry.NEVER, Decimal(0))


def test_a_certificate_nobody_signed_is_not_tried_again(tmp_path: Path):
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    pair = [str(tmp_path / name) for name in ("key.pem", "cert.pem")]
    argv = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*argv.split(), "-keyout", pair[0], "-out", pair[1]], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair[1], pair[0])
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def shake() -> None:
            with contextlib.suppress(OSError):
                context.wrap_socket(listener.accept()[0], server_side=True).close()

        thread = threading.Thread(target=shake, daemon=True)
        thread.start()
        reply = failure(send(f"https://127.0.0.1:{listener.getsockname()[1]}", "1+1"), FailureKind.UNREACHABLE)
        thread.join(timeout=5)
    assert "Certificate" in reply.message
    assert (reply.retry, reply.cost_usd) == (Retry.NEVER, Decimal(0))


def test_who_speaks_no_tls_was_sent_nothing(vendor: Vendor):
    reply = failure(send(vendor.base_url.replace("http:", "https:"), "1+1"), FailureKind.UNREACHABLE)
    assert reply.cost_usd == 0


@pytest.mark.parametrize("name", ["connect_s", "first_byte_s", "idle_s", "total_s"])
def test_deadlines_are_above_zero(name: str):
    wrong: dict[str, Any] = {name: 0.0}
    with pytest.raises(ConfigError, match=name):
        Deadlines(**wrong)
