"""The one way out: sends requests to models under limits, deadlines, retries, breakers and a spending limit."""

from harness.transport.bounds import settled_usd
from harness.transport.breaker import Breaker, BreakerRule, BreakerState
from harness.transport.clock import SystemClock
from harness.transport.exchange import Deadlines
from harness.transport.ledger import Ledger, Reservation
from harness.transport.retry import RetryRule
from harness.transport.secret import Secret
from harness.transport.transport import Transport, open_transport

__all__ = [
    "Breaker",
    "BreakerRule",
    "BreakerState",
    "Deadlines",
    "Ledger",
    "Reservation",
    "RetryRule",
    "Secret",
    "SystemClock",
    "Transport",
    "open_transport",
    "settled_usd",
]
