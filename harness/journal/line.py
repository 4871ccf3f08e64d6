r"""How a line of a journal is spelled, hashed and chained. Nothing here does I/O.

A line is one JSON object without white space between its parts, in UTF-8, with the fields in exactly this order::

    {"seq":1,"at":"2026-11-20T09:00:00.000000Z","kind":"call","prev":"<64 hex>","body":{…},"hash":"<64 hex>"}\n

- ``seq`` counts from 1 and is the number of the line in its file.
- ``prev`` is the ``hash`` of the line before; 64 zeros in the first line.
- ``hash`` is the SHA-256 of the line's own bytes without the hash field: everything before ``,"hash":``, then ``}``.

So anybody can check a journal with nothing of ours::

    import hashlib, json, sys

    prev = "0" * 64
    for number, line in enumerate(open(sys.argv[1], "rb"), start=1):
        record = json.loads(line)
        head = line[: line.rindex(b',"hash":')] + b"}"
        assert record["hash"] == hashlib.sha256(head).hexdigest(), f"line {number} was changed"
        assert (record["seq"], record["prev"]) == (number, prev), f"line {number} does not follow the one before"
        prev = record["hash"]
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime

from harness.core.errors import JournalError
from harness.core.event import Event
from harness.core.hashing import Json
from harness.journal.codec import decode

GENESIS = "0" * 64
"""``prev`` of the first line."""

_HEAD = re.compile(
    rb'\{"seq":([1-9][0-9]{0,17}),"at":"([0-9T:.Z-]{20,32})","kind":"([a-z.]{1,40})","prev":"([0-9a-f]{64})","body":\{'
)
_TAIL = re.compile(rb'\},"hash":"([0-9a-f]{64})"\}')
_TAIL_BYTES = len(b',"hash":"') + 64 + len(b'"}')


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line that chains."""

    position: str
    """``<file>:<seq>``."""
    seq: int
    at: datetime
    kind: str
    hash: str
    raw: bytes = field(repr=False)
    """The body as it stands in the file."""

    @property
    def body(self) -> Json:
        """The fields of the event, as JSON."""
        return json.loads(self.raw)

    @property
    def event(self) -> Event:
        """What happened. Raises JournalError for a kind this version does not know, or a body it cannot read."""
        try:
            return decode(self.kind, self.raw)
        except ValueError as error:
            raise JournalError(f"{self.position}: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the chain needs of a line, and where its body lies."""

    seq: int
    at: str
    kind: str
    hash: str
    body_start: int
    body_end: int


def spell(*, seq: int, at: str, kind: str, prev: str, body: bytes) -> tuple[bytes, str]:
    """The bytes of a line, with its line feed, and its hash."""
    head = b'{"seq":%d,"at":"%s","kind":"%s","prev":"%s","body":%s' % (
        seq,
        at.encode(),
        kind.encode(),
        prev.encode(),
        body,
    )
    own = hashlib.sha256(head)
    own.update(b"}")
    digest = own.hexdigest()
    return b'%s,"hash":"%s"}\n' % (head, digest.encode()), digest


def check(line: bytes, *, seq: int, prev: str, position: str) -> Header:
    """The header of *line* (without its line feed), which must be number *seq* and follow the hash *prev*.

    Raises JournalError with *position*, and what was expected and found.
    """
    head = _HEAD.match(line)
    tail = _TAIL.fullmatch(line, len(line) - _TAIL_BYTES - 1) if head else None
    if head is None or tail is None:
        raise JournalError(f"{position}: not a line of a journal: {line[:60]!r}")
    found = tail[1].decode()
    if int(head[1]) != seq:
        raise JournalError(f"{position}: does not chain: expected seq {seq}, found {int(head[1])}")
    if head[4].decode() != prev:
        raise JournalError(f"{position}: does not chain: expected prev {short(prev)}, found {short(head[4].decode())}")
    body_end = len(line) - _TAIL_BYTES
    own = hashlib.sha256(memoryview(line)[:body_end])
    own.update(b"}")
    if own.hexdigest() != found:
        raise JournalError(f"{position}: was changed: expected hash {short(own.hexdigest())}, found {short(found)}")
    return Header(
        seq=seq,
        at=head[2].decode(),
        kind=head[3].decode(),
        hash=found,
        body_start=head.end() - 1,
        body_end=body_end,
    )


def short(digest: str) -> str:
    """The beginning of a hash, as messages show it."""
    return f"{digest[:12]}…"
