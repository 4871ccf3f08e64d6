"""``harness report matrix``: the routing matrix as a page."""

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.labels import link
from harness.cli.matrix import MarginOption, MinimumOption, ObjectiveOption, RunsOption, proposal
from harness.cli.provenance import harness_version
from harness.cli.runtime import home_of, split_names, write_page, write_text
from harness.cli.stored import open_synced
from harness.content import Home, load_matrix
from harness.core.hashing import Json
from harness.evals.builtin import PREFIX
from harness.report.matrix import Evidence, matrix_results, matrix_summary
from harness.report.matrix_page import render_matrix
from harness.store import promotions
from harness.store import runs as runs_query
from harness.store import trials as trials_query
from harness.transport import SystemClock

STYLES = {"supported": "bold green", "unchanged": "bold green", "refused": "bold red", "insufficient": "bold yellow"}


def matrix(
    ctx: typer.Context,
    runs: RunsOption = "",
    objective: ObjectiveOption = "cost",
    minimum_tasks: MinimumOption = 20,
    margin: MarginOption = 0.03,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The page; <home>/.harness/pages/ otherwise.")
    ] = None,
) -> int:
    """Which candidate for which work? The routing matrix and what a promotion would change, as one HTML file.

    Exit code: 0 the gate would pass or nothing changes, 3 the evidence does not carry a change, 5 not enough of it.
    """
    at: Context = ctx.obj
    home = home_of(at.options)
    names = split_names(runs)
    words = ["--objective", objective, "--minimum-tasks", str(minimum_tasks), "--margin", f"{margin:g}"]
    command = shlex.join(["harness", "report", "matrix", *(["--runs", runs] if runs else []), *words])
    proposed = proposal(home, names, objective=objective, minimum_tasks=minimum_tasks, margin=margin)
    results = matrix_results(load_matrix(home), proposed, _evidence(home, names, command))
    page = out or home.state / "pages" / "matrix.html"
    write_matrix_page(home, results, page)
    if at.options.json:
        at.output.json(matrix_summary(results, str(page)))
    else:
        verdict = results["verdict"]
        at.output.line(verdict["headline"], style=STYLES[verdict["verdict"]])
        for sentence in verdict["why"]:
            at.output.prose(sentence, indent="  ")
        at.output.line(f"page: {link(page)}")
    return Exit(results["verdict"]["exit_code"])


def write_matrix_page(home: Home, results: dict[str, Json], page: Path) -> None:
    """Write the page, and ``<page>.results.json`` beside it. Raises ConfigError when a file cannot be written."""
    write_page(page, render_matrix(results, templates=home.reports / "templates", harness=harness_version()))
    write_text(page.with_suffix(".results.json"), json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False))


def _evidence(home: Home, names: list[str], command: str) -> Evidence:
    with open_synced(home) as store:
        known = [row for row in runs_query(store) if not names or row.run_id in names or row.name in names]
        trials = [trial for row in known for trial in trials_query(store, row.run_id)]
        history = promotions(store)
    return Evidence(
        rows=[trial for trial in trials if not trial.candidate.startswith(PREFIX)],
        runs=known,
        promotions=history,
        at=SystemClock().now(),
        command=command,
    )
