"""``harness import``: recorded outputs as a run."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.interrupts import run_async
from harness.cli.labels import counted
from harness.cli.progress import progress_of
from harness.cli.provenance import provenance
from harness.cli.run import exit_of, show
from harness.cli.runtime import home_of
from harness.content import load_suite
from harness.core.ids import SuiteName
from harness.evals.importing import ImportOptions, import_outputs
from harness.evals.recorded import import_plan, read_outputs


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="import")(import_)


def import_(
    ctx: typer.Context,
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="The suite whose tasks were answered.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON Lines, plain or .gz, one output per line.")],
    run_name: Annotated[str, typer.Option(metavar="NAME", help="What to call the run.")] = "",
    no_grade: Annotated[bool, typer.Option("--no-grade", help="Only store; grade later with: harness grade.")] = False,
) -> int:
    """Take recorded outputs in as a run, and grade them.

    Each line: {"task_id", "model", "text", "epoch"?, "usage"?, "cost_usd"?, "latency_s"?, "finish"?}; for a repo suite
    "patch" or "files" may stand for "text". Models need no card.
    """
    at: Context = ctx.obj
    home = home_of(at.options)
    loaded = load_suite(home, SuiteName(suite))
    outputs = read_outputs(file, loaded)
    plan = import_plan(loaded, outputs, name=run_name)
    with progress_of(at.output, f"import {suite}") as report:
        options = ImportOptions(name=run_name, grade=not no_grade, on_progress=report, provenance=provenance(at.argv))
        run_id, result = run_async(import_outputs(home, plan, outputs, options))
    if no_grade and not at.options.json:
        at.output.line(f"run {run_id}: {counted(len(outputs), 'output')} stored, none judged")
        at.output.hint(f"next: harness grade {run_id}")
        return Exit.DONE
    show(at, plan, run_id, result)
    return exit_of(result)
