"""The one Caller of the house: each call passes limits, ledger and breaker, is sent, and tried again if that helps."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from httpx_aiohttp import AiohttpTransport

from harness.core.card import Card
from harness.core.money import sum_known
from harness.core.ports import Clock
from harness.core.request import Request
from harness.core.response import Failure, FailureKind, Reply, Response, Retry
from harness.transport import bounds
from harness.transport.breaker import Breaker, BreakerRule, BreakerState
from harness.transport.clock import SystemClock
from harness.transport.exchange import Deadlines, Exchange, open_http
from harness.transport.lane import Lane, Recital, Sender
from harness.transport.ledger import Ledger
from harness.transport.limits import Gate, Pace
from harness.transport.retry import RetryRule, pause_s
from harness.transport.secret import key_of

_NO_COST = Decimal(0)
_BROKEN = frozenset({500, 502, 504})
"""Statuses of an overload that fewer calls at a time would not have avoided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """What is the same for every model."""

    deadlines: Deadlines
    retry: RetryRule
    breaker: BreakerRule
    trust_env: bool
    body_max_bytes: int


@dataclass(slots=True, kw_only=True)
class _Course:
    """One call on its way."""

    lane: Lane
    request: Request
    bound_usd: Decimal | None
    limit_usd: Decimal | None = None
    bill: bounds.Bill = field(default_factory=bounds.Bill)
    ends_s: float | None = None
    """When the total deadline passes; set by the first attempt."""

    def has_room_after(self, reply: Reply) -> bool:
        """Whether the call's own limit holds another attempt."""
        if self.limit_usd is None:
            return True
        total = sum_known((self.bill.most_usd(reply, self.bound_usd), self.bound_usd))
        return total is not None and total <= self.limit_usd


class Transport:
    """Implements :class:`harness.core.ports.Caller`. Comes from :func:`open_transport`.

    What outlives a call (key, limits, breaker) is built with a model's first call and kept under the card's id; a
    card that has changed starts afresh.
    """

    def __init__(
        self, *, environ: Mapping[str, str], ledger: Ledger, clock: Clock, rng: random.Random, rules: _Rules
    ) -> None:
        self._environ = environ
        self._ledger = ledger
        self._clock = clock
        self._rng = rng
        self._rules = rules
        self._http: AiohttpTransport | None = None
        self._lanes: dict[str, Lane] = {}

    @property
    def ledger(self) -> Ledger:
        """What was spent, and the limit."""
        return self._ledger

    def bound_usd(self, card: Card, request: Request) -> Decimal | None:
        """The most that one attempt of this call can cost; None without a price or a bound on its output."""
        return bounds.bound_usd(card, request)

    def breaker_state(self, card: Card) -> BreakerState:
        """Whether calls of *card* are let through: open, none is; half-open, one is, or is out already.

        Closed for a model that was never called.
        """
        lane = self._lanes.get(card.id)
        if lane is None:
            return BreakerState.CLOSED
        cooled = lane.breaker.state is BreakerState.OPEN and not lane.breaker.closed_in_s(self._clock.monotonic_s())
        return BreakerState.HALF_OPEN if cooled else lane.breaker.state

    async def call(self, card: Card, request: Request, *, limit_usd: Decimal | None = None) -> Reply:
        """The reply of *card* to *request*, retries included. A failure of the model is returned, never raised.

        With *limit_usd*, a retry is made only if it and all attempts before it cannot cost more together.
        ``attempts`` is 0 when nothing was sent. Cancelled in flight, the attempt is settled at its bound, and the
        cancellation goes on.
        """
        lane = self._lane(card)
        if isinstance(lane, Failure):
            return lane
        bound = bounds.bound_usd(card, request)
        if bound is None and self._ledger.limit_usd is not None:
            return bounds.unbounded(card)
        course = _Course(lane=lane, request=request, bound_usd=bound, limit_usd=limit_usd)
        reply = await self._attempt(course)
        while (wait_s := self._pause_s(course, reply)) is not None:
            await self._clock.sleep(wait_s)
            again = await self._attempt(course)
            if _unsent(again):
                break  # what really went wrong says more than why it was not tried again
            course.bill.add(reply, bound)
            reply = again
        return course.bill.total(reply, bound)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._http is not None:
            await self._http.aclose()

    def _pause_s(self, course: _Course, reply: Reply) -> float | None:
        if isinstance(reply, Response) or _unsent(reply) or not course.has_room_after(reply):
            return None
        assert course.ends_s is not None, "the first attempt starts the clock"
        return pause_s(
            reply,
            attempt=course.bill.attempts + 1,
            left_s=course.ends_s - self._clock.monotonic_s(),
            rule=self._rules.retry,
            rng=self._rng,
        )

    async def _attempt(self, course: _Course) -> Reply:
        """Wait for a place among the model's calls, and try."""
        lane = course.lane
        closed_in_s = lane.breaker.closed_in_s(self._clock.monotonic_s())
        if closed_in_s > 0:
            return _breaker_open(lane.card, closed_in_s)
        token = await lane.gate.enter()
        reply: Reply | None = None
        try:
            reply = await self._reserved(course)
        finally:
            lane.gate.leave(token, overloaded=_crowded(reply), succeeded=isinstance(reply, Response))
        return reply

    async def _reserved(self, course: _Course) -> Reply:
        """Reserve the worst case, and settle what it came to. Not sent: nothing; cancelled in flight: the bound."""
        reservation = await self._ledger.reserve(_NO_COST if course.bound_usd is None else course.bound_usd)
        if reservation is None:
            return self._over_budget(course)
        cost: Decimal | None = _NO_COST
        try:
            taken = await course.lane.pace.wait(course.request)
            now_s = self._clock.monotonic_s()
            ticket = course.lane.breaker.admit(now_s)
            if ticket is None:
                return _breaker_open(course.lane.card, course.lane.breaker.closed_in_s(now_s))
            cost = None
            reply = await self._sent(course, ticket, taken)
            cost = _NO_COST if _unsent(reply) else bounds.cost_usd(reply)
            return reply
        finally:
            self._ledger.settle(reservation, cost)

    async def _sent(self, course: _Course, ticket: int, taken: int) -> Reply:
        """Send, and tell the breaker and the token rate how it went."""
        lane = course.lane
        now_s = self._clock.monotonic_s()
        if course.ends_s is None:
            course.ends_s = now_s + self._rules.deadlines.total_s
        reply: Reply | None = None
        try:
            if course.ends_s > now_s:
                reply = await lane.sender.send(course.request, left_s=course.ends_s - now_s)
        finally:
            if reply is None:
                lane.breaker.abandon(ticket)
        if reply is None:
            return self._out_of_time(lane.card)
        lane.breaker.record(ticket, reply, self._clock.monotonic_s())
        lane.pace.correct(taken, reply.usage)
        return reply

    def _lane(self, card: Card) -> Lane | Failure:
        lane = self._lanes.get(card.id)
        if lane is not None and (lane.card is card or lane.card == card):
            return lane
        key = key_of(card, self._environ)
        if isinstance(key, Failure):
            return key
        sender: Sender
        if card.api == "scripted":
            sender = Recital(card, self._clock)
        else:
            sender = Exchange(
                card,
                key,
                http=self._pool(),
                deadlines=self._rules.deadlines,
                body_max_bytes=self._rules.body_max_bytes,
            )
        lane = Lane(
            card=card,
            sender=sender,
            gate=Gate(card.limits.concurrency),
            pace=Pace(card.limits, self._clock),
            breaker=Breaker(self._rules.breaker),
        )
        self._lanes[card.id] = lane
        return lane

    def _pool(self) -> AiohttpTransport:
        if self._http is None:
            self._http = open_http(trust_env=self._rules.trust_env)
        return self._http

    def _over_budget(self, course: _Course) -> Failure:
        return Failure(
            model=course.lane.card.id,
            kind=FailureKind.BUDGET,
            message=(
                f"not sent: it may cost {course.bound_usd} USD, and {self._ledger.spent_usd} of "
                f"{self._ledger.limit_usd} USD are spent"
            ),
            retry=Retry.NEVER,
            attempts=0,
        )

    def _out_of_time(self, card: Card) -> Failure:
        return Failure(
            model=card.id,
            kind=FailureKind.TIMEOUT,
            message=f"not finished after {self._rules.deadlines.total_s:g} s (total deadline)",
            retry=Retry.NEVER,
            attempts=0,
        )


def _unsent(reply: Reply) -> bool:
    return reply.attempts == 0


def _crowded(reply: Reply | None) -> bool:
    """Whether *reply* asks for fewer calls at a time."""
    if not isinstance(reply, Failure):
        return False
    if reply.kind is FailureKind.OVERLOADED:
        return reply.status not in _BROKEN
    return reply.kind is FailureKind.THROTTLED


def _breaker_open(card: Card, closed_in_s: float) -> Failure:
    return Failure(
        model=card.id,
        kind=FailureKind.BREAKER_OPEN,
        message=f"not sent: {card.id} failed too often just now; asked again in {closed_in_s:.3g} s",
        retry=Retry.AFTER,
        retry_after_s=closed_in_s,
        attempts=0,
    )


@asynccontextmanager
async def open_transport(
    *,
    environ: Mapping[str, str],
    ledger: Ledger | None = None,
    clock: Clock | None = None,
    rng: random.Random | None = None,
    deadlines: Deadlines | None = None,
    retry: RetryRule | None = None,
    breaker: BreakerRule | None = None,
    trust_env: bool = False,
    body_max_bytes: int = 32 << 20,
) -> AsyncIterator[Transport]:
    """A transport; opens its first socket with the first call over HTTP.

    Args:
        environ: Where keys are looked up, by the name on the card.
        ledger: The spending limit; None: unlimited.
        clock: None: the machine's.
        rng: Jitter of back-offs is drawn from it; None: a fresh one.
        deadlines: Of each call.
        retry: How often and how patiently.
        breaker: When a model is left alone.
        trust_env: Take proxies from the environment.
        body_max_bytes: A longer reply is a failure.
    """
    rules = _Rules(
        deadlines=deadlines or Deadlines(),
        retry=retry or RetryRule(),
        breaker=breaker or BreakerRule(),
        trust_env=trust_env,
        body_max_bytes=body_max_bytes,
    )
    transport = Transport(
        environ=environ,
        ledger=ledger or Ledger(),
        clock=clock or SystemClock(),
        rng=rng or random.Random(),  # noqa: S311 -- jitter, not a secret
        rules=rules,
    )
    try:
        yield transport
    finally:
        await transport.aclose()
