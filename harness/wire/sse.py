"""Server-sent events out of bytes, however those are cut into chunks. What an event means is elsewhere."""

import re
from dataclasses import dataclass

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One event: its name (often empty) and its data."""

    name: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """What of a stream has been read and not yet been an event."""

    pending: bytes = b""
    """Of a line whose end has not come."""
    name: str = ""
    data: tuple[str, ...] = ()
    begun: bool = False
    """The first line has been read: no byte order mark can follow."""
    half_end: bool = False
    r"""The last byte was ``\r``: a ``\n`` that follows belongs to the same line end."""


def frames(framing: Framing, chunk: bytes) -> tuple[Framing, tuple[Frame, ...]]:
    """The events that *chunk* completes."""
    if not chunk:
        return framing, ()
    fresh = chunk.removeprefix(b"\n") if framing.half_end else chunk
    *lines, unfinished = _LINE_END.split(framing.pending + fresh)
    found: list[Frame] = []
    name, data, begun = framing.name, list(framing.data), framing.begun
    for line in lines:
        text = (line if begun else line.removeprefix(_BOM)).decode("utf-8", errors="replace")
        begun = True
        if text:
            name = _field(text, name, data)
            continue
        if data:
            found.append(Frame(name=name, data="\n".join(data)))
        name, data = "", []
    after = Framing(pending=unfinished, name=name, data=tuple(data), begun=begun, half_end=chunk.endswith(b"\r"))
    return after, tuple(found)


def rest(framing: Framing) -> tuple[Frame, ...]:
    """The last event of a stream that ended without the empty line behind it."""
    _, found = frames(framing, b"\n\n")
    return found


def _field(line: str, name: str, data: list[str]) -> str:
    """The name of the event after *line*, whose data is appended to *data*."""
    key, _, value = line.partition(":")
    value = value.removeprefix(" ")
    if key == "data":
        data.append(value)
    return value if key == "event" else name
