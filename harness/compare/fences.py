"""Fenced blocks of a response. A fence that stands deeper than the one it could close is text inside the block."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

_LINE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})(?P<rest>[^\n]*)(?:\n|\Z)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What stands between two fences."""

    language: str
    """Case-folded; empty when it is not named."""
    body: str


_Fence = tuple[int, int, int, str, str]
"""Where its line starts and the next one does, its indent, the fence, and what follows in the line."""


def blocks(text: str) -> tuple[Block, ...]:
    """The fenced blocks of *text*, in order. Time grows with its length and no faster.

    A block ends at the first fence of its kind that is not indented deeper than its own: code in a docstring stays in
    it. If all that follow are, at the first of them; without any, at the end of the text.
    """
    fences = [(found.start(), found.end(), len(found[1]), found[2], found[3].strip()) for found in _LINE.finditer(text)]
    shallowest = _shallowest(fences, len(text) + 1)
    found, at = [], 0
    while at < len(fences):
        _, start, _, _, rest = fences[at]
        if "`" in rest:
            at += 1
            continue
        end = _end(fences, at, shallowest)
        body = text[start : fences[end][0] if end < len(fences) else len(text)]
        found.append(Block(language=rest.split(maxsplit=1)[0].casefold() if rest else "", body=body))
        at = end + 1
    return tuple(found)


def _shallowest(fences: Sequence[_Fence], far: int) -> dict[str, list[int]]:
    """By the letter of the fence: the least indent of a closing fence from each fence on."""
    return {
        letter: [
            *accumulate(
                (indent if fence[0] == letter and not rest else far for _, _, indent, fence, rest in reversed(fences)),
                min,
                initial=far,
            )
        ][::-1]
        for letter in "`~"
    }


def _end(fences: Sequence[_Fence], at: int, shallowest: dict[str, list[int]]) -> int:
    """The fence that closes the block that fence *at* opens; the number of fences when none does.

    Nothing that is passed over here is looked at again: the next block starts behind the end of this one.
    """
    _, _, indent, fence, _ = fences[at]
    limit = max(indent, shallowest[fence[0]][at + 1])
    for place in range(at + 1, len(fences)):
        _, _, depth, other, rest = fences[place]
        if not rest and depth <= limit and other.startswith(fence):
            return place
    return len(fences)
