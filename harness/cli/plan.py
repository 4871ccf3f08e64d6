"""``harness plan``: how many tasks and how much money it takes to see what, before any is spent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.labels import UNKNOWN
from harness.cli.runtime import home_of
from harness.cli.stored import open_synced
from harness.content import Home, load_registry, load_suite
from harness.core.card import Card
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.ids import CandidateId, SuiteName
from harness.core.rows import TrialRow
from harness.core.suite import Suite
from harness.engine import Directory
from harness.evals.running import asked_candidates
from harness.stats import (
    facts_of,
    noninferiority_sample_size,
    pair_trials,
    smallest_difference,
    tasks_to_see,
)
from harness.store import night_trials
from harness.store import runs as runs_query

DISCORDANT = 0.10
"""Share of tasks on which two models differ, where nothing is measured yet."""
OUTPUT_TOKENS = 500
CHARS_PER_TOKEN = 4
POWER = 0.8
SEEN = (0.02, 0.03, 0.05, 0.08, 0.10, 0.15)
"""Differences that the table asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is known before."""

    discordant: float
    """Share of tasks on which the two differ."""
    pairs: int
    """Measured; 0: assumed."""
    cost_usd: Mapping[str, float | None]
    """Of one trial, by candidate."""
    assumptions: tuple[str, ...]


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="plan")(plan)


def plan(
    ctx: typer.Context,
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="The suite's name.")],
    a: Annotated[str, typer.Option("--a", metavar="ID", help="The incumbent.")],
    b: Annotated[str, typer.Option("--b", metavar="ID", help="The challenger.")],
    margin: Annotated[float, typer.Option(metavar="SHARE", help="How much worse still counts as equivalent.")] = 0.03,
) -> int:
    """How many tasks and dollars it takes to see what.

    Asks no model.

    From earlier runs where there are any; what is assumed instead is said.
    """
    at: Context = ctx.obj
    if not 0 < margin < 1:
        raise ConfigError(f"--margin: {margin} is not between 0 and 1; 0.03 are three points")
    if a == b:
        raise ConfigError(f"--a and --b must be two candidates, both are {a!r}")
    home = home_of(at.options)
    loaded = load_suite(home, SuiteName(suite))
    found = needs(loaded, a, b, margin=margin, prior=prior_of(home, loaded, a, b))
    if at.options.json:
        at.output.json(found)
    else:
        _print(at, found)
    return Exit.DONE


def prior_of(home: Home, suite: Suite, a: str, b: str) -> Prior:
    """What earlier runs of *suite* say of the two, and what is assumed. Raises ConfigError for an unknown one."""
    with open_synced(home) as store:
        mine = [row for row in runs_query(store) if row.suite == suite.name and {a, b} & set(row.candidates)]
        rows = night_trials(store, [row.run_id for row in mine])
        both = next((row.run_id for row in mine if {a, b} <= set(row.candidates) and row.complete), None)
    facts = facts_of(pair_trials([row for row in rows if row.run_id == both], a=a, b=b).tasks)
    said: list[str] = []
    discordant = (facts.differing + 0.5) / (facts.n + 1) if facts.n else DISCORDANT
    if not facts.n:
        said.append(f"no run has both: assumed is that they differ on {DISCORDANT:.0%} of tasks")
    costs = {name: _cost(home, suite, name, rows, said) for name in (a, b)}
    return Prior(discordant=discordant, pairs=facts.n, cost_usd=costs, assumptions=tuple(said))


def _cost(home: Home, suite: Suite, name: str, rows: Sequence[TrialRow], said: list[str]) -> float | None:
    known = [float(row.cost_usd) for row in rows if row.candidate == name and row.cost_usd is not None]
    if known:
        return sum(known) / len(known)
    registry = load_registry(home)
    directory = Directory(cards=registry.cards, policies=registry.policies, routing=registry.routing)
    cards = list(directory.cards_of(asked_candidates([CandidateId(name)])).values())
    prices = [_assumed(card, suite) for card in cards]
    if any(price is None for price in prices):
        said.append(f"{name}: a price is missing in registry/models.yaml")
        return None
    said.append(
        f"{name}: not run yet: prompts at {CHARS_PER_TOKEN} characters a token, {OUTPUT_TOKENS} tokens of output"
    )
    return sum(price for price in prices if price is not None)


def _assumed(card: Card, suite: Suite) -> float | None:
    if card.price is None:
        return None
    prompts = [len(suite.instructions) + len(task.prompt) for task in suite.tasks]
    prompt_tokens = sum(prompts) / max(1, len(prompts)) / CHARS_PER_TOKEN
    rates = card.price.rates_for(round(prompt_tokens))
    return (float(rates.input) * prompt_tokens + float(rates.output) * OUTPUT_TOKENS) / 1_000_000


def needs(suite: Suite, a: str, b: str, *, margin: float, prior: Prior) -> dict[str, Json]:
    """The tasks and dollars for each difference, and for showing that B is not worse by *margin*."""
    costs = list(prior.cost_usd.values())
    per_task = None if None in costs else sum(cost for cost in costs if cost is not None)
    half = prior.discordant / 2
    equivalent = noninferiority_sample_size(p_a_only=half, p_b_only=half, margin=margin, power=POWER).n
    seen = [_line(f"a difference of {share:.0%}", share, prior.discordant, per_task) for share in SEEN]
    here = len(suite.tasks)
    return {
        "suite": suite.name,
        "tasks": here,
        "a": a,
        "b": b,
        "margin": margin,
        "power": POWER,
        "discordant": prior.discordant,
        "pairs": prior.pairs,
        "cost_per_trial_usd": dict(prior.cost_usd),
        "cost_here_usd": None if per_task is None else per_task * here,
        "differences": seen,
        "not_worse": {"tasks": equivalent, "cost_usd": None if per_task is None else equivalent * per_task},
        "smallest_seen_here": smallest_difference(here, discordant=prior.discordant, power=POWER),
        "assumptions": list(prior.assumptions),
    }


def _line(what: str, difference: float, discordant: float, per_task: float | None) -> dict[str, Json]:
    tasks = tasks_to_see(difference, discordant=discordant, power=POWER)
    return {
        "what": what,
        "difference": difference,
        "tasks": tasks,
        "cost_usd": None if per_task is None else tasks * per_task,
    }


def _print(at: Context, found: Mapping[str, Json]) -> None:
    source = f"measured on {found['pairs']} tasks" if found["pairs"] else "assumed"
    at.output.line(f"{found['a']} against {found['b']} on {found['suite']}: {found['tasks']} tasks", style="bold")
    at.output.prose(f"They differ on {found['discordant']:.0%} of tasks ({source}). Chance of seeing it: {POWER:.0%}.")
    at.output.line()
    rows = [(line["what"], line["tasks"], line["cost_usd"]) for line in found["differences"]]
    rows.append(
        (f"not worse by {found['margin']:.0%}, if alike", found["not_worse"]["tasks"], found["not_worse"]["cost_usd"])
    )
    at.output.table(
        ["to see", "tasks", "cost", "this suite"],
        [
            [
                what,
                f"{tasks:,}",
                _usd(cost),
                "enough" if tasks <= found["tasks"] else f"{tasks - found['tasks']:,} short",
            ]
            for what, tasks, cost in rows
        ],
        right=["tasks", "cost"],
    )
    at.output.line()
    smallest = found["smallest_seen_here"]
    seen = "no difference" if smallest is None else f"differences of {smallest:.0%} and more"
    at.output.prose(f"All {found['tasks']} tasks once: {_usd(found['cost_here_usd'])}, and {seen} would show.")
    for line in found["assumptions"]:
        at.output.prose(f"assumed: {line}")
    at.output.hint(f"next: harness run {found['suite']} --models {found['a']},{found['b']}")


def _usd(cost: float | None) -> str:
    return UNKNOWN if cost is None else f"${cost:,.2f}" if cost >= 0.1 else f"${cost:.4f}"
