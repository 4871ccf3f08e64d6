"""The spending limit: worst cases are reserved before a call is sent, real costs settled after.

At any moment ``spent + reserved <= limit``, so that the limit holds under any concurrency as long as no vendor bills
more than a call's bound.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from decimal import Decimal

from harness.core.errors import ConfigError

_ZERO = Decimal(0)


@dataclass(slots=True, eq=False)
class Reservation:
    """Room for the worst case of one attempt."""

    bound_usd: Decimal
    open: bool = True


class Ledger:
    """What was spent, what may still be spent by attempts under way, and who waits for room.

    Args:
        limit_usd: None: nothing is limited, and nothing ever waits.
        spent_usd: What an earlier session of the same run has spent.
    """

    __slots__ = ("_limit_usd", "_refused", "_reserved_usd", "_spent_usd", "_waiting")

    def __init__(self, limit_usd: Decimal | None = None, spent_usd: Decimal = _ZERO) -> None:
        if limit_usd is not None and limit_usd < 0:
            raise ConfigError(f"spending limit: {limit_usd} USD is below 0")
        if spent_usd < 0:
            raise ConfigError(f"already spent: {spent_usd} USD is below 0")
        self._limit_usd = limit_usd
        self._spent_usd = spent_usd
        self._reserved_usd = _ZERO
        self._refused = 0
        self._waiting: deque[tuple[Decimal, asyncio.Future[Reservation | None]]] = deque()

    @property
    def limit_usd(self) -> Decimal | None:
        return self._limit_usd

    @property
    def spent_usd(self) -> Decimal:
        """Settled: known costs, and the bound of every attempt whose cost cannot be known."""
        return self._spent_usd

    @property
    def reserved_usd(self) -> Decimal:
        """Worst cases of the attempts under way."""
        return self._reserved_usd

    @property
    def refused(self) -> int:
        """How often there was no room: above 0, the limit has stopped something."""
        return self._refused

    async def reserve(self, bound_usd: Decimal) -> Reservation | None:
        """Room for *bound_usd*; waits, first come first served, while other reservations may still free some.

        None when it can never fit: what is already spent leaves less than *bound_usd*.
        """
        if self._limit_usd is None or (not self._waiting and self._fits(bound_usd)):
            return self._grant(bound_usd)
        if self._hopeless(bound_usd):
            self._refused += 1
            return None
        waiter: asyncio.Future[Reservation | None] = asyncio.get_running_loop().create_future()
        entry = (bound_usd, waiter)
        self._waiting.append(entry)
        try:
            return await waiter
        except asyncio.CancelledError:
            self._leave(entry)
            raise

    def settle(self, reservation: Reservation, cost_usd: Decimal | None) -> None:
        """End *reservation* at *cost_usd*; None: unknown, so at its full bound. A second time changes nothing."""
        if not reservation.open:
            return
        reservation.open = False
        self._reserved_usd -= reservation.bound_usd
        self._spent_usd += reservation.bound_usd if cost_usd is None else cost_usd
        if self._waiting:
            self._serve()

    def _fits(self, bound_usd: Decimal) -> bool:
        return self._limit_usd is None or self._spent_usd + self._reserved_usd + bound_usd <= self._limit_usd

    def _hopeless(self, bound_usd: Decimal) -> bool:
        """Spending never shrinks: without room beside what is spent, waiting for others cannot help."""
        return self._limit_usd is not None and self._spent_usd + bound_usd > self._limit_usd

    def _grant(self, bound_usd: Decimal) -> Reservation:
        self._reserved_usd += bound_usd
        return Reservation(bound_usd)

    def _serve(self) -> None:
        """Answer the waiters from the front, until one has to wait on."""
        while self._waiting:
            bound_usd, waiter = self._waiting[0]
            if waiter.done():
                pass  # cancelled, and its task has not run yet
            elif self._hopeless(bound_usd):
                self._refused += 1
                waiter.set_result(None)
            elif self._fits(bound_usd):
                waiter.set_result(self._grant(bound_usd))
            else:
                return
            self._waiting.popleft()

    def _leave(self, entry: tuple[Decimal, asyncio.Future[Reservation | None]]) -> None:
        """The waiter of *entry* was cancelled, perhaps after it had been answered."""
        waiter = entry[1]
        if entry in self._waiting:
            self._waiting.remove(entry)
            self._serve()
        elif not waiter.cancelled() and (granted := waiter.result()) is not None:
            self.settle(granted, _ZERO)
