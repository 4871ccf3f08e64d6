"""``harness db``: the store."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.runtime import home_of
from harness.cli.stored import open_synced
from harness.core.hashing import Json
from harness.store import open_store


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    db = typer.Typer(help="The store: a DuckDB database derived from the journals.")
    db.callback()(_group)
    db.command(name="sync")(sync)
    db.command(name="sql")(sql)
    db.command(name="export")(export)
    app.add_typer(db, name="db")


def _group() -> None:
    """The store: a DuckDB database derived from the journals."""


def sync(ctx: typer.Context) -> int:
    """Take in new journal lines. Every command that reads the store does this first."""
    at: Context = ctx.obj
    home = home_of(at.options)
    with open_store(home.state / "harness.duckdb") as store:
        synced = store.sync(home.state / "journal")
    if at.options.json:
        at.output.json(
            {"files": synced.files, "lines": synced.lines, "problems": [str(each) for each in synced.problems]}
        )
    else:
        at.output.line(f"{synced.lines} new lines from {synced.files} journals")
        for problem in synced.problems:
            at.output.line(str(problem), style="bold red")
    return Exit.NO if synced.problems else Exit.DONE


def sql(ctx: typer.Context, query: Annotated[str, typer.Argument(help="One SELECT.")]) -> int:
    """Ask the store; read-only, and without access to files or network."""
    at: Context = ctx.obj
    with open_synced(home_of(at.options)) as store:
        result = store.sql(query)
    if at.options.json:
        rows: list[Json] = [dict(zip(result.columns, map(_json, row), strict=True)) for row in result.rows]
        at.output.json(rows)
    else:
        at.output.table(result.columns, result.rows)
    return Exit.DONE


def export(ctx: typer.Context, folder: Annotated[Path, typer.Argument(help="Made when absent.")]) -> int:
    """Every table as a Parquet file."""
    at: Context = ctx.obj
    with open_synced(home_of(at.options)) as store:
        written = store.export(folder)
    if at.options.json:
        at.output.json({str(path): rows for path, rows in written.rows.items()})
    else:
        at.output.line(f"wrote {len(written.rows)} files into {folder}")
    return Exit.DONE


def _json(value: object) -> Json:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
