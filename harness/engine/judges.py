"""The judges of one vote: the one that compares, and the one that breaks a tie. Most policies have none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from harness.compare import group
from harness.compare.judge import ByJudge
from harness.consensus import GroupOf
from harness.core.ballot import Ballot, BallotKind, Comparator
from harness.core.card import Card
from harness.core.ids import ModelId
from harness.core.policy import Policy
from harness.core.request import Request
from harness.engine.calls import Calls
from harness.engine.judging import Comparing, Judge, break_tie, one_reply, question_of
from harness.engine.purse import Purse
from harness.guard import signs


@dataclass(slots=True, kw_only=True)
class Judges:
    """Who judges in one vote, and what they have said so far."""

    models: Mapping[ModelId, Judge]
    question: str
    related: Mapping[ModelId, str] = field(default_factory=dict)
    """Judges of a voter's family, and which it is: no other was at hand."""
    comparing: Comparing | None = None
    _heard: list[Ballot] = field(default_factory=list)

    @classmethod
    def of(
        cls, policy: Policy, cards: Mapping[ModelId, Card], calls: Calls, request: Request, purse: Purse
    ) -> "Judges":
        """Those that *policy* names."""
        heard: list[Ballot] = []
        models = {
            model: Judge(card=cards[model], calls=calls, request=request, purse=purse, heard=heard)
            for model in policy.judges
        }
        families = {cards[model].family for model in policy.voters}
        related = {model: judge.card.family for model, judge in models.items() if judge.card.family in families}
        return cls(models=models, question=question_of(request), related=related, _heard=heard)

    def group_by(self, comparator: Comparator) -> GroupOf:
        """How ballots are grouped under *comparator*."""
        if not isinstance(comparator, ByJudge):
            return partial(group, comparator=comparator)
        judge = self.models[ModelId(comparator.model)]
        self.comparing = Comparing(comparator=comparator, judge=judge, question=self.question)
        return self.comparing.group

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know about judges that had something to do."""
        return tuple(
            f"the judge {model} is of a voter's family, {family!r}: its judgement is not independent"
            for model, family in self.related.items()
            if self.models[model].replies
        )

    def screened(self, ballot: Ballot) -> Ballot:
        """*ballot* with the signs that its answer is addressed to a judge, where there is one."""
        if not self.models or ballot.answer is None:
            return ballot
        return replace(ballot, flags=signs(ballot.answer.text))

    async def gather(self, ballot: Ballot) -> None:
        """What the comparator has to know before it sees *ballot*."""
        self._heard.append(ballot)
        if self.comparing is not None:
            await self.comparing.hear(ballot)

    async def break_tie(self, model: ModelId, groups: Sequence[Sequence[Ballot]]) -> Ballot:
        """What the judge *model* says of a divergent panel."""
        return await break_tie(self.models[model], self.question, groups)

    def ballots(self, tiebreak: Ballot | None) -> tuple[Ballot, ...]:
        """One ballot for each judge that had something to do, with what its calls cost; *tiebreak* is the machine's."""
        found = []
        for model, judge in self.models.items():
            own = tiebreak if tiebreak is not None and tiebreak.model == model else self._compared(model)
            if own is not None:
                found.append(replace(own, reply=one_reply(judge.replies)))
        return tuple(found)

    def _compared(self, model: ModelId) -> Ballot | None:
        judge = self.models[model]
        if self.comparing is None or self.comparing.judge is not judge or not judge.replies:
            return None
        why = f"compared the answers: {self.comparing.summary}"
        return Ballot(model=model, kind=BallotKind.JUDGED, why=why, role="judge")
