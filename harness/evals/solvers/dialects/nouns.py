"""What an agent wants of a model and what it is given, in whatever way it talks. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from harness.core.hashing import Json, digest
from harness.core.money import Usage
from harness.core.request import Message, Sampling
from harness.core.response import Finish
from harness.evals.solvers.tool_text import ToolCall

Body = Mapping[str, Json]
Frame = tuple[str, Json]
"""Event name (empty: none) and data of one server-sent event."""


class BadRequest(ValueError):
    """A body that cannot be passed on, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an agent wants of a model."""

    messages: tuple[Message, ...]
    sampling: Sampling
    schema: Mapping[str, Json] | None = None
    stream: bool = False
    model: str = ""
    """The name it used; given back as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What it is given."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    finish: Finish = Finish.STOP
    usage: Usage = field(default_factory=Usage)
    model: str = ""

    @property
    def id(self) -> str:
        return digest((self.text, [(call.name, call.arguments) for call in self.calls]))[:24]

    def call_ids(self) -> Iterator[tuple[str, ToolCall]]:
        """Each call with a name of its own."""
        return ((f"call_{self.id[:16]}_{number}", call) for number, call in enumerate(self.calls))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way of talking."""

    path: str
    """The end of the address it is spoken at."""
    read: Callable[[Body], Asked]
    """Raises BadRequest."""
    body: Callable[[Said], Json]
    frames: Callable[[Said], Iterator[Frame]]
    error: Callable[[str, str], Json]
    """Of a kind and a message."""
