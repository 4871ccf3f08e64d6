"""``harness audit``: whether the record is whole, offline."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.runtime import home_of
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.journal import Verification, verify


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    audit = typer.Typer(help="Evidence.")
    audit.callback()(_group)
    audit.command(name="verify")(verify_)
    app.add_typer(audit, name="audit")


def _group() -> None:
    """Evidence."""


def verify_(
    ctx: typer.Context,
    journal: Annotated[
        list[Path] | None, typer.Argument(help="Journal files; all of the home folder by default.")
    ] = None,
) -> int:
    """Re-compute the hash chain of every journal; names the first line that does not chain."""
    at: Context = ctx.obj
    folder = home_of(at.options).state / "journal"
    paths = journal or sorted(folder.glob("*.jsonl"))
    if not paths:
        raise ConfigError(f"{folder}: no journal yet; harness ask, run and import write one")
    checked = [(path, verify(path)) for path in paths]
    broken = any(found.broken is not None for _, found in checked)
    if at.options.json:
        at.output.json({"ok": not broken, "journals": [_json(path, found) for path, found in checked]})
        return Exit.NO if broken else Exit.DONE
    rows = [
        [
            path.name,
            found.lines,
            _state(found),
            found.head_hash[:16],
        ]
        for path, found in checked
    ]
    at.output.table(["journal", "lines", "", "head"], rows, right=["lines"])
    for _, found in checked:
        if found.broken is not None:
            at.output.line(str(found.broken), style="bold red")
    return Exit.NO if broken else Exit.DONE


def _state(found: Verification) -> str:
    if found.broken is not None:
        return "broken"
    return "unfinished last line" if found.torn_bytes else "whole"


def _json(path: Path, found: Verification) -> dict[str, Json]:
    return {
        "journal": path.name,
        "lines": found.lines,
        "head_hash": found.head_hash,
        "torn_bytes": found.torn_bytes,
        "broken": None if found.broken is None else str(found.broken),
    }
