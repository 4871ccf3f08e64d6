"""One model's way out: its sender, its limits and its breaker, built once and used by every call."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.core.card import Card
from harness.core.errors import ConfigError
from harness.core.ports import Clock
from harness.core.request import Request
from harness.core.response import Failure, FailureKind, Reply, Retry
from harness.transport.breaker import Breaker
from harness.transport.limits import Gate, Pace
from harness.wire.scripted import Script, parse_script


class Sender(Protocol):
    """Makes one attempt."""

    async def send(self, request: Request, *, left_s: float) -> Reply:
        """One attempt, over in *left_s* seconds at most. ``cost_usd`` None: it may have been billed."""


class Recital:
    """Answers from a file, with the delays it states: a model for demonstrations, tests and simulations.

    The file is read once, with the first attempt.
    """

    __slots__ = ("_card", "_clock", "_script")

    def __init__(self, card: Card, clock: Clock) -> None:
        self._card = card
        self._clock = clock
        self._script: Script | None = None

    async def send(self, request: Request, *, left_s: float) -> Reply:
        """See :class:`Sender`; the delay is slept on the clock."""
        if self._script is None:
            try:
                self._script = _read_script(self._card)
            except (OSError, UnicodeDecodeError, ConfigError) as error:
                return self._failed(FailureKind.REJECTED, f"{self._card.file}: {error}", retry=Retry.NEVER)
        scripted = self._script.answer(request, self._card)
        if scripted.delay_s >= left_s:
            await self._clock.sleep(left_s)
            return self._failed(FailureKind.TIMEOUT, f"not finished after {left_s:g} s (total deadline)")
        await self._clock.sleep(scripted.delay_s)
        return scripted.reply

    def _failed(self, kind: FailureKind, message: str, *, retry: Retry = Retry.AFTER) -> Failure:
        return Failure(model=self._card.id, kind=kind, message=message, retry=retry)


def _read_script(card: Card) -> Script:
    if card.file is None:
        raise ConfigError(f"{card.id}: a scripted model needs file: the path of its answers")
    return parse_script(Path(card.file).read_text(encoding="utf-8"), name=Path(card.file).name)


@dataclass(slots=True, kw_only=True)
class Lane:
    """Everything of one model that outlives a call."""

    card: Card
    sender: Sender
    gate: Gate
    pace: Pace
    breaker: Breaker
