"""Reads unified diffs: the git kind with its headers, and what models make of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.evals.patches.edits import FormatFailure

_GIT = re.compile(r"diff --git (?P<both>.+)")
_HEADER = re.compile(r"@@ -(?P<old>\d+)(?:,(?P<old_count>\d+))? \+(?P<new>\d+)(?:,(?P<new_count>\d+))? @@.*")
NULL = "/dev/null"
NO_NEWLINE = "\\ No newline at end of file"


@dataclass(slots=True)
class Hunk:
    """One hunk while it is being read."""

    start: int | None
    """First line in the old file, from 1 (0 for an empty one); None when the header does not say."""
    target: int | None
    """The same in the new file."""
    counts: tuple[int, int] | None
    """Old and new lines as the header claims."""
    lines: list[str] = field(default_factory=list)
    """Each with its sign; ``\\`` marks that the line before has no newline."""

    def side(self, sign: str) -> list[str]:
        """The lines of the old (``-``) or the new (``+``) file, without their signs."""
        return [line[1:] for line in self.lines if line[:1] in {" ", sign}]

    def open_end(self, sign: str) -> bool:
        """Whether that side ends without a newline."""
        marked = [before[:1] for before, line in zip(self.lines, self.lines[1:], strict=False) if line[:1] == "\\"]
        return any(mark in {" ", sign} for mark in marked)

    def missing(self) -> tuple[int, int]:
        """How many old and new lines the header still promises."""
        old, new = self.counts or (0, 0)
        return old - len(self.side("-")), new - len(self.side("+"))


@dataclass(slots=True)
class FileDiff:
    """The changes of one file while they are being read."""

    old: str
    """Path without ``a/``; ``/dev/null`` for a new file."""
    new: str
    hunks: list[Hunk] = field(default_factory=list)
    mode: str = ""
    """Of a new file: ``120000`` is a symbolic link."""
    moved: bool = False
    copied: bool = False


def unquoted(path: str) -> str:
    """A path as git writes it: without a trailing time stamp, with the quotes of unusual names resolved."""
    path = path.split("\t", 1)[0].rstrip("\r\n")
    if len(path) < 2 or not (path.startswith('"') and path.endswith('"')):
        return path
    data = bytearray()
    for part in re.findall(r"\\[0-7]{3}|\\.|[^\\]+", path[1:-1]):
        if part[:1] != "\\":
            data += part.encode("utf-8", "surrogateescape")
        elif part[1:].isdigit() and len(part) == 4:
            data.append(int(part[1:], 8) & 255)
        else:
            data += _ESCAPES.get(part[1], part[1]).encode()
    return data.decode("utf-8", "replace")


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def _stripped(old: str, new: str) -> tuple[str, str]:
    """Both paths without ``a/`` and ``b/``, where both have them."""
    a, b = old.startswith(("a/", "i/", "c/")) or old == NULL, new.startswith(("b/", "w/", "i/")) or new == NULL
    if not (a and b):
        return old, new
    return old if old == NULL else old[2:], new if new == NULL else new[2:]


def _git_paths(both: str) -> tuple[str, str]:
    """The two paths of a ``diff --git`` line; equal halves where blanks make it ambiguous."""
    quoted = re.fullmatch(r"(\"(?:[^\"\\]|\\.)*\"|\S+) (\"(?:[^\"\\]|\\.)*\"|\S+)", both)
    if quoted is not None:
        return _stripped(unquoted(quoted[1]), unquoted(quoted[2]))
    half = len(both) // 2
    return _stripped(both[:half], both[half + 1 :])


class DiffReader:
    """Reads a diff line by line. *strict*: counts hold, and nothing else stands in the text."""

    def __init__(self, lines: Sequence[str], *, strict: bool, fenced: bool = False) -> None:
        self._lines, self._strict, self._fenced = lines, strict, fenced
        self.files: list[FileDiff] = []
        self.repairs: set[str] = set()
        self._hunk: Hunk | None = None

    def read(self) -> list[FileDiff] | FormatFailure:
        """The files of the diff, in order."""
        at = 0
        while at < len(self._lines):
            taken = self._in_hunk(at) or self._header(at)
            if isinstance(taken, FormatFailure):
                return taken
            at += taken
        short = self._short()
        return short if short is not None else self.files

    def _short(self) -> FormatFailure | None:
        if not self._strict or self._hunk is None or self._hunk.missing() == (0, 0):
            return None
        return FormatFailure(why=f"a hunk of {self.files[-1].new} has other counts than its header says.")

    def _in_hunk(self, at: int) -> int:
        """Take the line into the open hunk; 0 when it does not belong there."""
        line, hunk = self._lines[at], self._hunk
        if hunk is None or (self._strict and hunk.missing() == (0, 0) and line[:1] != "\\"):
            return 0
        if not self._strict and (self._starts_file(at, inside=True) or line.startswith("@@")):
            return 0
        if line[:1] in {" ", "+", "-"} or line.startswith("\\ "):
            hunk.lines.append(line)
            return 1
        if not line or self._fenced:
            hunk.lines.append(f" {line}")
            self.repairs.add("context")
            return 1
        self._hunk = hunk if self._strict else None
        return 0

    def _starts_file(self, at: int, *, inside: bool = False) -> bool:
        """``diff --git``, or a pair of names; *inside* a hunk only with a hunk right behind the pair."""
        if self._lines[at].startswith("diff --git "):
            return True
        names = [line[:4] for line in self._lines[at : at + 2]] == ["--- ", "+++ "]
        return names and (not inside or all(line.startswith("@@") for line in self._lines[at + 2 : at + 3]))

    def _header(self, at: int) -> int | FormatFailure:
        """A line outside a hunk; the number of lines it takes."""
        short = self._short()
        if short is not None:
            return short
        line = self._lines[at]
        git = _GIT.fullmatch(line)
        if git is not None:
            self._hunk = None
            old, new = _git_paths(git["both"])
            self.files.append(FileDiff(old=old, new=new))
            return 1
        if self._starts_file(at) and at + 1 < len(self._lines):
            return self._names(line[4:], self._lines[at + 1][4:])
        if line.startswith("@@"):
            return self._open(line)
        if line.startswith(("GIT binary patch", "Binary files ")):
            return FormatFailure(why="binary changes cannot be applied; send text.")
        if self.files and not self.files[-1].hunks:
            self._extended(line)
        return 1

    def _names(self, old: str, new: str) -> int:
        self._hunk = None
        before, after = _stripped(unquoted(old.strip(" \r")), unquoted(new.strip(" \r")))
        last = self.files[-1] if self.files else None
        if last is not None and not last.hunks and {last.old, last.new} & {before, after}:
            last.old, last.new = before, after
        else:
            self.files.append(FileDiff(old=before, new=after))
        return 2

    def _extended(self, line: str) -> None:
        """Git's lines between ``diff --git`` and the names."""
        last = self.files[-1]
        if line.startswith("new file mode "):
            last.old, last.mode = NULL, line.removeprefix("new file mode ").strip()
        elif line.startswith("deleted file mode "):
            last.new = NULL
        elif line.startswith(("rename from ", "copy from ")):
            last.old = unquoted(line.partition(" from ")[2])
            last.copied = line.startswith("copy")
        elif line.startswith(("rename to ", "copy to ")):
            last.new = unquoted(line.partition(" to ")[2])
            last.moved = line.startswith("rename")

    def _open(self, line: str) -> int | FormatFailure:
        if not self.files:
            return FormatFailure(why="a hunk '@@ … @@' stands before any '--- a/path' and '+++ b/path'.")
        found = _HEADER.fullmatch(line)
        if found is None and self._strict:
            return FormatFailure(why=f"{line[:60]!r} is not a hunk header '@@ -1,2 +1,3 @@'.")
        counts = None if found is None else (int((found["old_count"] or "1")[:9]), int((found["new_count"] or "1")[:9]))
        places = (None, None) if found is None else (int(found["old"][:9]), int(found["new"][:9]))
        self._hunk = Hunk(start=places[0], target=places[1], counts=counts)
        self.files[-1].hunks.append(self._hunk)
        return 1
