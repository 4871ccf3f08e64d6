"""``harness report consensus``: what panels decided since a day, as a page."""

import json
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.labels import link
from harness.cli.provenance import harness_version
from harness.cli.runtime import home_of, write_page, write_text
from harness.cli.stored import open_synced
from harness.content import Home, Registry, load_registry
from harness.core.errors import ConfigError
from harness.core.hashing import Json, plain
from harness.report.consensus import Window, consensus_results, consensus_summary
from harness.report.consensus_page import banner, render_consensus
from harness.store import DecisionBallotRow, decision_ballots, decisions

STYLES = {"better": "bold green", "worse": "bold red", "insufficient": "bold yellow"}


def consensus(
    ctx: typer.Context,
    since: Annotated[str, typer.Option(metavar="DATE", help="From this day on: 2026-11-01, UTC.")],
    policy: Annotated[str, typer.Option(metavar="NAME", help="Outcomes of this policy only.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The page; <home>/.harness/pages/ otherwise.")
    ] = None,
) -> int:
    """How far can consensus be trusted? What panels decided since a day, as one HTML file.

    Exit code: 0 done, 5 nothing was decided, or nobody knows how right it was.
    """
    at: Context = ctx.obj
    home = home_of(at.options)
    start = day(since)
    words = ["--since", since, *(["--policy", policy] if policy else [])]
    results = _results(home, start, policy, shlex.join(["harness", "report", "consensus", *words]))
    page = out or home.state / "pages" / (f"consensus-{policy}.html" if _plain(policy) else "consensus.html")
    write_consensus(home, results, page)
    if at.options.json:
        at.output.json(consensus_summary(results, str(page)))
    else:
        said = banner(results)
        at.output.line(said["headline"], style=STYLES[said["state"]])
        for sentence in said["lines"]:
            at.output.prose(sentence)
        at.output.line(f"page: {link(page)}")
    return Exit.DONE if results["accuracy"]["n"] else Exit.NO_DATA


def day(text: str) -> datetime:
    """The beginning of a day, or a time, in UTC. Raises ConfigError for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--since: {text!r} is not a day or time such as 2026-11-01 or 2026-11-01T06:00") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def write_consensus(home: Home, results: Mapping[str, Json], page: Path) -> None:
    """Write the page, and ``<page>.results.json`` beside it. Raises ConfigError when a file cannot be written."""
    write_page(page, render_consensus(results, templates=home.reports / "templates", harness=harness_version()))
    write_text(page.with_suffix(".results.json"), json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False))


def _plain(name: str) -> bool:
    """Whether *name* can stand in a file name; a policy of the registry can, anything else is only looked for."""
    return bool(name) and name.replace("-", "").replace("_", "").replace(".", "").isalnum() and name[0] != "."


def _results(home: Home, since: datetime, policy: str, command: str) -> dict[str, Json]:
    with open_synced(home) as store:
        rows = decisions(store, since=since, policy=policy or None)
        votes = decision_ballots(store, since=since, policy=policy or None)
    registry = _registry(home)
    compares: dict[tuple[str, str], Mapping[str, Json]] = {}
    for each in () if registry is None else registry.policies.values():
        fields: Json = plain(each.compare)
        compares[each.name, each.version] = fields
    window = Window(
        since=since, policy=policy or None, compares=compares, scripted=_scripted(registry, votes), command=command
    )
    return consensus_results(rows, votes, window)


def _registry(home: Home) -> Registry | None:
    """None for one that cannot be read: what was decided is shown all the same."""
    try:
        return load_registry(home)
    except ConfigError:
        return None


def _scripted(registry: Registry | None, votes: list[DecisionBallotRow]) -> bool:
    scripted = {card.id for card in registry.cards.values() if card.api == "scripted"} if registry else set()
    return any(vote.model in scripted for vote in votes)
