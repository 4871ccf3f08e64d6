"""Charts of one line per thing over a common axis: drawn once for wide screens and once for narrow ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.report.charts.svg import Scale, drawing, tag
from harness.report.text import short

TOP = 10.0
Mark = Callable[[Scale, float], Markup]
"""Draws what a line shows, at a height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where things are: text and mark side by side on a wide screen, one above the other on a narrow one."""

    width: float
    left: float
    right: float
    row: float
    narrow: bool


WIDE = Frame(width=1060, left=250, right=190, row=32, narrow=False)
NARROW = Frame(width=340, left=10, right=10, row=52, narrow=True)
FRAMES = (WIDE, NARROW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the chart."""

    name: str
    note: str
    """Small, behind the name."""
    numbers: str
    """At the right end."""
    said: str
    """What it shows, in words, for those who cannot see it."""
    mark: Mark
    strong: bool = False


Axis = Callable[[Scale, float, Frame], Sequence[Markup]]
"""Draws what lies behind the lines, down to a height."""


def lined(
    lines: Sequence[Line], *, name: str, title: str, ends: tuple[float, float], axis: Axis, bottom: float
) -> Markup:
    """*lines* over an axis from ``ends[0]`` to ``ends[1]``, with room of *bottom* beneath, for both kinds of screen."""
    return Markup("").join(_draw(lines, name, title, ends, axis, bottom, frame) for frame in FRAMES)


def _draw(  # noqa: PLR0917 -- private
    lines: Sequence[Line],
    name: str,
    title: str,
    ends: tuple[float, float],
    axis: Axis,
    bottom: float,
    frame: Frame,
) -> Markup:
    x = Scale(low=ends[0], high=ends[1], start=frame.left, end=frame.width - frame.right)
    base = TOP + frame.row * len(lines)
    return drawing(
        *axis(x, base, frame),
        *(_line(line, x, TOP + frame.row * place, frame) for place, line in enumerate(lines)),
        name=f"{name}-narrow" if frame.narrow else name,
        title=title,
        description="; ".join(f"{short(line.name)}: {line.said}" for line in lines),
        width=frame.width,
        height=base + bottom,
        cls="narrow" if frame.narrow else "wide",
    )


def _line(line: Line, x: Scale, top: float, frame: Frame) -> Markup:
    y = top + (frame.row - 14 if frame.narrow else frame.row / 2)
    text_y = top + 16 if frame.narrow else y + 4
    paper = tag("rect", x=0, y=top + 2, width=frame.width, height=20, cls="paper") if frame.narrow else Markup("")
    note = tag("tspan", f"  {line.note}", cls="muted") if line.note else Markup("")
    name = short(line.name, 24 if frame.narrow else 30)
    return tag(
        "g",
        tag("title", f"{short(line.name, 200)}: {line.said}"),
        paper,
        tag("text", name, note, x=4, y=text_y, cls="label total" if line.strong else "label"),
        line.mark(x, y),
        tag("text", line.numbers, x=frame.width - 4, y=text_y, cls="number end"),
    )
