"""Typed doors of regression reports: many runs at once, without their texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.core.rows import TrialRow
from harness.store.database import Store
from harness.store.making import made


@dataclass(frozen=True, slots=True, kw_only=True)
class NightCall:
    """One call of a trial: who answered, and what it took."""

    run_id: str
    task_id: str
    candidate: str
    epoch: int
    model: str
    served_model: str | None
    """The name in the reply; ``None``: a failure, or the vendor did not say."""
    fingerprint: str | None
    """Of the configuration that answered; ``None``: the vendor did not say."""
    ok: bool
    """A response, not a failure."""
    input: int | None
    """Tokens, disjoint; ``None``: the vendor did not say."""
    cache_read: int | None
    cache_write: int | None
    output: int | None
    reasoning: int | None
    cost_usd: Decimal | None


def night_trials(db: Store, run_ids: Sequence[str]) -> list[TrialRow]:
    """The graded trials of *run_ids*, their texts left empty; by run, task, candidate, epoch."""
    return [made(TrialRow, row) for row in db.ask("night_trials", run_ids=list(run_ids))]


def night_calls(db: Store, run_ids: Sequence[str]) -> list[NightCall]:
    """The calls of the trials of *run_ids*; by run, trial, then in the order they ended."""
    return [made(NightCall, row) for row in db.ask("night_calls", run_ids=list(run_ids))]
