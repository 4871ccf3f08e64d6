"""What is asked. The same bytes go to every model of a panel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from harness.core.hashing import Json, digest
from harness.core.ids import GENERAL, CallKey, ModelId, TaskClass, TraceId

Role = Literal["system", "user", "assistant"]
Purpose = Literal["vote", "tiebreak", "judge", "tests", "retry", "check"]
"""Why a call was made: a vote of a panel or a single answer; the blind tiebreak; a judgement; tests that a
member writes for the programs of all; a second try after a format failure; ``harness models check``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Sampling parameters. ``None`` leaves the vendor's default; a model that rejects one has it dropped, recorded."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    """Bound on generated tokens, reasoning included."""
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)  # not slotted: it keeps its hash
class Request:
    """Messages, sampling parameters and what they are for."""

    messages: tuple[Message, ...]
    """At least one; the last is the user's."""
    sampling: Sampling = field(default_factory=Sampling)
    task_class: TaskClass = GENERAL
    trace_id: TraceId
    json_schema: Mapping[str, Json] | None = None
    """Asks for an answer of this JSON schema, where the model supports it."""

    @cached_property
    def sha256(self) -> str:
        """Hash of what the models see: not of the trace id, so that the same question has the same hash."""
        return digest((self.messages, self.sampling, self.json_schema))

    @property
    def prompt_tokens_max(self) -> int:
        """No tokeniser makes more tokens of the messages than this: one per UTF-8 byte, 16 per turn, 64 for the frame.

        Byte-level vocabularies have at least one byte per token; vendors add a few tokens of framing per message.
        """
        turns = sum(len(message.content.encode("utf-8", errors="surrogatepass")) + 16 for message in self.messages)
        schema = 0 if self.json_schema is None else len(str(self.json_schema).encode())
        return turns + schema + 64


def call_key(request: Request, model: ModelId, purpose: Purpose) -> CallKey:
    """The name under which the journal knows this call: asked again in the same trace, it is not paid again."""
    return CallKey(digest((request.sha256, model, request.trace_id, purpose))[:32])


def user_request(prompt: str, *, trace_id: TraceId, task_class: TaskClass = GENERAL) -> Request:
    """A request of one user message with the vendors' default sampling."""
    return Request(messages=(Message(role="user", content=prompt),), trace_id=trace_id, task_class=task_class)
