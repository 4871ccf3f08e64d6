"""Whether to ask again, and when: decisions only, nothing here waits or sends."""

import random
from dataclasses import dataclass

from harness.core.errors import ConfigError
from harness.core.response import Failure, Reply, Retry


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRule:
    """How often a call is tried, and how long it backs off in between."""

    attempts_max: int = 3
    """The first try included."""
    base_s: float = 0.5
    """Back-off after the first try is drawn from 0 to this; doubles with each further try."""
    cap_s: float = 30.0
    """The most a back-off can be; a vendor's own Retry-After is not capped."""

    def __post_init__(self) -> None:
        if self.attempts_max < 1:
            raise ConfigError(f"retry: attempts_max: {self.attempts_max!r} is below 1: the first try counts")
        if self.base_s < 0 or self.cap_s < 0:
            raise ConfigError(f"retry: base_s {self.base_s!r}, cap_s {self.cap_s!r}: neither may be below 0")


def full_jitter_s(attempt: int, rule: RetryRule, rng: random.Random) -> float:
    """Back-off after the *attempt*-th try (from 1): uniform on [0, min(cap, base · 2^(attempt-1))].

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 ("full jitter").
    """
    exponent = min(attempt - 1, 63)
    return rng.uniform(0.0, min(rule.cap_s, rule.base_s * 2.0**exponent))


def pause_s(reply: Reply, *, attempt: int, left_s: float, rule: RetryRule, rng: random.Random) -> float | None:
    """Seconds to wait before trying again; None: *reply* stands.

    Args:
        reply: How the *attempt*-th try ended.
        attempt: From 1.
        left_s: What is left of the call's total deadline. A vendor that asks for more than that is not
            waited for at all.
        rule: How often, how long.
        rng: Where jitter is drawn from.
    """
    if not isinstance(reply, Failure) or reply.retry is not Retry.AFTER or attempt >= rule.attempts_max:
        return None
    jitter = full_jitter_s(attempt, rule, rng)
    wait = jitter if reply.retry_after_s is None else max(reply.retry_after_s, jitter)
    return wait if wait < left_s else None
