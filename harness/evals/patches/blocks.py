"""Reads search/replace blocks and whole files out of an answer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.evals.patches.edits import Change, FormatFailure, NewContent, Replacement
from harness.evals.patches.paths import checked_path, named_path

_SEARCH = re.compile(r"\s*<{5,9} ?(?:SEARCH|ORIGINAL)\b(?P<rest>.*)")
_DIVIDER = re.compile(r"\s*={5,9}\s*")
_REPLACE = re.compile(r"\s*>{5,9} ?(?:REPLACE|UPDATED)\b.*")
_FENCE = re.compile(r"\s{0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)")
_FILE = re.compile(r"\s*(?:[#*>]+\s*)?(?:\*\*)?(?:FILE|File)\s*:\s*\S.*")


def has_blocks(lines: Sequence[str]) -> bool:
    """Whether a search/replace block begins anywhere."""
    return any(_SEARCH.fullmatch(line) for line in lines)


@dataclass(frozen=True, slots=True)
class _Block:
    start: int
    divider: int
    end: int


def read_blocks(lines: Sequence[str]) -> list[Change] | FormatFailure:
    """Every search/replace block of *lines*, and the whole files announced by ``FILE:`` around them."""
    changes: list[Change] = []
    path: str | None = None
    outside: list[str] = []
    at = 0
    while at < len(lines):
        start = next((place for place in range(at, len(lines)) if _SEARCH.fullmatch(lines[place])), None)
        outside += lines[at:start]
        if start is None:
            break
        number = sum(isinstance(change, Replacement) for change in changes) + 1
        block = _block(lines, start, number)
        if isinstance(block, FormatFailure):
            return block
        named = _path_above(lines, at, start)
        path = named or path
        if path is None:
            return FormatFailure(
                why=f"block {number}: no path line above '<<<<<<< SEARCH'. Put the file's path on the line before it."
            )
        checked = checked_path(path)
        if isinstance(checked, FormatFailure):
            return checked
        search, replace = tuple(lines[start + 1 : block.divider]), tuple(lines[block.divider + 1 : block.end])
        changes.append(Replacement(path=checked, search=search, replace=replace, label=f"block {number} ({checked})"))
        at = block.end + 1
    announced = read_files(outside, only_announced=True)
    return announced if isinstance(announced, FormatFailure) else [*announced, *changes]


def _block(lines: Sequence[str], start: int, number: int) -> _Block | FormatFailure:
    end = next((place for place in range(start + 1, len(lines)) if _REPLACE.fullmatch(lines[place])), None)
    again = next((place for place in range(start + 1, len(lines)) if _SEARCH.fullmatch(lines[place])), len(lines))
    if end is None or again < end:
        return FormatFailure(why=f"block {number} (line {start + 1} of the answer) has no '>>>>>>> REPLACE'.")
    dividers = [place for place in range(start + 1, end) if _DIVIDER.fullmatch(lines[place])]
    if len(dividers) > 1:
        width = len(lines[start].split()[0])
        dividers = [place for place in dividers if lines[place].strip() == "=" * width] or dividers
    if len(dividers) != 1:
        found = "no" if not dividers else str(len(dividers))
        return FormatFailure(
            why=f"block {number} (line {start + 1} of the answer) has {found} '=======' lines; it needs exactly one."
        )
    return _Block(start, dividers[0], end)


def _path_above(lines: Sequence[str], floor: int, start: int) -> str | None:
    """On the marker's own line, in the opening fence, or on the nearest line with text above."""
    marker = _SEARCH.fullmatch(lines[start])
    if marker is not None and (found := named_path(marker["rest"])) is not None:
        return found
    for line in reversed(lines[max(floor, start - 4) : start]):
        fence = _FENCE.fullmatch(line)
        if fence is not None:
            found = _path_in_info(fence["info"])
            if found:
                return found
        elif line.strip():
            return named_path(line)
    return None


def _path_in_info(info: str) -> str | None:
    """```` ```python src/a.py ````, ```` ```python:src/a.py ````, ```` ```src/a.py ````."""
    for part in re.split(r"[\s:]+", info.strip()):
        word = part.rpartition("=")[2].strip("\"'`{}")
        if "/" in word or re.fullmatch(r"[\w-]+\.\w+", word):
            return word
    return None


def read_files(lines: Sequence[str], *, only_announced: bool = False) -> list[Change] | FormatFailure:
    """Whole files: a path (``FILE: path``, a heading, or in the fence) and the fenced block after it.

    *only_announced*: no fenced block without ``FILE:`` before it counts.
    """
    changes: list[Change] = []
    path: str | None = None
    at = 0
    while at < len(lines):
        fence = _FENCE.fullmatch(lines[at])
        if fence is None:
            announced = _FILE.fullmatch(lines[at]) is not None
            if lines[at].strip() and (announced or not only_announced):
                path = named_path(lines[at])
            elif lines[at].strip():
                path = None
            at += 1
            continue
        end = _closing(lines, at, fence["fence"])
        named = path if only_announced else (_path_in_info(fence["info"]) or path)
        if named is not None:
            change = _file(named, lines, at, end)
            if isinstance(change, FormatFailure):
                return change
            changes.append(change)
        path = None
        at = (len(lines) if end is None else end) + 1
    return changes


def _closing(lines: Sequence[str], start: int, fence: str) -> int | None:
    """Where the fence opened at *start* closes; fences with a language inside it open and close in pairs."""
    depth = 1
    for place in range(start + 1, len(lines)):
        found = _FENCE.fullmatch(lines[place])
        if found is None or found["fence"][0] != fence[0] or len(found["fence"]) < len(fence):
            continue
        depth += 1 if found["info"].strip() else -1
        if depth == 0:
            return place
    return None


def _file(path: str, lines: Sequence[str], start: int, end: int | None) -> Change | FormatFailure:
    checked = checked_path(path)
    if isinstance(checked, FormatFailure):
        return checked
    if end is None:
        return FormatFailure(why=f"the fenced block of {checked} does not end: the file is cut off.")
    body = lines[start + 1 : end]
    return NewContent(path=checked, content="\n".join([*body, ""]) if body else "")
