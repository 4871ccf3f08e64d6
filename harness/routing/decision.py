"""The decision and its reasons: what was selected, what was not, and why."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from harness.core.ids import ModelId, ProfileName, TaskClass

NO_MODEL = "No capable models available for request constraints"
"""Why nothing was selected."""

Stage = Literal[
    "card",
    "status",
    "breaker",
    "capability",
    "compliance",
    "context",
    "budget",
    "latency",
    "quality",
    "fallback",
    "rank",
]
"""The filter that refused, in the order in which they are applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectReason:
    """One filter's refusal."""

    stage: Stage
    why: str
    """What is demanded and what the model has, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A candidate that was refused, with every reason and not only the first."""

    model: ModelId
    reasons: tuple[RejectReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A candidate that passed, with the parts of its score."""

    model: ModelId
    score: float
    """Weighted sum of the three parts, in [0, 1]."""
    cost: float
    """Cheapest estimate among the candidates divided by this one's; 0 when the price is unknown."""
    latency: float
    """Fastest p95 among the candidates divided by this one's; 0 when it was not measured."""
    quality: float
    """Lower bound from the matrix; 0 without sufficient evidence."""
    cost_usd: Decimal | None
    """Estimate for the stated tokens; ``None``: no price."""
    latency_s: float | None
    """Measured p95; ``None``: not measured."""
    quality_lo: float | None
    """``None``: not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a request goes. Made once per request; nothing was called for it."""

    profile: ProfileName
    """The one that decided."""
    asked_profile: ProfileName
    """The one that was asked for: another name means a budget downgrade."""
    task_class: TaskClass
    selected: ModelId | None
    """``None``: rejected, see :attr:`why`."""
    fallbacks: tuple[ModelId, ...] = ()
    """For genuine failures, best first. None of them is less capable than the selected model."""
    rejected: tuple[Rejection, ...] = ()
    not_fallback: tuple[Rejection, ...] = ()
    """Passed every filter but would lower the capability, or exceed the number of candidates."""
    scored: tuple[Scored, ...] = ()
    """Everyone who passed, best first."""
    rationale: str = ""
    notes: tuple[str, ...] = ()
    estimated_cost_usd: Decimal | None = Decimal(0)
    """Of the selected model: 0 when nothing is selected, ``None`` when it has no price."""
    estimated_latency_s: float | None = None
    matrix_version: int
    registry_version: str
    """Hash of the cards: first 12 hexadecimal digits."""

    @property
    def downgraded(self) -> bool:
        """Whether the budget moved the request to a cheaper profile."""
        return self.profile != self.asked_profile

    @property
    def why(self) -> str:
        """One line: why this model, or why none."""
        if self.selected is not None:
            return f"{self.selected} by profile {self.profile!r}" + (f": {self.rationale}" if self.rationale else "")
        refusals = "; ".join(f"{each.model}: {', '.join(r.why for r in each.reasons)}" for each in self.rejected)
        return f"{NO_MODEL} ({refusals or 'the registry has no models'})"
