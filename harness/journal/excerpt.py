"""Some lines of a journal as they stand in it, for a copy that others can check.

What such a copy proves, and what not: each line carries the hash of its own bytes and of the line before, so a line
that was changed afterwards no longer fits its hash, and two neighbours fit each other. It does not prove that the
line ever stood in a journal, that nothing was left out between lines that are not neighbours, or who wrote it: for
that the whole journal is needed, or its head hash as somebody else kept or signed it. When the copy is the whole
journal, its last hash is that head.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.errors import JournalError
from harness.core.event import Event
from harness.journal.codec import decode
from harness.journal.line import GENESIS, check
from harness.journal.reader import HASHES_MARK


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One line of a journal."""

    journal: str
    """File name."""
    seq: int
    at: str
    """UTC, RFC 3339, as it stands in the line."""
    kind: str
    prev: str
    hash: str
    raw: bytes = field(repr=False)
    """All of it, without the line feed."""
    body: bytes = field(repr=False)

    @property
    def position(self) -> str:
        """``<file>:<seq>``."""
        return f"{self.journal}:{self.seq}"

    @property
    def captured(self) -> bool:
        """Whether prompts and outputs are in it; False: their hashes are."""
        return not self.body.endswith(HASHES_MARK)

    @property
    def event(self) -> Event:
        """What happened. Raises JournalError for a kind this version does not know, or a body it cannot read."""
        try:
            return decode(self.kind, self.body)
        except ValueError as error:
            raise JournalError(f"{self.position}: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Lines of one journal, and where it ended when they were taken."""

    journal: str
    quotes: Sequence[Quote]
    """In the order of the file."""
    lines: int
    head_hash: str

    @property
    def whole(self) -> bool:
        """Whether these are all its lines."""
        return len(self.quotes) == self.lines


def excerpt(path: Path, seqs: Collection[int]) -> Excerpt:
    """The lines number *seqs* of the journal at *path*, all of which is checked.

    Raises JournalError at the first line that does not chain, for a line that is not there, and for a file that
    cannot be read.
    """
    wanted, quotes, seq, prev = frozenset(seqs), [], 0, GENESIS
    try:
        with path.open("rb") as file:
            for raw in file:
                if not raw.endswith(b"\n"):
                    break
                seq += 1
                found = quote(raw[:-1], journal=path.name, seq=seq, prev=prev)
                prev = found.hash
                if seq in wanted:
                    quotes.append(found)
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}") from error
    absent = wanted - {found.seq for found in quotes}
    if absent:
        raise JournalError(f"{path.name}:{min(absent)}: there is no such line: the journal has {seq}")
    return Excerpt(journal=path.name, quotes=quotes, lines=seq, head_hash=prev)


def quote(raw: bytes, *, journal: str, seq: int, prev: str) -> Quote:
    """The line *raw*, which must be number *seq* of *journal*, follow the hash *prev* and carry the hash of itself.

    Raises JournalError with its position, and what was expected and found.
    """
    header = check(raw, seq=seq, prev=prev, position=f"{journal}:{seq}")
    return Quote(
        journal=journal,
        seq=seq,
        at=header.at,
        kind=header.kind,
        prev=prev,
        hash=header.hash,
        raw=raw,
        body=raw[header.body_start : header.body_end],
    )
