"""Consensus as a state machine: ballots in, actions out.

Everything that decides about a request lives here; nothing here asks, waits, logs or reads a clock. The engine, the
replay of recorded ballots and the simulations all drive the same machine:

    start() ──▶ Ask(models) ──▶ heard(ballot) ──▶ Wait | Ask(more) | Serve | Abstain
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.consensus.plan import PriceOf, effective_rule, needed, rungs
from harness.consensus.reasons import shortfall
from harness.consensus.tally import GroupOf, Tally, tally
from harness.core.ballot import Ballot
from harness.core.ids import ModelId
from harness.core.outcome import Reason
from harness.core.policy import Policy, Quorum, RiskLimit, Unanimous


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
    """False: the best of a divergent panel, served because the policy says so."""


@dataclass(frozen=True, slots=True)
class Abstain:
    """Give no answer, and say why."""

    reason: Reason
    tally: Tally
    why: str
    review: bool
    """A person is to look at it."""


Action = Ask | Wait | Serve | Abstain


@dataclass(slots=True)
class Machine:
    """One vote under one policy. Ends after at most as many rounds as the policy has members."""

    policy: Policy
    group_of: GroupOf
    price_of: PriceOf
    _ballots: dict[ModelId, Ballot] = field(default_factory=dict)
    _asked: list[ModelId] = field(default_factory=list)
    _rungs: list[tuple[ModelId, ...]] = field(default_factory=list)
    _rule: Quorum | Unanimous | None = None
    _tiebroken: bool = False

    def start(self) -> Action:
        """The first action. Abstains at once when no answer could be served."""
        self._rule = effective_rule(self.policy)
        if self._rule is None:
            why = "the policy promises a risk limit, is not calibrated, and declares no fallback: nobody was asked"
            return Abstain(Reason.UNCERTIFIED, tally((), self.group_of), why, self._review)
        self._rungs = list(rungs(self.policy, self.price_of))
        return self._ask(self._rungs.pop(0))

    def heard(self, ballot: Ballot) -> Action:
        """What to do now that *ballot* is in. Each asked model is heard exactly once."""
        assert ballot.model in self._asked, f"{ballot.model} was not asked"
        assert ballot.model not in self._ballots, f"{ballot.model} was heard twice"
        self._ballots[ballot.model] = ballot
        count = self.tally()
        if self._agreed(count):
            return Serve(count.groups[0][0], count, f"{count.largest} of {count.valid} valid ballots say the same")
        if self.pending:
            return self._conclude(count) if self._hopeless(count) else Wait(grace=count.valid >= self._target)
        return self._next(count)

    def tally(self) -> Tally:
        """The count as it stands."""
        order = [*self.policy.panel, *(model for model in self._asked if model not in self.policy.panel)]
        return tally([self._ballots[model] for model in order if model in self._ballots], self.group_of)

    @property
    def pending(self) -> tuple[ModelId, ...]:
        """Asked, and not heard."""
        return tuple(model for model in self._asked if model not in self._ballots)

    @property
    def asked(self) -> Sequence[ModelId]:
        """Everyone who was asked, in order."""
        return tuple(self._asked)

    def _ask(self, models: tuple[ModelId, ...], role: Literal["panel", "tiebreak"] = "panel") -> Ask:
        self._asked.extend(models)
        return Ask(models, role)

    def _next(self, count: Tally) -> Action:
        """Nobody is pending and nothing is decided."""
        if self._rungs and self._still_possible(count):
            return self._ask(self._rungs.pop(0))
        if self.policy.tiebreak is not None and not self._tiebroken:
            self._tiebroken = True
            self._rungs.clear()
            return self._ask((self.policy.tiebreak.model,), "tiebreak")
        return self._conclude(count)

    def _conclude(self, count: Tally) -> Action:
        reason, why = shortfall(count, self._target)
        divergent = reason in (Reason.DIVERGENT, Reason.COMPARATOR_UNKNOWN)
        if divergent and self._serves_best:
            return Serve(self._best(count), count, f"best of a divergent panel: {why}", agreed=False)
        return Abstain(reason, count, why, self._review)

    def _best(self, count: Tally) -> Ballot:
        """Of the largest groups the one with the tiebreaker in it, else the one named first in the panel."""
        largest = [group for group in count.groups if len(group) == count.largest]
        tiebreaker = self.policy.tiebreak.model if self.policy.tiebreak else None
        for group in largest:
            if any(ballot.model == tiebreaker for ballot in group):
                return group[0]
        return largest[0][0]

    def _agreed(self, count: Tally) -> bool:
        if count.largest < 2:
            return False  # one survivor is never consensus
        if isinstance(self._rule, Quorum):
            return count.largest >= self._target
        if self._tiebroken:
            # The panel was not unanimous: the tiebreak decides only if it makes a majority of all who were asked.
            # A member that failed has not agreed.
            return 2 * count.largest > len(self._asked)
        return count.largest == len(self._ballots) == len(self._voters)

    def _hopeless(self, count: Tally) -> bool:
        """Whether no ballot that is still out can lead to an answer."""
        if self.policy.tiebreak is not None or self._serves_best:
            return False
        return not self._still_possible(count)

    def _still_possible(self, count: Tally) -> bool:
        """Whether the panel without its tiebreaker can still reach the rule."""
        if isinstance(self._rule, Unanimous):
            return max(count.largest, count.reachable) == len(self._ballots)
        open_votes = len(self.pending) + sum(map(len, self._rungs))
        return count.reachable + open_votes >= self._target

    @property
    def _voters(self) -> tuple[ModelId, ...]:
        """The panel; with a tiebreaker held back, the others."""
        held_back = self.policy.tiebreak.model if self.policy.tiebreak else None
        return tuple(model for model in self.policy.panel if model != held_back)

    @property
    def _target(self) -> int:
        assert self._rule is not None, "start() abstains without a rule"
        return needed(self._rule, len(self._voters))

    @property
    def _serves_best(self) -> bool:
        """Whether a divergent panel is served all the same; never under a rule that promises a limit of the risk."""
        return self.policy.on_divergence == "serve_best" and not isinstance(self.policy.rule, RiskLimit)

    @property
    def _review(self) -> bool:
        return self.policy.on_divergence == "review"
