"""The rules that count: a quorum, or unanimity. They need no calibration, and promise no limit of the risk."""

from dataclasses import dataclass, field

from harness.consensus.actions import Abstain, Action, Ask, Serve, Vote, Wait
from harness.consensus.judgement import judged
from harness.consensus.plan import PriceOf, needed, rungs
from harness.consensus.reasons import shortfall
from harness.consensus.tally import Tally
from harness.core.ballot import Ballot, Merged, Unmerged
from harness.core.ids import ModelId
from harness.core.outcome import Reason
from harness.core.policy import Policy, Quorum, RiskLimit, Unanimous

_SPLIT = (Reason.DIVERGENT, Reason.COMPARATOR_UNKNOWN)


@dataclass(slots=True, kw_only=True)
class Counting:
    """Rounds of the panel until enough ballots say the same, then the tiebreak."""

    policy: Policy
    rule: Quorum | Unanimous
    price_of: PriceOf
    _rungs: list[tuple[ModelId, ...]] = field(init=False)
    _tiebroken: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._rungs = list(rungs(self.policy, self.price_of))

    def next(self, vote: Vote) -> Action:
        """What to do now."""
        count = vote.tally
        if not vote.asked:
            return Ask(self._rungs.pop(0))
        if self._agreed(vote):
            return Serve(count.groups[0][0], count, f"{count.largest} of {count.valid} valid ballots say the same")
        merged = self._merged(count)
        if isinstance(merged, Merged):
            return self._put_together(count, merged)
        if vote.pending:
            return self._conclude(vote) if self._hopeless(vote) else Wait(grace=count.valid >= self._target)
        return self._ask_more(vote)

    def _ask_more(self, vote: Vote) -> Action:
        """Nobody is pending and nothing is decided."""
        if self._rungs and self._still_possible(vote):
            return Ask(self._rungs.pop(0))
        if self.policy.tiebreak is not None and not self._tiebroken and self._breakable(vote.tally):
            self._tiebroken = True
            self._rungs.clear()
            return Ask((self.policy.tiebreak.model,), "tiebreak")
        return self._conclude(vote)

    def _breakable(self, count: Tally) -> bool:
        """Whether the tiebreaker can help: one more vote always may; a judge only if there is something to choose."""
        return not self._judging or shortfall(count, self._target)[0] in _SPLIT

    def _conclude(self, vote: Vote) -> Action:
        count = vote.tally
        reason, why = shortfall(count, self._target)
        split = reason in _SPLIT
        merged = self._merged(count)
        if split and isinstance(merged, Unmerged):
            why = f"{why}; {merged.why}"
        ruling = judged(vote, reason, why) if self._judging and self._tiebroken else why
        if not isinstance(ruling, str):
            return ruling
        if split and self._serves_best:
            return self._served_best(count, reason, ruling)
        return Abstain(reason, count, ruling, self.policy.on_divergence == "review")

    def _served_best(self, count: Tally, reason: Reason, why: str) -> Action:
        best = self._best(count)
        if best.flags:
            said = f"the best answer may be addressed to a judge ({', '.join(best.flags)}), and is not served: {why}"
            return Abstain(reason, count, said, review=True)
        return Serve(best, count, f"best of a divergent panel: {why}", agreed=False)

    def _best(self, count: Tally) -> Ballot:
        """The comparator's choice; else of the largest groups that of the tiebreaker, or the first in the panel."""
        if count.best is not None:
            return count.best
        largest = [group for group in count.groups if len(group) == count.largest]
        tiebreaker = self.policy.tiebreak.model if self.policy.tiebreak else None
        for group in largest:
            if any(ballot.model == tiebreaker for ballot in group):
                return group[0]
        return largest[0][0]

    def _merged(self, count: Tally) -> Merged | Unmerged | None:
        """The answer that has the quorum in every field. Who has to be unanimous is so as a whole."""
        if count.merge is None or isinstance(self.rule, Unanimous) or not count.valid:
            return None
        return count.merge(self._target)

    def _put_together(self, count: Tally, merged: Merged) -> Serve:
        """An answer that no group gave as a whole; its winner is the member that gave most of it."""
        given = [model for each in merged.fields for model in each.models]
        voters = [ballot for ballot in count.ballots if ballot.valid]
        winner = max(voters, key=lambda ballot: given.count(ballot.model))
        why = f"merged: each of {len(merged.fields)} fields has {self._target} or more of {count.valid} valid ballots"
        return Serve(winner, count, why, merged=merged)

    def _agreed(self, vote: Vote) -> bool:
        count = vote.tally
        if count.largest < 2:
            return False  # one survivor is never consensus
        if isinstance(self.rule, Quorum):
            return count.largest >= self._target
        if self._tiebroken and not self._judging:
            # The panel was not unanimous: the tiebreak decides only if it makes a majority of all who were asked.
            # A member that failed has not agreed.
            return 2 * count.largest > len(vote.asked)
        return count.largest == len(count.ballots) == len(self._voters)

    def _hopeless(self, vote: Vote) -> bool:
        """Whether no ballot that is still out can lead to an answer."""
        if self.policy.tiebreak is not None or self._serves_best:
            return False
        return not self._still_possible(vote)

    def _still_possible(self, vote: Vote) -> bool:
        """Whether the panel without its tiebreaker can still reach the rule."""
        count = vote.tally
        if isinstance(self.rule, Unanimous):
            return max(count.largest, count.reachable) == len(count.ballots)
        merged = self._merged(count)
        reachable = max(count.reachable, merged.votes) if isinstance(merged, Unmerged) else count.reachable
        return reachable + len(vote.pending) + sum(map(len, self._rungs)) >= self._target

    @property
    def _voters(self) -> tuple[ModelId, ...]:
        """The panel; with a tiebreaker held back, the others."""
        held_back = self.policy.tiebreak.model if self.policy.tiebreak else None
        return tuple(model for model in self.policy.panel if model != held_back)

    @property
    def _target(self) -> int:
        return needed(self.rule, len(self._voters))

    @property
    def _judging(self) -> bool:
        """Whether the tiebreaker judges the answers of the others."""
        return self.policy.tiebreak is not None and self.policy.tiebreak.mode == "judge"

    @property
    def _serves_best(self) -> bool:
        """Whether a divergent panel is served all the same; never under a rule that promises a limit of the risk."""
        return self.policy.on_divergence == "serve_best" and not isinstance(self.policy.rule, RiskLimit)
