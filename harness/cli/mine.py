"""``harness mine``: a repo suite from git history."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.interrupts import run_async
from harness.cli.mined import print_mined, print_survey, show_progress
from harness.cli.provenance import harness_version
from harness.cli.run import money
from harness.cli.runtime import environ, home_of
from harness.content import Home, load_registry
from harness.core.errors import ConfigError
from harness.core.execution import Isolation
from harness.core.hashing import digest
from harness.core.ids import CandidateId
from harness.engine import Directory, open_session, require_keys
from harness.evals.mining import Mined, Order, Settings, SizeLimits, Span, Survey, mine, read_issues, survey
from harness.evals.mining.authors import Author
from harness.evals.mining.mining import Writer
from harness.evals.proving import open_prover, prove
from harness.journal import journal_path, recorded
from harness.sandbox import open_sandbox
from harness.transport import SystemClock

COMMITS = 300
"""How far back to look when nothing is said."""


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="mine")(mine_)


_Repository = Annotated[
    str, typer.Argument(metavar="REPO", help="A git repository or bundle on this machine; it is only read.")
]
_Out = Annotated[Path, typer.Option(metavar="DIR", help="The suite's folder: suites/NAME.")]
_Since = Annotated[str | None, typer.Option(metavar="DATE", help="Only commits from this day on: 2024-03-01.")]
_Commits = Annotated[
    int | None, typer.Option(metavar="N", help=f"How many commits to look at; {COMMITS} without --since.")
]
_MaxTasks = Annotated[int | None, typer.Option(metavar="N", help="Stop when there are this many tasks.")]
_Jobs = Annotated[int | None, typer.Option(metavar="N", help="Candidates at once; by default one a processor.")]
_Branch = Annotated[str | None, typer.Option(metavar="NAME", help="The line to walk; by default the current one.")]
_Issues = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Issues and pull requests, as `gh issue list --json` exports them.")
]
_Files = Annotated[int, typer.Option(metavar="N", help="Source files a task may change.")]
_Lines = Annotated[int, typer.Option(metavar="N", help="Source lines a task may change.")]
_Runs = Annotated[int, typer.Option(metavar="K", help="Times the reference must pass; 3 or more.")]
_Write = Annotated[
    str | None, typer.Option(metavar="MODEL", help="Let this model write the statements that people left out.")
]
_Cost = Annotated[str | None, typer.Option(metavar="USD", help="Hard limit for --write-statements.")]
_Refresh = Annotated[bool, typer.Option("--refresh", help="Add what came after the newest commit of DIR.")]
_Dry = Annotated[bool, typer.Option("--dry-run", help="Say which commits would be run, and write nothing.")]


def mine_(
    ctx: typer.Context,
    repository: _Repository,
    out: _Out,
    since: _Since = None,
    commits: _Commits = None,
    max_tasks: _MaxTasks = None,
    jobs: _Jobs = None,
    branch: _Branch = None,
    issues: _Issues = None,
    max_files: _Files = SizeLimits().source_files,
    max_lines: _Lines = SizeLimits().source_lines,
    runs: _Runs = 3,
    write_statements: _Write = None,
    max_cost: _Cost = None,
    refresh: _Refresh = False,
    dry_run: _Dry = False,
) -> int:
    """Make a suite of proven tasks from a git history.

    The same command again continues.

    Each commit that changes source and tests is a candidate. Its tests must fail before and pass after, every time, in
    an environment of its day. Every other commit is listed in DIR/mine.json with the rule that refused it.
    """
    at: Context = ctx.obj
    home = home_of(at.options)
    _refuse_low({"--commits": commits, "--max-tasks": max_tasks, "--jobs": jobs, "--max-files": max_files})
    if runs < 3:
        raise ConfigError(f"--runs: {runs} is below 3, and fewer prove nothing")
    if max_cost is not None and write_statements is None:
        raise ConfigError("--max-cost: nothing is paid for without --write-statements")
    order = Order(
        source=repository,
        out=_suite_folder(out),
        cache=home.state / "cache",
        span=_span(since, commits),
        settings=Settings(sizes=SizeLimits(source_files=max_files, source_lines=max_lines), runs=runs),
        branch=branch,
        issues={} if issues is None else read_issues(issues),
        max_tasks=max_tasks,
        jobs=jobs or os.cpu_count() or 1,
        refresh=refresh,
        harness=harness_version(),
    )
    with show_progress(at.output) as report:
        order = replace(order, on_progress=report)
        found = run_async(_found(home, order, write_statements, max_cost, dry_run=dry_run))
    if isinstance(found, Mined):
        return print_mined(at, home, order, found)
    return print_survey(at, found)


def _refuse_low(counts: Mapping[str, int | None]) -> None:
    for flag, value in counts.items():
        if value is not None and value < 1:
            raise ConfigError(f"{flag}: {value} is below 1")


def _suite_folder(out: Path) -> Path:
    folder = Path.cwd() / out.expanduser()
    if not folder.name or any(not (letter.isalnum() or letter in "-_.") for letter in folder.name):
        raise ConfigError(f"--out: {str(out)!r}: the folder's name is the suite's: letters, digits, - _ .")
    return folder


def _span(since: str | None, commits: int | None) -> Span:
    if since is None:
        return Span(commits=commits or COMMITS)
    try:
        day = datetime.fromisoformat(since)
    except ValueError:
        raise ConfigError(f"--since: {since!r} is no date; write it like 2024-03-01") from None
    return Span(commits=commits, since=day if day.tzinfo else day.replace(tzinfo=UTC))


async def _found(home: Home, order: Order, model: str | None, max_cost: str | None, *, dry_run: bool) -> Mined | Survey:
    return await survey(order) if dry_run else await _mine(home, order, model, max_cost)


async def _mine(home: Home, order: Order, model: str | None, max_cost: str | None) -> Mined:
    sandbox = await asyncio.to_thread(open_sandbox, Isolation.STANDARD)
    prover = await open_prover(sandbox, order.cache, runs=order.settings.runs)
    order = replace(order, isolation=sandbox.isolation.value)
    if model is None:
        return await mine(order, partial(prove, prover=prover), SystemClock())
    async with _author(home, order, CandidateId(model), max_cost) as writer:
        return await mine(order, partial(prove, prover=prover), SystemClock(), writer=writer)


@asynccontextmanager
async def _author(home: Home, order: Order, model: CandidateId, max_cost: str | None) -> AsyncIterator[Writer]:
    """Opens the engine for statements; what it said in an earlier session is not paid again."""
    registry = load_registry(home)
    directory = Directory(cards=registry.cards, policies=registry.policies, routing=registry.routing)
    require_keys(list(directory.cards_of([model]).values()), environ())
    name = f"mine-{digest([str(order.out), model])[:12]}"
    past = recorded(journal_path(home.state / "journal", name))
    async with open_session(
        home,
        registry,
        journal_name=name,
        environ=environ(),
        recorded=past.replies(),
        max_cost_usd=money("--max-cost", max_cost),
    ) as session:
        yield Author(engine=session.engine, model=model).write
