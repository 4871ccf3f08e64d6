"""``harness demo``: the whole loop with scripted models. No key, no network."""

import asyncio
import shutil
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.matrix import print_matrix, proposal
from harness.cli.outcomes import print_outcome
from harness.cli.progress import progress_of
from harness.cli.provenance import provenance
from harness.cli.report import print_verdict, write_ab
from harness.cli.run import show
from harness.cli.runs import run_rows
from harness.cli.runtime import unique_name
from harness.content import Home, Registry, load_demo, load_registry, load_suite, packaged_home
from harness.core.errors import SandboxError
from harness.core.execution import Isolation
from harness.core.hashing import Json
from harness.core.ids import CandidateId, PolicyName, RunId, SuiteName, TraceId
from harness.core.outcome import Outcome
from harness.core.request import user_request
from harness.engine import Directory, Question, open_session
from harness.evals.plan import make_plan
from harness.evals.running import RunOptions, run_suite
from harness.sandbox import open_sandbox
from harness.transport import SystemClock

SUITES = ("starter", "starter-code", "ledger")
A, B = CandidateId("scripted/quick"), CandidateId("scripted/careful")
POLICY = PolicyName("starter")
MINIMUM_TASKS = 5
"""Fewer than a real matrix should rest on: the demonstration's classes are small, and the terminal says so."""


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="demo")(demo)


def demo(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Option("--dir", help="Where it writes; an earlier demonstration there is replaced.")
    ] = Path("harness-demo"),
) -> int:
    """The whole loop on the starter suites with scripted models: ask, run, verdict, routing matrix."""
    at: Context = ctx.obj
    source = packaged_home(cwd=Path.cwd())
    home = _fresh(source, folder)
    registry = load_registry(home)
    level = _isolation(at)
    at.output.line(
        "This is harness. The three models here are scripted for the demonstration; they are no vendor's.", style="bold"
    )
    outcomes = _ask(at, home, registry)
    runs = {name: _run(at, home, registry, name, level) for name in SUITES}
    verdicts = {name: _page(at, home, runs[name], name) for name in SUITES}
    _matrix(at, home)
    _farewell(at, home, verdicts)
    if at.options.json:
        at.output.json(
            {
                "home": str(home.root),
                "asked": [outcome.served for outcome in outcomes],
                "runs": dict(runs),
                "pages": verdicts,
                "isolation": level.value,
            }
        )
    return Exit.DONE


def _fresh(source: Home, folder: Path) -> Home:
    """A home in *folder* that reads the source's content and writes its own state."""
    state = folder.resolve()
    if (state / "journal").is_dir():
        shutil.rmtree(state)
    return Home(root=source.root, why="demonstration", state=state)


def _isolation(at: Context) -> Isolation:
    """Standard where it can be had. The starter code is our own, so that it may run without, which is said loudly."""
    try:
        return open_sandbox(Isolation.STANDARD).isolation
    except SandboxError as error:
        at.output.error(f"NO ISOLATION HERE: {error}")
        at.output.error("the demonstration runs its own starter code in plain processes (level none)")
        return Isolation.NONE


def _ask(at: Context, home: Home, registry: Registry) -> list[Outcome]:
    directory = Directory(cards=registry.cards, policies=registry.policies, routing=registry.routing)
    target = directory.consensus(POLICY)
    questions = load_demo(home)

    async def go() -> list[Outcome]:
        name = unique_name("ask", SystemClock())
        async with open_session(home, registry, journal_name=name, environ={}) as session:
            outcomes = []
            for number, question in enumerate(questions):
                request = user_request(
                    question.prompt, trace_id=TraceId(f"{name}/{number}"), task_class=target.policy.task_class
                )
                candidate = CandidateId(f"consensus/{POLICY}")
                outcomes.append(await session.engine.ask_panel(Question(request=request), target, candidate))
            return outcomes

    outcomes = asyncio.run(go())
    at.output.title(
        f"1. Ask a panel of {len(target.policy.panel)} (policy {POLICY}: two must agree, then a blind tiebreak)"
    )
    for question, outcome in zip(questions, outcomes, strict=True):
        at.output.line()
        at.output.line(f"Q: {question.prompt}", style="dim")
        at.output.line(question.shows, style="italic")
        print_outcome(at.output, outcome)
    return outcomes


def _run(at: Context, home: Home, registry: Registry, name: str, level: Isolation) -> RunId:
    suite = load_suite(home, SuiteName(name))
    plan = make_plan(suite, [A, B])
    with progress_of(at.output, f"run {name}") as report:
        options = RunOptions(
            environ={},
            on_progress=report,
            provenance=provenance(at.argv),
            isolation=min(level, suite.min_isolation, key=_strength),
        )
        run_id, result = asyncio.run(run_suite(home, registry, plan, options))
    at.output.title(f"2. Run {name}: {suite.description}")
    show(at, plan, run_id, result)
    return run_id


def _strength(level: Isolation) -> int:
    return level.strength


def _page(at: Context, home: Home, run_id: RunId, name: str) -> Json:
    row, trials = run_rows(home, run_id)
    results, summary = write_ab(
        home, row, trials, pair=(A, B), margin=0.03, out=home.state / "pages" / f"ab-{name}.html"
    )
    at.output.title(f"3. Should we move from {A} to {B}? ({name})")
    print_verdict(at, results)
    at.output.line(f"page: {summary['file']}")
    return summary["file"]


def _matrix(at: Context, home: Home) -> None:
    proposed = proposal(home, [], objective="cost", minimum_tasks=MINIMUM_TASKS, margin=0.03)
    at.output.title("4. The routing matrix that these runs would support")
    if not at.options.json:
        print_matrix(at, proposed)
    at.output.line(
        f"★ cheapest candidate that is not measurably worse; evidence from {MINIMUM_TASKS} tasks up, for the demonstration"
    )


def _farewell(at: Context, home: Home, pages: dict[str, Json]) -> None:
    at.output.title("What happened")
    at.output.line(
        "Three questions went to a panel: one agreed, one was settled by a tiebreak, one was not served. Two candidates "
        "were measured on three suites, every answer judged, every program and patch executed against hidden tests. "
        "The pages hold the paired verdicts; the journals hold everything, and harness audit verify checks them."
    )
    at.output.line()
    at.output.table(
        ["", ""],
        [
            ["open this first", pages["starter"]],
            ["all pages", home.state / "pages"],
            ["journals", home.state / "journal"],
            ["content you can edit", "harness init my-home"],
        ],
    )
