"""``harness runs``: what was run."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.exports import to_csv, to_jsonl, to_junit
from harness.cli.labels import counted, dollars_alike, percent, seconds_alike, shortened
from harness.cli.runs_compare import compare
from harness.cli.runtime import home_of, write_text
from harness.cli.stored import open_synced
from harness.content import Home
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.rows import RunRow, TrialRow
from harness.core.trial import Grade
from harness.store import run as run_query
from harness.store import runs as runs_query
from harness.store import trials as trials_query

TEXTS = {"jsonl": to_jsonl, "csv": to_csv, "junit": to_junit}
FORMATS = (*TEXTS, "parquet")


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    runs = typer.Typer(help="What was run: list, show, compare, export.", invoke_without_command=True)
    runs.callback()(_default)
    runs.command(name="list")(list_)
    runs.command(name="show")(show)
    runs.command(name="compare")(compare)
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
    if not rows:
        at.output.line("nothing has been run yet")
        at.output.hint("next: harness suites, then: harness run SUITE --models A,B")
        return Exit.DONE
    print_runs(at, rows)
    at.output.hint(f"next: harness runs show {rows[0].name or rows[0].run_id}")
    return Exit.DONE


def print_runs(at: Context, rows: Sequence[RunRow]) -> None:
    """One line per run."""
    at.output.table(
        ["run", "begun (UTC)", "suite", "trials", "state", "candidates"],
        [
            [
                row.name or row.run_id,
                f"{row.started_at:%Y-%m-%d %H:%M}",
                f"{row.suite}@{row.suite_version}",
                row.trials,
                "complete" if row.complete else "open",
                ", ".join(row.candidates),
            ]
            for row in rows
        ],
        right=["trials"],
        cut=["candidates"],
        ids=["run", "suite"],
    )


def show(
    ctx: typer.Context, run: Annotated[str, typer.Argument(metavar="RUN", help="Id, beginning of an id, or name.")]
) -> int:
    """The grades of one run."""
    at: Context = ctx.obj
    row, trials = run_rows(home_of(at.options), run)
    if at.options.json:
        at.output.json(grades_json(row.run_id, trials))
        return Exit.DONE
    state = "complete" if row.complete else "not complete"
    at.output.line(f"run {row.run_id} of {row.suite}@{row.suite_version}: {state}", style="bold")
    at.output.line()
    _print_trials(at, trials, epochs=row.epochs)
    at.output.line()
    for candidate in row.candidates:
        graded = [trial for trial in trials if trial.candidate == candidate]
        resolved = sum(trial.grade is Grade.RESOLVED for trial in graded)
        share = percent(resolved / len(graded) if graded else None)
        at.output.line(f"{candidate}: {resolved} of {len(graded)} resolved ({share})")
    if len(row.candidates) > 1:
        at.output.hint(f"next: harness report ab {row.run_id}")
    return Exit.DONE


def _print_trials(at: Context, trials: Sequence[TrialRow], *, epochs: int) -> None:
    costs = dollars_alike([trial.cost_usd for trial in trials])
    latencies = seconds_alike([trial.latency_s for trial in trials])
    rows = [
        [
            f"{trial.task_id} #{trial.epoch}" if epochs > 1 else trial.task_id,
            trial.candidate,
            trial.grade.value,
            cost,
            latency,
            " ".join(filter(None, (*trial.flags, shortened(trial.detail, 200) if _telling(trial) else ""))),
        ]
        for trial, cost, latency in zip(trials, costs, latencies, strict=True)
    ]
    columns = ["task", "candidate", "grade", "cost", "latency", "why"]
    at.output.table(columns, rows, right=["cost", "latency"], cut=["why"], ids=["task", "candidate"])


def _telling(trial: TrialRow) -> bool:
    return trial.grade is not Grade.RESOLVED


def export(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id, beginning of an id, or name.")],
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help="jsonl, csv, parquet or junit.")] = "jsonl",
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Standard output otherwise.")] = None,
) -> int:
    """The trials of one run, for other tools. Outputs of models are in them; none of the formats lets them do anything.

    jsonl and parquet keep every text as it is (jsonl writes control characters and direction overrides as JSON
    escapes). csv puts an apostrophe before what a spreadsheet would take for a formula, and it and junit spell out
    control characters (backslash, x, code). junit: resolved passes, infra_error is an error, the rest are failures.
    """
    at: Context = ctx.obj
    if format_ not in FORMATS:
        raise ConfigError(f"--format: no format {format_!r}; there are: {', '.join(FORMATS)}")
    if out is None and (format_ == "parquet" or at.options.json):
        raise ConfigError(f"--format {format_}{' --json' if at.options.json else ''}: needs -o FILE")
    home = home_of(at.options)
    row, trials = run_rows(home, run)
    if out is None:
        at.output.raw(TEXTS[format_](trials))
        return Exit.DONE
    if format_ == "parquet":
        with open_synced(home) as store:
            store.export_trials(row.run_id, out)
    else:
        write_text(out, TEXTS[format_](trials))
    if at.options.json:
        at.output.json({"run": row.run_id, "format": format_, "trials": len(trials), "file": str(out)})
    else:
        at.output.remark(f"{out}: {counted(len(trials), 'trial')}")
    return Exit.DONE


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
