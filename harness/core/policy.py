"""Who is asked, how answers are compared, and when one is served."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from harness.core.ballot import Compare, Extract
from harness.core.hashing import digest
from harness.core.ids import GENERAL, ModelId, PolicyName, TaskClass

Order = Literal["cheap_first", "accurate_first", "all_at_once", "value"]
OnDivergence = Literal["review", "refuse", "serve_best"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """Serve when this many ballots say the same."""

    k: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanimous:
    """Serve when every declared member answered and all say the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimit:
    """Serve only while the calibrated chance of being wrong is certified below *alpha*."""

    alpha: float
    """In (0, 1)."""
    fallback: Quorum | Unanimous | None = None
    """What holds without a calibration; ``None``: abstain."""


Rule = Quorum | Unanimous | RiskLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiebreak:
    """Who is asked when the panel diverges."""

    model: ModelId
    mode: Literal["blind", "judge"] = "blind"
    """``blind``: one more independent vote. ``judge``: sees the anonymised, shuffled groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One entry of ``registry/policies.yaml``."""

    name: PolicyName
    panel: tuple[ModelId, ...]
    task_class: TaskClass = GENERAL
    extract: Extract = field(default_factory=Extract)
    compare: Compare = field(default_factory=Compare)
    rule: Rule
    tiebreak: Tiebreak | None = None
    on_divergence: OnDivergence = "review"
    order: Order = "all_at_once"
    deadline_s: float = 60.0
    """For the whole panel, tiebreak included."""
    grace_s: float = 5.0
    """How long stragglers are waited for once a quorum of members has replied without agreeing."""
    max_cost_usd: Decimal | None = None
    """Bound on one request, worst cases included."""

    @property
    def version(self) -> str:
        """Hash of all that can change an outcome: first 12 hexadecimal digits."""
        return digest(self)[:12]

    @property
    def judges(self) -> tuple[ModelId, ...]:
        """Who judges and has no vote: the comparator's model, and that of a tiebreak by judgement."""
        named = self.compare.options.get("model") if self.compare.name == "judge" else None
        comparing = (ModelId(named),) if isinstance(named, str) else ()
        judging = self.tiebreak is not None and self.tiebreak.mode == "judge"
        breaking = (self.tiebreak.model,) if self.tiebreak is not None and judging else ()
        return tuple(dict.fromkeys((*comparing, *breaking)))

    @property
    def voters(self) -> tuple[ModelId, ...]:
        """Whose votes a calibration weighs, in its order: all members but a tiebreaker that judges, who has no vote."""
        if self.tiebreak is None or self.tiebreak.mode == "blind":
            return self.members
        return tuple(model for model in self.panel if model != self.tiebreak.model)

    @property
    def members(self) -> tuple[ModelId, ...]:
        """Everyone who may be asked, the tiebreaker last."""
        if self.tiebreak is None or self.tiebreak.model in self.panel:
            return self.panel
        return (*self.panel, self.tiebreak.model)
