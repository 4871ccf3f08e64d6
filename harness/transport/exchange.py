"""One HTTP exchange under four deadlines: an httpx.Request goes out, a reply or a failure comes back.

httpx's values travel over the aiohttp-backed transport without ``httpx.AsyncClient`` in between: what a client adds
(cookies kept between calls, redirects, proxies and logins from the environment, a log line with the address) must not
happen here, and it adds almost half as much CPU again to an exchange.
"""

import asyncio
from dataclasses import dataclass, fields
from decimal import Decimal

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from harness.core.card import Card
from harness.core.errors import ConfigError
from harness.core.request import Request
from harness.core.response import Failure, FailureKind, Reply, Retry
from harness.transport.secret import Secret
from harness.wire import family

_KEEP_ALIVE_S = 30.0
_NEVER_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)
"""The request did not leave: nothing can have been billed."""
_HOPELESS = (
    aiohttp.ClientConnectorCertificateError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)
"""Will be no better in a second: somebody has to change something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long a call may take. Seconds, each above 0."""

    connect_s: float = 10.0
    """Name look-up, TCP and TLS, when no open connection can be reused."""
    first_byte_s: float = 120.0
    """From the start of an attempt to the reply's headers: models think before they speak."""
    idle_s: float = 60.0
    """Between two pieces of the reply's body."""
    total_s: float = 300.0
    """From the first attempt's start to the end, retries and back-off included; waiting for our own limits before
    the first attempt is not."""

    def __post_init__(self) -> None:
        for item in fields(self):
            if not getattr(self, item.name) > 0:
                raise ConfigError(f"deadlines: {item.name}: {getattr(self, item.name)!r} is not above 0 seconds")

    @classmethod
    def within(cls, total_s: float) -> "Deadlines":
        """The usual deadlines around another total: none is longer than it, and with a longer one all stretch."""
        usual = cls()
        stretch = max(1.0, total_s / usual.total_s)
        return cls(
            connect_s=min(usual.connect_s, total_s),
            first_byte_s=min(usual.first_byte_s * stretch, total_s),
            idle_s=min(usual.idle_s * stretch, total_s),
            total_s=total_s,
        )


def open_http(*, trust_env: bool) -> AiohttpTransport:
    """The connection pool of a whole process. Opens its first socket with the first request.

    Args:
        trust_env: Take proxies and their logins from the environment.
    """

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, ssl=http.ssl_context, keepalive_timeout=_KEEP_ALIVE_S)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"accept-encoding": "identity"},
            trust_env=trust_env,
        )

    http = AiohttpTransport(trust_env=trust_env, client=session)
    return http


class Exchange:
    """Asks one model over HTTP, one attempt at a time.

    Args:
        card: The model.
        key: Sent in a header; None: none is.
        http: The pool; shared by all models.
        deadlines: The total one is the caller's: it spans attempts.
        body_max_bytes: A longer body is not read to its end.
    """

    __slots__ = ("_body_max_bytes", "_card", "_deadlines", "_family", "_http", "_key", "_timeout")

    def __init__(
        self,
        card: Card,
        key: Secret | None,
        *,
        http: httpx.AsyncBaseTransport,
        deadlines: Deadlines,
        body_max_bytes: int,
    ) -> None:
        self._card = card
        self._key = key
        self._http = http
        self._deadlines = deadlines
        self._body_max_bytes = body_max_bytes
        assert card.api != "scripted", "scripted models have no HTTP"
        self._family = family(card.api)
        # aiohttp's "connect", which httpx calls "pool", covers look-up, TCP and TLS, and only a new connection arms it
        self._timeout = {"pool": deadlines.connect_s, "connect": None, "read": None, "write": None}

    async def send(self, request: Request, *, left_s: float) -> Reply:
        """One attempt, over in *left_s* seconds at most.

        A failure with ``cost_usd`` None may have been billed: the request had left when it failed.
        """
        watch = _Watch(self._deadlines, left_s)
        try:
            message = self._family.encode(request, self._card, None if self._key is None else self._key.reveal())
        except ConfigError as error:
            return self._failed(FailureKind.REJECTED, str(error), watch, retry=Retry.NEVER, cost_usd=Decimal(0))
        message.extensions["timeout"] = self._timeout
        try:
            async with watch:
                reply = await self._read(await self._http.handle_async_request(message), message, watch)
        except TimeoutError:
            return self._failed(FailureKind.TIMEOUT, watch.verdict(), watch)
        except _TooLargeError:
            text = f"the reply is longer than {self._body_max_bytes} bytes"
            return self._failed(FailureKind.UNINTELLIGIBLE, text, watch, retry=Retry.NEVER)
        except (httpx.HTTPError, aiohttp.ClientError, OSError, UnicodeError) as error:
            return self._broken(error.__cause__ or error, watch)
        return self._family.decode(request, self._card, reply, watch.elapsed_s())

    async def _read(self, reply: httpx.Response, message: httpx.Request, watch: "_Watch") -> httpx.Response:
        """*reply* to *message*, with its body as plain bytes."""
        packed = reply.headers.get("content-encoding", "identity") != "identity"
        parts = []
        try:
            watch.heard(0)
            # we asked for no compression; who compresses anyway is unpacked piece by piece, so that the cap holds
            async for part in reply.aiter_bytes() if packed else reply.stream:  # type: ignore[union-attr]
                parts.append(part)
                if watch.heard(len(part)) > self._body_max_bytes:
                    raise _TooLargeError
        finally:
            await reply.stream.aclose()  # type: ignore[union-attr]
        body = b"".join(parts)
        if packed:
            del reply.headers["content-encoding"]
            reply = httpx.Response(reply.status_code, headers=reply.headers, content=body)
        else:
            reply.stream = httpx.ByteStream(body)
            reply.read()
        reply.request = message  # wire keeps the key in its headers out of whatever the vendor echoes
        return reply

    def _broken(self, cause: BaseException, watch: "_Watch") -> Failure:
        """What *cause*, which aiohttp raised under httpx's own error, says about the attempt."""
        cost_usd = Decimal(0) if isinstance(cause, _NEVER_SENT) else None
        if isinstance(cause, aiohttp.ConnectionTimeoutError):
            text = f"no connection within {self._deadlines.connect_s:g} s (connect deadline)"
            return self._failed(FailureKind.TIMEOUT, text, watch, cost_usd=cost_usd)
        where = "no connection" if cost_usd is not None else watch.progress()
        text = f"{where}: {type(cause).__name__}: {cause}"
        retry = Retry.NEVER if isinstance(cause, _HOPELESS) else Retry.AFTER
        return self._failed(FailureKind.UNREACHABLE, text, watch, retry=retry, cost_usd=cost_usd)

    def _failed(
        self,
        kind: FailureKind,
        message: str,
        watch: "_Watch",
        *,
        retry: Retry = Retry.AFTER,
        cost_usd: Decimal | None = None,
    ) -> Failure:
        return Failure(
            model=self._card.id,
            kind=kind,
            message=" ".join(message.split()),
            retry=retry,
            cost_usd=cost_usd,
            latency_s=watch.elapsed_s(),
        )


class _TooLargeError(Exception):
    """The body is over its cap."""


class _Watch:
    """Which deadline is next: one timer serves first byte, idle and total.

    What ``asyncio.timeout_at`` does, but for one thing: bytes that arrive only move ``ends_s``. The timer finds out
    when it fires, and goes off again later; to move it each time costs more than to read the bytes.
    """

    __slots__ = (
        "_began_s", "_bytes", "_cancelling", "_deadlines", "_expired", "_loop", "_speaking", "_task", "_timer",
        "_total_s", "ends_s",
    )  # fmt: skip

    def __init__(self, deadlines: Deadlines, left_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadlines = deadlines
        self._began_s = self._loop.time()
        self._total_s = self._began_s + left_s
        self._bytes = 0
        self._speaking = False
        self._expired = False
        self.ends_s = min(self._began_s + deadlines.first_byte_s, self._total_s)

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "an exchange runs in a task"
        self._task = task
        self._cancelling = task.cancelling()
        # no deadline can come to be earlier than this
        soonest_s = min(self.ends_s, self._began_s + self._deadlines.idle_s)
        self._timer = self._loop.call_at(soonest_s, self._look)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        self._timer.cancel()
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _look(self) -> None:
        """The timer has fired: time is up, or was prolonged meanwhile."""
        if self._loop.time() < self.ends_s:
            self._timer = self._loop.call_at(self.ends_s, self._look)
            return
        self._expired = True
        self._task.cancel()

    def heard(self, size: int) -> int:
        """*size* more bytes have come; returns how many so far."""
        self.ends_s = min(self._loop.time() + self._deadlines.idle_s, self._total_s)
        self._speaking = True
        self._bytes += size
        return self._bytes

    def elapsed_s(self) -> float:
        return self._loop.time() - self._began_s

    def progress(self) -> str:
        """How far the attempt got."""
        if not self._speaking:
            return "the connection broke before any reply"
        return f"the reply broke off after {self._bytes} bytes"

    def verdict(self) -> str:
        """Which deadline has passed."""
        if self.ends_s == self._total_s:
            return f"not finished after {self._deadlines.total_s:g} s (total deadline)"
        if not self._speaking:
            return f"no first byte within {self._deadlines.first_byte_s:g} s (first-byte deadline)"
        return f"silent for {self._deadlines.idle_s:g} s after {self._bytes} bytes of the reply (idle deadline)"
