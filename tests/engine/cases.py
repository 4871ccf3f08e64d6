"""An engine over scripted replies: a caller that answers from a table, a journal in memory, the real machine."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from harness.core.card import Card, Context
from harness.core.event import Event
from harness.core.ids import ModelId, PolicyName, TraceId
from harness.core.money import Price, Rates, Usage
from harness.core.policy import Policy, Quorum
from harness.core.request import Request, user_request
from harness.core.response import Failure, FailureKind, Finish, Reply, Response, Retry
from harness.engine import Directory, Engine, Question
from harness.engine.calls import Calls
from harness.engine.candidates import calibrations_of
from harness.engine.routes import Router
from harness.routing import EMPTY, Routing


class LoopClock:
    """The running loop's time: real in tests of real waiting, jumping in simulations."""

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class Memory:
    events: list[Event] = field(default_factory=list)

    async def append(self, event: Event) -> str:
        self.events.append(event)
        return f"memory:{len(self.events)}"

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class Table:
    """Answers from a table of functions or values per model; each call is counted."""

    replies: Mapping[str, object]
    delays_s: Mapping[str, float] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    limits: list[Decimal | None] = field(default_factory=list)

    async def call(self, card: Card, request: Request, *, limit_usd: Decimal | None = None) -> Reply:
        self.calls.append(card.id)
        self.limits.append(limit_usd)
        await asyncio.sleep(self.delays_s.get(card.id, 0))
        given = self.replies[card.id]
        if isinstance(given, Callable):
            given = given(request)
        return reply(card.id, given) if isinstance(given, str) else given


def reply(model: str, text: str, **fields: object) -> Response:
    usual = {"finish": Finish.STOP, "usage": Usage(input=10, output=5), "cost_usd": Decimal("0.001"), "latency_s": 0.1}
    return Response(model=ModelId(model), text=text, **{**usual, **fields})


def failure(model: str, kind: FailureKind, **fields: object) -> Failure:
    return Failure(model=ModelId(model), kind=kind, message=kind.value, retry=Retry.NEVER, **fields)


def card(model: str, **fields: object) -> Card:
    price = Price(rates=Rates(input=Decimal(1), output=Decimal(10)), as_of="2026-11-20", source="test")
    usual = {"api": "scripted", "model": model, "family": model, "price": price, "context": Context(output=1000)}
    return Card(id=ModelId(model), **{**usual, **fields})


def policy(panel: str = "abc", **fields: object) -> Policy:
    usual = {"rule": Quorum(k=2), "deadline_s": 5.0}
    return Policy(name=PolicyName("p"), panel=tuple(map(ModelId, panel)), **{**usual, **fields})


def question(prompt: str = "1 + 1?", **fields: object) -> Question:
    return Question(request=user_request(prompt, trace_id=TraceId("t")), **fields)


def engine(
    table: Table, *policies: Policy, recorded=None, profiles=(), cards=None, calibrations=()
) -> tuple[Engine, Memory]:
    memory = Memory()
    known = cards or {ModelId(model): card(model) for model in table.replies}
    routing = Routing(profiles={each.name: each for each in profiles}, default=profiles[0].name if profiles else "none")
    directory = Directory(
        cards=known,
        policies={each.name: each for each in policies},
        routing=routing,
        calibrations=calibrations_of(calibrations),
    )
    calls = Calls(caller=table, journal=memory, bound_usd=lambda *_: Decimal("0.01"), recorded=recorded or {})
    router = Router(routing=routing, cards=known, matrix=EMPTY, open_breakers=list)
    return Engine(directory=directory, calls=calls, journal=memory, clock=LoopClock(), router=router), memory
