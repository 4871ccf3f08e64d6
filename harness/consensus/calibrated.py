"""The rule of a certified risk limit: serve at the threshold, ask whoever is worth it, else say what was missing."""

import math
from dataclasses import dataclass

from harness.consensus import calibration
from harness.consensus.actions import Abstain, Action, Ask, Serve, Vote, Wait
from harness.consensus.calibration import Threshold, canonical
from harness.consensus.reasons import absence
from harness.consensus.standing import Fitted
from harness.core.ids import ModelId
from harness.core.outcome import Reason
from harness.core.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """Votes under a calibration that certifies *risk_limit*.

    The members are the calibration's: a blind tiebreaker is one of them, asked when it is worth its cost. A member
    without an answer is summed out, and never counted as agreeing; two answers of which the comparator cannot tell
    whether they agree are two answers.
    """

    policy: Policy
    fitted: Fitted
    certificate: Threshold
    risk_limit: float

    def next(self, vote: Vote) -> Action:
        """What to do now."""
        moment = calibration.Moment(votes=self.fitted.votes(vote.tally), asked=vote.asked)
        decision = calibration.decide(self.fitted.calibration, moment, self.risk_limit, estimator=self.fitted.estimator)
        if isinstance(decision, calibration.Serve):
            winner = vote.tally.groups[decision.group][0]
            return Serve(winner, vote.tally, self._certified(decision.confidence), certificate=self.certificate)
        if isinstance(decision, calibration.Ask):
            return Ask(decision.models)
        if isinstance(decision, calibration.Wait):
            enough = len(decision.ranking) > 0 and decision.ranking[0][1] >= self._threshold
            return Wait(grace=enough and vote.tally.valid > 1)
        return self._abstain(decision.reason, vote)

    def _abstain(self, reason: Reason, vote: Vote) -> Abstain:
        review = self.policy.on_divergence == "review"
        why = self._short(vote)
        if vote.tally.unknown and self._would_do(vote):
            a, b, doubt = vote.tally.unknown[0]
            why = f"cannot tell whether {a} and {b} say the same: {doubt}; {why}"
            return Abstain(Reason.COMPARATOR_UNKNOWN, vote.tally, why, review)
        if reason is Reason.DEGRADED_PANEL:
            reason, who = absence(vote.tally)
            why = f"{why}: {who}"
        return Abstain(reason, vote.tally, why, review)

    def _short(self, vote: Vote) -> str:
        """How far the votes are from what is needed."""
        sure = max((chance for chance in self.fitted.chances(vote.tally) if chance is not None), default=None)
        if sure is None:
            return "no answer"
        sizes = " against ".join(str(len(group)) for group in vote.tally.groups)
        return (
            f"votes {sizes}: the likeliest is right with {_floored(sure)}, and {_floored(self._threshold)} are needed"
        )

    def _would_do(self, vote: Vote) -> bool:
        """Whether some answer would be served if everyone who may have given it had given it."""
        votes = self.fitted.votes(vote.tally)
        return any(
            self._sure({model: number if model in vote.tally.near(number) else voted for model, voted in votes.items()})
            for number in range(len(vote.tally.groups))
        )

    def _sure(self, votes: dict[ModelId, int | None]) -> bool:
        state = canonical(votes.get(model) for model in self.fitted.calibration.models)
        return self.fitted.estimator.top(state)[1] >= self._threshold

    def _certified(self, confidence: float) -> str:
        limit, labels = self.certificate.risk_limit, self.fitted.calibration.labels
        return (
            f"confidence {_floored(confidence)}, served from {_floored(self._threshold)} on: certified for a risk "
            f"limit of {100 * limit:g} % from {labels} labels"
        )

    @property
    def _threshold(self) -> float:
        assert self.certificate.threshold is not None, "a certificate has a threshold"
        return self.certificate.threshold


def _floored(share: float) -> str:
    """*share* in per cent, rounded down: what is almost sure is not called sure."""
    return f"{math.floor(10_000 * share) / 100:.2f} %"
