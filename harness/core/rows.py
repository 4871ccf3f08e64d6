"""Rows of the store, as reports and statistics read them. Nothing here knows how they came about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from harness.core.hashing import Json
from harness.core.trial import Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run."""

    run_id: str
    suite: str
    suite_version: int
    suite_digest: str
    suite_kind: str
    candidates: tuple[str, ...]
    epochs: int
    seed: int
    solver: str
    origin: str
    name: str
    scripted: bool
    started_at: datetime
    finished_at: datetime | None
    complete: bool
    tasks: int
    """Declared tasks; the run is complete with ``tasks × candidates × epochs`` trials."""
    trials: int
    """Graded trials."""
    journal: str
    """File name of the journal it was read from."""
    prices: Mapping[str, Json] = field(default_factory=dict)
    provenance: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """One graded trial; of several grades for a trial, the last."""

    run_id: str
    task_id: str
    task_digest: str
    task_class: str
    candidate: str
    epoch: int
    grade: Grade
    flags: tuple[str, ...] = ()
    isolation: str | None = None
    detail: str = ""
    grader: str = ""
    answer: str | None = None
    output: str = ""
    log: str = ""
    cost_usd: Decimal | None
    cost_bound_usd: Decimal | None = None
    tokens_in: int | None
    """Prompt tokens, cached or not; ``None``: the vendor did not say."""
    tokens_out: int | None
    """Generated tokens, reasoning included."""
    latency_s: float
    calls: int
    verdict_id: str | None = None
    prompt: str = ""
    expected: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One call."""

    trace_id: str
    model: str
    purpose: str
    at: datetime
    finish: str | None
    """``None`` for a failure."""
    failure: str | None
    """Its kind; ``None`` for a response."""
    text: str | None
    served_model: str | None
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: Decimal | None
    latency_s: float
    attempts: int
