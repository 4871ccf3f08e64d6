"""Reading journals: streaming, and never past a line that does not chain."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from harness.core.errors import JournalError
from harness.core.event import Call, Event
from harness.core.response import Reply
from harness.journal.line import GENESIS, Header, Line, check

HASHES_MARK = b',"capture":"hashes"}'
"""Ends the body of every line that was written with ``capture: hashes``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What ``harness audit verify`` found."""

    path: Path
    lines: int
    """Lines that chain, from the first."""
    head_hash: str
    """Hash of the last of them: keep it elsewhere, and a cut journal can be told from a whole one."""
    bytes: int
    """Length of the part that chains."""
    torn_bytes: int
    """Length of an unfinished last line: a crash, or a writer at work."""
    broken: str | None
    """Where and how the chain breaks; ``None``: it does not."""

    @property
    def intact(self) -> bool:
        return self.broken is None


def read(path: Path) -> Iterator[Line]:
    """The lines of the journal at *path*, each checked against the chain before it is handed out.

    An unfinished last line is left out. Raises JournalError naming file and line at the first that does not chain,
    and for a file that cannot be read.
    """
    for header, raw, position in _checked(path):
        yield Line(
            position=position,
            seq=header.seq,
            at=datetime.fromisoformat(header.at),
            kind=header.kind,
            hash=header.hash,
            raw=raw[header.body_start : header.body_end],
        )


def verify(path: Path) -> Verification:
    """Re-computes the chain of the journal at *path*. Raises JournalError only for a file that cannot be read."""
    lines, head_hash, length = 0, GENESIS, 0
    broken = None
    with _opened(path) as file:
        try:
            for header, raw, _ in _chain(file, path.name):
                lines, head_hash, length = header.seq, header.hash, length + len(raw) + 1
        except JournalError as error:
            broken = str(error)
    torn = 0 if broken else path.stat().st_size - length
    return Verification(
        path=path, lines=lines, head_hash=head_hash, bytes=length, torn_bytes=max(torn, 0), broken=broken
    )


class Recording:
    """What a journal already held when it was opened; an implementation of :class:`harness.core.ports.Recorded`."""

    def __init__(self, path: Path, lines: int) -> None:
        self._path = path
        self._lines = lines

    def replies(self) -> Mapping[str, Reply]:
        """By call key; of two calls with one key, the later."""
        calls = (line.event for line in self._read() if line.kind == "call")
        return {call.key: call.reply for call in calls if isinstance(call, Call)}

    def events(self) -> Sequence[Event]:
        """Everything, in the order it was written."""
        return [line.event for line in self._read()]

    def _read(self) -> Iterator[Line]:
        if not self._lines:
            return
        for line in read(self._path):
            yield line
            if line.seq == self._lines:
                return


def recorded(path: Path) -> Recording:
    """What the journal at *path* holds now; later lines are not seen. Empty when there is no such file.

    Raises JournalError when it does not chain, and when it was written with ``capture: hashes``: what the models
    said is not in such a journal, so it cannot be resumed.
    """
    if not path.exists():
        return Recording(path, 0)
    lines = 0
    for header, raw, position in _checked(path):
        if raw.endswith(HASHES_MARK, 0, header.body_end):
            raise JournalError(
                f"{position}: written with capture: hashes, so it cannot be resumed: its replies are not in it. "
                f"Start afresh under another name, or with --fresh"
            )
        lines = header.seq
    return Recording(path, lines)


def _checked(path: Path) -> Iterator[tuple[Header, bytes, str]]:
    with _opened(path) as file:
        yield from _chain(file, path.name)


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}") from error


def _chain(file: IO[bytes], name: str) -> Iterator[tuple[Header, bytes, str]]:
    """Header, bytes without line feed, and position of each line, up to the first unfinished one."""
    prev = GENESIS
    for seq, raw in enumerate(file, start=1):
        if not raw.endswith(b"\n"):
            return
        position = f"{name}:{seq}"
        line = raw[:-1]
        header = check(line, seq=seq, prev=prev, position=position)
        prev = header.hash
        yield header, line, position
