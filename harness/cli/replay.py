"""``harness replay``: what a policy would have done on recorded answers. No call."""

from collections.abc import Mapping
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.labels import counted, dollars, percent
from harness.cli.runs import find_run
from harness.cli.runtime import home_of
from harness.cli.usage import nearest
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
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id, beginning of an id, or name.")],
    policy: Annotated[str, typer.Option(metavar="NAME", help="A policy of registry/policies.yaml.")],
) -> int:
    """What a policy would have done on a run's recorded answers.

    Coverage, precision, calls and cost, without a single call.
    """
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
        raise ConfigError(f"registry/policies.yaml: no policy {name!r}; {nearest(name, sorted(policies))}")
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
    at.output.line(
        f"policy {result.policy} on run {run_id}: {counted(result.n, 'question')}, no call made", style="bold"
    )
    at.output.line()
    rows: list[list[object]] = [
        ["served", result.served, percent(result.coverage), "of the questions"],
        *(
            [f"not served: {_words(reason)}", number, _share(number, result.n), ""]
            for reason, number in result.reasons.items()
        ),
        ["right", "", percent(result.precision), "of what was served"],
        ["calls", "", f"{result.calls_mean:.2f}", "per question"],
        ["cost", "", dollars(result.cost_usd), "in all"],
    ]
    at.output.table(["outcome", "n", "share", "of"], rows, right=["n", "share"], head=False)
    at.output.line()
    at.output.prose("uncertified: without a calibration these figures describe the past and promise nothing")


def _share(number: int, whole: int) -> str:
    return percent(number / whole) if whole else percent(None)


def _words(reason: str) -> str:
    return reason.replace("_", " ")
