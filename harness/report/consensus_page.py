"""The consensus page: what panels decided over a time, and above all where all of them were wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from markupsafe import Markup

from harness.core.hashing import Json
from harness.report.charts.coverage import CurvePoint, Single, coverage_curve
from harness.report.charts.reliability import Bin, reliability
from harness.report.charts.svg import tag
from harness.report.evidence_page import REASONS
from harness.report.formats import between, percent, shade
from harness.report.page import render_page

TEMPLATE: Final = "consensus.html.j2"
_GOOD, _BAD, _OPEN = "better", "worse", "insufficient"
SOURCES: Final[Mapping[str, str]] = {
    "review": "a person decided",
    "grade": "the grade of its task",
    "answer": "the answer of its task",
}


def render_consensus(results: Mapping[str, Json], *, templates: Path, harness: str = "") -> str:
    """The page of *results* (:func:`harness.report.consensus.consensus_results`), made by version *harness*.

    The same arguments give the same bytes. Raises ConfigError when a template cannot be read or filled.
    """
    values = {
        "r": results,
        "banner": banner(results),
        "health": health(results),
        "curve": _curve(results["curve"]),
        "reliability": _reliability(results["reliability"]),
        "reasons": REASONS,
        "sources": SOURCES,
        "agreement": _square(results["matrices"], "agreement"),
        "shared_errors": _square(results["matrices"], "shared_errors"),
        "good": {"icon": "✓", "state": _GOOD},
        "bad": {"icon": "✗", "state": _BAD},
        "shade": shade,
        "harness": harness,
    }
    return render_page(templates, TEMPLATE, values)


def banner(results: Mapping[str, Json]) -> dict[str, Json]:
    """``{"state", "icon", "headline", "lines"}``: how often what was served was right, and the worst first."""
    wrong, accuracy, labels = results["unanimous_wrong"]["n"], results["accuracy"], results["labels"]
    if not results["n"]:
        return {"state": _OPEN, "icon": "◐", "headline": "No panel decided anything in this time", "lines": []}
    served = f"{results['served']:,} of {results['n']:,} questions were served"
    if not accuracy["n"]:
        lines = [
            f"{served}; of none of them is the right answer on record, so nothing can be said about how good it was."
        ]
        return {"state": _OPEN, "icon": "◐", "headline": "How often it was right is not known", "lines": lines}
    interval = between(accuracy["lo"], accuracy["hi"], percent)
    share = percent(accuracy["rate"])
    lines = [f"{served}. Of those whose truth is known, {share} were right {interval}, n={accuracy['n']:,}."]
    if labels["missing"]:
        lines.append(f"The truth of {labels['missing']:,} questions is not known.")
    if wrong:
        many = "once" if wrong == 1 else f"{wrong:,} times"
        return {"state": _BAD, "icon": "✖", "headline": f"All agreed and were wrong {many}", "lines": lines}
    headline = (
        f"What was served was right {percent(accuracy['rate'])} of the time; never were all of a panel wrong together"
    )
    return {"state": _GOOD, "icon": "✔", "headline": headline, "lines": lines}


def health(results: Mapping[str, Json]) -> list[dict[str, Json]]:
    """``{"state": "ok" | "warn", "text"}`` per fact."""
    labels, found, money = results["labels"], results["curve"], results["economics"]
    lines = [
        (
            "ok" if not labels["missing"] else "warn",
            f"The truth is known of {labels['n']:,} of {results['n']:,} questions",
        ),
        (
            "ok" if not money["unknown"] else "warn",
            f"The cost is known of {results['n'] - money['unknown']:,} of {results['n']:,} outcomes",
        ),
    ]
    if found["n"] and found["by"] != "confidence":
        lines.append(
            ("warn", "Without a calibration the order of the curve is by share of votes, which is no probability")
        )
    echoes = [pair for pair in results["matrices"]["shared_errors"] if pair["echo"]]
    lines += [("warn", f"{pair['a']} and {pair['b']} are one voter: their errors are the same") for pair in echoes]
    return [{"state": state, "text": text} for state, text in lines] if results["n"] else []


def _curve(found: Mapping[str, Json]) -> Markup:
    if not found["points"]:
        return tag("p", "Labels are missing: without the right answers there is no curve.", cls="muted")
    points = [
        CurvePoint(score=one["score"], coverage=one["coverage"], risk=one["risk"], served=one["served"])
        for one in found["points"]
    ]
    beside = [
        Single(name=one["model"], coverage=one["coverage"], risk=one["risk"], lo=one["lo"], hi=one["hi"], n=one["n"])
        for one in found["singles"]
    ]
    word = {"confidence": "Probability", "share of votes": "Share of votes"}.get(found["by"], "Score")
    return coverage_curve(points, beside, scored_by=word)


def _reliability(found: Mapping[str, Json]) -> Markup:
    if not found["bins"]:
        said = "No labelled outcome carries a calibrated probability, so there is nothing to hold against the truth."
        return tag("p", said, cls="muted")
    bins = [
        Bin(
            low=one["low"],
            high=one["high"],
            n=one["n"],
            claimed=one["claimed"],
            right=one["right"],
            lo=one["lo"],
            hi=one["hi"],
        )
        for one in found["bins"]
    ]
    return reliability(bins, claim="stated probability of being right")


def _square(found: Mapping[str, Json], name: str) -> list[dict[str, Json]]:
    """The pairs as rows of a square, each ``{"model", "cells"}`` with None on the diagonal."""
    models = found["models"]
    pairs = {(pair["a"], pair["b"]): pair for pair in found[name]}
    return [
        {"model": row, "cells": [pairs.get((row, column)) or pairs.get((column, row)) for column in models]}
        for row in models
    ]
