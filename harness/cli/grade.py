"""``harness grade``: judge stored submissions again. No model is called."""

import asyncio
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.runs import find_run, grades_json, run_rows
from harness.cli.runtime import home_of, shortened
from harness.core.ids import RunId
from harness.evals.regrading import regrade_run


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="grade")(grade)


def grade(ctx: typer.Context, run: Annotated[str, typer.Argument(help="Id, beginning of an id, or name.")]) -> int:
    """Judge a run's stored submissions by the suite, comparator and grader as they are now."""
    at: Context = ctx.obj
    home = home_of(at.options)
    row = find_run(home, run)
    result = asyncio.run(regrade_run(home, RunId(row.run_id)))
    if at.options.json:
        _, trials = run_rows(home, row.run_id)
        at.output.json(grades_json(row.run_id, trials))
        return Exit.DONE
    at.output.line(f"run {row.run_id}: {result.judged} judged, {result.skipped} without anything to judge")
    if result.changes:
        at.output.table(
            ["task", "model", "epoch", "was", "is", ""],
            [
                [
                    c.key.task_id,
                    c.key.candidate,
                    c.key.epoch,
                    c.before.value if c.before else "–",
                    c.after.value,
                    shortened(c.detail, 40),
                ]
                for c in result.changes
            ],
        )
    at.output.line(f"{len(result.changes)} grades changed")
    return Exit.DONE
