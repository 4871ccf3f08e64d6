"""``harness replay``: what a policy would have done on recorded answers. No call."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.labels import NOTHING, counted, dollars_alike, percent
from harness.cli.runtime import home_of
from harness.cli.stored import open_synced
from harness.cli.usage import nearest
from harness.consensus.calibration import Calibration
from harness.content import Home, load_calibrations, load_policies
from harness.core.errors import ConfigError
from harness.core.hashing import Json, plain
from harness.core.ids import PolicyName, TaskClass
from harness.core.policy import Policy, RiskLimit
from harness.core.rows import RunRow
from harness.evals.replay import Replayed, ReplaySummary, replay, summary
from harness.evals.replay_baselines import Baseline, baselines
from harness.evals.replay_items import items_of
from harness.evals.replay_reader import reader_of
from harness.evals.replay_scores import Scores, score
from harness.evals.replay_standing import Basis, grounds_of
from harness.journal import journal_path, recorded
from harness.store import run as run_query
from harness.store import run_tasks

CURVE_SHARES = tuple(step / 20 for step in range(1, 21))
"""Coverages of the printed risk-coverage table."""


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="replay")(replay_)


def replay_(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id, beginning of an id, or name.")],
    policy: Annotated[str, typer.Option(metavar="NAME", help="A policy of registry/policies.yaml.")],
    curve: Annotated[bool, typer.Option("--curve", help="Also the risk-coverage table.")] = False,
    crossfit: Annotated[
        bool, typer.Option("--crossfit", help="Leave a stored calibration aside: fit within the run, in five folds.")
    ] = False,
) -> int:
    """What a policy would have done on a run's recorded answers.

    Coverage, precision, calls and cost, without a single call, beside the best single model and static policies. A
    stored calibration is applied as it is; without one, each fifth of the run is decided by what the rest taught.
    """
    at: Context = ctx.obj
    home = home_of(at.options)
    chosen = policy_of(load_policies(home), policy)
    calibrations = {
        task_class: each for (task_class, name), each in load_calibrations(home).items() if name == chosen.name
    }
    row, fitted_tasks = _looked_up(home, run, calibrations)
    items = items_of(recorded(journal_path(home.state / "journal", row.run_id)).events(), chosen)
    reader = reader_of(chosen)
    grounds = grounds_of(items, chosen, calibrations, reader=reader, fitted_tasks=fitted_tasks, crossfit=crossfit)
    replayed = replay(items, chosen, grounds.standing, reader=reader)
    result = summary(chosen, replayed)
    scores = score(items, chosen, grounds, reader)
    beside = baselines(items, chosen, reader)
    if at.options.json:
        extra: dict[str, Json] = {
            "run": row.run_id,
            "basis": [plain(each) for each in grounds.bases],
            "baselines": [baseline_json(each, chosen) for each in beside],
        }
        if curve:
            extra["curve"] = [] if scores is None else [plain(point) for point in scores.curve]
        at.output.json({**replay_json(result, scores, replayed), **extra})
        return Exit.DONE
    at.output.line(
        f"policy {result.policy} on run {row.name or row.run_id}: {counted(result.n, 'question')}, no call made",
        style="bold",
    )
    at.output.line()
    _print_table(at, result, beside, chosen)
    _print_reasons(at, result)
    _print_scores(at, result, scores, replayed)
    for basis in grounds.bases:
        at.output.prose(told(basis, chosen))
    if curve:
        _print_curve(at, scores)
    return Exit.DONE


def policy_of(policies: Mapping[PolicyName, Policy], name: str) -> Policy:
    """The policy *name*. Raises ConfigError with what there is."""
    if PolicyName(name) not in policies:
        raise ConfigError(f"registry/policies.yaml: no policy {name!r}; {nearest(name, sorted(policies))}")
    return policies[PolicyName(name)]


def replay_json(result: ReplaySummary, scores: Scores | None, replayed: Sequence[Replayed]) -> dict[str, Json]:
    """The contract of ``replay --json``; its calibration figures are null where no question has a known answer."""
    return {
        "policy": result.policy,
        "n": result.n,
        "served": result.served,
        "coverage": result.coverage,
        "precision": result.precision,
        "calls_mean": result.calls_mean,
        "cost_usd": _number(result.cost_usd),
        "ece": None if scores is None else scores.ece,
        "brier": None if scores is None else scores.brier,
        "aurc": None if scores is None else scores.aurc,
        "certified": result.certified,
        "precision_ci": plain(result.precision_ci),
        "promised": promised(replayed),
        "reasons": dict(result.reasons),
    }


def baseline_json(baseline: Baseline, policy: Policy) -> dict[str, Json]:
    """One of the policies beside it."""
    result = summary(policy, baseline.replayed)
    return {
        "name": baseline.name,
        "models": list(baseline.models),
        "served": result.served,
        "coverage": result.coverage,
        "precision": result.precision,
        "precision_ci": plain(result.precision_ci),
        "calls_mean": result.calls_mean,
        "cost_usd": _number(result.cost_usd),
    }


def promised(replayed: Sequence[Replayed]) -> float | None:
    """The precision that the confidences of what was served promise; None when one of them is not known."""
    sure = [each.confidence for each in replayed if each.served]
    known = [each for each in sure if each is not None]
    return sum(known) / len(known) if known and len(known) == len(sure) else None


def told(basis: Basis, policy: Policy) -> str:
    """Where the probabilities of a class come from, as a sentence."""
    name = basis.task_class
    if basis.kind == "stored":
        where = (
            f"IN SAMPLE: {basis.seen} of {counted(basis.questions, 'question')} are among those it was fitted to, so "
            "these figures flatter (--crossfit, or a run it has not seen, does not)"
            if basis.seen
            else "none of these questions is known to be among those it was fitted to"
        )
        return (
            f"{name}: the stored calibration {basis.version}, fitted to {basis.labels} labels (data "
            f"{basis.data_hash[:12]}), as it is; {where}"
        )
    if basis.kind == "crossfit":
        waits = isinstance(policy.rule, RiskLimit) and not basis.chosen
        live = "; live, nothing is certified until harness calibrate stores it" if waits else ""
        return (
            f"{name}: {basis.why}: cross-fitted within the run, each fifth of {basis.labels} labelled questions "
            f"decided by what was fitted to the rest{live}"
        )
    return f"{name}: {basis.why}, and {counted(basis.labels, 'labelled question')} are too few to fit within the run"


def _looked_up(
    home: Home, name: str, calibrations: Mapping[TaskClass, Calibration]
) -> tuple[RunRow, dict[str, frozenset[str]]]:
    """The run, and the tasks of the runs that the calibrations were fitted to."""
    with open_synced(home) as store:
        row = run_query(store, name)
        return row, run_tasks(store, sorted({run for each in calibrations.values() for run in each.sources}))


def _print_table(at: Context, result: ReplaySummary, beside: Sequence[Baseline], policy: Policy) -> None:
    others = [(each.name, summary(policy, each.replayed)) for each in beside]
    every = [(f"{policy.name} (this policy)", result), *others]
    costs = dollars_alike([each.cost_usd for _, each in every])
    rows = [[name, *_figures(each), cost] for (name, each), cost in zip(every, costs, strict=True)]
    columns = ["policy", "served", "right of these", "95 % CI", "wrong per 1000", "calls", "cost"]
    at.output.table(columns, rows, right=columns[1:])
    at.output.line()
    for each in beside:
        at.output.prose(f"{each.name}: {', '.join(each.models)}", style="dim")
    at.output.line()


def _figures(result: ReplaySummary) -> list[str]:
    calls = f"{result.calls_mean:.2f}"
    return [percent(result.coverage), percent(result.precision), _interval(result), _wrong(result), calls]


def _interval(result: ReplaySummary) -> str:
    found = result.precision_ci
    return NOTHING if found is None else f"{100 * found.lo:.1f}–{100 * found.hi:.1f} %"


def _wrong(result: ReplaySummary) -> str:
    return NOTHING if result.precision is None else f"{1000 * result.coverage * (1 - result.precision):.0f}"


def _print_reasons(at: Context, result: ReplaySummary) -> None:
    for reason, number in result.reasons.items():
        share = percent(number / result.n)
        at.output.line(f"not served: {reason.replace('_', ' ')} {number} ({share})")


def _print_scores(at: Context, result: ReplaySummary, scores: Scores | None, replayed: Sequence[Replayed]) -> None:
    sure = promised(replayed)
    if sure is not None:
        at.output.prose(f"promised {percent(sure)} right of what was served, {percent(result.precision)} were")
    if scores is not None:
        at.output.prose(
            f"confidence in the likeliest answer of all that is on record, {counted(scores.n, 'question')}: ECE "
            f"{100 * scores.ece:.2f} %, Brier {scores.brier:.4f}, AURC {100 * scores.aurc:.2f} %"
        )
    at.output.line(f"certified: {'yes' if result.certified else 'no'}", style="bold")


def _print_curve(at: Context, scores: Scores | None) -> None:
    at.output.title("risk and coverage of the confidence, most confident first")
    if scores is None:
        at.output.line("nothing to show: no question has both a known answer and a confidence")
        return
    rows = []
    for share in CURVE_SHARES:
        point = next((each for each in scores.curve if each.coverage >= share - 1e-9), scores.curve[-1])
        row = [percent(point.coverage), f"{100 * point.confidence:.2f} %", percent(1 - point.risk)]
        if row not in rows:
            rows.append(row)
    columns = ["served", "from confidence", "right of these"]
    at.output.table(columns, rows, right=columns)


def _number(cost: Decimal | None) -> float | None:
    return None if cost is None else float(cost)
