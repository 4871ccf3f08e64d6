"""``harness run``: evaluate candidates on a suite; the same command continues an interrupted run."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.designs import AGAINST_ITSELF, look_json, look_words, noise_of, noise_words
from harness.cli.exits import Exit
from harness.cli.interrupts import run_async
from harness.cli.labels import dollars_alike, percent, seconds_alike
from harness.cli.progress import progress_of
from harness.cli.provenance import provenance
from harness.cli.runtime import environ, home_of, split_names
from harness.content import load_registry, load_suite
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.ids import CandidateId, RunId, SuiteName
from harness.core.trial import Grade
from harness.engine import Directory, require_keys
from harness.evals.plan import Plan, make_plan
from harness.evals.run import RunResult, Totals
from harness.evals.running import RunOptions, asked_candidates, refuse_changed_suite, run_suite
from harness.evals.stopping import aa_plan, stopping_plan
from harness.transport import Deadlines


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="run")(run)


def run(
    ctx: typer.Context,
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="The suite's name.")],
    models: Annotated[
        str,
        typer.Option(
            metavar="A,B", help="Candidates: models, consensus/POLICY, route/PROFILE, builtin/reference|noop."
        ),
    ],
    epochs: Annotated[int, typer.Option(metavar="N", help="How often each task is put to each candidate.")] = 1,
    limit: Annotated[int | None, typer.Option(metavar="N", help="A sample of this many tasks.")] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Of the sample; also sent to models that take one.")
    ] = None,
    max_cost: Annotated[
        str | None, typer.Option(metavar="USD", help="Hard limit for the whole run, worst cases included.")
    ] = None,
    concurrency: Annotated[int, typer.Option(metavar="N", help="Trials in flight.")] = 16,
    timeout: Annotated[
        float | None, typer.Option(metavar="S", help="Seconds one call may take, retries included; 300 by default.")
    ] = None,
    executor: Annotated[str, typer.Option(metavar="NAME", help="Where trials run.")] = "local",
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew instead of continuing.")] = False,
    stop_early: Annotated[
        bool, typer.Option("--stop-early", help="Two candidates: stop as soon as it is clear, or hopeless.")
    ] = False,
    margin: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Of --stop-early: how much worse still counts as equivalent; 0.03."),
    ] = None,
    aa: Annotated[
        bool, typer.Option("--aa", help="One candidate against itself, with fresh samples: the noise floor.")
    ] = False,
) -> int:
    """Evaluate candidates on a suite; again, it continues."""
    at: Context = ctx.obj
    _check(executor, concurrency, timeout)
    home = home_of(at.options)
    registry = load_registry(home)
    candidates = _candidates(models)
    directory = Directory(cards=registry.cards, policies=registry.policies, routing=registry.routing)
    require_keys(list(directory.cards_of(asked_candidates(candidates)).values()), environ())
    plan = make_plan(load_suite(home, SuiteName(suite)), candidates, epochs=epochs, limit=limit, seed=seed)
    plan = designed(plan, stop_early=stop_early, margin=margin, against_itself=aa)
    if not fresh:
        refuse_changed_suite(home.state / "journal", plan)
    with progress_of(at.output, f"run {suite}") as report:
        options = RunOptions(
            environ=environ(),
            max_cost_usd=money("--max-cost", max_cost),
            deadlines=None if timeout is None else Deadlines.within(timeout),
            concurrency=concurrency,
            fresh=fresh,
            on_progress=report,
            provenance={**provenance(at.argv), **({AGAINST_ITSELF: True} if aa else {})},
        )
        run_id, result = run_async(run_suite(home, registry, plan, options))
    show(at, plan, run_id, result, noise=noise_of(home, run_id) if aa else None)
    return exit_of(result)


def _candidates(models: str) -> list[CandidateId]:
    names = [CandidateId(name) for name in split_names(models)]
    if not names:
        raise ConfigError("--models: names no candidate")
    return names


def _check(executor: str, concurrency: int, timeout: float | None) -> None:
    if executor != "local":
        raise ConfigError(f"--executor {executor!r}: this version runs on one machine; there is: local")
    if concurrency < 1:
        raise ConfigError(f"--concurrency: {concurrency} is below 1")
    if timeout is not None and not 0 < timeout < math.inf:
        raise ConfigError(f"--timeout: {timeout:g} is not a number of seconds above 0")


def designed(plan: Plan, *, stop_early: bool, margin: float | None, against_itself: bool) -> Plan:
    """*plan* as the flags want it. Raises ConfigError for flags that do not go together."""
    if margin is not None and not stop_early:
        raise ConfigError(
            "--margin: says when --stop-early may stop, which is not there; harness report ab takes its own"
        )
    if margin is not None and not 0 < margin < 1:
        raise ConfigError(f"--margin: {margin} is not between 0 and 1; 0.03 are three points")
    if stop_early and against_itself:
        raise ConfigError("--aa: measures noise on every task, and --stop-early would stop it; leave one out")
    if against_itself:
        return aa_plan(plan)
    return stopping_plan(plan, margin=0.03 if margin is None else margin) if stop_early else plan


def money(flag: str, text: str | None) -> Decimal | None:
    """An amount of USD. Raises ConfigError for what is none."""
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ConfigError(f"{flag}: {text!r} is not an amount of USD; write it like 2.50") from None
    if not amount.is_finite() or amount < 0:
        raise ConfigError(f"{flag}: {text!r} is not an amount of 0 or more")
    return amount


def exit_of(result: RunResult) -> Exit:
    """How a run ended: at its budget, without a single measurement of some candidate, or well."""
    if not result.complete:
        return Exit.BUDGET
    return Exit.NO_DATA if any(_unmeasured(totals) for totals in result.totals.values()) else Exit.DONE


def show(at: Context, plan: Plan, run_id: RunId, result: RunResult, *, noise: Mapping[str, Json] | None = None) -> None:
    """The run, as people and scripts read it; *noise* of one against itself."""
    if at.options.json:
        at.output.json({**run_json(plan, run_id, result), **({} if noise is None else {"noise_floor": noise})})
        return
    print_totals(at, [("", candidate, totals) for candidate, totals in result.totals.items()])
    at.output.line()
    state = "complete" if result.complete else "not complete"
    at.output.line(f"run {run_id} of {plan.suite.name}@{plan.suite.version}: {state}")
    if result.stopped_at_budget:
        at.output.prose("stopped at --max-cost before the next call; the same command with more money continues it")
    for candidate, totals in result.totals.items():
        if _unmeasured(totals):
            at.output.prose(
                f"{candidate}: nothing could be measured; harness runs show {run_id} says why", style="bold red"
            )
    for sentence in [*look_words(plan, result.look), *([] if noise is None else [noise_words(noise)])]:
        at.output.prose(sentence)
    if result.complete and len(plan.candidates) > 1:
        at.output.hint(f"next: harness report ab {run_id}")
    else:
        at.output.hint(f"next: harness runs show {run_id}")


def print_totals(at: Context, rows: Sequence[tuple[str, str, Totals]]) -> None:
    """Counts per candidate; each row is a suite (shown where there are several), a candidate and its counts."""
    costs = dollars_alike([totals.cost_usd for _, _, totals in rows])
    latencies = seconds_alike([totals.p95_latency_s for _, _, totals in rows])
    several = len({suite for suite, _, _ in rows}) > 1
    columns = ["candidate", "resolved", "of", "rate", "cost", "p95 latency", "otherwise"]
    at.output.table(
        ["suite", *columns] if several else columns,
        [
            [*([suite] if several else []), candidate, *_counts(totals), cost, latency, _others(totals)]
            for (suite, candidate, totals), cost, latency in zip(rows, costs, latencies, strict=True)
        ],
        right=["resolved", "of", "rate", "cost", "p95 latency"],
        wrap=["otherwise"],
    )


def run_json(plan: Plan, run_id: RunId, result: RunResult) -> Mapping[str, Json]:
    """The contract of ``run --json``."""
    return {
        "run": run_id,
        "suite": plan.suite.name,
        "candidates": {candidate: _totals_json(totals) for candidate, totals in result.totals.items()},
        "complete": result.complete,
        **({} if result.look is None else {"stopping": look_json(plan, result.look)}),
    }


def _totals_json(totals: Totals) -> dict[str, Json]:
    return {
        "trials": sum(totals.grades.values()),
        "resolved": totals.grades[Grade.RESOLVED],
        "grades": {grade.value: totals.grades[grade] for grade in Grade if totals.grades[grade]},
        "cost_usd": None if totals.cost_usd is None else float(totals.cost_usd),
        "tokens": totals.tokens,
        "p95_latency_s": totals.p95_latency_s,
    }


def _counts(totals: Totals) -> list[object]:
    trials = sum(totals.grades.values())
    resolved = totals.grades[Grade.RESOLVED]
    return [resolved, trials, percent(resolved / trials if trials else None)]


def _others(totals: Totals) -> str:
    """What became of the trials that were not resolved."""
    found = [(totals.grades[grade], grade.value.replace("_", " ")) for grade in Grade if grade is not Grade.RESOLVED]
    return ", ".join(f"{number} {words}" for number, words in found if number)


def _unmeasured(totals: Totals) -> bool:
    return bool(totals.grades) and not any(grade.measured for grade in totals.grades.elements())
