"""Cumulative distribution of latency: A dashed, B solid."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.report.charts.svg import Scale, drawing, table, tag, ticks
from harness.report.formats import seconds

VALUES_MIN = 5
"""Fewer than this are listed, not drawn."""
_POINTS_MAX = 200
_WIDTH, _HEIGHT = 400.0, 270.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 84.0, 12.0, 44.0


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
    parts = []
    for at in ticks(x.low, x.high, about=4):
        parts.append(tag("line", x1=x(at), x2=x(at), y1=y.end, y2=y.start, cls="grid"))
        parts.append(tag("text", f"{at:g}", x=x(at), y=y.start + 16, cls="tick middle"))
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(tag("line", x1=x.start, x2=x.end, y1=y(share), y2=y(share), cls="grid"))
        parts.append(tag("text", f"{share:.0%}", x=x.start - 6, y=y(share) + 4, cls="tick end"))
    parts.append(tag("line", x1=x.start, x2=x.end, y1=y(0.95), y2=y(0.95), cls="guide"))
    parts.append(tag("text", "seconds per trial", x=(x.start + x.end) / 2, y=_HEIGHT - 8, cls="tick middle"))
    return parts


def _legend(series: Series, at: int) -> list[Markup]:
    left, top = _WIDTH - _RIGHT + 10, _TOP + 30 + at * 66
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
    x = Scale(low=0.0, high=high * 1.02, start=_LEFT, end=_WIDTH - _RIGHT)
    y = Scale(low=0.0, high=1.0, start=_HEIGHT - _BOTTOM, end=_TOP)
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
            width=_WIDTH,
            height=_HEIGHT,
        )
        + rows
    )
