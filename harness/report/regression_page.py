"""The regression page: did anything get worse last night, where, and what changed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from harness.core.hashing import Json
from harness.report.charts.lines import Axis, Frame, Line, lined
from harness.report.charts.svg import Scale, table, tag
from harness.report.formats import percent, points
from harness.report.page import render_page
from harness.report.regression_outputs import ICONS, STATE_WORDS
from harness.report.regression_words import ends
from harness.report.text import short

TEMPLATE = "regression.html.j2"
DRAWN_MAX = 40
"""Cells that are drawn; all are in the table."""
_HALF = 12.0
"""Half the height of a strip."""
_REACH = 3.0
"""Standard deviations of a night from its middle to its edge."""

KINDS = {
    "ok": {"icon": ICONS["ok"], "state": "better", "word": "no regression"},
    "regression": {"icon": ICONS["regression"], "state": "worse", "word": "regression"},
    "suspected": {"icon": ICONS["suspected"], "state": "insufficient", "word": "suspected"},
    "unmeasured": {"icon": ICONS["unmeasured"], "state": "insufficient", "word": "not measured"},
    "insufficient": {"icon": ICONS["insufficient"], "state": "insufficient", "word": "not enough data"},
}
STATES = {
    "ok": {"icon": "✔", "state": "equivalent"},
    "new": {"icon": "✖", "state": "worse"},
    "ongoing": {"icon": "✖", "state": "worse"},
    "recovered": {"icon": "✔", "state": "better"},
    "suspected": {"icon": "◐", "state": "insufficient"},
    "refuted": {"icon": "◐", "state": "equivalent"},
    "no_baseline": {"icon": "◐", "state": "insufficient"},
}


def _strip(cell: Mapping[str, Json], *, several: bool) -> Line:
    history = [point for point in cell["history"] if point["rate"] is not None and point["baseline"] is not None]
    kind = STATES[cell["state"]]["state"]

    def mark(x: Scale, y: float) -> Markup:
        band = tag(
            "rect", x=x.start, y=y - 2 * _HALF / _REACH, width=x.end - x.start, height=4 * _HALF / _REACH, cls="zone"
        )
        middle = tag("line", x1=x.start, x2=x.end, y1=y, y2=y, cls="guide")
        first = x.high - len(history) + 1
        places = [(x(first + at), y + _offset(point)) for at, point in enumerate(history)]
        path = " ".join(f"{'L' if at else 'M'}{left:.1f} {top:.1f}" for at, (left, top) in enumerate(places))
        dots = [
            tag(
                "circle",
                cx=left,
                cy=top,
                r=4.5 if point["new"] else 2.5,
                cls="worse fill" if point["open"] else "b fill",
            )
            for (left, top), point in zip(places, history, strict=True)
        ]
        return band + middle + (tag("path", d=path, cls="b line") if path else Markup("")) + Markup("").join(dots)

    return Line(
        name=f"{cell['task_class']} · {cell['candidate']}" if several else cell["task_class"],
        note=f"n={cell['n']:,}",
        numbers=f"{points(cell['diff'])} {ends(cell)}",
        said=f"{percent(cell['baseline'])}, now {percent(cell['now'])}: {points(cell['diff'])} points {ends(cell)}",
        mark=mark,
        strong=kind == "worse",
    )


def _offset(point: Mapping[str, Json]) -> float:
    # Down is worse; beyond the edge stays at the edge.
    if point["baseline"] is None or not point["spread"]:
        return 0.0
    away: float = (point["rate"] - point["baseline"]) / point["spread"]
    return -_HALF * max(-_REACH, min(_REACH, away)) / _REACH


def _axis(nights: int) -> Axis:
    def draw(x: Scale, bottom: float, _frame: Frame) -> Sequence[Markup]:
        said = "tonight" if nights == 1 else f"the last {nights} nights; at the right, tonight"
        return [tag("text", said, x=(x.start + x.end) / 2, y=bottom + 18, cls="tick middle")]

    return draw


def _strips(cells: Sequence[Mapping[str, Json]]) -> Markup:
    known = [cell for cell in cells if cell["diff"] is not None]
    if not known:
        return tag("p", "There is nothing to compare with yet, so there is nothing to draw.", cls="muted")
    nights, several = max(len(cell["history"]) for cell in known), len({cell["candidate"] for cell in known}) > 1
    drawn = lined(
        [_strip(cell, several=several) for cell in known[:DRAWN_MAX]],
        name="strips",
        title="Success of each class, night by night, beside its baseline",
        ends=(0.0, float(max(1, nights - 1))),
        axis=_axis(nights),
        bottom=30,
    )
    rows = [
        (
            short(f"{cell['task_class']} · {cell['candidate']}", 200),
            point["at"],
            percent(point["rate"]),
            percent(point["baseline"]),
        )
        for cell in known
        for point in cell["history"]
    ]
    return drawn + table(("Class", "Night", "Resolved", "Baseline"), rows)


def render_regression(
    results: Mapping[str, Json], failures: Sequence[Mapping[str, Json]], *, templates: Path, harness: str = ""
) -> str:
    """The page of *results* (:func:`harness.report.regression.regression_results`).

    *failures*: its ``new_failures`` with their texts (:func:`harness.report.regression_tasks.with_texts`). *templates*:
    the folder they lie in. The same arguments give the same bytes. Raises ConfigError for a broken template.
    """
    order = {"new": 0, "ongoing": 1, "suspected": 2, "refuted": 3, "recovered": 4, "ok": 5, "no_baseline": 6}
    cells = sorted(
        results["cells"],
        key=lambda cell: (order[cell["state"]], cell["ci"][1], cell["candidate"], cell["task_class"]),
    )
    values = {
        "r": results,
        "cells": cells,
        "failures": failures,
        "kind": KINDS[results["verdict"]["verdict"]],
        "states": STATES,
        "state_words": STATE_WORDS,
        "charts": {"strips": _strips(cells)},
        "health": _health(results),
        "harness": harness,
    }
    return render_page(templates, TEMPLATE, values)


def _health(results: Mapping[str, Json]) -> list[dict[str, str]]:
    run, left_out = results["run"], results["left_out"]
    found = [
        {"state": "ok", "text": "The run is complete."}
        if run["complete"]
        else {"state": "warn", "text": "The run is not complete."},
        {
            "state": "ok" if left_out["shared"] else "warn",
            "text": f"{left_out['shared']:,} tasks shared with the baseline.",
        },
    ]
    return found + [{"state": "warn", "text": line} for line in results["verdict"]["warnings"]]
