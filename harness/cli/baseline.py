"""``harness baseline``: the runs that a suite's regressions are measured against. It moves only by hand."""

import getpass
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.runtime import home_of
from harness.cli.stored import open_synced
from harness.content import FrozenBaseline, load_baselines, write_baselines
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.ids import RunId, SuiteName
from harness.core.rows import RunRow
from harness.store import run as run_query
from harness.transport import SystemClock


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    baseline = typer.Typer(help="What regressions are measured against: show, set, clear.", invoke_without_command=True)
    baseline.callback()(_default)
    baseline.command(name="show")(show)
    baseline.command(name="set")(set_)
    baseline.command(name="clear")(clear)
    app.add_typer(baseline, name="baseline")


def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise typer.Exit(show(ctx))


def show(
    ctx: typer.Context,
    suite: Annotated[str | None, typer.Argument(metavar="[SUITE]", help="One suite; otherwise all.")] = None,
) -> int:
    """The frozen baselines."""
    at: Context = ctx.obj
    found = load_baselines(home_of(at.options))
    chosen = [one for name, one in found.items() if suite in (None, name)]
    if at.options.json:
        at.output.json([_json(one) for one in chosen])
    elif not chosen:
        at.output.line("no baseline is frozen: the last accepted runs are pooled")
    else:
        at.output.table(
            ["suite", "set", "who", "runs", "reason"],
            [[one.suite, one.set_at[:16], one.who, " ".join(one.runs), one.reason] for one in chosen],
            wrap=["runs", "reason"],
        )
    return Exit.DONE


def set_(
    ctx: typer.Context,
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="The suite's name.")],
    runs: Annotated[list[str], typer.Argument(metavar="RUN…", help="Ids, beginnings of ids, or names; pooled.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why these; it is kept beside them.")],
    who: Annotated[str, typer.Option(metavar="NAME", help="Who decided; otherwise your login name.")] = "",
) -> int:
    """Freeze the baseline of a suite. It stays until it is set again, whatever the nights bring."""
    at: Context = ctx.obj
    home = home_of(at.options)
    if not reason.strip():
        raise ConfigError("--reason: is empty; say why these runs are what later ones have to match")
    with open_synced(home) as store:
        found = {row.run_id: row for row in (run_query(store, name) for name in runs)}
    for row in found.values():
        _check(row, suite)
    frozen = FrozenBaseline(
        suite=SuiteName(suite),
        runs=tuple(map(RunId, found)),
        set_at=SystemClock().now().isoformat(timespec="seconds"),
        reason=" ".join(reason.split()),
        who=who or _login(),
    )
    write_baselines(home, {**load_baselines(home), frozen.suite: frozen})
    if at.options.json:
        at.output.json(_json(frozen))
    else:
        at.output.line(f"{suite}: regressions are measured against {', '.join(frozen.runs)}")
        at.output.hint("registry/baselines.yaml was written: review and commit it")
    return Exit.DONE


def clear(ctx: typer.Context, suite: Annotated[str, typer.Argument(metavar="SUITE", help="The suite's name.")]) -> int:
    """Forget the frozen baseline of a suite: the last accepted runs are pooled again."""
    at: Context = ctx.obj
    home = home_of(at.options)
    found = dict(load_baselines(home))
    if found.pop(SuiteName(suite), None) is None:
        raise ConfigError(
            f"registry/baselines.yaml: no baseline of suite {suite!r}; there are: {', '.join(found) or 'none'}"
        )
    write_baselines(home, found)
    if at.options.json:
        at.output.json([_json(one) for one in found.values()])
    else:
        at.output.line(f"{suite}: the last accepted runs are pooled")
    return Exit.DONE


def _check(row: RunRow, suite: str) -> None:
    if row.suite != suite:
        raise ConfigError(f"run {row.run_id} is one of suite {row.suite!r}, not of {suite!r}")
    if not row.complete:
        raise ConfigError(f"run {row.run_id} is not complete: {row.trials} trials; finish it first, or take another")


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user of this number
        return ""


def _json(one: FrozenBaseline) -> dict[str, Json]:
    return {
        "suite": one.suite,
        "runs": list(one.runs),
        "set_at": one.set_at,
        "who": one.who,
        "reason": one.reason,
    }
