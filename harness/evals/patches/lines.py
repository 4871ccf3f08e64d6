"""Finds lines in a file and puts others in their place."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from harness.evals.patches.edits import FormatFailure, Replacement


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """The file's lines after a replacement."""

    lines: list[str]
    repair: str = ""


def replaced(lines: Sequence[str], edit: Replacement) -> Replaced | FormatFailure:
    """*lines* with the one place that *edit* means changed: equal lines, or equal apart from white space.

    A failure, worded for the model, when there is no such place or several.
    """
    exact = _places(lines, edit.search)
    place = _chosen(exact, edit)
    if place is not None:
        return Replaced(lines=[*lines[:place], *edit.replace, *lines[place + len(edit.search) :]])
    if exact:
        return _ambiguous(edit, [at + 1 for at in exact])
    return _by_white_space(lines, edit)


def _places(lines: Sequence[str], search: Sequence[str]) -> list[int]:
    first, width = search[0], len(search)
    wanted = list(search)
    return [at for at in range(len(lines) - width + 1) if lines[at] == first and list(lines[at : at + width]) == wanted]


def _chosen(places: Sequence[int], edit: Replacement) -> int | None:
    if len(places) == 1:
        return places[0]
    return next((place for place in places if edit.line is not None and place + 1 == edit.line), None)


def _by_white_space(lines: Sequence[str], edit: Replacement) -> Replaced | FormatFailure:
    search, replace = _trimmed(edit.search), _trimmed(edit.replace)
    if not search:
        return FormatFailure(why=f"{edit.label}: the lines to find are blank.")
    plain = [_squeezed(line) for line in lines]
    places = _places(plain, [_squeezed(line) for line in search])
    place = _chosen(places, edit)
    if place is None:
        return _ambiguous(edit, [at + 1 for at in places]) if places else _absent(lines, edit)
    found = lines[place : place + len(search)]
    indented = _reindented(found, search, replace)
    if indented is None:
        why = f"{edit.label}: the lines at {place + 1} match only with other indentation, unevenly. Copy them exactly."
        return FormatFailure(why=why)
    return Replaced(lines=[*lines[:place], *indented, *lines[place + len(search) :]], repair="whitespace")


def _squeezed(line: str) -> str:
    return " ".join(line.split())


def _trimmed(lines: Sequence[str]) -> list[str]:
    """*lines* without blank ones at the ends."""
    full = [at for at, line in enumerate(lines) if line.strip()]
    return list(lines[full[0] : full[-1] + 1]) if full else []


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _reindented(found: Sequence[str], search: Sequence[str], replace: Sequence[str]) -> list[str] | None:
    """*replace* shifted as the file's lines are shifted against the searched ones; None when that is not uniform."""
    pairs = [(_indent(have), _indent(want)) for have, want in zip(found, search, strict=True) if want.strip()]
    have, want = pairs[0]
    if have.endswith(want):
        more = have[: len(have) - len(want)]
        if all(left == more + right for left, right in pairs):
            return [more + line if line.strip() else line for line in replace]
    if want.endswith(have):
        less = want[: len(want) - len(have)]
        uniform = all(right == less + left for left, right in pairs)
        if uniform and all(line.startswith(less) for line in replace if line.strip()):
            return [line.removeprefix(less) for line in replace]
    return None


def _ambiguous(edit: Replacement, places: Sequence[int]) -> FormatFailure:
    where = ", ".join(map(str, places[:5]))
    said = f"{edit.label}: the lines to find stand in {len(places)} places of the file (lines {where})."
    return FormatFailure(why=f"{said} Add lines around them until they are unique.")


def _absent(lines: Sequence[str], edit: Replacement) -> FormatFailure:
    """With the nearest line of the file, so that the next try can copy it."""
    first = next(line for line in edit.search if line.strip()).strip()
    known = [line.strip()[:300] for line in lines[:2000]]
    near = difflib.get_close_matches(first[:300], known, n=1, cutoff=0.6)
    hint = f" The nearest line of the file is {near[0][:120]!r}." if near else ""
    said = f"{edit.label}: the file has no such lines, beginning with {first[:120]!r}.{hint}"
    return FormatFailure(why=f"{said} Copy them exactly as they stand in the file.")
