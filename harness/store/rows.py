"""Rows that only the store hands out, beside those of :mod:`harness.core.rows`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from harness.core.hashing import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow:
    """One outcome; fields as in :class:`harness.core.outcome.Outcome`."""

    verdict_id: str
    trace_id: str
    at: datetime
    candidate: str
    served: bool
    answer: str | None
    text: str | None
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
    """``{"declared", "called", "valid", "missing": [{"model", "why"}]}``."""
    review: bool
    cost_usd: Decimal | None
    cost_bound_usd: Decimal | None
    latency_s: float
    calls_saved: int
    request_sha256: str
    task_class: str
    price_as_of: Json
    """ISO date of the price, by model."""
    position: str
    """``<file>:<seq>`` of its journal line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BallotRow:
    """One model's ballot in a verdict or in a trial."""

    verdict_id: str | None
    run_id: str | None
    """``None``, like task and epoch, when it was read from a verdict."""
    task_id: str | None
    candidate: str
    epoch: int | None
    model: str
    kind: str
    """As in :class:`harness.core.ballot.BallotKind`."""
    answer: str | None
    execution: Json
    """Facts of running the answer, as in :class:`harness.core.execution.Execution`; ``None`` when it was not run."""
    why: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVoteRow:
    """One model's ballot in a vote under a policy."""

    verdict_id: str
    at: datetime
    task_class: str
    policy_version: str
    comparator: str
    """``name@version``."""
    groups: Sequence[Json]
    """Of the whole vote: each ``{"answer", "models", "weight"}``, largest first."""
    model: str
    kind: str
    """As in :class:`harness.core.ballot.BallotKind`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRow:
    """One test of a trial."""

    __test__ = False

    task_id: str
    candidate: str
    epoch: int
    id: str
    outcome: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRow:
    """What was measured of one candidate on one class of tasks."""

    task_class: str
    candidate: str
    n_tasks: int
    """Distinct tasks with a measured trial."""
    n_trials: int
    """Measured trials: infra errors are apart."""
    resolved: int
    unserved: int
    infra: int
    cost_usd: Decimal | None
    """Of all trials; ``None`` as soon as one is unknown."""
    tokens_in: int | None
    tokens_out: int | None
    latencies_s: tuple[float, ...]
    """Of the measured trials, ascending."""
    run_ids: tuple[str, ...]
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """An outcome a person was asked to look at."""

    verdict_id: str
    at: datetime
    policy: str
    task_class: str
    reason: str | None
    detail: str
    groups: Sequence[Json]
    answer: str | None
    """What the person decided; ``None``: nothing yet, or no answer is right."""
    who: str | None
    """``None``: nobody has decided yet."""
    why: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """An outcome in the queue of those a person was asked to look at."""

    verdict_id: str
    at: datetime
    policy: str
    task_class: str
    reason: str | None
    detail: str
    groups: Sequence[Json]
    cost_usd: Decimal | None
    latency_s: float
    question: str
    """The last turn of what was asked; empty when it is not on record."""
    run_id: str | None
    """Of the run it was asked in."""
    known: bool
    """The right answer is on record: it was a task of a suite that has one."""
    answer: str | None
    """What the person decided; ``None``: nothing yet, or no answer is right."""
    who: str | None
    """``None``: nobody has decided yet."""
    why: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What calls have cost."""

    usd: Decimal
    """Sum of the known costs."""
    unknown: int
    """Calls whose cost is not known."""
    bound_usd: Decimal
    """The most that can come on top of ``usd``, as far as calls have a bound: ``usd + bound_usd`` is the most spent."""
    calls: int
