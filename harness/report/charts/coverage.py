"""Risk and coverage: how much of what is served is wrong when only the surest part is served."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.report.charts.plane import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Marks,
    grid,
    label_x,
    share_ticks,
    steps,
)
from harness.report.charts.svg import Scale, drawing, table, tag, ticks
from harness.report.formats import between, percent
from harness.report.text import short

SINGLES_MAX = 12
"""Only so many models are drawn beside the curve; all are in the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """What is served down to one score."""

    score: float
    coverage: float
    risk: float
    served: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """One model, had it been asked alone."""

    name: str
    coverage: float
    """Share of the questions to which it gave an answer."""
    risk: float
    """Share of those answers that is wrong."""
    lo: float
    hi: float
    n: int


def coverage_curve(points: Sequence[CurvePoint], singles: Sequence[Single], *, scored_by: str) -> Markup:
    """*points*, surest first, as a curve, with *singles* beside it, and both as tables. *points* is not empty."""
    drawn = singles[:SINGLES_MAX]
    top = max([0.05, *(one.risk for one in points), *(one.risk for one in drawn)])
    x = Scale(low=0.0, high=1.02, start=LEFT, end=WIDTH - RIGHT)
    y = Scale(low=0.0, high=min(1.0, top * 1.15), start=HEIGHT - BOTTOM, end=TOP)
    marks = Marks(at=ticks(0.0, 1.0, about=4), written=percent_tick, caption="share of the questions that is served")
    first = points[0]
    path = steps([(0.0, first.risk), *((one.coverage, one.risk) for one in points)], x, y)
    chart = drawing(
        *grid(x, y, marks, share_ticks(y)),
        tag("path", d=path, cls="b line"),
        *(_single(one, place, x, y) for place, one in enumerate(drawn, start=1)),
        name="coverage",
        title="Share wrong among what is served, by share served",
        description="; ".join(f"{percent(one.coverage)} served, {percent(one.risk)} wrong" for one in points[-20:]),
        width=WIDTH,
        height=HEIGHT,
    )
    cells = [(percent(one.coverage), percent(one.risk), f"{one.score:.3f}", one.served) for one in points]
    curve = table(("Served", "Wrong", scored_by, "Questions"), cells, summary="The curve as a table")
    return chart + _legend(drawn) + curve + _singles(singles)


def percent_tick(share: float) -> str:
    """A share on an axis.

    >>> percent_tick(0.25)
    '25%'
    """
    return f"{100 * share:g}%"


def _single(one: Single, number: int, x: Scale, y: Scale) -> Markup:
    left, cls = label_x(x, one.coverage, 2)
    return tag(
        "g",
        tag("title", f"{short(one.name, 200)} alone: {percent(one.coverage)} answered, {percent(one.risk)} wrong"),
        tag("circle", cx=x(one.coverage), cy=y(one.risk), r=4.5, cls="other fill"),
        tag("text", number, x=left, y=y(one.risk) + (4 if number % 2 else -4), cls=cls),
    )


def _legend(singles: Sequence[Single]) -> Markup:
    if not singles:
        return Markup("")
    names = "; ".join(f"{number} {short(one.name, 40)}" for number, one in enumerate(singles, start=1))
    return tag("p", f"Circles, each model asked alone: {names}.", cls="small muted")


def _singles(singles: Sequence[Single]) -> Markup:
    cells = [
        (short(one.name, 200), percent(one.coverage), percent(one.risk), between(one.lo, one.hi, percent), one.n)
        for one in singles
    ]
    headers = ("Model alone", "Answered", "Wrong", "95%", "Questions")
    return table(headers, cells, summary="Each model alone as a table") if cells else Markup("")
