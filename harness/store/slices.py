"""The new part of a journal, checked against its hash chain, as a file that DuckDB can read.

The chain is the contract of ``harness/journal/line.py``; here it is checked from the outside, as anybody could.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

GENESIS = "0" * 64
_TAIL = len(b',"hash":"') + 64 + len(b'"}\n')
_HEAD_BYTES_MAX = 220
"""``seq``, ``at``, ``kind`` and ``prev`` end before this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How far a journal has been taken over."""

    name: str
    root_hash: str
    """Of its first line."""
    head_hash: str = GENESIS
    """Of the last line taken over."""
    bytes: int = 0
    lines: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Complete new lines of one journal, copied to a file of the journal's name."""

    file: Path
    after: Taken
    """What is taken over once these lines are."""
    lines: int
    line_bytes_max: int


class Broken(Exception):
    """A journal that cannot be taken over; says where and why."""


def cut(journal: Path, before: Taken | None, folder: Path) -> Slice | None:
    """Copies the complete lines of *journal* behind *before* into *folder*; None when there are none.

    An unfinished last line is left for the next time. Raises Broken when the file shrank, was replaced, or does not
    chain; then nothing of it may be used.
    """
    size = journal.stat().st_size
    start = before or Taken(name=journal.name, root_hash="")
    if size < start.bytes:
        raise Broken(f"{journal.name}: shrank to {size} bytes after {start.bytes} had been taken over")
    with journal.open("rb") as source:
        if start.bytes:
            _expect_same(source, start)
        if size == start.bytes:
            return None
        copy = folder / journal.name
        with copy.open("xb") as target:
            return _copied(source, target, start, copy)


def root_hash(journal: Path) -> str | None:
    """The hash in the first line of *journal*; None while that line is unfinished."""
    with journal.open("rb") as source:
        first = source.readline()
    return first[-67:-3].decode("ascii", errors="replace") if first.endswith(b'"}\n') else None


def _expect_same(source: IO[bytes], start: Taken) -> None:
    """Raises Broken unless the last line taken over is still there; leaves *source* behind it."""
    source.seek(start.bytes - 67)
    found = source.read(67)
    if found != b'%s"}\n' % start.head_hash.encode():
        raise Broken(f"{start.name}:{start.lines}: was changed after it had been taken over")


def _copied(source: IO[bytes], target: IO[bytes], start: Taken, copy: Path) -> Slice | None:
    seq, prev, length, longest, root = start.lines, start.head_hash, start.bytes, 0, start.root_hash
    for raw, found in _chain(source, start):
        target.write(raw)
        seq, prev, length, longest = seq + 1, found, length + len(raw), max(longest, len(raw))
        root = root or found
    if seq == start.lines:
        return None
    after = Taken(name=start.name, root_hash=root, head_hash=prev, bytes=length, lines=seq)
    return Slice(file=copy, after=after, lines=seq - start.lines, line_bytes_max=longest)


def _chain(source: IO[bytes], start: Taken) -> Iterator[tuple[bytes, str]]:
    """Each complete line and its hash."""
    seq, prev = start.lines, start.head_hash
    for raw in source:
        if not raw.endswith(b"\n"):
            return
        seq += 1
        head = raw[:-_TAIL]
        found = hashlib.sha256(head + b"}").hexdigest()
        if not raw.endswith(b',"hash":"%s"}\n' % found.encode()):
            stated = raw[-67:-3].decode("ascii", errors="replace")
            raise Broken(f"{start.name}:{seq}: was changed: expected hash {found[:12]}…, found {stated[:12]}…")
        if not head.startswith(b'{"seq":%d,"at":"' % seq):
            raise Broken(f"{start.name}:{seq}: does not chain: expected seq {seq}, found {head[:24]!r}")
        if head.find(b'","prev":"%s","body":{' % prev.encode(), 0, _HEAD_BYTES_MAX) < 0:
            raise Broken(f"{start.name}:{seq}: does not chain: expected prev {prev[:12]}…")
        prev = found
        yield raw, found
