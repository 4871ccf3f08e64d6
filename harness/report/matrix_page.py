"""The routing matrix page: what is measured, who is chosen and why, and what a promotion would change."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from harness.core.hashing import Json
from harness.report.formats import shade
from harness.report.page import render_page

TEMPLATE: Final = "matrix.html.j2"
STATES: Final[Mapping[str, Mapping[str, str]]] = {
    "supported": {"icon": "✔", "state": "better"},
    "unchanged": {"icon": "=", "state": "equivalent"},
    "refused": {"icon": "✖", "state": "worse"},
    "insufficient": {"icon": "◐", "state": "insufficient"},
}
OBJECTIVES: Final[Mapping[str, str]] = {"cost": "cheapest", "latency": "fastest", "quality": "best"}


def render_matrix(results: Mapping[str, Json], *, templates: Path, harness: str = "") -> str:
    """The page of *results* (:func:`harness.report.matrix.matrix_results`), made by version *harness*.

    The same arguments give the same bytes. Raises ConfigError when a template cannot be read or filled.
    """
    names = sorted({cell["candidate"] for one in results["classes"] for cell in one["cells"]})
    values = {
        "r": results,
        "state": STATES[results["verdict"]["verdict"]],
        "states": STATES,
        "best": OBJECTIVES.get(results["proposed"]["objective"], results["proposed"]["objective"]),
        "candidates": names,
        "square": [_square(one, names) for one in results["classes"]],
        "shade": shade,
        "harness": harness,
    }
    return render_page(templates, TEMPLATE, values)


def _square(one: Mapping[str, Json], names: Sequence[str]) -> dict[str, Json]:
    """A class with one cell per candidate, None where it was not measured."""
    cells = {cell["candidate"]: cell for cell in one["cells"]}
    return {"task_class": one["task_class"], "cells": [cells.get(name) for name in names]}
