"""Reads the edits out of an answer, whichever of the three formats it uses."""

import re
from collections.abc import Sequence

from harness.evals.patches.blocks import has_blocks, read_blocks, read_files
from harness.evals.patches.edits import SYMLINK, Change, EditFormat, Edits, FormatFailure, Move, NewContent, Replacement
from harness.evals.patches.hunks import NULL, DiffReader, FileDiff, Hunk
from harness.evals.patches.paths import checked_path

_DIFF_FENCE = re.compile(
    r"^[ \t]{0,3}(?P<fence>`{3,}|~{3,})(?:diff|patch|udiff)\b[^\n]*\n(?P<body>.*?)(?:^[ \t]{0,3}(?P=fence)[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_DIFF_START = re.compile(r"^(?:diff --git .+|--- .+\n\+\+\+ .+)$", re.MULTILINE)
TEXT_MAX = 2_000_000
_HOW = (
    "Send search/replace blocks (path line, '<<<<<<< SEARCH', '=======', '>>>>>>> REPLACE'), whole files "
    "('FILE: path' and a fenced block), or a unified diff."
)


def parse(text: str) -> Edits | FormatFailure:
    """The edits in *text*: search/replace blocks, else a unified diff, else whole files. Never raises."""
    if len(text) > TEXT_MAX:
        return FormatFailure(why=f"the answer has {len(text)} characters; at most {TEXT_MAX} are read.")
    text = text.replace("\r\n", "\n")
    lines = text.split("\n")
    if has_blocks(lines):
        return _edits("search_replace", read_blocks(lines))
    if _DIFF_START.search(text):
        return _diff(text)
    return _edits("whole_file", read_files(lines))


def _edits(form: EditFormat, changes: list[Change] | FormatFailure, repair: str = "") -> Edits | FormatFailure:
    if isinstance(changes, FormatFailure):
        return changes
    if not changes:
        return FormatFailure(why=f"no edit in the answer. {_HOW}")
    links = [change.path for change in changes if _makes_link(change)]
    if links:
        return FormatFailure(why=f"{links[0]}: the content may not begin with {SYMLINK!r}.")
    return Edits(format=form, changes=tuple(changes), repair=repair)


def _makes_link(change: Change) -> bool:
    if isinstance(change, NewContent):
        return (change.content or "").startswith(SYMLINK)
    return isinstance(change, Replacement) and any(line.startswith(SYMLINK) for line in change.replace[:1])


def _diff(text: str) -> Edits | FormatFailure:
    fenced = [match["body"] for match in _DIFF_FENCE.finditer(text)]
    bodies = [body.removesuffix("\n") for body in fenced if _DIFF_START.search(body)]
    start = _DIFF_START.search(text)
    parts = bodies or [text[start.start() if start else 0 :].removesuffix("\n")]
    changes: list[Change] = []
    repairs: set[str] = set()
    for part in parts:
        reader = DiffReader(part.split("\n"), strict=False, fenced=bool(bodies))
        files = reader.read()
        if isinstance(files, FormatFailure):
            return files
        repairs |= reader.repairs
        for item in files:
            found = _file_changes(item, repairs)
            if isinstance(found, FormatFailure):
                return found
            changes += found
    return _edits("udiff", changes, ",".join(sorted(repairs)))


def _file_changes(item: FileDiff, repairs: set[str]) -> list[Change] | FormatFailure:
    if item.mode == "120000":
        return FormatFailure(why=f"{item.new}: symbolic links cannot be made.")
    old, new = (path if path == NULL else checked_path(path) for path in (item.old, item.new))
    if isinstance(old, FormatFailure) or isinstance(new, FormatFailure):
        return old if isinstance(old, FormatFailure) else new if isinstance(new, FormatFailure) else []
    if old == NULL and new == NULL:
        return FormatFailure(why="a diff from /dev/null to /dev/null changes nothing.")
    if any(hunk.counts is not None and hunk.missing() != (0, 0) for hunk in item.hunks):
        repairs.add("recounted")
    if new == NULL:
        return [NewContent(path=old, content=None)]
    if old == NULL:
        return [NewContent(path=new, content=_content(item.hunks))]
    moved: list[Change] = [Move(path=old, target=new)] if old != new and item.moved else []
    path = new if moved or old != new else old
    return [*moved, *(_replacement(path, hunk, number) for number, hunk in enumerate(item.hunks, start=1))]


def _content(hunks: Sequence[Hunk]) -> str:
    lines = [line for hunk in hunks for line in hunk.side("+")]
    end = "" if not lines or (hunks and hunks[-1].open_end("+")) else "\n"
    return "\n".join(lines) + end


def _replacement(path: str, hunk: Hunk, number: int) -> Replacement:
    """A hunk as lines to find and lines to put there.

    Blank context that the model added at the end goes. An empty last line stands for the newline before it,
    where only one side has that.
    """
    lines = list(hunk.lines)
    kept = Hunk(start=hunk.start, target=hunk.target, counts=hunk.counts, lines=lines)
    while lines and lines[-1] == " " and kept.missing() != (0, 0):
        lines.pop()
    old, new = kept.side("-"), kept.side("+")
    closed = (not kept.open_end("-"), not kept.open_end("+"))
    if closed[0] != closed[1]:
        old, new = [*old, *[""] * closed[0]], [*new, *[""] * closed[1]]
    place = None if hunk.target is None else hunk.target + (not new)
    return Replacement(path=path, search=tuple(old), replace=tuple(new), label=f"hunk {number} of {path}", line=place)
