"""What a request needs, and what a profile allows: the input of every routing decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from harness.core.card import Capability, Status
from harness.core.ids import GENERAL, ModelId, ProfileName, TaskClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a request demands of the model that serves it."""

    task_class: TaskClass = GENERAL
    tokens: int = 0
    """Of the prompt."""
    response_tokens: int = 0
    """Kept free in the window for the reply; the larger of this and the profile's counts."""
    capabilities: frozenset[Capability] = frozenset()
    """``tools``, ``vision``, ``json_schema``."""
    compliance: frozenset[str] = frozenset()
    """Flags that the model must carry: ``pii_safe``."""
    budget_remaining: float | None = None
    """Share of the budget that is left, in [0, 1]: 80 % used is 0.2. ``None``: no budget is watched."""
    critical: bool = False
    """Keeps its profile when the budget runs out."""
    max_cost_usd: Decimal | None = None
    """Bound on the estimated cost of this request: over it is a refusal, not a lower score."""
    max_latency_s: float | None = None
    """Bound on the measured p95; a model that was not measured passes, and the decision says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each part counts in the score. The three sum to 1."""

    cost: float = 0.3
    latency: float = 0.4
    quality: float = 0.3

    @property
    def total(self) -> float:
        """1 up to rounding, or the weights are refused by whoever reads them."""
        return self.cost + self.latency + self.quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of work: who may do it, and how the choice among them is made."""

    name: ProfileName
    candidates: tuple[ModelId, ...] = ()
    """Empty: every card."""
    rationale: str = ""
    """Said with every decision."""
    task_class: TaskClass | None = None
    """Of requests that name none."""
    weights: Weights = field(default_factory=Weights)
    quality_floor: float = 0.0
    """The least lower bound of measured quality, in [0, 1]."""
    unmeasured: Literal["allow", "refuse"] = "allow"
    """What happens to a model without sufficient evidence for the class."""
    follow_matrix: bool = True
    """The promoted choice of a class goes first whenever it passes the filters."""
    statuses: frozenset[Status] = frozenset({"active"})
    """Of cards that may be used."""
    capabilities: frozenset[Capability] = frozenset()
    compliance: frozenset[str] = frozenset()
    """Both are demanded of every request in addition to its own."""
    response_tokens: int = 0
    max_context: int | None = None
    """Tokens, prompt and reply together; a tighter bound than the card's."""
    max_candidates: int = 5
    """Selected model and fallbacks together."""
    on_budget: ProfileName | None = None
    """Where uncritical requests go when the budget guard fires; ``None``: they stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextGuard:
    """Capacity is not reliability: how long a prompt may be where a card states no reliable length."""

    above: int
    """Tokens; strictly more than this is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetGuard:
    """When the downgrade begins."""

    below: float
    """Share of the budget left; strictly less than this fires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceGuard:
    """Models that somebody approved by name for a compliance flag."""

    flag: str = "pii_safe"
    approved: frozenset[str] = frozenset()
    """Model ids, or their part after the last slash."""
    block: bool = True
    """``False``: an unapproved model is used, and the decision says so."""

    def approves(self, model: ModelId) -> bool:
        """Whether *model* is on the list."""
        return model in self.approved or model.rpartition("/")[2] in self.approved


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """What holds for every profile. ``None``: not guarded."""

    context: ContextGuard | None = None
    budget: BudgetGuard | None = None
    compliance: ComplianceGuard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """When a model's breaker opens, and when it is tried again. Either trigger is enough."""

    failures: int = 3
    """In a row."""
    cooldown_s: float = 60.0
    half_open_requests: int = 1
    error_rate: float | None = None
    """Share of failures in the window, in (0, 1]; ``None``: not watched."""
    minimum_sample: int = 20
    """Calls in the window before the rate means anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """What happens after a genuine failure of the selected model."""

    enabled: bool = True
    max_retries: int = 2
    breaker: Breaker = field(default_factory=Breaker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """``registry/routing.yaml``: all profiles and the guards around them."""

    profiles: Mapping[ProfileName, Profile]
    default: ProfileName
    guards: Guards = field(default_factory=Guards)
    fallback: Fallback = field(default_factory=Fallback)
    notes: tuple[str, ...] = ()
    """Settings that were read and change nothing, each with the reason."""

    @classmethod
    def single(cls) -> "Routing":
        """One profile named ``default`` that may use every card: what holds without a configuration."""
        name = ProfileName("default")
        return cls(profiles={name: Profile(name=name)}, default=name)
