"""``harness runs``: what was run."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.exports import to_csv, to_jsonl, to_junit
from harness.cli.runtime import dollars, home_of, percent, seconds, shortened
from harness.cli.stored import open_synced
from harness.content import Home
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.rows import RunRow, TrialRow
from harness.core.trial import Grade
from harness.store import run as run_query
from harness.store import runs as runs_query
from harness.store import trials as trials_query

FORMATS = ("jsonl", "csv", "parquet", "junit")


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    runs = typer.Typer(help="What was run.", invoke_without_command=True)
    runs.callback()(_default)
    runs.command(name="list")(list_)
    runs.command(name="show")(show)
    runs.command(name="export")(export)
    app.add_typer(runs, name="runs")


def find_run(home: Home, name: str) -> RunRow:
    """The run *name*: its id, a unique beginning of it, or its name. Raises ConfigError with the nearest."""
    with open_synced(home) as store:
        return run_query(store, name)


def run_rows(home: Home, name: str) -> tuple[RunRow, list[TrialRow]]:
    """The run *name* and its trials."""
    with open_synced(home) as store:
        row = run_query(store, name)
        return row, trials_query(store, row.run_id)


def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise typer.Exit(list_(ctx))


def list_(ctx: typer.Context) -> int:
    """Every run, newest first."""
    at: Context = ctx.obj
    with open_synced(home_of(at.options)) as store:
        rows = runs_query(store)
    if at.options.json:
        at.output.json([run_json(row) for row in rows])
        return Exit.DONE
    at.output.table(
        ["run", "suite", "candidates", "trials", "", "begun"],
        [
            [
                row.name or row.run_id,
                f"{row.suite}@{row.suite_version}",
                shortened(", ".join(row.candidates), 44),
                row.trials,
                "complete" if row.complete else "open",
                f"{row.started_at:%Y-%m-%d %H:%M}",
            ]
            for row in rows
        ],
        right=["trials"],
    )
    return Exit.DONE


def show(ctx: typer.Context, run: Annotated[str, typer.Argument(help="Id, beginning of an id, or name.")]) -> int:
    """The grades of one run."""
    at: Context = ctx.obj
    row, trials = run_rows(home_of(at.options), run)
    if at.options.json:
        at.output.json(grades_json(row.run_id, trials))
        return Exit.DONE
    at.output.line(
        f"run {row.run_id} · {row.suite}@{row.suite_version} · {'complete' if row.complete else 'open'}", style="bold"
    )
    at.output.table(
        ["task", "candidate", "grade", "cost", "latency", ""],
        [
            [
                trial.task_id,
                trial.candidate,
                " ".join((trial.grade.value, *trial.flags)),
                dollars(trial.cost_usd),
                seconds(trial.latency_s),
                shortened(trial.detail, 34) if trial.grade is not Grade.RESOLVED else "",
            ]
            for trial in trials
        ],
        right=["cost", "latency"],
    )
    at.output.line()
    for candidate in row.candidates:
        graded = [trial for trial in trials if trial.candidate == candidate]
        resolved = sum(trial.grade is Grade.RESOLVED for trial in graded)
        share = percent(resolved / len(graded)) if graded else "–"
        at.output.line(f"{candidate}: {resolved} of {len(graded)} resolved ({share})")
    return Exit.DONE


def export(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(help="Id, beginning of an id, or name.")],
    format_: Annotated[str, typer.Option("--format", help="jsonl, csv, parquet, junit")] = "jsonl",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A file; standard output otherwise.")] = None,
) -> int:
    """The trials of one run for other tools."""
    at: Context = ctx.obj
    if format_ not in FORMATS:
        raise ConfigError(f"--format: no format {format_!r}; there are: {', '.join(FORMATS)}")
    home = home_of(at.options)
    row, trials = run_rows(home, run)
    if format_ == "parquet":
        if out is None:
            raise ConfigError("--format parquet: needs -o FILE")
        with open_synced(home) as store:
            store.export_trials(row.run_id, out)
        return Exit.DONE
    text = {"jsonl": to_jsonl, "csv": to_csv, "junit": to_junit}[format_](trials)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)
    return Exit.DONE


def write_text(path: Path, text: str) -> None:
    """Write a result file. Raises ConfigError when that does not work."""
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error}") from error


def grades_json(run_id: str, trials: Iterable[TrialRow]) -> dict[str, Json]:
    """The contract of ``runs show --json`` and ``grade --json``."""
    return {
        "run": run_id,
        "grades": [
            {
                "task_id": trial.task_id,
                "model": trial.candidate,
                "epoch": trial.epoch,
                "grade": trial.grade.value,
                "flags": list(trial.flags),
                "isolation": trial.isolation,
                "detail": trial.detail,
            }
            for trial in trials
        ],
    }


def run_json(row: RunRow) -> dict[str, Json]:
    """One run as JSON."""
    return {
        "run": row.run_id,
        "name": row.name,
        "suite": row.suite,
        "suite_version": row.suite_version,
        "candidates": list(row.candidates),
        "epochs": row.epochs,
        "trials": row.trials,
        "complete": row.complete,
        "origin": row.origin,
        "scripted": row.scripted,
        "started_at": row.started_at.isoformat(),
    }
