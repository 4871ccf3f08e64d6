"""One call: paid once, on disk before anyone sees it, and never asked again in the same trace."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from harness.core.card import Card
from harness.core.event import Call, Reserved
from harness.core.ids import CallKey
from harness.core.ports import Caller, Journal
from harness.core.request import Purpose, Request, call_key
from harness.core.response import Failure, FailureKind, Reply, Retry

UNSENT = frozenset({FailureKind.BUDGET, FailureKind.BREAKER_OPEN})
"""Failures of calls that never left the machine: nothing was paid, so nothing is replayed."""


@dataclass(slots=True, kw_only=True)
class Calls:
    """Asks models through the transport and writes every reply down before returning it."""

    caller: Caller
    journal: Journal
    bound_usd: Callable[[Card, Request], Decimal | None]
    """The most a call can cost; for calls that are cancelled in flight."""
    recorded: Mapping[str, Reply] = field(default_factory=dict)
    """Replies of an earlier session, by call key."""
    limited: bool = False
    """Under a spending limit what a call may cost is on disk before it is sent: a killed session must not forget it."""

    async def ask(
        self, card: Card, request: Request, purpose: Purpose = "vote", *, limit_usd: Decimal | None = None
    ) -> Reply:
        """The reply of *card* to *request*; from the journal when it was already paid for.

        With *limit_usd* it is not tried so often that it could cost more. A cancellation is written down with the
        most it can have cost, then passed on.
        """
        key = call_key(request, card.id, purpose)
        known = self.recorded.get(key)
        if known is not None and not _gave_up(known):
            return known
        await self._reserve(key, card, request)
        try:
            reply = await self.caller.call(card, request, limit_usd=limit_usd)
        except asyncio.CancelledError:
            await self._record(key, card, request, purpose, self.cancelled(card, request))
            raise
        await self._record(key, card, request, purpose, reply)
        return reply

    def cancelled(self, card: Card, request: Request) -> Failure:
        """What a call that we stopped waiting for is on record as."""
        return Failure(
            model=card.id,
            kind=FailureKind.CANCELLED,
            message="we stopped waiting",
            retry=Retry.AFTER,
            cost_usd=None,
            cost_bound_usd=self.bound_usd(card, request),
        )

    async def _reserve(self, key: CallKey, card: Card, request: Request, *, released: bool = False) -> None:
        bound = self.bound_usd(card, request) if self.limited else None
        if bound is not None:
            await self.journal.append(Reserved(key=key, bound_usd=bound, released=released))

    async def _record(self, key: CallKey, card: Card, request: Request, purpose: Purpose, reply: Reply) -> None:
        if isinstance(reply, Failure) and (reply.kind in UNSENT or reply.attempts == 0):
            await self._reserve(key, card, request, released=True)
            return
        await self.journal.append(
            Call(
                key=key,
                trace_id=request.trace_id,
                model=card.id,
                purpose=purpose,
                request_sha256=request.sha256,
                request=request,
                reply=reply,
            )
        )


def _gave_up(reply: Reply) -> bool:
    """Whether the record only says that we stopped waiting: then nobody knows the answer yet."""
    return isinstance(reply, Failure) and reply.kind is FailureKind.CANCELLED
