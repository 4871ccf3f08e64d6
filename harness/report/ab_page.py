"""The A/B page: the results and the tasks of a comparison as one HTML file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from harness.core.hashing import Json, canonical
from harness.report.ab_sequence import STOPPING
from harness.report.charts.ecdf import Series, ecdf
from harness.report.charts.forest import ForestRow, forest
from harness.report.charts.svg import tag
from harness.report.charts.tradeoff import Point, tradeoff
from harness.report.page import render_page

TEMPLATE = "ab.html.j2"
STATES = {
    "better": {"icon": "✔", "state": "better", "word": "better"},
    "worse": {"icon": "✖", "state": "worse", "word": "worse"},
    "equivalent": {"icon": "≈", "state": "equivalent", "word": "equivalent"},
    "insufficient": {"icon": "◐", "state": "insufficient", "word": "not enough data"},
}
OUTCOMES = {
    "loss": "A better",
    "win": "B better",
    "unmeasured": "not measured",
    "tie_fail": "neither",
    "tie_part": "alike, in part",
    "tie_pass": "both",
}
GRADE_WORDS = {
    "resolved": "resolved",
    "not_resolved": "wrong",
    "format_failure": "format failure",
    "empty": "empty",
    "refused": "refused",
    "limit": "limit reached",
    "void": "void (tampering)",
    "infra_error": "not measured",
    "unserved": "not served",
}


def _forest_row(row: Mapping[str, Json], name: str, state: str, *, total: bool) -> ForestRow:
    return ForestRow(
        name=name,
        n=row["n"],
        diff=row["diff"],
        lo=row["ci"][0],
        hi=row["ci"][1],
        state=state,
        a_rate=row["a"]["rate"],
        b_rate=row["b"]["rate"],
        total=total,
    )


def _forest(results: Mapping[str, Json]) -> Markup:
    if results["success"]["diff"] is None:
        return tag("p", "The two candidates share no measured task, so there is nothing to draw.", cls="muted")
    rows = [_forest_row(row, row["task_class"], row["state"], total=False) for row in results["classes"]]
    total = _forest_row(results["success"], "All tasks", results["verdict"]["verdict"], total=True)
    return forest([*rows, total], margin=results["margin"])


def _series(results: Mapping[str, Json]) -> list[Series]:
    arms = (("A", "a"), ("B", "b"))
    found = [(name, arm, results["latency"][arm]) for name, arm in arms]
    return [
        Series(name=name, cls=arm, values=tuple(row["values"]), p50=row["p50"], p95=row["p95"])
        for name, arm, row in found
        if row["values"]
    ]


def _latency(results: Mapping[str, Json]) -> Markup:
    series = _series(results)
    return ecdf(series) if series else tag("p", "No latencies were recorded.", cls="muted")


def _tradeoff(results: Mapping[str, Json]) -> Markup:
    points = [
        Point(
            name=row["candidate"],
            cls=row["arm"],
            cost=row["cost_per_success"],
            success=row["success"],
            lo=row["lo"],
            hi=row["hi"],
            n=row["n"],
        )
        for row in results["candidates"]
    ]
    return tradeoff(points) if points else tag("p", "Nothing was measured.", cls="muted")


def _compared(part: Mapping[str, Json], *, lower: str, higher: str) -> dict[str, str]:
    # The word under a tile: only an interval clear of 1 says anything.
    if part["hi"] is not None and part["hi"] < 1:
        return {"state": "better", "icon": "▼", "word": lower}
    if part["lo"] is not None and part["lo"] > 1:
        return {"state": "worse", "icon": "▲", "word": higher}
    return {"state": "insufficient", "icon": "◐", "word": "a difference is not shown"}


def _classes(tasks: Sequence[Mapping[str, Json]]) -> list[str]:
    return sorted({task["task_class"] for task in tasks})


def _facts(values: Mapping[str, Json]) -> list[tuple[str, str]]:
    return [
        (str(key), value if isinstance(value, str) else canonical(value).decode("utf-8", errors="replace"))
        for key, value in sorted(values.items())
    ]


def render_ab(results: Mapping[str, Json], tasks: Sequence[Mapping[str, Json]], *, templates: Path) -> str:
    """The page of *results* (:func:`harness.report.ab_results`) and *tasks* (:func:`harness.report.ab_tasks`).

    *templates* is the folder with ``ab.html.j2``, ``style.css`` and ``app.js``. The same arguments give the same
    bytes. Raises ConfigError when a template cannot be read or filled.
    """
    values = {
        "r": results,
        "tasks": tasks,
        "classes": _classes(tasks),
        "states": STATES,
        "outcomes": OUTCOMES,
        "grade_words": GRADE_WORDS,
        "good": {"icon": "✓", "state": "better"},
        "bad": {"icon": "✗", "state": "worse"},
        "charts": {"forest": _forest(results), "tradeoff": _tradeoff(results), "latency": _latency(results)},
        "cost_says": _compared(results["cost"], lower="cheaper", higher="dearer"),
        "tokens_say": _compared(results["tokens"], lower="fewer tokens", higher="more tokens"),
        "latency_says": _compared(results["latency"], lower="faster", higher="slower"),
        "prices": _facts(results["run"]["prices"]),
        "provenance": [fact for fact in _facts(results["run"]["provenance"]) if fact[0] != STOPPING],  # told in words
    }
    return render_page(templates, TEMPLATE, values)
