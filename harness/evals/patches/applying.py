"""Applies edits to files."""

from collections.abc import Mapping

from harness.evals.patches.edits import Applied, Change, Edits, FormatFailure, Move, NewContent, Replacement
from harness.evals.patches.lines import replaced


def apply(edits: Edits, files: Mapping[str, str]) -> Applied | FormatFailure:
    """The files as they are after *edits*; *files* has the content of every file that may be named.

    All or nothing: the first edit that does not fit is the failure.
    """
    work = _Work(files)
    for change in edits.changes:
        failure = work.change(change)
        if failure is not None:
            return failure
    repairs = sorted({repair for repair in (*edits.repair.split(","), *work.repairs) if repair})
    changed = {path: content for path, content in work.now.items() if content != files.get(path)}
    return Applied(files=changed, format=edits.format, repair=",".join(repairs))


class _Work:
    """The files while edits are applied to them."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self.now: dict[str, str | None] = {}
        self.repairs: set[str] = set()

    def _content(self, path: str) -> str | None:
        return self.now[path] if path in self.now else self._files.get(path)

    def change(self, change: Change) -> FormatFailure | None:
        """Apply one; the failure when it does not fit."""
        clash = self._clash(change.target if isinstance(change, Move) else change.path)
        if clash is not None:
            return clash
        if isinstance(change, Replacement):
            return self._replace(change)
        if isinstance(change, Move):
            return self._move(change)
        return self._write(change)

    def _clash(self, path: str) -> FormatFailure | None:
        """A path below a file, or above one, cannot be a file."""
        parts = path.split("/")
        above = next(
            (up for end in range(1, len(parts)) if self._content(up := "/".join(parts[:end])) is not None), None
        )
        if above is not None:
            return FormatFailure(why=f"{path}: {above} is a file, not a folder.")
        if any(
            other.startswith(f"{path}/") and self._content(other) is not None for other in (*self._files, *self.now)
        ):
            return FormatFailure(why=f"{path} is a folder, not a file.")
        return None

    def _write(self, change: NewContent) -> FormatFailure | None:
        if change.content is None and self._content(change.path) is None:
            return self._missing(change.path)
        self.now[change.path] = change.content
        return None

    def _move(self, change: Move) -> FormatFailure | None:
        content = self._content(change.path)
        if content is None:
            return self._missing(change.path)
        if self._content(change.target) is not None:
            return FormatFailure(why=f"{change.path} cannot be renamed to {change.target}: that file exists.")
        self.now[change.target], self.now[change.path] = content, None
        return None

    def _missing(self, path: str) -> FormatFailure:
        name = path.rpartition("/")[2]
        known = (other for other in (*self._files, *self.now) if self._content(other) is not None)
        near = sorted({other for other in known if other.rpartition("/")[2] == name})
        hint = f" Did you mean {', '.join(near[:3])}?" if near else ""
        return FormatFailure(why=f"there is no file {path}.{hint}")

    def _replace(self, change: Replacement) -> FormatFailure | None:
        content = self._content(change.path)
        if not change.search:
            return self._create(change, content)
        if content is None:
            return self._missing(change.path)
        crlf = "\r\n" in content and content.count("\r\n") == content.count("\n")
        lines = (content.replace("\r\n", "\n") if crlf else content).split("\n")
        done = replaced(lines, change)
        if isinstance(done, FormatFailure):
            return done
        self.repairs |= {done.repair} | ({"crlf"} if crlf else set())
        self.now[change.path] = ("\r\n" if crlf else "\n").join(done.lines)
        return None

    def _create(self, change: Replacement, content: str | None) -> FormatFailure | None:
        if content:
            return FormatFailure(
                why=f"{change.label}: the lines to find are empty, and the file exists. Give the lines to replace."
            )
        self.now[change.path] = "\n".join([*change.replace, ""]) if change.replace else ""
        return None
