"""When each call of an outcome was made and how long it took, as a chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup

from harness.report.charts.lines import TOP, Frame, Line, lined
from harness.report.charts.svg import Scale, table, tag, ticks
from harness.report.formats import seconds
from harness.report.text import short

CALLS_MAX = 40


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


def timeline(bars: Sequence[Bar]) -> Markup:
    """*bars*, of which the first :data:`CALLS_MAX` are drawn, for wide and narrow screens, and as a table."""
    if not bars:
        return tag("p", "No call is on record.", cls="muted")
    shown = bars[:CALLS_MAX]
    cells = [(short(bar.name, 200), bar.note, seconds(bar.start_s), seconds(bar.end_s)) for bar in bars]
    note = Markup("")
    if len(shown) < len(bars):
        note = tag("p", f"The first {CALLS_MAX} of {len(bars)} calls are drawn.", cls="muted")
    chart = lined(
        [_line(bar) for bar in shown],
        name="timeline",
        title="When the calls were made",
        ends=(0.0, max(*(bar.end_s for bar in shown), 0.001)),
        axis=_axis,
        bottom=24.0,
    )
    return chart + note + table(("Model", "Result", "from", "to"), cells)


def _axis(x: Scale, bottom: float, frame: Frame) -> list[Markup]:
    return [
        tag("line", x1=x(at), x2=x(at), y1=TOP, y2=bottom, cls="grid")
        + tag("text", seconds(at) if at else "0", x=x(at), y=bottom + 16, cls="tick middle" if at else "tick")
        for at in ticks(0, x.high * 0.98, about=3 if frame.narrow else 6)
    ]


def _line(bar: Bar) -> Line:
    numbers = f"{short(bar.note)} · {seconds(bar.end_s - bar.start_s)}"
    said = f"{short(bar.note)}, {seconds(bar.start_s)} to {seconds(bar.end_s)}"
    return Line(name=bar.name, note="", numbers=numbers, said=said, mark=partial(_mark, bar))


def _mark(bar: Bar, x: Scale, y: float) -> Markup:
    width = max(2.0, x(bar.end_s) - x(bar.start_s))
    return tag("rect", x=x(bar.start_s), y=y - 8, width=width, height=16.0, cls=f"{bar.state} fill")
