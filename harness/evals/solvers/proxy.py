"""The models' address for an agent in a sandbox: an HTTP server on a Unix socket that asks the trial's candidate.

The agent needs no key and no network. Whatever model it names, it is answered by the candidate, through the engine:
calls are journaled, priced, and held within the run's spending limit and the trial's own limits like all others. A
stream is answered in one burst when the answer is complete. One question at a time, so that every limit is looked at
before a call is sent.
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Coroutine, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from harness.core.hashing import Json
from harness.core.ids import CandidateId, TaskClass, TraceId
from harness.core.money import Usage
from harness.core.outcome import Outcome, Reason
from harness.core.request import Request, Sampling
from harness.core.response import Failure, FailureKind, Finish
from harness.engine import Engine, over_budget
from harness.evals.solvers.allowance import Allowance, bound_usd
from harness.evals.solvers.dialects import DIALECTS, Asked, BadRequest, Dialect, Frame, Said
from harness.evals.solvers.text import ask
from harness.evals.solvers.tool_text import read_calls

BODY_BYTES = 16 << 20
CLOSE_S = 2
_STATUS = {
    FailureKind.THROTTLED: 429,
    FailureKind.OVERLOADED: 503,
    FailureKind.TIMEOUT: 504,
    FailureKind.REJECTED: 400,
    FailureKind.CONTEXT_EXCEEDED: 400,
    FailureKind.FILTERED: 400,
}
"""Every other failure of a model is a 502."""
_CODES = {FailureKind.CONTEXT_EXCEEDED: "context_length_exceeded"}


@dataclass(slots=True, kw_only=True)
class Proxy:
    """Answers one agent's questions."""

    engine: Engine
    candidate: CandidateId
    trace_id: TraceId
    task_class: TaskClass
    sampling: Sampling
    """Of the run; what the agent asks for itself is put over it."""
    allowance: Allowance
    limit: str = ""
    """Which limit was reached, in one line."""
    error: BaseException | None = None
    """What kept a question from being answered at all, a journal's error or a bug: whoever runs the agent raises it."""
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with either, and when the run's own limit is reached: no further question will be answered."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _open: set["asyncio.Task[Response]"] = field(default_factory=set)

    def app(self) -> Starlette:
        """The server's addresses, each also below ``/v1``."""
        routes = [Route(f"{prefix}/models", self._models) for prefix in ("", "/v1")]
        for dialect in DIALECTS:
            routes += [
                Route(f"{prefix}{dialect.path}", Endpoint(proxy=self, dialect=dialect).serve, methods=["POST"])
                for prefix in ("", "/v1")
            ]
        return Starlette(routes=routes)

    async def close(self) -> None:
        """Give up on the questions that are still open; what they may have cost is recorded."""
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open)

    async def tracked(self, work: Coroutine[None, None, Response]) -> Response:
        """The response that *work* comes to; an error of it is kept, since the server would only log it."""
        task = asyncio.create_task(work)
        self._open.add(task)
        task.add_done_callback(self._ended)
        return await task

    def _ended(self, task: "asyncio.Task[Response]") -> None:
        self._open.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.error = task.exception()
            self.stopped.set()

    async def _models(self, _: HttpRequest) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": "harness", "object": "model", "created": 0}]})

    async def answer(self, asked: Asked) -> Outcome | str:
        """The candidate's outcome, or the limit that kept it from being asked."""
        request = Request(
            messages=asked.messages,
            sampling=_over(self.sampling, asked.sampling),
            task_class=self.task_class,
            trace_id=self.trace_id,
            json_schema=asked.schema,
        )
        async with self._turn:
            if self.stopped.is_set():
                return self.limit or "the trial is over"
            self.limit = self.allowance.refusal(request, bound_usd(self.engine, self.candidate, request))
            if self.limit:
                self.stopped.set()
                return self.limit
            outcome = await ask(self.engine, self.candidate, request)
            self.allowance.took(outcome)
            if not outcome.served and over_budget(outcome):
                self.stopped.set()
            return outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address, one way of talking."""

    proxy: Proxy
    dialect: Dialect

    async def serve(self, http: HttpRequest) -> Response:
        """The answer to one question."""
        return await self.proxy.tracked(self._answered(http))

    async def _answered(self, http: HttpRequest) -> Response:
        try:
            body = json.loads(await _body(http))
            if not isinstance(body, dict):
                raise BadRequest("the body is no JSON object")
            asked = self.dialect.read(body)
        except ClientDisconnect:
            return Response(status_code=400)
        except (ValueError, RecursionError) as error:  # BadRequest is one
            return self._error(400, "invalid_request_error", str(error))
        outcome = await self.proxy.answer(asked)
        if isinstance(outcome, str):
            return self._error(403, "permission_error", f"harness: {outcome}")
        return self._given(outcome, asked)

    def _given(self, outcome: Outcome, asked: Asked) -> Response:
        said = said_of(outcome, asked)
        if said is None:
            return self._error(*fault_of(outcome))
        if asked.stream:
            return StreamingResponse(_burst(list(self.dialect.frames(said))), media_type="text/event-stream")
        return JSONResponse(self.dialect.body(said))

    def _error(self, status: int, kind: str, message: str) -> Response:
        return JSONResponse(self.dialect.error(kind, message), status_code=status)


def said_of(outcome: Outcome, asked: Asked) -> Said | None:
    """What the agent is told of *outcome*; None when the candidate gave nothing."""
    finish = {Reason.TRUNCATED: Finish.LENGTH, Reason.REFUSED: Finish.REFUSAL}.get(outcome.reason or Reason.FAILED)
    if outcome.served:
        finish = Finish.STOP
    refused = any(isinstance(ballot.reply, Failure) for ballot in outcome.ballots) and not outcome.served
    if finish is None or refused:
        return None
    text, calls = read_calls(outcome.text or "")
    return Said(text=text, calls=calls, finish=finish, usage=outcome.usage or Usage(), model=asked.model)


def fault_of(outcome: Outcome) -> tuple[int, str, str]:
    """Status, kind and message of an outcome that brought nothing."""
    if over_budget(outcome):
        return 403, "permission_error", "harness: the run's spending limit is reached"
    kinds = [ballot.reply.kind for ballot in outcome.ballots if isinstance(ballot.reply, Failure)]
    kind = kinds[-1] if kinds else FailureKind.OVERLOADED
    return _STATUS.get(kind, 502), _CODES.get(kind, kind.value), f"harness: {outcome.detail}"


def _over(usual: Sampling, asked: Sampling) -> Sampling:
    given = {
        name: value
        for name in ("temperature", "top_p", "max_tokens", "seed", "stop")
        if (value := getattr(asked, name)) not in (None, ())
    }
    return replace(usual, **given)


async def _body(http: HttpRequest) -> bytes:
    """The request's body. Raises BadRequest for one that is too large to be a question."""
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > BODY_BYTES:
            raise BadRequest(f"the body is larger than {BODY_BYTES} bytes")
    return bytes(body)


async def _burst(frames: list[Frame]) -> AsyncIterator[bytes]:
    yield b"".join(_frame(name, data) for name, data in frames)


def _frame(name: str, data: Json) -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


# --- the server -----------------------------------------------------------------------------------------------------


class _Server(uvicorn.Server):
    """One that leaves signals to the command line."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@asynccontextmanager
async def served(proxy: Proxy, path: Path) -> AsyncIterator[None]:
    """*proxy* answers on the Unix socket *path* within the block."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(64)
    config = uvicorn.Config(
        proxy.app(),
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=CLOSE_S,
    )
    server = _Server(config)
    serving = asyncio.create_task(_serve(server, listener))
    try:
        yield
    finally:
        await proxy.close()
        server.should_exit = True
        await serving


async def _serve(server: _Server, listener: socket.socket) -> None:
    with listener:
        await server.serve([listener])
