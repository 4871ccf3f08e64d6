"""``harness grade``: judge stored submissions again. No model is called."""

from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.interrupts import run_async
from harness.cli.labels import counted, shortened
from harness.cli.runs import find_run, grades_json, run_rows
from harness.cli.runtime import home_of
from harness.core.ids import RunId
from harness.evals.regrading import Regraded, regrade_run


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="grade")(grade)


def grade(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id, beginning of an id, or name.")],
) -> int:
    """Judge stored submissions again, without any model call.

    The suite, the comparator and the grader are taken as they are now.
    """
    at: Context = ctx.obj
    home = home_of(at.options)
    row = find_run(home, run)
    result = run_async(regrade_run(home, RunId(row.run_id)))
    if at.options.json:
        _, trials = run_rows(home, row.run_id)
        at.output.json(grades_json(row.run_id, trials))
        return Exit.DONE
    _print(at, result)
    return Exit.DONE


def _print(at: Context, result: Regraded) -> None:
    at.output.line(f"run {result.run_id}: {counted(result.judged, 'submission')} judged again")
    if result.skipped:
        at.output.line(f"{counted(result.skipped, 'trial')} without anything to judge: their grades stay")
    if not result.changes:
        at.output.line("no grade changed")
        return
    at.output.line(f"{counted(len(result.changes), 'grade')} changed", style="bold")
    at.output.line()
    rows = [
        [
            change.key.task_id,
            change.key.candidate,
            change.key.epoch,
            change.before.value if change.before else "not judged",
            change.after.value,
            shortened(change.detail, 200),
        ]
        for change in result.changes
    ]
    at.output.table(["task", "candidate", "epoch", "was", "is", "why"], rows, right=["epoch"], cut=["why"])
