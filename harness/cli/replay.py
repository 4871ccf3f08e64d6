"""``harness replay``: what a policy would have done on recorded answers. No call."""

from collections.abc import Mapping
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.runs import find_run
from harness.cli.runtime import dollars, home_of, percent
from harness.content import load_policies
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.ids import PolicyName
from harness.core.policy import Policy
from harness.evals.replay import ReplaySummary, replay, summary
from harness.evals.replay_items import items_of
from harness.journal import journal_path, recorded


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="replay")(replay_)


def replay_(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(help="A run: its id, a unique beginning of it, or its name.")],
    policy: Annotated[str, typer.Option(help="A policy of registry/policies.yaml.")],
) -> int:
    """Put a policy to a run's recorded answers: coverage, precision, calls and cost, without a single call."""
    at: Context = ctx.obj
    home = home_of(at.options)
    chosen = policy_of(load_policies(home), policy)
    row = find_run(home, run)
    events = recorded(journal_path(home.state / "journal", row.run_id)).events()
    result = summary(chosen, replay(items_of(events, chosen), chosen))
    if at.options.json:
        at.output.json(replay_json(result))
    else:
        _print(at, result, row.run_id)
    return Exit.DONE


def policy_of(policies: Mapping[PolicyName, Policy], name: str) -> Policy:
    """The policy *name*. Raises ConfigError with what there is."""
    if PolicyName(name) not in policies:
        raise ConfigError(f"registry/policies.yaml: no policy {name!r}; there are: {', '.join(sorted(policies))}")
    return policies[PolicyName(name)]


def replay_json(result: ReplaySummary) -> dict[str, Json]:
    """The contract of ``replay --json``. The calibration figures are null: no policy is calibrated yet."""
    return {
        "policy": result.policy,
        "n": result.n,
        "served": result.served,
        "coverage": result.coverage,
        "precision": result.precision,
        "calls_mean": result.calls_mean,
        "cost_usd": None if result.cost_usd is None else float(result.cost_usd),
        "ece": None,
        "brier": None,
        "aurc": None,
        "certified": False,
        "reasons": dict(result.reasons),
    }


def _print(at: Context, result: ReplaySummary, run_id: str) -> None:
    at.output.line(f"policy {result.policy} on run {run_id}: {result.n} questions, no call made")
    rows: list[list[object]] = [
        ["served", result.served, percent(result.coverage)],
        ["right, of what was served", "", percent(result.precision)],
        ["calls per question", "", f"{result.calls_mean:.3f}"],
        ["cost", "", dollars(result.cost_usd)],
        *([f"not served: {reason}", number, ""] for reason, number in result.reasons.items()),
    ]
    at.output.table(["", "n", ""], rows, right=["n"])
    at.output.line("uncertified: without a calibration these figures describe the past, they promise nothing")
