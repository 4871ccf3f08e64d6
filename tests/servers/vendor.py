"""A vendor of models on loopback, for tests: four API families over real sockets, seeded faults, counted replies.

As a process (prints its port on the first line, then serves until killed):

    python tests/servers/vendor.py [--port 0] [--seed 7] [--faults 0.2] [--kinds 429,cut] [--wrong 0.1]
                                   [--latency-ms 20] [--hang-s 3600] [--slow-s 0.3] [--retry-after-s 1]
                                   [--transient 2]

Inside a test: ``with serve(Options(seed=7)) as vendor: Card(..., base_url=vendor.base_url, key_env=None)``; in another
process ``with spawn(Options(...)) as vendor`` (survives a client that is killed, and leaves the test its own core).
``from tests.servers.vendor import Options, serve, spawn``.

Paths, after any prefix: ``/chat/completions``, ``/responses``, ``/messages``, ``/models/NAME:generateContent``.
The reply to a prompt with ``A + B``, ``A - B`` or ``A * B`` is the number; to any other ``ok-`` and a hash of it.

Faults are drawn from (seed, model, prompt, number of the attempt at it), so every run meets the same ones:

* transient, on the first ``--transient`` attempts at a prompt, each with probability ``--faults``:
  ``429_seconds`` ``429_date`` (Retry-After in both forms) ``429`` ``500`` ``503`` ``cut`` (Content-Length is longer
  than what is sent) ``hang`` (no byte) ``stall`` (half a body, then nothing) ``slow`` (first byte late, then right);
* lasting, on every attempt at a prompt, with probability ``--faults``: ``error_200`` ``not_json`` ``half_json``
  ``wrong_json`` ``empty`` ``refusal``. They do not depend on the attempt: how a prompt ends is the same however often
  its client was killed, as long as the client tries more often than ``--transient``.

``[[cut, ok]]`` in a prompt says what the first attempt, the second, … get instead; the last word stays. There, also
``401`` (echoes the key), ``gzip`` (packed though nobody asked), ``bomb`` (64 MiB, packed), ``big`` (2 MiB) and
``redirect``.

``GET /stats``: ``{"requests", "paid": {model: {prompt: n}}, "sent": {kind: n}, "in_flight_max", "connections"}``;
*paid* counts the replies with status 200 that were sent to their end to a client that was still there.
``GET /log?after=N``: every attempt from number N on, ``{"n", "at_s", "model", "prompt", "attempt", "kind", "paid"}``.
"""

import argparse
import asyncio
import contextlib
import email.utils
import gzip
import hashlib
import json
import operator
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

TRANSIENT = ("429_seconds", "429_date", "429", "500", "503", "cut", "hang", "stall", "slow")
LASTING = ("error_200", "not_json", "half_json", "wrong_json", "empty", "refusal")

_SUM = re.compile(r"(-?\d+)\s*([-+*])\s*(-?\d+)")
_DIRECTIVE = re.compile(r"\[\[([^\]]*)\]\]")
_OPERATORS: Mapping[str, Callable[[int, int], int]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the vendor behaves; the fields are the flags of the command line."""

    port: int = 0
    """0: a free one."""
    seed: int = 7
    faults: float = 0.0
    kinds: tuple[str, ...] = TRANSIENT + LASTING
    wrong: float = 0.0
    """Share of (model, prompt) whose number is wrong by one."""
    latency_ms: float = 0.0
    hang_s: float = 3600.0
    slow_s: float = 0.3
    retry_after_s: int = 1
    transient: int = 2


def answer(prompt: str) -> str:
    """The right reply to *prompt*."""
    found = _SUM.search(prompt)
    if found is None:
        return "ok-" + hashlib.sha256(prompt.encode()).hexdigest()[:8]
    return str(_OPERATORS[found[2]](int(found[1]), int(found[3])))


def draw(*parts: object) -> float:
    """A number in [0, 1) that depends on nothing but *parts*."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8]) / 2**64


def kind_of(options: Options, model: str, prompt: str, attempt: int) -> str:
    """What the *attempt*-th attempt (from 1) at *prompt* gets: a fault or ``ok``."""
    directive = _DIRECTIVE.search(prompt)
    if directive is not None:
        words = [word.strip() for word in directive[1].split(",")]
        return words[min(attempt, len(words)) - 1]
    if attempt <= options.transient:
        fault = _pick(options, TRANSIENT, model, prompt, attempt)
        if fault is not None:
            return fault
    return _pick(options, LASTING, model, prompt, 0) or "ok"


def _pick(options: Options, kinds: tuple[str, ...], *what: object) -> str | None:
    wanted = [kind for kind in kinds if kind in options.kinds]
    if not wanted or draw(options.seed, "fault", *what) >= options.faults:
        return None
    return wanted[int(draw(options.seed, "kind", *what) * len(wanted))]


def _chat(text: str, finish: str, usage: tuple[int, int], model: str) -> dict[str, Any]:
    refused = finish == "refusal"
    message = {"role": "assistant", "content": None if refused else text, "refusal": text if refused else None}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    counts = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    return {"id": "chatcmpl-1", "object": "chat.completion", "model": model, "choices": [choice], "usage": counts}


def _responses(text: str, finish: str, usage: tuple[int, int], model: str) -> dict[str, Any]:
    part = {"type": "refusal", "refusal": text} if finish == "refusal" else {"type": "output_text", "text": text}
    output = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}
    counts = {"input_tokens": usage[0], "output_tokens": usage[1], "total_tokens": sum(usage)}
    head = {"id": "resp_1", "object": "response", "status": "completed", "error": None, "model": model}
    return {**head, "output": [output], "usage": counts}


def _messages(text: str, finish: str, usage: tuple[int, int], model: str) -> dict[str, Any]:
    reason = "refusal" if finish == "refusal" else "end_turn"
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "stop_reason": reason}
    counts = {"input_tokens": usage[0], "output_tokens": usage[1]}
    return {**head, "content": [{"type": "text", "text": text}], "usage": counts}


def _gemini(text: str, finish: str, usage: tuple[int, int], model: str) -> dict[str, Any]:
    counts = {"promptTokenCount": usage[0], "candidatesTokenCount": usage[1], "totalTokenCount": sum(usage)}
    reason = "SAFETY" if finish == "refusal" else "STOP"
    candidate = {"index": 0, "content": {"role": "model", "parts": [{"text": text}]}, "finishReason": reason}
    return {"candidates": [candidate], "usageMetadata": counts, "modelVersion": model}


@dataclass(frozen=True, slots=True)
class _Family:
    ending: re.Pattern[str]
    reply: Callable[[str, str, tuple[int, int], str], dict[str, Any]]
    codes: Mapping[int, str]
    """The vendor's word for a status, where there is one."""


_FAMILIES = (
    _Family(re.compile("/chat/completions$"), _chat, {401: "invalid_api_key", 429: "rate_limit_exceeded", 503: "server_is_overloaded"}),
    _Family(re.compile("/responses$"), _responses, {401: "invalid_api_key", 429: "rate_limit_exceeded", 503: "server_is_overloaded"}),
    _Family(re.compile("/messages$"), _messages, {401: "authentication_error", 429: "rate_limit_error", 500: "api_error", 503: "overloaded_error"}),
    _Family(re.compile("/models/[^/]+:generateContent$"), _gemini, {401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}),
)  # fmt: skip


def _error(family: _Family, status: int, message: str) -> dict[str, Any]:
    word = family.codes.get(status, "server_error")
    if family.reply is _messages:
        return {"type": "error", "error": {"type": word, "message": message}}
    if family.reply is _gemini:
        return {"error": {"code": status, "message": message, "status": word}}
    return {"error": {"message": message, "type": word, "param": None, "code": word}}


def _prompt_of(body: Mapping[str, Any]) -> str:
    """The last turn's text, in whichever family's shape."""
    turns = body.get("messages") or body.get("input") or body.get("contents") or ""
    if isinstance(turns, str):
        return turns
    content = turns[-1].get("content", turns[-1].get("parts", ""))
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


class _Partial(Response):
    """Promises all of its body, sends half, then closes the connection or says nothing for *silent_s*."""

    def __init__(self, content: bytes, silent_s: float) -> None:
        super().__init__(content, media_type="application/json")
        self._silent_s = silent_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _pause(receive, self._silent_s)


async def _pause(receive: Receive, seconds: float) -> None:
    """Sleep, but not longer than the client stays."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass


@dataclass(slots=True)
class _Entry:
    n: int
    at_s: float
    model: str
    prompt: str
    attempt: int
    kind: str
    paid: bool = False


@dataclass(slots=True)
class _Books:
    """What the vendor remembers of its clients, dead or alive."""

    log: list[_Entry] = field(default_factory=list)
    attempts: Counter[tuple[str, str]] = field(default_factory=Counter)
    clients: set[object] = field(default_factory=set)
    in_flight: int = 0
    in_flight_max: int = 0

    def opened(self, model: str, prompt: str, options: Options, client: object) -> _Entry:
        self.clients.add(client)
        self.attempts[model, prompt] += 1
        attempt = self.attempts[model, prompt]
        kind = kind_of(options, model, prompt, attempt)
        entry = _Entry(len(self.log), time.monotonic(), model, prompt, attempt, kind)
        self.log.append(entry)
        self.in_flight += 1
        self.in_flight_max = max(self.in_flight_max, self.in_flight)
        return entry

    def stats(self) -> dict[str, Any]:
        paid: dict[str, Counter[str]] = {}
        for entry in self.log:
            if entry.paid:
                paid.setdefault(entry.model, Counter())[entry.prompt] += 1
        return {
            "requests": len(self.log),
            "paid": paid,
            "sent": Counter(entry.kind for entry in self.log),
            "in_flight_max": self.in_flight_max,
            "connections": len(self.clients),
        }


def _key_in(request: Request) -> str:
    names = ("authorization", "x-api-key", "x-goog-api-key")
    return next((request.headers[name] for name in names if name in request.headers), "")


def _reply(entry: _Entry, family: _Family, options: Options, key: str) -> Response:
    """The reply that *entry* gets, once it has waited."""
    text = answer(entry.prompt)
    if text.lstrip("-").isdigit() and draw(options.seed, "wrong", entry.model, entry.prompt) < options.wrong:
        text = str(int(text) + 1)
    usage = (len(entry.prompt.split()) + 8, len(text))
    good = json.dumps(family.reply(text, "stop", usage, entry.model)).encode()
    if entry.kind[:3].isdigit():
        return _status(entry.kind, family, options, key)
    bodies: Mapping[str, Callable[[], bytes]] = {
        "error_200": lambda: json.dumps(_error(family, 500, "it broke while generating")).encode(),
        "not_json": lambda: b"<html><body>Bad gateway</body></html>",
        "half_json": lambda: good[: len(good) // 2],
        "wrong_json": lambda: b'{"hello": "world"}',
        "empty": lambda: json.dumps(family.reply("", "stop", (usage[0], 0), entry.model)).encode(),
        "refusal": lambda: json.dumps(family.reply("I cannot help with that.", "refusal", usage, entry.model)).encode(),
        "big": lambda: good + b" " * (2 << 20),
        "gzip": lambda: gzip.compress(good),
        "bomb": lambda: gzip.compress(good + b" " * (64 << 20)),
    }
    body = bodies.get(entry.kind, lambda: good)()
    if entry.kind in {"cut", "stall"}:
        return _Partial(body, options.hang_s if entry.kind == "stall" else 0.0)
    if entry.kind == "redirect":
        return RedirectResponse("/stats", status_code=307)
    packed = {"content-encoding": "gzip"} if entry.kind in {"gzip", "bomb"} else {}
    return Response(body, media_type="application/json", headers=packed)


def _status(kind: str, family: _Family, options: Options, key: str) -> Response:
    status, _, form = kind.partition("_")
    late = email.utils.formatdate(time.time() + options.retry_after_s, usegmt=True)
    wait = {"seconds": str(options.retry_after_s), "date": late}.get(form)
    message = f"Incorrect API key provided: {key}" if status == "401" else f"as asked: {kind}"
    headers = {} if wait is None else {"retry-after": wait}
    return JSONResponse(_error(family, int(status), message), status_code=int(status), headers=headers)


def build_app(options: Options) -> Starlette:
    """The vendor as an ASGI application with books of its own."""
    books = _Books()

    async def ask(request: Request) -> Response:
        family = next((one for one in _FAMILIES if one.ending.search(request.url.path)), None)
        if family is None:
            return JSONResponse({"error": {"message": f"no such path: {request.url.path}"}}, status_code=404)
        body = await request.json()
        model = body.get("model") or request.url.path.rpartition("/")[2].partition(":")[0]
        entry = books.opened(model, _prompt_of(body), options, request.client)
        try:
            await asyncio.sleep(options.latency_ms / 1000)
            if entry.kind in {"hang", "slow"}:
                await _pause(request.receive, options.hang_s if entry.kind == "hang" else options.slow_s)
            reply = _reply(entry, family, options, _key_in(request))
            whole = reply.status_code == 200 and not isinstance(reply, _Partial)
            entry.paid = whole and not await request.is_disconnected()
            return reply
        finally:
            books.in_flight -= 1

    async def stats(_request: Request) -> Response:
        return JSONResponse(books.stats())

    async def log(request: Request) -> Response:
        after = int(request.query_params.get("after", "0"))
        names = _Entry.__slots__
        return JSONResponse([{name: getattr(one, name) for name in names} for one in books.log[after:]])

    routes = [Route("/stats", stats), Route("/log", log), Route("/{path:path}", ask, methods=["POST"])]
    return Starlette(routes=routes)


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor that is running."""

    port: int

    @property
    def base_url(self) -> str:
        """For a card of any family."""
        return f"http://127.0.0.1:{self.port}/v1"

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = self._get("/stats")
        return found

    def log(self, after: int = 0) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get(f"/log?after={after}")
        return found

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as reply:
            return json.load(reply)


def _server(options: Options) -> tuple[uvicorn.Server, socket.socket]:
    listener = socket.create_server(("127.0.0.1", options.port), backlog=2048)
    quiet: dict[str, Any] = {"log_level": "critical", "access_log": False, "lifespan": "off", "ws": "none"}
    config = uvicorn.Config(build_app(options), http="h11", timeout_keep_alive=60, timeout_graceful_shutdown=1, **quiet)
    return uvicorn.Server(config), listener


@contextlib.contextmanager
def serve(options: Options) -> Iterator[Vendor]:
    """A vendor in a thread of this process."""
    server, listener = _server(options)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield Vendor(listener.getsockname()[1])
    finally:
        server.should_exit = server.force_exit = True
        thread.join(timeout=10)
        listener.close()


@contextlib.contextmanager
def spawn(options: Options) -> Iterator[Vendor]:
    """A vendor in a process of its own."""
    values = {name: getattr(options, name) for name in Options.__slots__} | {"kinds": ",".join(options.kinds)}
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in values.items()]
    with subprocess.Popen([sys.executable, __file__, *flags], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Vendor(int(process.stdout.readline()))
        finally:
            process.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description="A vendor of models on loopback, with seeded faults.")
    for name in Options.__slots__:
        default = getattr(Options(), name)
        reader = type(default) if not isinstance(default, tuple) else lambda text: tuple(text.split(","))
        parser.add_argument(f"--{name.replace('_', '-')}", type=reader, default=default)
    server, listener = _server(Options(**vars(parser.parse_args())))
    print(listener.getsockname()[1], flush=True)
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
