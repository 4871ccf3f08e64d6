"""Consensus as a state machine: ballots in, actions out.

Everything that decides about a request lives here; nothing here asks, waits, logs or reads a clock. The engine, the
replay of recorded ballots and the simulations all drive the same machine:

    start() ──▶ Ask(models) ──▶ heard(ballot) ──▶ Wait | Ask(more) | Serve | Abstain

The machine keeps the record of who was asked and what they said; what follows from it is the matter of a rule:
:mod:`harness.consensus.counting` or :mod:`harness.consensus.calibrated`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from harness.consensus.actions import Abstain, Action, Ask, Serve, Vote
from harness.consensus.calibrated import Calibrated
from harness.consensus.counting import Counting
from harness.consensus.plan import PriceOf, effective_rule
from harness.consensus.standing import UNCALIBRATED, Standing
from harness.consensus.tally import GroupOf, Tally, tally
from harness.core.ballot import Ballot
from harness.core.ids import ModelId
from harness.core.policy import Policy, RiskLimit


class Rule(Protocol):
    """What follows from a vote as it stands. The first question comes before anyone was asked."""

    def next(self, vote: Vote) -> Action: ...


@dataclass(slots=True)
class Machine:
    """One vote under one policy. Ends after at most as many rounds as the policy has members."""

    policy: Policy
    group_of: GroupOf
    price_of: PriceOf
    standing: Standing = UNCALIBRATED
    """What the policy's calibrations say about this request."""
    _ballots: dict[ModelId, Ballot] = field(default_factory=dict, init=False)
    _judgement: Ballot | None = field(default=None, init=False)
    _asked: list[ModelId] = field(default_factory=list, init=False)
    _rule: Rule | None = field(default=None, init=False)

    def start(self) -> Action:
        """The first action. Abstains at once when no answer could be served."""
        self._rule = self._chosen()
        if self._rule is None:
            why = f"{self.standing.why}; the policy declares no fallback, so nobody was asked"
            return Abstain(self.standing.reason, self.tally(), why, self.policy.on_divergence == "review")
        return self._next()

    def heard(self, ballot: Ballot) -> Action:
        """What to do now that *ballot* is in. Each asked model is heard exactly once."""
        assert ballot.model in self._asked, f"{ballot.model} was not asked"
        assert ballot.model in self.pending, f"{ballot.model} was heard twice"
        if ballot.model == self._judge:
            self._judgement = ballot
        else:
            self._ballots[ballot.model] = ballot
        return self._next()

    def tally(self) -> Tally:
        """The count as it stands."""
        order = [*self.policy.panel, *(model for model in self._asked if model not in self.policy.panel)]
        return tally([self._ballots[model] for model in order if model in self._ballots], self.group_of)

    @property
    def pending(self) -> tuple[ModelId, ...]:
        """Asked, and not heard."""
        judged = () if self._judgement is None else (self._judgement.model,)
        return tuple(model for model in self._asked if model not in self._ballots and model not in judged)

    @property
    def judgement(self) -> Ballot | None:
        """Of the judge that was to break a tie."""
        return self._judgement

    @property
    def asked(self) -> Sequence[ModelId]:
        """Everyone who was asked, in order."""
        return tuple(self._asked)

    @property
    def _judge(self) -> ModelId | None:
        """Who breaks a tie without a vote of its own."""
        tiebreak = self.policy.tiebreak
        return tiebreak.model if tiebreak is not None and tiebreak.mode == "judge" else None

    def _chosen(self) -> Rule | None:
        """The rule that holds; None when nothing may be served, whatever is answered."""
        limit, standing = self.policy.rule, self.standing
        if isinstance(limit, RiskLimit) and standing.fitted is not None and standing.certificate is not None:
            return Calibrated(
                policy=self.policy,
                fitted=standing.fitted,
                certificate=standing.certificate,
                risk_limit=limit.alpha,
            )
        rule = effective_rule(self.policy)
        return None if rule is None else Counting(policy=self.policy, rule=rule, price_of=self.price_of)

    def _next(self) -> Action:
        assert self._rule is not None, "start() abstains without a rule"
        vote = Vote(tally=self.tally(), asked=tuple(self._asked), pending=self.pending, judgement=self._judgement)
        action = self._rule.next(vote)
        if isinstance(action, Ask):
            self._asked.extend(action.models)
        return self._said(action) if isinstance(action, Serve | Abstain) else action

    def _said(self, action: Serve | Abstain) -> Serve | Abstain:
        """*action* with the chances of its groups, and with the doubt if a fallback took the limit's place."""
        doubt = self.standing.doubt(self.policy)
        return replace(
            action,
            why=f"{doubt}; the declared fallback applied: {action.why}" if doubt else action.why,
            chances=() if self.standing.fitted is None else self.standing.fitted.chances(action.tally),
        )
