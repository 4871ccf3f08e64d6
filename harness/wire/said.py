"""What a vendor's reply says, before any rule is applied. Bodies and streams of every family become one of these."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from harness.core.hashing import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool the model wants called; *arguments* as sent, JSON or not."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The contents of a reply, each field as the vendor sent it."""

    text: str = ""
    refusal: str = ""
    finish_raw: str | None = None
    """``None``: no word so far."""
    usage: Mapping[str, Json] = field(default_factory=dict)
    calls: tuple[ToolCall, ...] = ()
    error: Json = None
    """An error inside a successful reply."""
    blocked: str = ""
    """Why the vendor's filter took the prompt away, when it did."""
    trouble: str = ""
    """Why this is no completion at all."""
    served_model: str | None = None
    vendor_id: str | None = None
    fingerprint: str | None = None
    ended: bool = False
    """Streams: the vendor said that nothing more comes."""


def followed(said: Said, part: Said) -> Said:
    """*said*, continued by *part*: text and calls are appended, the last finish word and usage count."""
    return replace(
        said,
        text=said.text + part.text,
        refusal=said.refusal + part.refusal,
        finish_raw=said.finish_raw if part.finish_raw is None else part.finish_raw,
        usage={**said.usage, **part.usage},
        calls=said.calls + part.calls,
        blocked=part.blocked or said.blocked,
        served_model=part.served_model or said.served_model,
        vendor_id=part.vendor_id or said.vendor_id,
        fingerprint=part.fingerprint or said.fingerprint,
    )
