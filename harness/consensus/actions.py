"""What a vote may do next."""

from dataclasses import dataclass
from typing import Literal

from harness.consensus.calibration import Threshold
from harness.consensus.tally import Tally
from harness.core.ballot import Ballot, Merged
from harness.core.ids import ModelId
from harness.core.outcome import Reason

Chances = tuple[float | None, ...]
"""Calibrated chance of being right of each group of a tally; what is missing to 1: none of them. Empty: not known."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask these models; each answer, or the reason for none, comes back as one ballot."""

    models: tuple[ModelId, ...]
    role: Literal["panel", "tiebreak"] = "panel"


@dataclass(frozen=True, slots=True)
class Wait:
    """Someone has been asked and has not been heard."""

    grace: bool
    """Enough members have answered for a decision: stragglers get the policy's grace, not its whole deadline."""


@dataclass(frozen=True, slots=True)
class Serve:
    """Give this answer to the caller."""

    winner: Ballot
    tally: Tally
    why: str
    agreed: bool = True
    """False: one answer of a divergent panel, served because the policy says so, or because a judge chose it."""
    merged: Merged | None = None
    """The answer, where it was put together field by field; the winner is then the member that gave most of it."""
    certificate: Threshold | None = None
    """What keeps the policy's risk limit; None under a rule that promises none, and under a fallback."""
    chances: Chances = ()

    @property
    def confidence(self) -> float | None:
        """Calibrated chance that the winner is right."""
        held = (chance for chance, group in zip(self.chances, self.tally.groups, strict=False) if self.winner in group)
        return next(held, None)


@dataclass(frozen=True, slots=True)
class Abstain:
    """Give no answer, and say why."""

    reason: Reason
    tally: Tally
    why: str
    review: bool
    """A person is to look at it."""
    chances: Chances = ()

    @property
    def confidence(self) -> float | None:
        """Calibrated chance of the likeliest answer, which is not served."""
        return max((chance for chance in self.chances if chance is not None), default=None)


Action = Ask | Wait | Serve | Abstain


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A vote at one moment."""

    tally: Tally
    asked: tuple[ModelId, ...]
    """In order; the members that were heard are those with a ballot in the tally."""
    pending: tuple[ModelId, ...]
    judgement: Ballot | None = None
    """Of the judge that was to break a tie; it is no vote, and not in the tally."""
