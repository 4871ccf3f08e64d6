"""Cost against quality: every candidate of the run, with the frontier of those that nothing beats."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.report.charts.plane import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Marks, grid, share_ticks
from harness.report.charts.svg import Scale, drawing, table, tag, ticks
from harness.report.formats import between, percent, usd
from harness.report.text import short

_CHAR, _LINE = 7.8, 15.0
"""About how wide and high a character of a label is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One candidate."""

    name: str
    cls: str
    """``a``, ``b`` or ``other``."""
    cost: float | None
    """US dollars per success; ``None``: unknown or undefined, so it is only in the table."""
    success: float
    lo: float
    hi: float
    n: int


Box = tuple[float, float, float, float]


def _cost_scale(costs: Sequence[float]) -> tuple[Scale, list[float], bool]:
    # Logarithmic, unless something is free.
    if min(costs) > 0:
        low, high = math.log10(min(costs)) - 0.12, math.log10(max(costs)) + 0.25
        decades = range(math.floor(low), math.ceil(high) + 1)
        marks = [factor * 10.0**power for power in decades for factor in (1, 2, 5)]
        x = Scale(low=low, high=high, start=LEFT, end=WIDTH - RIGHT)
        inside = [mark for mark in marks if low <= math.log10(mark) <= high]
        return x, inside[:: 1 + len(inside) // 7], True
    high = max(costs) * 1.15 or 1.0
    return Scale(low=-0.04 * high, high=high, start=LEFT, end=WIDTH - RIGHT), ticks(0.0, high, about=4), False


def _money(amount: float) -> str:
    return f"${amount:.12f}".rstrip("0").rstrip(".") if amount else "$0"


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _label_box(x: float, y: float, text: str, taken: Sequence[Box]) -> Box:
    # The first free place beside the point: right, left, then ever further above and below.
    width = _CHAR * len(text)
    choices = [(x + 9, y - 8), (x - 9 - width, y - 8)]
    for step in range(1, 8):
        choices += [(x + 9, y - 8 + sign * _LINE * step) for sign in (-1, 1)]
        choices += [(x - 9 - width, y - 8 + sign * _LINE * step) for sign in (-1, 1)]
    boxes = [(left, top, left + width, top + _LINE) for left, top in choices]
    fitting = [box for box in boxes if box[0] >= LEFT and box[2] <= WIDTH and box[1] >= 0 and box[3] <= HEIGHT - 30]
    free = [box for box in fitting if not any(_overlap(box, other) for other in taken)]
    return (free or fitting or boxes)[0]


def _frontier(points: Sequence[Point], place: dict[str, tuple[float, float]]) -> Markup:
    path, best = "", -1.0
    for point in sorted(points, key=lambda one: (one.cost or 0.0, -one.success)):
        if point.success > best:
            x, y = place[point.name]
            path += f"H{x:.1f} V{y:.1f} " if path else f"M{x:.1f} {y:.1f} "
            best = point.success
    return tag("path", d=path.strip(), cls="frontier")


def _frame(x: Scale, y: Scale, marks: Sequence[float], *, log: bool) -> list[Markup]:
    caption = "US$ per success" + (", logarithmic" if log else "")
    if log:
        at = Marks(at=[math.log10(mark) for mark in marks], written=lambda power: _money(10**power), caption=caption)
    else:
        at = Marks(at=marks, written=_money, caption=caption)
    return grid(x, y, at, share_ticks(y))


def _marks(points: Sequence[Point], place: dict[str, tuple[float, float]], y: Scale) -> list[Markup]:
    taken: list[Box] = [(at_x - 7, at_y - 7, at_x + 7, at_y + 7) for at_x, at_y in place.values()]
    taken += [(place[one.name][0] - 2, y(one.hi), place[one.name][0] + 2, y(one.lo)) for one in points]
    parts = []
    for point in sorted(points, key=lambda one: ("ab".find(one.cls) % 3, one.name)):
        at_x, at_y = place[point.name]
        text = short(point.name, 24) if point.cls == "other" else point.cls.upper()
        box = _label_box(at_x, at_y, text, taken)
        taken.append(box)
        edge = box[0] if box[0] > at_x else box[2]
        far = abs(box[1] + 8 - at_y) > _LINE
        leader = tag("line", x1=at_x, y1=at_y, x2=edge, y2=box[1] + 8, cls="leader") if far else None
        said = f"{short(point.name, 200)}: {percent(point.success)}, {usd(point.cost)} per success, {point.n:,} tasks"
        parts.append(
            tag(
                "g",
                tag("title", said),
                leader or Markup(""),
                tag("line", x1=at_x, x2=at_x, y1=y(point.lo), y2=y(point.hi), cls=f"{point.cls} stroke thin"),
                tag("circle", cx=at_x, cy=at_y, r=5, cls=f"{point.cls} fill"),
                tag("text", text, x=box[0], y=box[1] + 12, cls="label total" if point.cls != "other" else "label"),
            )
        )
    return parts


def _draw(points: Sequence[Point]) -> Markup:
    x, marks, log = _cost_scale([point.cost for point in points if point.cost is not None])
    low, high = min(point.lo for point in points), max(point.hi for point in points)
    y = Scale(low=max(0.0, low - 0.03), high=min(1.0, high + 0.03), start=HEIGHT - BOTTOM, end=TOP)
    place = {}
    for point in points:
        cost = point.cost or 0.0
        place[point.name] = x(math.log10(cost) if log else cost), y(point.success)
    return drawing(
        *_frame(x, y, marks, log=log),
        _frontier(points, place),
        *_marks(points, place, y),
        name="tradeoff",
        title="Success against cost per success",
        description="; ".join(f"{short(one.name)} {percent(one.success)} at {usd(one.cost)}" for one in points),
        width=WIDTH,
        height=HEIGHT,
    )


def tradeoff(points: Sequence[Point]) -> Markup:
    """*points* as a chart with 95 % whiskers, and as a table; those without a known cost are in the table only."""
    drawn = [point for point in points if point.cost is not None]
    cells = [
        (short(one.name, 200), percent(one.success), between(one.lo, one.hi, percent), usd(one.cost), one.n)
        for one in points
    ]
    rows = table(("Candidate", "Success", "95%", "US$ per success", "Tasks"), cells)
    if not drawn:
        return tag("p", "No candidate has a known cost per success, so there is nothing to draw.", cls="muted") + rows
    missing = len(points) - len(drawn)
    note = tag("p", f"{missing} without a known cost per success: in the table only.", cls="muted")
    return _draw(drawn) + (note if missing else Markup("")) + rows
