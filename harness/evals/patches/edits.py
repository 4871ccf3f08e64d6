"""The nouns of this package: what a model wants changed, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

EditFormat = Literal["search_replace", "whole_file", "udiff"]

SYMLINK = "@symlink:"
"""Content that begins so is no text but a link; only reference patches may make one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatFailure:
    """An answer that could not be read or applied."""

    why: str
    """Written for the model: what was found, where, and what would have worked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """Lines to find in a file, and the lines to put there."""

    path: str
    search: tuple[str, ...]
    """Empty: the file is new."""
    replace: tuple[str, ...]
    label: str
    """How the block is called in a message: ``block 2 (src/a.py)``."""
    line: int | None = None
    """Where the model thinks it begins, from 1. Only to choose between several equal places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContent:
    """The full content of a file; ``None`` deletes it."""

    path: str
    content: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A file under a new name; its changes follow."""

    path: str
    target: str


Change = Replacement | NewContent | Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """What an answer wants changed, in order."""

    format: EditFormat
    changes: tuple[Change, ...]
    """At least one."""
    repair: str = ""
    """What it took to read them: ``recounted``, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """Edits applied."""

    files: Mapping[str, str | None]
    """Full new content of the files that changed; ``None`` deletes. Empty when nothing did."""
    format: EditFormat
    repair: str = ""
    """What it took to read and apply them, joined by ``,``: ``whitespace``, ``recounted``, ``crlf``."""
