"""``harness db``: the store."""

import math
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.cells import cell_len

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.labels import NOTHING, counted, shortened
from harness.cli.layout import GAP, NARROWEST
from harness.cli.runtime import home_of
from harness.cli.stored import WAIT_S, open_synced
from harness.core.hashing import Json
from harness.store import Table, open_store

CELL_CHARS_MAX = 300
"""Of one value in a terminal."""

_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY table_name"


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    db = typer.Typer(help="The database made from the journals: sync, sql, export.", invoke_without_command=True)
    db.callback()(_default)
    db.command(name="sync")(sync)
    db.command(name="sql")(sql)
    db.command(name="export")(export)
    app.add_typer(db, name="db")


def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise typer.Exit(_tables(ctx.obj))


def _tables(at: Context) -> int:
    """What there is to ask."""
    with open_synced(home_of(at.options)) as store:
        names = [str(row[0]) for row in store.sql(_TABLES).rows]
        counts = {name: store.sql(f'SELECT count(*) FROM "{name}"').rows[0][0] for name in names}  # noqa: S608 -- the store's own names
        path = store.path
    if at.options.json:
        at.output.json({"file": str(path), "tables": counts})
        return Exit.DONE
    at.output.line(str(path), style="bold")
    at.output.table(["table", "rows"], [[name, f"{count:,}"] for name, count in counts.items()], right=["rows"])
    at.output.hint('next: harness db sql "SELECT candidate, grade, count(*) FROM trial GROUP BY ALL"')
    return Exit.DONE


def sync(ctx: typer.Context) -> int:
    """Take in new journal lines; every reading command does."""
    at: Context = ctx.obj
    home = home_of(at.options)
    with open_store(home.state / "harness.duckdb", wait_s=WAIT_S) as store:
        synced = store.sync(home.state / "journal")
    if at.options.json:
        at.output.json(
            {"files": synced.files, "lines": synced.lines, "problems": [str(each) for each in synced.problems]}
        )
    else:
        at.output.line(f"{counted(synced.lines, 'new line')} from {counted(synced.files, 'journal')}")
        for problem in synced.problems:
            at.output.prose(str(problem), style="bold red")
    return Exit.NO if synced.problems else Exit.DONE


def sql(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT.")],
    limit: Annotated[int, typer.Option(metavar="N", min=0, help="Rows at most; 0: all.")] = 1000,
    timeout: Annotated[float, typer.Option("--timeout", metavar="S", min=0, help="Seconds; 0: no limit.")] = 60,
) -> int:
    """Ask it; read-only, without files or network.

    What does not fit the terminal as a table is shown row by row; long texts are cut there. --json has them whole.
    """
    at: Context = ctx.obj
    with open_synced(home_of(at.options)) as store:
        result = store.sql(query, rows_max=limit or None, wait_s=timeout or None)
    if at.options.json:
        at.output.json(_objects(result))
    else:
        _print_rows(at, result)
    if result.more:
        at.output.remark(f"the first {limit:,} rows; there are more: --limit N, or 0 for all")
    return Exit.DONE


def export(ctx: typer.Context, folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made when absent.")]) -> int:
    """Every table as a Parquet file."""
    at: Context = ctx.obj
    with open_synced(home_of(at.options)) as store:
        written = store.export(folder)
    if at.options.json:
        at.output.json({str(path): rows for path, rows in written.rows.items()})
    else:
        at.output.table(
            ["file", "rows"], [[str(path), rows] for path, rows in written.rows.items()], right=["rows"], ids=["file"]
        )
    return Exit.DONE


def _numeric(result: Table) -> list[str]:
    """Columns of numbers only."""
    return [
        name
        for place, name in enumerate(result.columns)
        if result.rows and all(isinstance(row[place], int | float | Decimal | None) for row in result.rows)
    ]


def _print_rows(at: Context, result: Table) -> None:
    """A table where one fits; otherwise a block per row."""
    numbers = _numeric(result)
    cells = [[_text(value) for value in row] for row in result.rows]
    texts = [name for name in result.columns if name not in numbers]
    if _least_width(result.columns, cells, texts) <= at.output.width:
        folded = [name for name in texts if name in _sentences(result.columns, cells)]
        at.output.table(result.columns, cells, right=numbers, wrap=folded, ids=texts)
        return
    for number, row in enumerate(cells, 1):
        at.output.line(f"row {number}", style="bold")
        at.output.table(
            ["name", "value"], list(zip(result.columns, row, strict=True)), cut=["value"], ids=["name"], head=False
        )


def _text(value: object) -> str:
    text = NOTHING if value is None else str(value)
    return shortened(" ".join(text.split()), CELL_CHARS_MAX)


def _least_width(columns: Sequence[str], cells: Sequence[Sequence[str]], texts: Sequence[str]) -> int:
    """What a table of *cells* takes at least when its *texts* give way."""
    widths = [max([cell_len(name), *(cell_len(row[place]) for row in cells)]) for place, name in enumerate(columns)]
    least = (min(width, NARROWEST) if name in texts else width for name, width in zip(columns, widths, strict=True))
    return sum(least) + len(GAP) * (len(columns) - 1)


def _sentences(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    """Columns with blanks in them and no word too long for a narrow column: those may be wrapped, an id may not."""
    return [
        name
        for place, name in enumerate(columns)
        if any(" " in row[place] for row in cells)
        and all(cell_len(word) <= NARROWEST for row in cells for word in row[place].split())
    ]


def _objects(result: Table) -> list[Json]:
    """A JSON object per row; a repeated name is numbered."""
    seen: Counter[str] = Counter()
    names = []
    for name in result.columns:
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return [dict(zip(names, map(_json, row), strict=True)) for row in result.rows]


def _json(value: object) -> Json:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    return value if value is None or isinstance(value, bool | int | str) else str(value)
