"""Fenced blocks of a response. A fence that stands deeper than the one it could close is text inside the block."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

_OPENING = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[^\s`]*)[^\n`]*$")
_CLOSING = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What stands between two fences."""

    language: str
    """Case-folded; empty when it is not named."""
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    text: str
    closes: str = ""
    """Its fence, if it is nothing else."""
    indent: int = 0


def blocks(text: str) -> tuple[Block, ...]:
    """The fenced blocks of *text*, in order.

    A block ends at the first fence of its kind that is not indented deeper than its own: code in a docstring stays in
    it. If all that follow are, at the first of them; without any, at the end of the text.
    """
    lines = [_line(line) for line in text.splitlines(keepends=True)]
    shallowest = _shallowest(lines)
    found, at = [], 0
    while at < len(lines):
        opening = _OPENING.match(lines[at].text.rstrip("\r\n"))
        if opening is None:
            at += 1
            continue
        end = _end(lines, at, opening, shallowest)
        body = "".join(line.text for line in lines[at + 1 : end])
        found.append(Block(language=opening["language"].casefold(), body=body))
        at = end + 1
    return tuple(found)


def _line(text: str) -> _Line:
    closing = _CLOSING.match(text.rstrip("\r\n"))
    return (
        _Line(text=text)
        if closing is None
        else _Line(text=text, closes=closing["fence"], indent=len(closing["indent"]))
    )


def _shallowest(lines: Sequence[_Line]) -> dict[str, list[int]]:
    """By the letter of the fence: the least indent of a closing fence from each line on."""
    far = max((len(line.text) for line in lines), default=0) + 1
    return {
        letter: [*accumulate((line.indent if line.closes[:1] == letter else far for line in reversed(lines)), min)][
            ::-1
        ]
        for letter in "`~"
    }


def _end(lines: Sequence[_Line], at: int, opening: re.Match[str], shallowest: dict[str, list[int]]) -> int:
    """The line of the fence that closes the block that opens at line *at*; the number of lines when none does."""
    indent, fence = len(opening["indent"]), opening["fence"]
    after = at + 1
    rest = shallowest[fence[0]][after] if after < len(lines) else 0
    limit = max(indent, rest)
    ends = (
        place
        for place in range(after, len(lines))
        if lines[place].closes.startswith(fence) and lines[place].indent <= limit
    )
    return next(ends, len(lines))
