"""From the posterior to a confidence: a fitted logistic head, applied with plain arithmetic.

The posterior is already a probability; the head corrects what the model gets wrong on this panel: a member that is
worth more or less than its accuracy says, too much or too little trust in large groups. One head serves every stage of
a vote: members that were not heard have a bit of zero, and their share is a feature, so a half-heard panel is not
mistaken for a panel that disagrees.
"""

import math
from dataclasses import dataclass
from typing import Literal

from harness.consensus.calibration.votes import State, sizes

Kind = Literal["raw", "platt", "logistic"]

PLATT_FROM = 50
"""Labels below which the posterior is used as it is."""
LOGISTIC_FROM = 200
"""Labels below which only a line through the logit is fitted."""
_CLIP = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """``logit(confidence) = intercept + slope · logit(posterior) + Σ …``; a line at most, unless *kind* is logistic."""

    kind: Kind = "raw"
    intercept: float = 0.0
    slope: float = 1.0
    """Of the logit of the posterior."""
    agreement: tuple[float, ...] = ()
    """Per model: added when it gave the top answer, subtracted when it gave another."""
    spread: float = 0.0
    """Of the number of groups over the number of votes."""
    second: float = 0.0
    """Of the votes of the largest other group over the number of votes."""
    missing: float = 0.0
    """Of the share of the panel without a vote."""

    def confidence(self, probability: float, state: State, top: int) -> float:
        """The chance that group *top* of *state* is right, whose posterior is *probability*. In (0, 1)."""
        if self.kind == "raw":
            return probability
        value = self.intercept + self.slope * logit(probability)
        if self.kind == "logistic":
            *bits, spread, second, missing = shape(state, top)
            value += sum(weight * bit for weight, bit in zip(self.agreement, bits, strict=True))
            value += self.spread * spread + self.second * second + self.missing * missing
        return logistic(value)


def kind_for(labels: int) -> Kind:
    """What so many labels can carry."""
    if labels < PLATT_FROM:
        return "raw"
    return "platt" if labels < LOGISTIC_FROM else "logistic"


def shape(state: State, top: int) -> list[float]:
    """What the head sees beside the posterior: agreement bit per model, spread, second group, missing share.

    Bits are 1 for the top answer, -1 for another, 0 without a vote. *state* has at least one vote.
    """
    counts = sizes(state)
    votes = sum(counts)
    second = max((count for group, count in enumerate(counts) if group != top), default=0)
    bits = [0.0 if group is None else 1.0 if group == top else -1.0 for group in state]
    return [*bits, len(counts) / votes, second / votes, 1 - votes / len(state)]


def logit(probability: float) -> float:
    """Log-odds, of a probability kept a millionth away from 0 and 1."""
    inside = min(max(probability, _CLIP), 1 - _CLIP)
    return math.log(inside / (1 - inside))


def logistic(value: float) -> float:
    """The inverse of :func:`logit`, for values of any size."""
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    odds = math.exp(max(value, -700.0))
    return odds / (1 + odds)
