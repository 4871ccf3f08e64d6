"""Text laid out for a terminal: tables that fit and prose that wraps. Pure."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

GAP = "  "
NARROWEST = 12
"""Columns of free text do not become narrower than this; the line is longer than the terminal then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How the columns of a table behave; each set holds names of columns. In none of them: left, never folded."""

    right: frozenset[str] = frozenset()
    """Aligned to the right."""
    wrap: frozenset[str] = frozenset()
    """Free text that may take several lines."""
    cut: frozenset[str] = frozenset()
    """Free text of which the beginning is enough."""
    ids: frozenset[str] = frozenset()
    """Names that lose their middle, but only where nothing else can give way any more."""

    @property
    def flexible(self) -> frozenset[str]:
        """Columns that give way when the table is too wide."""
        return self.wrap | self.cut


def table_lines(
    columns: Sequence[str], rows: Sequence[Sequence[str]], shape: Shape, width: int, *, head: bool = True
) -> list[str]:
    """The table as lines, the header first, without blanks at their ends. Ids and numbers are never folded.

    Those of ``shape.ids`` are cut in the middle where the table would not fit otherwise.

    Without *head* the first line is empty, and the names of the columns take no room.

    >>> table_lines(["id", "n"], [["a", "5"], ["bb", "10"]], Shape(right=frozenset(["n"])), 40)
    ['id   n', 'a    5', 'bb  10']
    """
    cells = [[" ".join(cell.split("\n")) for cell in row] for row in [columns if head else [""] * len(columns), *rows]]
    widths = _widths(columns, [max(map(cell_len, column)) for column in zip(*cells, strict=True)], shape, width)
    return [line for row in cells for line in _row_lines(columns, row, widths, shape)]


def wrapped(text: str, width: int, *, indent: str = "") -> list[str]:
    """*text* in lines of at most *width* cells, broken at blanks only: a path or an id stays whole.

    >>> wrapped("one two three", 8, indent="  ")
    ['  one', '  two', '  three']
    """
    lines = [
        line
        for paragraph in text.split("\n")
        for line in textwrap.wrap(
            paragraph,
            width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        or [""]
    ]
    return [line.rstrip() for line in lines]


def _widths(columns: Sequence[str], natural: Sequence[int], shape: Shape, width: int) -> list[int]:
    """What each column gets: the widest flexible one gives way first."""
    widths = list(natural)
    for giving in (shape.flexible, shape.ids):
        flexible = [place for place, name in enumerate(columns) if name in giving]
        excess = sum(widths) + len(GAP) * (len(widths) - 1) - width
        while excess > 0 and flexible:
            widest = max(flexible, key=lambda place: widths[place])
            if widths[widest] <= NARROWEST:
                break
            widths[widest] -= 1
            excess -= 1
    return widths


def _row_lines(columns: Sequence[str], row: Sequence[str], widths: Sequence[int], shape: Shape) -> list[str]:
    parts = [_cell_lines(cell, width, name, shape) for cell, width, name in zip(row, widths, columns, strict=True)]
    height = max(len(lines) for lines in parts)
    return [
        GAP.join(
            _aligned(lines[number] if number < len(lines) else "", width, right=name in shape.right)
            for lines, width, name in zip(parts, widths, columns, strict=True)
        ).rstrip()
        for number in range(height)
    ]


def _cell_lines(cell: str, width: int, name: str, shape: Shape) -> list[str]:
    if cell_len(cell) <= width:
        return [cell]
    if name in shape.cut:
        return [set_cell_size(cell, width - 1).rstrip() + "…"]
    if name in shape.wrap:
        return wrapped(cell, width)
    if name in shape.ids:
        return [_middle_cut(cell, width)]
    return [cell]


def _middle_cut(cell: str, width: int) -> str:
    """The beginning and the end of *cell*: names often differ in either."""
    tail = (width - 1) // 2
    head = set_cell_size(cell, width - 1 - tail).rstrip()
    end = cell[-tail:]
    while cell_len(end) > tail:
        end = end[1:]
    return f"{head}…{end}"


def _aligned(text: str, width: int, *, right: bool) -> str:
    blanks = " " * max(0, width - cell_len(text))
    return blanks + text if right else text + blanks
