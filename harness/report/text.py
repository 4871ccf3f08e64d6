"""Hostile text made fit to be seen: nothing invisible, nothing that reorders, nothing endless."""

import hashlib
import re
from dataclasses import dataclass
from difflib import unified_diff
from typing import Literal

TEXT_BYTES_MAX = 20_000
"""The most of one text that a page shows."""
NAME_CHARS_MAX = 60
DIFF_LINES_MAX = 400
"""Of each side: comparing texts is quadratic where lines repeat."""

_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor movements
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # window titles, links
    r"|\x1b[P^_X][^\x1b]*(?:\x1b\\)?"
    r"|\x1b[ -/]*[0-~]"
)
# Control, format and bidirectional characters, line separators, surrogates, noncharacters; not tab and line feed.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    "\U000e0000-\U000e0fff]"
)
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CELL_BREAKS = ("\t", "\r", "\n")


def visible(text: str) -> str:
    r"""*text* without terminal escapes, and with every character that cannot be seen written as its code.

    >>> print(visible("\x1b[31mred\x1b[0m a\u202eb"))
    red a\u202eb
    """
    plain = _ANSI.sub("", text).replace("\r\n", "\n")
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", plain)


def short(text: str, chars_max: int = NAME_CHARS_MAX) -> str:
    """*text* on one line, with its middle left out when it is longer than *chars_max*."""
    line = visible(text[: 4 * chars_max] + text[-chars_max:] if len(text) > 5 * chars_max else text)
    line = " ".join(line.split())
    if len(line) <= chars_max:
        return line
    tail = (chars_max - 1) // 3
    return f"{line[: chars_max - 1 - tail]}…{line[-tail:]}"


def no_formula(text: str) -> str:
    """*text* as a cell of a CSV file that no spreadsheet takes for a formula: behind an apostrophe where it might.

    So is whatever begins, behind blanks, with one of ``= + - @`` or their full-width forms, or with a tab or a line end
    (OWASP, "CSV injection").

    >>> no_formula("=1+1"), no_formula("1+1")
    ("'=1+1", '1+1')
    """
    risky = text[:1] in _CELL_BREAKS or text.lstrip()[:1] in _FORMULA
    return f"'{text}" if text and risky else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The beginning of a text."""

    text: str
    bytes_cut: int
    """0 when it is all there."""
    sha256: str
    """Of the whole text in UTF-8."""


def cut(text: str, bytes_max: int = TEXT_BYTES_MAX) -> Cut:
    """The first *bytes_max* bytes of *text*, in whole characters, with the hash of all of it."""
    data = text.encode("utf-8", errors="surrogatepass")
    kept = data[:bytes_max].decode("utf-8", errors="ignore") if len(data) > bytes_max else text
    rest = len(data) - len(kept.encode("utf-8", errors="surrogatepass"))
    return Cut(text=kept, bytes_cut=rest, sha256=hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    """One line of a comparison."""

    kind: Literal["same", "removed", "added", "place"]
    text: str


_KINDS: dict[str, Literal["same", "removed", "added", "place"]] = {"-": "removed", "+": "added", "@": "place"}


def compare_lines(a: str, b: str) -> list[DiffLine]:
    """What turns *a* into *b*, line by line with three lines of context; empty when they are equal."""
    lines_a, lines_b = a.split("\n")[:DIFF_LINES_MAX], b.split("\n")[:DIFF_LINES_MAX]
    found = list(unified_diff(lines_a, lines_b, lineterm="", n=3))[2:]
    return [DiffLine(kind=_KINDS.get(line[:1], "same"), text=line) for line in found]
