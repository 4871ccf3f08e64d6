"""What is known at one moment of a vote: the most likely answer, how sure, and what one more vote may change."""

import math
from dataclasses import dataclass, field

from harness.consensus.calibration.head import Head
from harness.consensus.calibration.model import Parameters, Posterior, Tables, tables, weigh
from harness.consensus.calibration.votes import State, canonical

Prospect = tuple[float, float]
"""(chance of this vote, confidence in the top answer after it)."""

_REMEMBERED = 50_000
"""States kept; a panel of eight has 21,147."""


@dataclass(slots=True)
class Estimator:
    """A fitted model with its head. Remembers the states it has weighed; the answers do not depend on that."""

    parameters: Parameters
    head: Head
    _tables: Tables = field(init=False)
    _posteriors: dict[State, Posterior] = field(default_factory=dict, init=False)
    _tops: dict[State, tuple[int | None, float]] = field(default_factory=dict, init=False)
    _pairs: dict[tuple[int, int], Prospect] = field(default_factory=dict, init=False)
    _prospects: dict[tuple[State, int], tuple[Prospect, ...]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._tables = tables(self.parameters)

    def posterior(self, state: State) -> Posterior:
        """Probabilities of the groups of a canonical *state*, before the head."""
        found = self._posteriors.get(state)
        if found is None:
            self._make_room()
            found = self._posteriors[state] = weigh(self._tables, state)
        return found

    def top(self, state: State) -> tuple[int | None, float]:
        """The most likely group (of equals the one named first in the panel) and the confidence in it.

        (None, 0.0) without votes.
        """
        found = self._tops.get(state)
        if found is None:
            groups = self.posterior(state).groups
            best = max(range(len(groups)), key=groups.__getitem__, default=None)
            sure = 0.0 if best is None else self.head.confidence(groups[best], state, best)
            found = self._tops[state] = (best, sure)
        return found

    def ranking(self, state: State) -> tuple[tuple[int, float], ...]:
        """Groups with their chances, most likely first.

        The first has the confidence of :meth:`top`; the others and "none of these" share the rest as in the posterior.
        """
        top, confidence = self.top(state)
        if top is None:
            return ()
        groups = self.posterior(state).groups
        scale = (1 - confidence) / max(1 - groups[top], 1e-300)
        others = ((g, min(p * scale, 1 - confidence)) for g, p in enumerate(groups) if g != top)
        return ((top, confidence), *sorted(others, key=lambda pair: (-pair[1], pair[0])))

    def chance(self, after: State, before: State) -> float:
        """The chance that the votes of *before* become those of *after*, if all who are asked answer."""
        return math.exp(min(self.posterior(after).log_evidence - self.posterior(before).log_evidence, 0.0))

    def prospects(self, state: State, member: int) -> tuple[Prospect, ...]:
        """What may come of asking *member*: it joins each group in turn, or says something new.

        The chances sum to how often the member answers at all.
        """
        found = self._prospects.get((state, member))
        if found is None:
            answers = self.parameters.answering[member]
            joined = [joining(state, member, group) for group in range(len(self.posterior(state).groups))]
            chances = [self.chance(after, state) for after in joined]
            new = joining(state, member, len(joined))
            outcomes = [*zip(chances, joined, strict=True), (max(1 - sum(chances), 0.0), new)]
            found = tuple((chance * answers, self.top(after)[1]) for chance, after in outcomes)
            self._prospects[state, member] = found
        return found

    def pair(self, first: int, second: int) -> Prospect:
        """(chance that these two, asked first, both answer and agree; confidence in the answer they agree on)."""
        found = self._pairs.get((first, second))
        if found is None:
            empty: State = (None,) * len(self.parameters.answering)
            alone = joining(empty, first, 0)
            agreed = joining(alone, second, 0)
            answering = self.parameters.answering[first] * self.parameters.answering[second]
            found = self._pairs[first, second] = (self.chance(agreed, alone) * answering, self.top(agreed)[1])
        return found

    def _make_room(self) -> None:
        if len(self._posteriors) >= _REMEMBERED:
            self._posteriors.clear()
            self._tops.clear()
            self._prospects.clear()


def joining(state: State, member: int, group: int) -> State:
    """The state after *member* has voted for *group*; the number of groups stands for a new one."""
    return canonical((*state[:member], group, *state[member + 1 :]))
