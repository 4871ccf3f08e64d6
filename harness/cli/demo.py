"""``harness demo``: the whole loop with scripted models. No key, no network."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.demonstration import make_home
from harness.cli.exits import Exit
from harness.cli.interrupts import run_async
from harness.cli.labels import counted, link
from harness.cli.matrix import print_matrix, proposal
from harness.cli.outcomes import outcome_json, print_outcome
from harness.cli.progress import progress_of
from harness.cli.provenance import provenance
from harness.cli.report import print_verdict, write_ab
from harness.cli.run import print_totals
from harness.cli.runs import run_rows
from harness.cli.runtime import unique_name
from harness.content import Home, Registry, load_demo, load_registry, load_suite, packaged_home
from harness.core.execution import Isolation
from harness.core.ids import CandidateId, PolicyName, RunId, SuiteName, TraceId
from harness.core.outcome import Outcome
from harness.core.request import user_request
from harness.core.suite import Suite
from harness.engine import Directory, Question, open_session
from harness.evals.plan import Plan, make_plan
from harness.evals.run import RunResult
from harness.evals.running import RunOptions, run_suite
from harness.sandbox import open_sandbox
from harness.transport import SystemClock

SUITES = ("starter", "starter-code", "ledger")
LIMITS = {"ledger": 6}
"""A sample of the suites whose tests take long; the whole of the others."""
SAMPLE_SEED = 4
A, B = CandidateId("scripted/quick"), CandidateId("scripted/careful")
POLICY = PolicyName("starter")
MINIMUM_TASKS = 5
"""Fewer than a real matrix should rest on: the demonstration's classes are small, and the terminal says so."""
MARGIN = 0.03


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="demo")(demo)


def demo(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where it writes; an earlier demonstration is replaced.")
    ] = Path("harness-demo"),
) -> int:
    """The whole loop with scripted models: no key, no network.

    Asks a panel, measures two candidates on three suites, writes the pages of the verdicts and proposes the routing
    matrix; about half a minute.
    """
    at: Context = ctx.obj
    home = make_home(packaged_home(cwd=Path.cwd()), folder, SUITES)
    registry = load_registry(home)
    _welcome(at, folder)
    outcomes = _ask(at, home, registry)
    runs = _measure(at, home, registry)
    pages = _judge(at, home, runs)
    _route(at, home)
    _farewell(at, folder, pages)
    if at.options.json:
        at.output.json(
            {
                "home": str(home.root),
                "asked": [outcome_json(outcome) for outcome in outcomes],
                "runs": {each.plan.suite.name: each.run_id for each in runs},
                "isolation": {each.plan.suite.name: each.level.value for each in runs},
                "pages": {name: str(page) for name, page in pages.items()},
            }
        )
    return Exit.DONE


def _welcome(at: Context, folder: Path) -> None:
    at.output.line("harness demo", style="bold")
    at.output.prose(
        "Nothing here calls a vendor. The three models are scripted: their answers, mistakes and prices were made up "
        f"for this demonstration, and they are no vendor's model. Everything is written to {folder}/."
    )


# --- 1. ask ---------------------------------------------------------------------------------------------------------


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

    outcomes = run_async(go())
    at.output.title("1. Ask a panel")
    at.output.prose(
        f"Policy {POLICY!r}: two models are asked at once and have to agree; when they do not, a third is asked "
        "without seeing what they said; when no two agree then, nothing is served."
    )
    for number, (question, outcome) in enumerate(zip(questions, outcomes, strict=True), start=1):
        at.output.line()
        at.output.prose(f"Question {number}. {question.prompt}", style="dim")
        at.output.prose(question.shows, style="italic")
        print_outcome(at.output, outcome)
    return outcomes


# --- 2. measure -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """One suite, run."""

    plan: Plan
    run_id: RunId
    result: RunResult
    level: Isolation


def _measure(at: Context, home: Home, registry: Registry) -> list[_Measured]:
    at.output.title("2. Measure two candidates on three suites")
    best = open_sandbox(Isolation.NONE).isolation
    measured = [_run(at, home, registry, name, best) for name in SUITES]
    for each in measured:
        at.output.prose(f"{each.plan.suite.name}: {each.plan.suite.description}{_sampled(each.plan)}")
    at.output.line()
    print_totals(
        at,
        [
            (each.plan.suite.name, candidate, totals)
            for each in measured
            for candidate, totals in each.result.totals.items()
        ],
    )
    at.output.line()
    at.output.prose(_isolation(measured))
    return measured


def _run(at: Context, home: Home, registry: Registry, name: str, best: Isolation) -> _Measured:
    suite = load_suite(home, SuiteName(name))
    level = level_for(suite, best)
    if level is not suite.min_isolation:
        at.output.error(
            f"LESS ISOLATION THAN ASKED FOR: suite {name} wants {suite.min_isolation.value}, and this machine gives "
            f"{level.value}. The demonstration runs its own starter code all the same; harness doctor says what helps."
        )
    plan = make_plan(suite, [A, B], limit=LIMITS.get(name), seed=SAMPLE_SEED if name in LIMITS else None)
    with progress_of(at.output, f"run {name}") as report:
        options = RunOptions(environ={}, on_progress=report, provenance=provenance(at.argv), isolation=level)
        run_id, result = run_async(run_suite(home, registry, plan, options))
    return _Measured(plan=plan, run_id=run_id, result=result, level=level)


def level_for(suite: Suite, best: Isolation) -> Isolation:
    """What the suite demands where this machine gives at least that, otherwise the *best* there is."""
    return suite.min_isolation if best.strength >= suite.min_isolation.strength else best


def _sampled(plan: Plan) -> str:
    whole = len(plan.suite.tasks)
    return "" if len(plan.tasks) == whole else f" (A sample: {len(plan.tasks)} of {counted(whole, 'task')}.)"


def _isolation(measured: Sequence[_Measured]) -> str:
    executed = [each for each in measured if each.plan.suite.kind != "answer"]
    levels = ", ".join(sorted({each.level.value for each in executed}))
    names = " and ".join(each.plan.suite.name for each in executed)
    return f"The programs and patches of {names} were executed against hidden tests, isolated at level {levels}."


# --- 3. judge, 4. route ---------------------------------------------------------------------------------------------


def _judge(at: Context, home: Home, runs: Sequence[_Measured]) -> dict[str, Path]:
    at.output.title(f"3. Should {A} be replaced with {B}?")
    pages: dict[str, Path] = {}
    for number, each in enumerate(runs):
        name = each.plan.suite.name
        row, trials = run_rows(home, each.run_id)
        page = home.root / "pages" / f"ab-{name}.html"
        results, _ = write_ab(home, row, trials, pair=(A, B), margin=MARGIN, out=page)
        pages[name] = page
        if number:
            at.output.line()
        at.output.line(f"{name}: {counted(len(each.plan.tasks), 'task')}", style="dim")
        print_verdict(at, results)
    return pages


def _route(at: Context, home: Home) -> None:
    proposed = proposal(home, [], objective="cost", minimum_tasks=MINIMUM_TASKS, margin=MARGIN)
    at.output.title("4. The routing matrix that these runs would support")
    if not at.options.json:
        print_matrix(at, proposed)
    at.output.prose(
        f"{counted(MINIMUM_TASKS, 'task')} count as evidence here because the suites are small; 20 are usual. Nothing "
        "was promoted: harness matrix promote would write registry/matrix.yaml.",
        style="dim",
    )


def _farewell(at: Context, folder: Path, pages: dict[str, Path]) -> None:
    first, *others = pages.values()
    at.output.title("What to look at")
    at.output.facts(
        [
            ("first", link(first)),
            *(("then", link(page)) for page in others),
            ("every grade", f"cd {folder} && harness runs"),
            ("the record", f"cd {folder} && harness audit: each call and grade, chained by hashes"),
            ("your own", "harness init my-home: a registry and a suite to edit"),
        ]
    )
