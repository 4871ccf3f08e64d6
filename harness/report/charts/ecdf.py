"""Cumulative distribution of latency: A dashed, B solid."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.report.charts.plane import BOTTOM, HEIGHT, LEFT, WIDTH, Marks, grid
from harness.report.charts.svg import Scale, drawing, table, tag, ticks
from harness.report.formats import seconds

VALUES_MIN = 5
"""Fewer than this are listed, not drawn."""
_POINTS_MAX = 200
_RIGHT, _TOP = 84.0, 12.0
"""Room for the legend."""
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Latencies of one arm."""

    name: str
    """``A`` or ``B``."""
    cls: str
    values: tuple[float, ...]
    """Ascending, in seconds."""
    p50: float
    p95: float


def _path(series: Series, x: Scale, y: Scale) -> str:
    n = len(series.values)
    steps = sorted({round(at * (n - 1) / min(n - 1, _POINTS_MAX)) for at in range(min(n - 1, _POINTS_MAX) + 1)})
    parts = [f"M{x(series.values[0]):.1f} {y(0):.1f}"]
    for index in steps:
        value = series.values[index]
        if value > x.high:
            break
        parts.append(f"H{x(value):.1f} V{y((index + 1) / n):.1f}")
    return " ".join(parts)


def _frame(x: Scale, y: Scale) -> list[Markup]:
    marks = Marks(at=ticks(x.low, x.high, about=4), written="{:g}".format, caption="seconds per trial")
    guide = tag("line", x1=x.start, x2=x.end, y1=y(0.95), y2=y(0.95), cls="guide")
    return [*grid(x, y, marks, _SHARES), guide]


def _legend(series: Series, at: int) -> list[Markup]:
    left, top = WIDTH - _RIGHT + 10, _TOP + 30 + at * 66
    return [
        tag("line", x1=left, x2=left + 26, y1=top - 5, y2=top - 5, cls=f"{series.cls} line"),
        tag("text", series.name, x=left + 33, y=top, cls="label total"),
        tag("text", f"p50 {seconds(series.p50)}", x=left, y=top + 18, cls="tick"),
        tag("text", f"p95 {seconds(series.p95)}", x=left, y=top + 34, cls="tick"),
    ]


def ecdf(series: Sequence[Series]) -> Markup:
    """*series* as cumulative curves up to the 99.5th percentile, and as a table."""
    drawn = [one for one in series if len(one.values) >= VALUES_MIN]
    cells = [(one.name, len(one.values), seconds(one.p50), seconds(one.p95), seconds(one.values[-1])) for one in series]
    rows = table(("Arm", "Trials", "p50", "p95", "Slowest"), cells)
    if not drawn:
        return tag("p", f"Fewer than {VALUES_MIN} latencies were recorded: too few for a curve.", cls="muted") + rows
    together = sorted(value for one in drawn for value in one.values)
    high = together[int(0.995 * (len(together) - 1))] or 1.0
    x = Scale(low=0.0, high=high * 1.02, start=LEFT, end=WIDTH - _RIGHT)
    y = Scale(low=0.0, high=1.0, start=HEIGHT - BOTTOM, end=_TOP)
    curves = [tag("path", d=_path(one, x, y), cls=f"{one.cls} line") for one in drawn]
    legend = [part for at, one in enumerate(drawn) for part in _legend(one, at)]
    return (
        drawing(
            *_frame(x, y),
            *curves,
            *legend,
            name="ecdf",
            title="Latency: share of trials that took at most so long",
            description="; ".join(f"{one.name}: p50 {seconds(one.p50)}, p95 {seconds(one.p95)}" for one in drawn),
            width=WIDTH,
            height=HEIGHT,
        )
        + rows
    )
