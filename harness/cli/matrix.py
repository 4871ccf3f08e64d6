"""``harness matrix``: the routing matrix, changed only by a reviewed promotion."""

from collections.abc import Sequence
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.interrupts import run_async
from harness.cli.labels import NOTHING, counted, dollars_alike, percent, seconds_alike
from harness.cli.runtime import home_of, split_names, unique_name
from harness.cli.stored import open_synced
from harness.content import Home, load_matrix, write_matrix
from harness.core.errors import ConfigError
from harness.core.event import MatrixPromoted
from harness.core.hashing import digest, plain
from harness.core.rows import TrialRow
from harness.evals.builtin import PREFIX
from harness.evals.cells import measure
from harness.journal import journal_path, open_journal
from harness.routing import Cell, Change, Gate, Matrix, Objective, diff, gate, propose
from harness.store import runs as runs_query
from harness.store import trials as trials_query
from harness.transport import SystemClock

MINIMUM_TASKS, MARGIN = 20, 0.03
"""What the options are where nobody says otherwise."""
OBJECTIVES: tuple[Objective, ...] = ("cost", "latency", "quality")

RunsOption = Annotated[str, typer.Option("--runs", metavar="RUN,…", help="Measured by these runs only.")]
ObjectiveOption = Annotated[
    str, typer.Option(metavar="WORD", help="What is best among equals: cost, latency or quality.")
]
MinimumOption = Annotated[int, typer.Option(min=1, metavar="N", help="Fewer tasks than this are no evidence.")]
MarginOption = Annotated[
    float,
    typer.Option(min=0, max=1, metavar="SHARE", help="How far below the best lower bound still counts as equal."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    matrix = typer.Typer(help="The routing matrix: show, propose, diff, promote.", invoke_without_command=True)
    matrix.callback()(_default)
    matrix.command(name="show")(show)
    matrix.command(name="propose")(propose_)
    matrix.command(name="diff")(diff_)
    matrix.command(name="promote")(promote)
    app.add_typer(matrix, name="matrix")


def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise typer.Exit(show(ctx))


def show(ctx: typer.Context) -> int:
    """The promoted matrix: registry/matrix.yaml."""
    at: Context = ctx.obj
    matrix = load_matrix(home_of(at.options))
    if at.options.json:
        at.output.json(matrix)
        return Exit.DONE
    if matrix.version == 0:
        at.output.line("nothing has been promoted yet")
        at.output.hint("next: harness matrix propose shows what the runs would support")
        return Exit.DONE
    at.output.line(f"version {matrix.version}, promoted {matrix.created}", style="bold")
    at.output.line()
    print_matrix(at, matrix)
    return Exit.DONE


def propose_(
    ctx: typer.Context,
    runs: RunsOption = "",
    objective: ObjectiveOption = "cost",
    minimum_tasks: MinimumOption = MINIMUM_TASKS,
    margin: MarginOption = MARGIN,
) -> int:
    """The matrix that the measured runs support. Changes nothing."""
    at: Context = ctx.obj
    home = home_of(at.options)
    proposed = proposal(home, split_names(runs), objective=objective, minimum_tasks=minimum_tasks, margin=margin)
    changes = diff(load_matrix(home), proposed)
    if at.options.json:
        at.output.json({"matrix": plain(proposed), "changes": [plain(change) for change in changes]})
    else:
        print_matrix(at, proposed)
        at.output.line()
        _print_changes(at, changes)
        at.output.hint("next: harness matrix promote writes registry/matrix.yaml" if changes else "nothing to promote")
    return Exit.DONE if proposed.choices else Exit.NO_DATA


def diff_(
    ctx: typer.Context,
    runs: RunsOption = "",
    objective: ObjectiveOption = "cost",
    minimum_tasks: MinimumOption = MINIMUM_TASKS,
    margin: MarginOption = MARGIN,
) -> int:
    """What a promotion would change, and why."""
    at: Context = ctx.obj
    home = home_of(at.options)
    proposed = proposal(home, split_names(runs), objective=objective, minimum_tasks=minimum_tasks, margin=margin)
    changes = diff(load_matrix(home), proposed)
    if at.options.json:
        at.output.json([plain(change) for change in changes])
    else:
        _print_changes(at, changes)
    return Exit.DONE


def promote(
    ctx: typer.Context,
    runs: RunsOption = "",
    objective: ObjectiveOption = "cost",
    minimum_tasks: MinimumOption = MINIMUM_TASKS,
    margin: MarginOption = MARGIN,
    force: Annotated[
        str, typer.Option(metavar="REASON", help="Promote although the gate refuses; the reason is put on record.")
    ] = "",
) -> int:
    """Write registry/matrix.yaml, if the evidence carries it.

    Exit code 3 when a changed choice is not supported. Review the file and commit it.
    """
    at: Context = ctx.obj
    home = home_of(at.options)
    old = load_matrix(home)
    new = proposal(home, split_names(runs), objective=objective, minimum_tasks=minimum_tasks, margin=margin)
    found = gate(old, new)
    if not found.allowed and not force:
        _print_refusal(at, found)
        return Exit.NO
    changes = diff(old, new)
    path = write_matrix(home, new, _header(new, forced="" if found.allowed else force))
    promoted = MatrixPromoted(
        version=new.version,
        sha256=digest(path.read_text(encoding="utf-8")),
        forced=not found.allowed,
        reason=force,
        changes=tuple(map(str, changes)),
    )
    run_async(_record(home, promoted))
    if at.options.json:
        at.output.json(
            {"promoted": True, "version": new.version, "file": str(path), "changes": [plain(c) for c in changes]}
        )
    else:
        _print_changes(at, changes)
        at.output.line(f"version {new.version} promoted: {path}", style="bold green")
        at.output.hint("next: review the file and commit it")
    return Exit.DONE


def proposal(home: Home, names: Sequence[str], *, objective: str, minimum_tasks: int, margin: float) -> Matrix:
    """The matrix that the store supports. Raises ConfigError when no run was measured."""
    if objective not in OBJECTIVES:
        raise ConfigError(f"--objective: no objective {objective!r}; there are: {', '.join(OBJECTIVES)}")
    rows = _rows(home, names)
    now = SystemClock().now()
    suites = ", ".join(sorted({suite for suite, _ in rows}))
    return propose(
        measure(
            [trial for _, trials in rows for trial in trials],
            measured_at=f"{now:%Y-%m-%d}",
            evidence=f"runs of {suites}",
        ),
        objective=next(each for each in OBJECTIVES if each == objective),
        minimum_tasks=minimum_tasks,
        margin=margin,
        version=load_matrix(home).version + 1,
        created=f"{now:%Y-%m-%dT%H:%M:%SZ}",
    )


def print_matrix(at: Context, matrix: Matrix) -> None:
    """The cells, and who is chosen."""
    costs = dollars_alike([cell.cost_per_success_usd for cell in matrix.cells])
    latencies = seconds_alike([cell.p95_latency_s for cell in matrix.cells])
    rows = [
        [
            cell.task_class,
            f"{_star(matrix, cell)} {cell.candidate}",
            cell.n_tasks,
            percent(cell.quality),
            f"{100 * cell.quality_lo:.0f}–{100 * cell.quality_hi:.0f} %",
            cost if cell.quality else NOTHING,
            latency,
            "" if cell.state == "measured" else "too few",
        ]
        for cell, cost, latency in zip(matrix.cells, costs, latencies, strict=True)
    ]
    columns = ["class", "  candidate", "tasks", "resolved", "95 % CI", "$/resolved", "p95", ""]
    at.output.table(columns, rows, right=["tasks", "resolved", "95 % CI", "$/resolved", "p95"])
    at.output.line()
    at.output.prose(_legend(matrix), style="dim")


def _legend(matrix: Matrix) -> str:
    best = {"cost": "cheapest", "latency": "fastest", "quality": "best"}[matrix.objective]
    points = f"{100 * matrix.margin:g} points"
    chosen = f"★ chosen: the {best} candidate whose lower bound is within {points} of the best lower bound of its class"
    few = (
        ""
        if all(cell.state == "measured" for cell in matrix.cells)
        else (f" · too few: fewer than {counted(matrix.minimum_tasks, 'task')} are no evidence, so nothing is chosen")
    )
    return chosen + few


def _star(matrix: Matrix, cell: Cell) -> str:
    choice = matrix.choices.get(cell.task_class)
    return "★" if choice is not None and choice.candidate == cell.candidate else " "


def _print_changes(at: Context, changes: Sequence[Change]) -> None:
    if not changes:
        at.output.line("no choice would change")
    for change in changes:
        at.output.line(f"{change.task_class}: {change.before or 'nobody'} → {change.after or 'nobody'}", style="bold")
        at.output.prose(change.why, indent="  ")
        at.output.prose(f"{'supported' if change.supported else 'NOT supported'}: {change.support}", indent="  ")


def _print_refusal(at: Context, found: Gate) -> None:
    if at.options.json:
        at.output.json({"promoted": False, "reasons": list(found.reasons)})
        return
    at.output.line("not promoted:", style="bold red")
    for reason in found.reasons:
        at.output.prose(reason, indent="  ")
    at.output.hint('to promote all the same: harness matrix promote --force "the reason"')


def _rows(home: Home, names: Sequence[str]) -> list[tuple[str, list[TrialRow]]]:
    with open_synced(home) as store:
        known = runs_query(store)
        chosen = [row for row in known if not names or row.run_id in names or row.name in names]
        absent = [name for name in names if name not in {row.run_id for row in known} | {row.name for row in known}]
        if absent:
            raise ConfigError(
                f"--runs: no run {absent[0]!r}; there are: {', '.join(row.run_id for row in known) or 'none'}"
            )
        found = [(row.suite, _routable(trials_query(store, row.run_id))) for row in chosen]
    if not any(trials for _, trials in found):
        raise ConfigError("matrix: nothing has been measured yet; harness run SUITE --models A,B measures")
    return found


def _routable(trials: Sequence[TrialRow]) -> list[TrialRow]:
    """Without the built-in candidates, which check a suite and answer nobody."""
    return [trial for trial in trials if not trial.candidate.startswith(PREFIX)]


def _header(matrix: Matrix, *, forced: str) -> list[str]:
    lines = [
        "The routing matrix: written by `harness matrix promote`, meant to be reviewed and committed.",
        f"Version {matrix.version}.",
    ]
    return [*lines, f"Forced past the gate: {forced}"] if forced else lines


async def _record(home: Home, promoted: MatrixPromoted) -> None:
    clock = SystemClock()
    async with open_journal(journal_path(home.state / "journal", unique_name("matrix", clock)), clock=clock) as journal:
        await journal.append(promoted)
