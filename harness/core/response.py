"""What came back: a response, or a failure. A failure of a model is data, never an exception."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from harness.core.ids import ModelId
from harness.core.money import Usage


class Finish(StrEnum):
    """Why a model stopped, in one vocabulary. Only ``STOP`` (and valid ``TOOL_CALLS``) may vote."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    REFUSAL = "refusal"
    CONTENT_FILTER = "content_filter"
    CONTEXT_EXCEEDED = "context_exceeded"
    ERROR = "error"
    UNKNOWN = "unknown"
    """A word we do not know is never a stop."""


class FailureKind(StrEnum):
    """Why there is no answer."""

    UNREACHABLE = "unreachable"
    """No HTTP response at all: refused, reset, cut in the middle of the body."""
    TIMEOUT = "timeout"
    """One of the four deadlines: connect, first byte, idle, total."""
    THROTTLED = "throttled"
    """Too many requests; worth another try after a while."""
    OVERLOADED = "overloaded"
    """The vendor's own fault: 500, 503, 529."""
    QUOTA = "quota"
    """Credit or a hard spending limit at the vendor is used up."""
    UNAUTHORIZED = "unauthorized"
    """Key missing, wrong, or without the right."""
    REJECTED = "rejected"
    """The vendor does not accept this request or does not know this model."""
    CONTEXT_EXCEEDED = "context_exceeded"
    """The prompt does not fit this model's window."""
    FILTERED = "filtered"
    """The vendor's content filter refused the prompt with an error."""
    UNINTELLIGIBLE = "unintelligible"
    """200, but the body is not what the API documents."""
    EMPTY = "empty"
    """200 with no text: not an empty answer."""
    CANCELLED = "cancelled"
    """We stopped waiting: the others had decided, or the panel's deadline had come."""
    BUDGET = "budget"
    """Not sent: the spending limit does not hold its worst case."""
    BREAKER_OPEN = "breaker_open"
    """Not sent: this model failed too often just now."""


class Retry(StrEnum):
    """What another try is good for."""

    AFTER = "after"
    """The same call again, after ``retry_after_s`` or a back-off."""
    NEVER = "never"
    BIGGER_WINDOW = "bigger_window"
    """Only a model with a larger context."""
    BY_POLICY = "by_policy"
    """Refusals and filters: only if the policy says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What one model answered."""

    model: ModelId
    text: str
    finish: Finish
    finish_raw: str = ""
    """The vendor's own word."""
    usage: Usage | None = None
    """``None`` when the vendor did not say."""
    cost_usd: Decimal | None = None
    """By the registry's price; ``None`` when the price or the usage is unknown."""
    cost_bound_usd: Decimal | None = None
    """The most it can have cost, when ``cost_usd`` is unknown or an earlier attempt may have been billed as well."""
    vendor_cost_usd: Decimal | None = None
    """The vendor's own figure, where it sends one."""
    latency_s: float
    """From sending the last try to its last byte."""
    served_model: str | None = None
    """The model name in the reply: aliases and routers may serve another than was asked."""
    fingerprint: str | None = None
    vendor_id: str | None = None
    """The vendor's id of the reply, for support."""
    refusal: str | None = None
    """The vendor's refusal text, apart from ``text``."""
    tool_calls: tuple[str, ...] = ()
    """Each as JSON ``{"name", "arguments"}``, verified to parse."""
    dropped: tuple[str, ...] = ()
    """Parameters of the request that this model does not take and that were not sent."""
    notes: tuple[str, ...] = ()
    """Oddities of the reply: ``usage_inconsistent``, …"""
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why one model gave nothing."""

    model: ModelId
    kind: FailureKind
    message: str
    """One line for people; never holds a key."""
    retry: Retry
    retry_after_s: float | None = None
    """What the vendor asked for; ``None`` when it did not say."""
    status: int | None = None
    """HTTP status, if there was a reply."""
    code: str | None = None
    """The vendor's own error code."""
    usage: Usage | None = None
    cost_usd: Decimal | None = Decimal(0)
    """What it cost nevertheless; ``None`` when that cannot be known, as for a cancelled call."""
    cost_bound_usd: Decimal | None = None
    """The most it can have cost, when ``cost_usd`` is unknown."""
    latency_s: float = 0.0
    attempts: int = 1


Reply = Response | Failure
"""What one call ends in."""
