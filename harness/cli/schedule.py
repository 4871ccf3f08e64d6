"""``harness schedule``: nightly runs, compared with their baseline, and somebody told."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.labels import NOTHING, counted
from harness.cli.nightly import Night, carry_out
from harness.cli.nights import print_regression, summary_json
from harness.cli.runtime import home_of, write_text
from harness.content import Home, Registry, Schedule, load_registry, load_schedules
from harness.core.errors import ConfigError
from harness.core.ids import CandidateId
from harness.engine import Directory
from harness.evals.running import asked_candidates
from harness.evals.schedule_exports import to_cron, to_github, to_systemd
from harness.evals.scheduling import Standing, read_done, standing
from harness.transport import SystemClock

FORMATS = ("github", "cron", "systemd")
_WORST = (Exit.NO, Exit.BUDGET, Exit.NO_DATA)
"""Of several schedules, the first of these that occurred is the exit code."""


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    schedule = typer.Typer(help="Nightly runs: list, once, run, export.", invoke_without_command=True)
    schedule.callback()(_default)
    schedule.command(name="list")(list_)
    schedule.command(name="once")(once)
    schedule.command(name="run")(run)
    schedule.command(name="export")(export)
    app.add_typer(schedule, name="schedule")


def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise typer.Exit(list_(ctx))


def _standings(home: Home, now: datetime) -> list[Standing]:
    done = read_done(home)
    return [standing(one, now, done.get(one.name)) for one in load_schedules(home).values()]


def list_(ctx: typer.Context) -> int:
    """Every schedule: when it was done, whether it is due.

    Exit code: 0 all is well, 3 a schedule is overdue: two of its times passed without a report.
    """
    at: Context = ctx.obj
    found = _standings(home_of(at.options), SystemClock().now())
    if at.options.json:
        at.output.json([_json(one) for one in found])
    elif not found:
        at.output.line("registry/schedules.yaml names no schedule")
    else:
        _print(at, found)
    return Exit.NO if any(one.overdue for one in found) else Exit.DONE


def _print(at: Context, found: list[Standing]) -> None:
    at.output.table(
        ["schedule", "suite", "cron (UTC)", "last done", "state", "next (UTC)"],
        [
            [
                one.schedule.name,
                one.schedule.suite,
                one.schedule.cron,
                NOTHING if one.done is None else f"{one.done.slot:%Y-%m-%d %H:%M}",
                _state(one),
                f"{one.next:%Y-%m-%d %H:%M}",
            ]
            for one in found
        ],
        cut=["suite"],
    )
    for one in found:
        if one.overdue:
            at.output.prose(
                f"{one.schedule.name}: overdue, {counted(one.missed + 1, 'time')} passed without a report; "
                f"harness schedule once {one.schedule.name} catches up",
                style="bold red",
            )


def _state(one: Standing) -> str:
    if not one.schedule.enabled:
        return "disabled"
    if one.overdue:
        return "overdue"
    return "due" if one.due else "done"


def _json(one: Standing) -> Mapping[str, object]:
    done = one.done
    return {
        "name": one.schedule.name,
        "suite": one.schedule.suite,
        "candidates": list(one.schedule.candidates),
        "cron": one.schedule.cron,
        "enabled": one.schedule.enabled,
        "state": _state(one),
        "slot": one.slot.isoformat(),
        "next": one.next.isoformat(),
        "missed": one.missed,
        "done": None
        if done is None
        else {"slot": done.slot.isoformat(), "run": done.run_id, "exit_code": done.exit_code},
    }


def once(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As in registry/schedules.yaml.")],
    out_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Page, summary.md, comment.md, annotations.txt, junit.xml, CSV, Parquet."),
    ] = None,
) -> int:
    """Carry out the last time of one schedule: run, compare, confirm, report. Again, it continues.

    Exit code: 0 nothing got worse, 3 a regression is confirmed, 4 the budget is reached, 5 not enough data.
    """
    at: Context = ctx.obj
    home = home_of(at.options)
    registry = load_registry(home)
    chosen = _chosen(registry.schedules, name)
    now = SystemClock().now()
    night = carry_out(at, home, registry, standing(chosen, now, read_done(home).get(name)), out_dir=out_dir)
    if at.options.json:
        at.output.json(_night_json(night))
    else:
        _say(at, night)
    return night.exit


def run(
    ctx: typer.Context,
    due: Annotated[bool, typer.Option("--due", help="Those whose time has come; this is what it does anyway.")] = True,
    out_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Reports in DIR/NAME; otherwise in .harness/pages/.")
    ] = None,
) -> int:
    """Carry out every schedule whose time has come; call it as often as you like.

    A time that was missed is caught up with once, not once per night. Exit code: the worst of them, as of `once`.
    """
    at: Context = ctx.obj
    home = home_of(at.options)
    registry = load_registry(home)
    waiting = [one for one in _standings(home, SystemClock().now()) if one.due]
    assert due, "there is no other way"
    nights = []
    for one in waiting:
        folder = None if out_dir is None else out_dir / one.schedule.name
        nights.append(carry_out(at, home, registry, one, out_dir=folder))
        _say(at, nights[-1])
    if at.options.json:
        at.output.json([_night_json(night) for night in nights])
    elif not nights:
        at.output.line("nothing is due")
    codes = {night.exit for night in nights}
    return next((code for code in _WORST if code in codes), Exit.DONE)


def _chosen(schedules: Mapping[str, Schedule], name: str) -> Schedule:
    if name not in schedules:
        known = ", ".join(schedules) or "none"
        raise ConfigError(f"registry/schedules.yaml: no schedule {name!r}; there are: {known}")
    return schedules[name]


def _say(at: Context, night: Night) -> None:
    at.output.line(f"{night.schedule.name}: run {night.run_id}", style="bold")
    if night.results is None or night.page is None:
        at.output.prose(night.why, indent="  ")
    else:
        print_regression(at, night.results, night.page)
    for remark in night.remarks:
        at.output.prose(remark, indent="  ")


def _night_json(night: Night) -> Mapping[str, object]:
    report = None
    if night.results is not None and night.page is not None:
        report = summary_json(night.results, str(night.page), night.outputs)
    return {
        "schedule": night.schedule.name,
        "slot": night.slot.isoformat(),
        "run": night.run_id,
        "confirming": list(night.confirming),
        "exit_code": int(night.exit),
        "why": night.why,
        "remarks": list(night.remarks),
        "report": report,
    }


def export(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One schedule; otherwise every enabled.")] = None,
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help="github, cron or systemd.")] = "github",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write files there; otherwise print them.")
    ] = None,
) -> int:
    """A schedule for those who keep time: a GitHub workflow, crontab lines, or systemd units."""
    at: Context = ctx.obj
    if format_ not in FORMATS:
        raise ConfigError(f"--format: no format {format_!r}; there are: {', '.join(FORMATS)}")
    home = home_of(at.options)
    registry = load_registry(home)
    found = (
        [one for one in registry.schedules.values() if one.enabled]
        if name is None
        else [_chosen(registry.schedules, name)]
    )
    if not found:
        raise ConfigError("registry/schedules.yaml: no schedule is enabled; there is nothing to export")
    files = _files(home, registry, found, format_)
    if out is not None:
        for file, text in files.items():
            write_text(out / file, text)
    if at.options.json:
        at.output.json(
            {"format": format_, "files": files if out is None else {file: str(out / file) for file in files}}
        )
    elif out is not None:
        for file in files:
            at.output.line(str(out / file))
    else:
        for file, text in files.items():
            at.output.raw(text if len(files) == 1 else f"# {file}\n{text}\n")
    return Exit.DONE


def _files(home: Home, registry: Registry, found: list[Schedule], form: str) -> dict[str, str]:
    if form == "github":
        return {f"harness-{one.name}.yml": to_github(one, keys=_keys(registry, one)) for one in found}
    if form == "cron":
        return {"crontab": to_cron(found, home=str(home.root))}
    return {file: text for one in found for file, text in to_systemd(one, home=str(home.root)).items()}


def _keys(registry: Registry, schedule: Schedule) -> set[str]:
    directory = Directory(cards=registry.cards, policies=registry.policies, routing=registry.routing)
    cards = directory.cards_of(asked_candidates([CandidateId(name) for name in schedule.candidates]))
    return {card.key_env for card in cards.values() if card.key_env}
