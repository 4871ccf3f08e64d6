"""Reliability: what was claimed against how often it was right, in bins of the claim."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.report.charts.coverage import percent_tick
from harness.report.charts.plane import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Marks, grid
from harness.report.charts.svg import Scale, drawing, table, tag, ticks
from harness.report.formats import between, percent

_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Outcomes whose claim lies in one interval; shares."""

    low: float
    high: float
    n: int
    claimed: float
    """Mean claim."""
    right: float
    lo: float
    hi: float


def reliability(bins: Sequence[Bin], *, claim: str) -> Markup:
    """*bins* as points with 95 % whiskers over the line of perfect claims, and as a table; *claim* names the axis."""
    x = Scale(low=0.0, high=1.02, start=LEFT, end=WIDTH - RIGHT)
    y = Scale(low=0.0, high=1.0, start=HEIGHT - BOTTOM, end=TOP)
    marks = Marks(at=ticks(0.0, 1.0, about=4), written=percent_tick, caption=claim)
    chart = drawing(
        *grid(x, y, marks, _SHARES),
        tag("line", x1=x(0), x2=x(1), y1=y(0), y2=y(1), cls="guide"),
        *(_point(one, x, y) for one in bins),
        name="reliability",
        title=f"How often it was right, by {claim}",
        description="; ".join(f"{percent(one.claimed)} claimed, {percent(one.right)} right, n={one.n}" for one in bins),
        width=WIDTH,
        height=HEIGHT,
    )
    cells = [
        (
            f"{percent(one.low)} to {percent(one.high)}",
            one.n,
            percent(one.claimed),
            percent(one.right),
            between(one.lo, one.hi, percent),
        )
        for one in bins
    ]
    return chart + table((claim.capitalize(), "Outcomes", "Mean claim", "Right", "95%"), cells)


def _point(one: Bin, x: Scale, y: Scale) -> Markup:
    size = 3.0 + 3.0 * min(1.0, one.n / 100)
    said = f"{percent(one.claimed)} claimed, {percent(one.right)} right, {one.n} outcomes"
    return tag(
        "g",
        tag("title", said),
        tag("line", x1=x(one.claimed), x2=x(one.claimed), y1=y(one.lo), y2=y(one.hi), cls="b stroke thin"),
        tag("circle", cx=x(one.claimed), cy=y(one.right), r=size, cls="b fill"),
    )
