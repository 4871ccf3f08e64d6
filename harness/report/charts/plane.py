"""Charts of two axes: the frame with its grid, ticks and caption."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.report.charts.svg import Scale, tag, ticks

WIDTH, HEIGHT = 400.0, 270.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 16.0, 14.0, 44.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Ticks of the horizontal axis: places in its own scale, and what is written there."""

    at: Sequence[float]
    written: Callable[[float], str]
    caption: str


def share_ticks(scale: Scale) -> list[float]:
    """Round shares on a vertical axis."""
    return ticks(scale.low, scale.high)


def grid(x: Scale, y: Scale, marks: Marks, shares: Sequence[float]) -> list[Markup]:
    """Lines, ticks and the caption of a plane whose vertical axis holds *shares*."""
    parts = []
    for at in marks.at:
        parts.append(tag("line", x1=x(at), x2=x(at), y1=y.end, y2=y.start, cls="grid"))
        parts.append(tag("text", marks.written(at), x=x(at), y=y.start + 16, cls="tick middle"))
    for share in shares:
        parts.append(tag("line", x1=x.start, x2=x.end, y1=y(share), y2=y(share), cls="grid"))
        parts.append(tag("text", f"{share * 100:g}%", x=x.start - 6, y=y(share) + 4, cls="tick end"))
    parts.append(tag("text", marks.caption, x=(x.start + x.end) / 2, y=HEIGHT - 8, cls="tick middle"))
    return parts


def steps(points: Sequence[tuple[float, float]], x: Scale, y: Scale) -> str:
    """A path through *points* that goes along first, and then up or down."""
    if not points:
        return ""
    first, *rest = points
    return " ".join([f"M{x(first[0]):.1f} {y(first[1]):.1f}", *(f"H{x(left):.1f} V{y(top):.1f}" for left, top in rest)])


def label_x(x: Scale, at: float, chars: int) -> tuple[float, str]:
    """Where a label beside *at* begins, and its class: on the side where there is room."""
    place = x(at)
    return (place + 8, "label") if place + 8 + 7.2 * chars < WIDTH else (place - 8, "label end")
