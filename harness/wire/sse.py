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


def frames(framing: Framing, chunk: bytes) -> tuple[Framing, tuple[Frame, ...]]:
    r"""The events that *chunk* completes. A ``\r`` at its very end waits: a ``\n`` may follow."""
    if not chunk:
        return framing, ()
    whole, held = framing.pending + chunk, b""
    if whole.endswith(b"\r"):
        whole, held = whole[:-1], b"\r"
    *lines, rest = _LINE_END.split(whole)
    found: list[Frame] = []
    name, data, begun = framing.name, list(framing.data), framing.begun
    for line in lines:
        text = (line if begun else line.removeprefix(_BOM)).decode("utf-8", errors="replace")
        begun = True
        if text:
            name, data = _field(text, name, data)
            continue
        if data:
            found.append(Frame(name=name, data="\n".join(data)))
        name, data = "", []
    return Framing(pending=rest + held, name=name, data=tuple(data), begun=begun), tuple(found)


def rest(framing: Framing) -> tuple[Frame, ...]:
    """The last event of a stream that ended without the empty line behind it."""
    _, found = frames(framing, b"\n\n")
    return found


def _field(line: str, name: str, data: list[str]) -> tuple[str, list[str]]:
    key, _, value = line.partition(":")
    value = value.removeprefix(" ")
    if key == "data":
        return name, [*data, value]
    return (value, data) if key == "event" else (name, data)
