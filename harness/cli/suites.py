"""``harness suites``: what can be measured here."""

from collections import Counter
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.runtime import home_of, shortened
from harness.content import list_suites, load_suite
from harness.core.hashing import Json
from harness.core.ids import SuiteName
from harness.core.suite import Suite


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    suites = typer.Typer(help="Suites and their tasks.", invoke_without_command=True)
    suites.callback()(_default)
    suites.command(name="list")(list_)
    suites.command(name="show")(show)
    app.add_typer(suites, name="suites")


def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise typer.Exit(list_(ctx))


def list_(ctx: typer.Context) -> int:
    """Every suite of the home folder."""
    at: Context = ctx.obj
    home = home_of(at.options)
    suites = [load_suite(home, name) for name in list_suites(home)]
    if at.options.json:
        at.output.json([_head_json(suite) for suite in suites])
        return Exit.DONE
    rows = [[suite.name, suite.kind, suite.version, len(suite.tasks), shortened(suite.description)] for suite in suites]
    at.output.table(["suite", "kind", "version", "tasks", ""], rows, right=["version", "tasks"])
    return Exit.DONE


def show(ctx: typer.Context, name: Annotated[str, typer.Argument(help="The suite's name.")]) -> int:
    """One suite: its classes and its tasks."""
    at: Context = ctx.obj
    suite = load_suite(home_of(at.options), SuiteName(name))
    if at.options.json:
        tasks = [{"id": task.id, "task_class": task.task_class, "digest": task.digest} for task in suite.tasks]
        at.output.json({**_head_json(suite), "tasks": tasks})
        return Exit.DONE
    at.output.line(
        f"{suite.name}@{suite.version} · {suite.kind} · {len(suite.tasks)} tasks · {suite.digest[:12]}", style="bold"
    )
    at.output.line(suite.description)
    classes = Counter(task.task_class for task in suite.tasks)
    at.output.line(" · ".join(f"{name} {number}" for name, number in sorted(classes.items())))
    at.output.line()
    at.output.table(["task", "class", ""], [[task.id, task.task_class, shortened(task.prompt)] for task in suite.tasks])
    return Exit.DONE


def _head_json(suite: Suite) -> dict[str, Json]:
    return {
        "name": suite.name,
        "kind": suite.kind,
        "version": suite.version,
        "task_class": suite.task_class,
        "description": suite.description,
        "n_tasks": len(suite.tasks),
        "min_isolation": suite.min_isolation.value,
        "digest": suite.digest,
    }
