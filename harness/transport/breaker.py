"""Stops asking a model that fails, and finds out when it is back. A state machine: time is an argument."""

from dataclasses import dataclass, field
from enum import StrEnum

from harness.core.errors import ConfigError
from harness.core.response import Failure, FailureKind, Reply

COUNTED = frozenset(
    {FailureKind.UNREACHABLE, FailureKind.TIMEOUT, FailureKind.OVERLOADED, FailureKind.THROTTLED},
)
"""What speaks against the model's service. A refused prompt or a wrong key says nothing about its health."""

_DUST_S = 1e-6
"""Less than this is rounding: who waited as long as it was told is let through."""
_SLICES = 10
"""The window moves on in steps of a tenth: counting costs the same at any rate of calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRule:
    """When a breaker opens, and for how long. Both triggers are watched."""

    failures: int | None = 10
    """Opens after this many failures within the window and no success between them; None: not counted.

    A success starts the count again: at a thousand calls a minute a plain count would open on one per cent of errors.
    """
    window_s: float = 60.0
    error_rate: float | None = 0.5
    """Opens when this share of the attempts in the window failed; None: not watched."""
    sample_min: int = 20
    """Attempts in the window before the error rate says anything."""
    cooldown_s: float = 30.0
    """From opening until one probe is let through."""

    def __post_init__(self) -> None:
        if self.failures is not None and self.failures < 1:
            raise ConfigError(f"breaker: failures: {self.failures!r} is below 1; leave it out for no limit")
        if self.error_rate is not None and not 0 < self.error_rate <= 1:
            raise ConfigError(f"breaker: error_rate: {self.error_rate!r} is not in (0, 1]")
        if self.window_s <= 0 or self.cooldown_s < 0 or self.sample_min < 1:
            raise ConfigError(
                f"breaker: window_s {self.window_s!r} must be above 0, cooldown_s {self.cooldown_s!r} at least 0 "
                f"and sample_min {self.sample_min!r} at least 1"
            )


class BreakerState(StrEnum):
    """Closed lets calls through, open does not, half-open lets one through to see."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(slots=True, kw_only=True)
class _Slice:
    number: int = -1
    total: int = 0
    failed: int = 0


@dataclass(slots=True)
class Breaker:
    """One model's breaker. ``admit`` before an attempt, then exactly one of ``record`` and ``abandon``."""

    rule: BreakerRule = field(default_factory=BreakerRule)
    state: BreakerState = BreakerState.CLOSED
    _era: int = 0
    """Grows with every change of state: results of attempts from before a change do not count after it."""
    _opened_s: float = 0.0
    _row: list[float] = field(default_factory=list)
    """Times of the failures since the last success, oldest first."""
    _window: list[_Slice] = field(default_factory=lambda: [_Slice() for _ in range(_SLICES)])

    def closed_in_s(self, now_s: float) -> float:
        """0 when an attempt may be made now; otherwise the seconds until it is worth asking again."""
        if self.state is BreakerState.CLOSED:
            return 0.0
        if self.state is BreakerState.OPEN:
            left_s = self._opened_s + self.rule.cooldown_s - now_s
            return left_s if left_s > _DUST_S else 0.0
        return self.rule.cooldown_s

    def admit(self, now_s: float) -> int | None:
        """A ticket for one attempt, or None while the breaker is open or its probe is out."""
        if self.state is BreakerState.CLOSED:
            return self._era
        if self.closed_in_s(now_s) > 0 or self.state is BreakerState.HALF_OPEN:
            return None
        self._enter(BreakerState.HALF_OPEN)
        return self._era

    def record(self, ticket: int, reply: Reply, now_s: float) -> None:
        """Learn how the attempt of *ticket* ended."""
        if ticket != self._era:
            return
        failed = isinstance(reply, Failure) and reply.kind in COUNTED
        if self.state is BreakerState.HALF_OPEN:
            if failed:
                self._open(now_s)
            else:
                self._close()
        elif failed:
            self._row.append(now_s)
            self._count(now_s, failed=1)
            if self._tripped(now_s):
                self._open(now_s)
        else:
            if self._row:
                self._row.clear()
            self._count(now_s, failed=0)

    def abandon(self, ticket: int) -> None:
        """The attempt of *ticket* ended without telling anything: it was cancelled. A probe is free again."""
        if ticket == self._era and self.state is BreakerState.HALF_OPEN:
            self._enter(BreakerState.OPEN)

    def _count(self, now_s: float, *, failed: int) -> None:
        number = int(now_s * _SLICES / self.rule.window_s)
        current = self._window[number % _SLICES]
        if current.number != number:
            current.number, current.total, current.failed = number, 0, 0
        current.total += 1
        current.failed += failed

    def _tripped(self, now_s: float) -> bool:
        rule = self.rule
        if rule.failures is not None:
            self._row = [at for at in self._row[-rule.failures :] if now_s - at <= rule.window_s]
            if len(self._row) >= rule.failures:
                return True
        if rule.error_rate is None:
            return False
        oldest = int(now_s * _SLICES / rule.window_s) - _SLICES + 1
        live = [slice_ for slice_ in self._window if slice_.number >= oldest]
        total = sum(slice_.total for slice_ in live)
        return total >= rule.sample_min and sum(slice_.failed for slice_ in live) >= rule.error_rate * total

    def _open(self, now_s: float) -> None:
        self._opened_s = now_s
        self._enter(BreakerState.OPEN)

    def _close(self) -> None:
        self._row.clear()
        self._window = [_Slice() for _ in range(_SLICES)]
        self._enter(BreakerState.CLOSED)

    def _enter(self, state: BreakerState) -> None:
        self.state = state
        self._era += 1
