"""``harness init``: a home folder in a user's repository."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.content import packaged_home, scaffold


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="init")(init)


def init(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where; the current folder by default.")] = Path(),
    example: Annotated[str, typer.Option(help="Which suite to copy as an example.")] = "starter",
) -> int:
    """Scaffold registry/, suites/ and reports/. Overwrites nothing."""
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
    at.output.line(f"wrote {len(done.written)} files into {folder}, kept {len(done.kept)} that were there")
    at.output.line("next: harness models, then: harness run starter --models scripted/careful,scripted/quick")
    return Exit.DONE
