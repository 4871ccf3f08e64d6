"""Forest plot: the difference of every task class with its interval, and the margin."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup

from harness.report.charts.lines import TOP, Frame, Line, lined
from harness.report.charts.svg import Scale, table, tag, ticks
from harness.report.formats import percent, points
from harness.report.text import short

ROWS_MAX = 40
_BOTTOM = 40.0


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


def _mark(row: ForestRow, x: Scale, y: float) -> Markup:
    if row.total:
        corners = (x(row.lo), y), (x(row.diff), y - 8), (x(row.hi), y), (x(row.diff), y + 8)
        outline = " ".join(f"{left:.1f},{top:.1f}" for left, top in corners)
        return tag("polygon", points=outline, cls=f"{row.state} fill")
    half = 4 + 3 * min(1.0, math.sqrt(row.n / 200))
    return tag("line", x1=x(row.lo), x2=x(row.hi), y1=y, y2=y, cls=f"{row.state} stroke") + tag(
        "rect", x=x(row.diff) - half, y=y - half, width=2 * half, height=2 * half, cls=f"{row.state} fill"
    )


def _line(row: ForestRow) -> Line:
    numbers = f"{points(row.diff)} [{points(row.lo)}, {points(row.hi)}]"
    said = f"{numbers} percentage points, {row.n:,} tasks"
    return Line(
        name=row.name, note=f"n={row.n:,}", numbers=numbers, said=said, mark=partial(_mark, row), strong=row.total
    )


def _axis(margin: float, x: Scale, bottom: float, frame: Frame) -> list[Markup]:
    parts = [tag("rect", x=x(-margin), y=TOP, width=x(margin) - x(-margin), height=bottom - TOP, cls="zone")]
    for at in ticks(x.low, x.high, about=4 if frame.narrow else 8):
        parts.append(tag("line", x1=x(at), x2=x(at), y1=TOP, y2=bottom, cls="grid"))
        parts.append(
            tag("text", f"{at * 100:+g}".replace("-", "−") if at else "0", x=x(at), y=bottom + 15, cls="tick middle")
        )
    parts += [tag("line", x1=x(at), x2=x(at), y1=TOP, y2=bottom, cls="margin") for at in (-margin, margin)]
    parts.append(tag("line", x1=x(0), x2=x(0), y1=TOP, y2=bottom, cls="zero"))
    caption = "Δ success, percentage points (B − A)"
    parts.append(tag("text", caption, x=(x.start + x.end) / 2, y=bottom + 33, cls="tick middle"))
    return parts


def _ends(rows: Sequence[ForestRow], margin: float) -> tuple[float, float]:
    low = min([-1.6 * margin, *(row.lo for row in rows)])
    high = max([1.6 * margin, *(row.hi for row in rows)])
    pad = (high - low) * 0.04 or 0.01
    return low - pad, high + pad


def _table(rows: Sequence[ForestRow]) -> Markup:
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
    return table(headers, cells)


def forest(rows: Sequence[ForestRow], *, margin: float) -> Markup:
    """*rows* as a plot for wide and for narrow screens, and as a table; at most :data:`ROWS_MAX`, the largest."""
    total = [row for row in rows if row.total]
    classes = [row for row in rows if not row.total]
    largest = {id(row) for row in sorted(classes, key=lambda row: (-row.n, row.name))[:ROWS_MAX]}
    shown = [row for row in classes if id(row) in largest] + total
    note = Markup("")
    if len(shown) < len(rows):
        note = tag("p", f"The {ROWS_MAX} largest of {len(classes)} classes are drawn.", cls="muted")
    chart = lined(
        [_line(row) for row in shown],
        name="forest",
        title="Difference of the success rate by task class",
        ends=_ends(shown, margin),
        axis=partial(_axis, margin),
        bottom=_BOTTOM,
    )
    return chart + note + _table(rows)
