"""Diffs in git's form: made for pages, and applied strictly for reference patches."""

import difflib
from collections.abc import Mapping, Sequence

from harness.evals.patches.edits import SYMLINK, FormatFailure
from harness.evals.patches.hunks import NO_NEWLINE, NULL, DiffReader, FileDiff, Hunk
from harness.evals.patches.paths import checked_path

_JUNK_ABOVE = 5_000
"""Lines from which on difflib may skip frequent lines: otherwise it is quadratic in them."""


def unified_diff(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> str:
    """What leads from *before* to *after*, both contents by path; ``None`` or absent: there is no such file.

    Empty when they are equal. ``apply_unified(unified_diff(a, b), a)`` gives what changed.
    """
    paths = sorted(before.keys() | after.keys())
    return "".join(_file_diff(path, before.get(path), after.get(path)) for path in paths)


def _file_diff(path: str, old: str | None, new: str | None) -> str:
    if old == new:
        return ""
    head = [f"diff --git {_quoted(f'a/{path}')} {_quoted(f'b/{path}')}"]
    if old is None:
        head.append(f"new file mode {_mode(new or '')}")
    elif new is None:
        head.append(f"deleted file mode {_mode(old)}")
    hunks = _hunks(_text(old), _text(new))
    if hunks:
        head += [
            f"--- {NULL if old is None else _named('a', path)}",
            f"+++ {NULL if new is None else _named('b', path)}",
        ]
    return "\n".join([*head, *hunks, ""])


def _mode(content: str) -> str:
    return "120000" if content.startswith(SYMLINK) else "100644"


def _text(content: str | None) -> str:
    return (content or "").removeprefix(SYMLINK)


def _named(side: str, path: str) -> str:
    """A path in a header; a tab ends one with blanks."""
    name = _quoted(f"{side}/{path}")
    return f"{name}\t" if " " in path and not name.startswith('"') else name


def _quoted(path: str) -> str:
    if path.isascii() and path.isprintable() and not set(path) & set('"\\'):
        return path
    plain = (
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}"
        for byte in path.encode("utf-8", "replace")
    )
    return f'"{"".join(plain)}"'


def _split(text: str) -> list[str]:
    """Lines with their newline; only a line feed ends one."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _hunks(old: str, new: str) -> list[str]:
    a, b = _split(old), _split(new)
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=len(b) > _JUNK_ABOVE)
    found: list[str] = []
    for group in matcher.get_grouped_opcodes(3):
        found.append(f"@@ -{_range(group[0][1], group[-1][2])} +{_range(group[0][3], group[-1][4])} @@")
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                found += _signed(" ", a[a1:a2])
            else:
                found += [*_signed("-", a[a1:a2]), *_signed("+", b[b1:b2])]
    return found


def _range(start: int, end: int) -> str:
    length = end - start
    return f"{start + (length > 0)},{length}"


def _signed(sign: str, lines: Sequence[str]) -> list[str]:
    found = []
    for line in lines:
        found.append(sign + line.removesuffix("\n"))
        if not line.endswith("\n"):
            found.append(NO_NEWLINE)
    return found


def apply_unified(diff: str, files: Mapping[str, str]) -> Mapping[str, str | None] | FormatFailure:
    """What *diff* changes in *files*: new content per path, ``None`` deletes. A blank diff changes nothing.

    It must fit exactly: line numbers, counts, context, ends of files.

    Renames, copies, new and deleted files as git writes them; a new symbolic link becomes ``@symlink:target``.
    """
    lines = diff.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    found = DiffReader(lines, strict=True).read()
    if isinstance(found, FormatFailure):
        return found
    changed: dict[str, str | None] = {}
    for item in found:
        failure = _apply_file(item, files, changed)
        if failure is not None:
            return failure
    if not found and diff.strip():
        return FormatFailure(why="there is no '--- a/path' and '+++ b/path' in the diff.")
    return {path: content for path, content in changed.items() if content != files.get(path)}


def _apply_file(item: FileDiff, files: Mapping[str, str], changed: dict[str, str | None]) -> FormatFailure | None:
    for path in (item.old, item.new):
        checked = path if path == NULL else checked_path(path)
        if isinstance(checked, FormatFailure):
            return checked
    current = "" if item.old == NULL else files.get(item.old)
    if current is None:
        return FormatFailure(why=f"there is no file {item.old}.")
    if item.old == NULL and files.get(item.new) is not None:
        return FormatFailure(why=f"{item.new} is said to be new, and exists.")
    text = _applied(_text(current), item)
    if isinstance(text, FormatFailure):
        return text
    link = item.mode == "120000" or current.startswith(SYMLINK)
    if item.new == NULL:
        changed[item.old] = None
        return None if not text else FormatFailure(why=f"{item.old} is said to be deleted, and lines are left.")
    changed[item.new] = f"{SYMLINK}{text}" if link else text
    if item.moved:
        changed[item.old] = None
    return None


def _applied(text: str, item: FileDiff) -> str | FormatFailure:
    lines, out, at = _split(text), list[str](), 0
    for hunk in item.hunks:
        old, new = _side(hunk, "-"), _side(hunk, "+")
        start = (hunk.start or 0) - (1 if old else 0)
        if start < at or lines[start : start + len(old)] != old or (not old and start > len(lines)):
            return FormatFailure(why=f"{item.new}: the hunk at line {hunk.start} does not fit the file.")
        out += [*lines[at:start], *new]
        at = start + len(old)
    return "".join([*out, *lines[at:]])


def _side(hunk: Hunk, sign: str) -> list[str]:
    lines = [f"{line}\n" for line in hunk.side(sign)]
    if lines and hunk.open_end(sign):
        lines[-1] = lines[-1][:-1]
    return lines
