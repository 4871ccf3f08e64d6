"""Typed doors of the pages: what panels decided and who said what, the calls of trials, promotions, paired counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from harness.core.hashing import Json
from harness.core.trial import Grade
from harness.store.database import Store
from harness.store.making import made


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One outcome of a panel; fields as in :class:`harness.core.outcome.Outcome`, and what is known of the truth."""

    verdict_id: str
    at: datetime
    candidate: str
    served: bool
    answer: str | None
    reason: str | None
    detail: str
    confidence: float | None
    certified: bool
    degraded: bool
    policy: str
    policy_version: str
    comparator: str
    groups: Sequence[Json]
    """Each ``{"answer", "models", "weight"}``, largest first."""
    quorum: Json
    cost_usd: Decimal | None
    latency_s: float
    calls_saved: int
    task_class: str
    question: str
    """The prompt of its task, or the last turn of what was asked; empty when it is not on record."""
    run_id: str | None
    """Of the run it was asked in."""
    task_id: str | None
    grade: Grade | None
    """Of the trial it was asked in."""
    expected: Json
    """The right answer of its task; ``None``: nobody knows it."""
    reviewed: bool
    """A person has decided."""
    review_answer: str | None
    """What the person decided; ``None``: nobody has, or no answer is right."""
    who: str | None
    position: str
    """``<file>:<seq>`` of its journal line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionBallotRow:
    """One ballot of an outcome, and what its calls took."""

    verdict_id: str
    model: str
    kind: str
    """As in :class:`harness.core.ballot.BallotKind`."""
    answer: str | None
    why: str
    role: str
    calls: int | None
    """``None``: it was not called."""
    cost_usd: Decimal | None
    """``None``: not known, or not called."""
    latency_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCallRow:
    """One call of a trial."""

    task_id: str
    candidate: str
    epoch: int
    model: str
    purpose: str
    ended: str
    """The finish of a response, the kind of a failure."""
    ok: bool
    """A response, not a failure."""
    served_model: str | None
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: Decimal | None
    latency_s: float
    attempts: int
    position: str
    """``<file>:<seq>`` of its journal line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionRow:
    """One promotion of the routing matrix."""

    version: int
    at: datetime
    sha256: str
    forced: bool
    reason: str
    changes: Sequence[str]
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedCounts:
    """How two candidates did on the trials of one class that they share."""

    task_class: str
    n: int
    both: int
    a_only: int
    b_only: int
    neither: int
    cost_a_usd: Decimal | None
    """``None`` as soon as one is unknown."""
    cost_b_usd: Decimal | None
    p95_a_s: float
    p95_b_s: float


def decisions(db: Store, *, since: datetime, policy: str | None = None) -> list[DecisionRow]:
    """What panels decided since a time; oldest first."""
    rows = db.ask("decisions", since=_naive(since), policy=policy)
    return [made(DecisionRow, row) for row in rows]


def decision_ballots(db: Store, *, since: datetime, policy: str | None = None) -> list[DecisionBallotRow]:
    """Who said what in :func:`decisions`; by outcome, in the order of the panel."""
    rows = db.ask("decision_ballots", since=_naive(since), policy=policy)
    return [made(DecisionBallotRow, row) for row in rows]


def trial_calls(db: Store, run_id: str) -> list[TrialCallRow]:
    """The calls of each graded trial of a run; by trial, then in the order they ended."""
    return [made(TrialCallRow, row) for row in db.ask("trial_calls", run_id=run_id)]


def promotions(db: Store) -> list[PromotionRow]:
    """Every promotion of the routing matrix on record; newest first."""
    return [made(PromotionRow, row) for row in db.ask("promotions")]


def paired_counts(db: Store, run_id: str, *, a: str, b: str) -> list[PairedCounts]:
    """How two candidates of a run did on the trials they share, by class."""
    return [made(PairedCounts, row) for row in db.ask("paired_counts", run_id=run_id, a=a, b=b)]


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)
