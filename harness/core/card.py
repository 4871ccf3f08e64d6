"""What the registry knows of a model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.core.hashing import Json
from harness.core.ids import ModelId
from harness.core.money import Price

Api = Literal["openai-chat", "openai-responses", "anthropic", "gemini", "scripted"]
Status = Literal["active", "degraded", "offline"]
Capability = Literal["tools", "vision", "json_schema"]
Parameter = Literal["temperature", "top_p", "max_tokens", "seed", "stop", "json_schema"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Tokens. ``None``: not known."""

    max: int | None = None
    """The window, prompt and output together."""
    reliable: int | None = None
    """Up to where the model is trusted: capacity is not reliability."""
    output: int | None = None
    """The most it generates in one reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the account allows. ``None``: no limit is kept on our side."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One model, as a user of its API knows it."""

    id: ModelId
    api: Api
    model: str
    """The name on the wire."""
    base_url: str | None = None
    """``None``: the family's public address."""
    key_env: str | None = None
    """Name of the environment variable that holds the key; ``None``: no key is sent."""
    family: str
    """Who trained it: voters of one family are not independent."""
    context: Context = field(default_factory=Context)
    supports: frozenset[Capability] = frozenset()
    rejects: frozenset[Parameter] = frozenset()
    """Parameters this model does not accept: dropped from the request, and the drop recorded."""
    compliance: frozenset[str] = frozenset()
    """``pii_safe``, ``gdpr_compliant``, ``audit_logged``."""
    status: Status = "active"
    price: Price | None = None
    limits: Limits = field(default_factory=Limits)
    options: Mapping[str, Json] = field(default_factory=dict)
    """Further fields of the request body, sent as they are: ``{reasoning_effort: high}``."""
    file: str | None = None
    """Scripted models only: absolute path of the file with their answers."""
