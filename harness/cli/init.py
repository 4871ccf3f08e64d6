"""``harness init``: a home folder in a user's repository."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.labels import counted
from harness.content import packaged_home, scaffold


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="init")(init)


def init(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where; the current folder by default.")] = Path(),
    example: Annotated[str, typer.Option(metavar="NAME", help="Which suite to copy as an example.")] = "starter",
) -> int:
    """Write a home folder for you to edit; overwrites nothing."""
    at: Context = ctx.obj
    done = scaffold(folder, example, source=packaged_home(cwd=Path.cwd()))
    if at.options.json:
        at.output.json(
            {
                "folder": str(folder),
                "written": [str(path) for path in done.written],
                "kept": [str(path) for path in done.kept],
            }
        )
        return Exit.DONE
    at.output.line(f"{folder}: {counted(len(done.written), 'file')} written, {len(done.kept)} kept as they were")
    at.output.facts(
        [
            ("registry/", "models and their prices, policies, routing: yours to edit"),
            (f"suites/{example}/", "tasks and how they are judged"),
            ("reports/", "the templates of the pages"),
        ]
    )
    there = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    at.output.hint(f"next: {there}harness models, then: harness run {example} --models scripted/quick,scripted/careful")
    return Exit.DONE
