"""When each call of an outcome was made and how long it took, as a chart."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.report.charts.svg import Scale, drawing, table, tag, ticks
from harness.report.formats import seconds
from harness.report.text import short

CALLS_MAX = 40
_TITLE = "When the calls were made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One call."""

    name: str
    note: str
    """What came of it."""
    state: str
    """``better``: its answer was served; ``equivalent``: an answer; ``insufficient``: none."""
    start_s: float
    """After the first call of the outcome."""
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """Where things are: one line per call on a wide screen, two on a narrow one."""

    width: float
    left: float
    right: float
    row: float
    narrow: bool


_WIDE = _Frame(width=1060, left=250, right=190, row=30, narrow=False)
_NARROW = _Frame(width=340, left=6, right=10, row=46, narrow=True)
_TOP = 8.0
_BOTTOM = 24.0


def timeline(bars: Sequence[Bar]) -> Markup:
    """*bars*, of which the first :data:`CALLS_MAX` are drawn, for wide and narrow screens, and as a table."""
    if not bars:
        return tag("p", "No call is on record.", cls="muted")
    shown = bars[:CALLS_MAX]
    cells = [(short(bar.name, 200), bar.note, seconds(bar.start_s), seconds(bar.end_s)) for bar in bars]
    note = Markup("")
    if len(shown) < len(bars):
        note = tag("p", f"The first {CALLS_MAX} of {len(bars)} calls are drawn.", cls="muted")
    return _draw(shown, _WIDE) + _draw(shown, _NARROW) + note + table(("Model", "Result", "from", "to"), cells)


def _draw(bars: Sequence[Bar], frame: _Frame) -> Markup:
    last = max(*(bar.end_s for bar in bars), 0.001)
    x = Scale(low=0, high=last, start=frame.left, end=frame.width - frame.right)
    bottom = _TOP + frame.row * len(bars)
    grid = [
        tag("line", x1=x(at), x2=x(at), y1=_TOP, y2=bottom, cls="grid")
        + tag("text", seconds(at) if at else "0", x=x(at), y=bottom + 16, cls="tick middle" if at else "tick")
        for at in ticks(0, last * 0.98, about=3 if frame.narrow else 6)
    ]
    return drawing(
        *grid,
        *(_line(bar, x, _TOP + frame.row * place, frame) for place, bar in enumerate(bars)),
        name="timeline-narrow" if frame.narrow else "timeline",
        title=_TITLE,
        description="; ".join(f"{short(bar.name)}: {bar.note}, {_span(bar)}" for bar in bars),
        width=frame.width,
        height=bottom + _BOTTOM,
        cls="narrow" if frame.narrow else "wide",
    )


def _span(bar: Bar) -> str:
    return f"{seconds(bar.start_s)} to {seconds(bar.end_s)}"


def _line(bar: Bar, x: Scale, top: float, frame: _Frame) -> Markup:
    y = top + (24 if frame.narrow else 7)
    text_y = top + 15 if frame.narrow else y + 12
    width = max(2.0, x(bar.end_s) - x(bar.start_s))
    paper = tag("rect", x=0, y=top + 2, width=frame.width, height=19, cls="paper") if frame.narrow else Markup("")
    return tag(
        "g",
        tag("title", f"{short(bar.name, 200)}: {bar.note}, {_span(bar)}"),
        paper,
        tag("rect", x=x(bar.start_s), y=y, width=width, height=16.0, cls=f"{bar.state} fill"),
        tag("text", short(bar.name, 24 if frame.narrow else 32), x=4, y=text_y, cls="label"),
        tag("text", f"{bar.note} · {seconds(bar.end_s - bar.start_s)}", x=frame.width - 4, y=text_y, cls="number end"),
    )
