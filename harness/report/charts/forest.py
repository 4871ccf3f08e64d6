"""Forest plot: the difference of every task class with its interval, and the margin."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.report.charts.svg import Scale, drawing, table, tag, ticks
from harness.report.formats import percent, points
from harness.report.text import short

ROWS_MAX = 40
_TITLE = "Difference of the success rate by task class"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One line of the plot; shares."""

    name: str
    n: int
    diff: float
    lo: float
    hi: float
    state: str
    """``better``, ``worse``, ``equivalent`` or ``insufficient``: the colour and the mark."""
    a_rate: float
    b_rate: float
    total: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """Where things are: one line per class on a wide screen, two on a narrow one."""

    width: float
    left: float
    right: float
    row: float
    narrow: bool


_WIDE = _Frame(width=1060, left=250, right=190, row=32, narrow=False)
_NARROW = _Frame(width=340, left=10, right=10, row=52, narrow=True)
_TOP = 10.0
_BOTTOM = 40.0


def _numbers(row: ForestRow) -> str:
    return f"{points(row.diff)} [{points(row.lo)}, {points(row.hi)}]"


def _mark(row: ForestRow, x: Scale, y: float) -> Markup:
    if row.total:
        corners = (x(row.lo), y), (x(row.diff), y - 8), (x(row.hi), y), (x(row.diff), y + 8)
        outline = " ".join(f"{left:.1f},{top:.1f}" for left, top in corners)
        return tag("polygon", points=outline, cls=f"{row.state} fill")
    half = 4 + 3 * min(1.0, math.sqrt(row.n / 200))
    return tag("line", x1=x(row.lo), x2=x(row.hi), y1=y, y2=y, cls=f"{row.state} stroke") + tag(
        "rect", x=x(row.diff) - half, y=y - half, width=2 * half, height=2 * half, cls=f"{row.state} fill"
    )


def _line(row: ForestRow, x: Scale, top: float, frame: _Frame) -> Markup:
    y = top + (frame.row - 14 if frame.narrow else frame.row / 2)
    text_y = top + 16 if frame.narrow else y + 4
    name = tag(
        "text",
        short(row.name, 24 if frame.narrow else 30),
        tag("tspan", f"  n={row.n:,}", cls="muted"),
        x=4,
        y=text_y,
        cls="label total" if row.total else "label",
    )
    numbers = tag("text", _numbers(row), x=frame.width - 4, y=text_y, cls="number end")
    said = tag("title", f"{short(row.name, 200)}: {_numbers(row)} percentage points, {row.n:,} tasks")
    paper = tag("rect", x=0, y=top + 2, width=frame.width, height=20, cls="paper") if frame.narrow else Markup("")
    return tag("g", said, paper, name, _mark(row, x, y), numbers)


def _axis(x: Scale, bottom: float, margin: float, frame: _Frame) -> list[Markup]:
    parts = [tag("rect", x=x(-margin), y=_TOP, width=x(margin) - x(-margin), height=bottom - _TOP, cls="zone")]
    for at in ticks(x.low, x.high, about=4 if frame.narrow else 8):
        parts.append(tag("line", x1=x(at), x2=x(at), y1=_TOP, y2=bottom, cls="grid"))
        parts.append(
            tag("text", f"{at * 100:+g}".replace("-", "−") if at else "0", x=x(at), y=bottom + 15, cls="tick middle")
        )
    parts += [tag("line", x1=x(at), x2=x(at), y1=_TOP, y2=bottom, cls="margin") for at in (-margin, margin)]
    parts.append(tag("line", x1=x(0), x2=x(0), y1=_TOP, y2=bottom, cls="zero"))
    caption = "Δ success, percentage points (B − A)"
    parts.append(tag("text", caption, x=(x.start + x.end) / 2, y=bottom + 33, cls="tick middle"))
    return parts


def _draw(rows: Sequence[ForestRow], margin: float, frame: _Frame) -> Markup:
    low = min([-1.6 * margin, *(row.lo for row in rows)])
    high = max([1.6 * margin, *(row.hi for row in rows)])
    pad = (high - low) * 0.04 or 0.01
    x = Scale(low=low - pad, high=high + pad, start=frame.left, end=frame.width - frame.right)
    bottom = _TOP + frame.row * len(rows)
    lines = [_line(row, x, _TOP + frame.row * at, frame) for at, row in enumerate(rows)]
    return drawing(
        *_axis(x, bottom, margin, frame),
        *lines,
        name="forest-narrow" if frame.narrow else "forest",
        title=_TITLE,
        description="; ".join(f"{short(row.name, 60)} {_numbers(row)}" for row in rows),
        width=frame.width,
        height=bottom + _BOTTOM,
        cls="narrow" if frame.narrow else "wide",
    )


def forest(rows: Sequence[ForestRow], *, margin: float) -> Markup:
    """*rows* as a plot for wide and for narrow screens, and as a table; at most :data:`ROWS_MAX`, the largest."""
    total = [row for row in rows if row.total]
    classes = [row for row in rows if not row.total]
    largest = {id(row) for row in sorted(classes, key=lambda row: (-row.n, row.name))[:ROWS_MAX]}
    shown = [row for row in classes if id(row) in largest] + total
    headers = ("Class", "Tasks", "A", "B", "Δ points", "from", "to", "State")
    cells = [
        (
            short(row.name, 200),
            row.n,
            percent(row.a_rate),
            percent(row.b_rate),
            *map(points, (row.diff, row.lo, row.hi)),
            row.state,
        )
        for row in rows
    ]
    note = Markup("")
    if len(shown) < len(rows):
        note = tag("p", f"The {ROWS_MAX} largest of {len(classes)} classes are drawn.", cls="muted")
    return _draw(shown, margin, _WIDE) + _draw(shown, margin, _NARROW) + note + table(headers, cells)
