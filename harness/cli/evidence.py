"""Finds the evidence of an outcome in a home folder: its journal lines, and what they refer to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.cli.stored import open_synced
from harness.content import Home, Registry, load_registry
from harness.core.errors import ConfigError
from harness.core.hashing import Json, plain
from harness.core.ids import PolicyName
from harness.core.rows import RunRow
from harness.journal.excerpt import Excerpt, Quote, excerpt
from harness.report.evidence import Context
from harness.store import VerdictRow, find_verdict, verdict_lines
from harness.store import runs as runs_query

FROM_FLAGS = "flags"
"""What a policy is called that was made of ``harness ask --models …``; its comparator has no options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The evidence of one outcome."""

    row: VerdictRow
    excerpts: Sequence[Excerpt]
    """The journal that holds the outcome first."""
    context: Context

    @property
    def quotes(self) -> list[Quote]:
        """All lines, in that order."""
        return [line for part in self.excerpts for line in part.quotes]

    @property
    def heads(self) -> list[dict[str, Json]]:
        """Where each journal ended when it was read."""
        return [{"journal": part.journal, "lines": part.lines, "head_hash": part.head_hash} for part in self.excerpts]


def find_evidence(home: Home, ref: str) -> Found:
    """The evidence of the outcome *ref*: an id or a unique beginning of one.

    Every journal that holds a line of it is checked as a whole. Raises ConfigError when there is no such outcome,
    JournalError when a journal is not there or does not chain.
    """
    with open_synced(home) as store:
        row = find_verdict(store, ref)
        places = verdict_lines(store, row.verdict_id)
        runs = runs_query(store)
    own = row.position.rpartition(":")[0]
    folder = home.state / "journal"
    names = sorted(places, key=lambda name: (name != own, name))
    run = next((each for each in runs if each.journal == own), None)
    excerpts = [excerpt(folder / name, places[name]) for name in names]
    return Found(row=row, excerpts=excerpts, context=_context(home, row, run))


def _context(home: Home, row: VerdictRow, run: RunRow | None) -> Context:
    registry = _registry(home)
    cards = () if registry is None else tuple(registry.cards.values())
    policy = None if registry is None else registry.policies.get(PolicyName(row.policy))
    fields: Json = plain(policy) if policy is not None and policy.version == row.policy_version else None
    suite = None if run is None else f"{run.suite}@{run.suite_version}"
    return Context(
        policy=fields,
        compare=_compare(row, fields),
        prices=_prices(row, run, {card.id: plain(card.price) for card in cards if card.price is not None}),
        run=None if run is None else {"run_id": run.run_id, "name": run.name, "suite": suite},
        scripted=tuple(card.id for card in cards if card.api == "scripted"),
    )


def _registry(home: Home) -> Registry | None:
    """None for one that cannot be read: evidence is shown all the same, the registry only adds to it."""
    try:
        return load_registry(home)
    except ConfigError:
        return None


def _compare(row: VerdictRow, policy: Json) -> Json:
    name = row.comparator.partition("@")[0]
    if policy is not None:
        return policy["compare"]
    return {"name": name, "options": {}} if row.policy == FROM_FLAGS and name else None


def _prices(row: VerdictRow, run: RunRow | None, current: Mapping[str, Json]) -> dict[str, Json]:
    """The price of each model on the day on record: as its run recorded it, else the registry's of the same day."""
    found: dict[str, Json] = {}
    for model, as_of in (row.price_as_of or {}).items():
        recorded = run.prices.get(model) if run is not None else None
        if recorded is not None and recorded["as_of"] == as_of:
            found[model] = {**recorded, "from": "the run's record"}
        elif model in current and current[model]["as_of"] == as_of:
            found[model] = {**current[model], "from": "registry/models.yaml, where the day is the same"}
    return found
