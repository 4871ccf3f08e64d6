"""Whom to ask next, and when to stop: the policy whose thresholds are certified.

Serving is tried after every vote, so what is certified is the stopped policy: the same rule that runs in production is
walked over the labelled questions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from harness.consensus.calibration.estimate import Estimator
from harness.consensus.calibration.votes import State, canonical, masked
from harness.core.policy import Order

LEAST_CALLS = 2
"""One survivor is never consensus."""
WORTH = 0.02
"""A call with less chance than this of leading to an answer is not made."""

LEAST_GAIN = 0.05
"""What an answer exactly at the threshold is worth, beside 1 for a sure one: to have one is better than none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a vote proceeds."""

    order: Order
    cost: tuple[float, ...]
    """Per model, in any unit; positive."""
    threshold: float
    """Serve at this confidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """How a vote over recorded answers ended."""

    group: int | None
    """Served: the group, in the numbering of the votes. None: not served."""
    confidence: float
    """In the top answer, at the end."""
    asked: tuple[int, ...]


def relative_costs(cost: Iterable[float | None]) -> tuple[float, ...]:
    """Positive weights: an unknown price counts as the highest known one, a free model as a thousandth of it."""
    given = list(cost)
    highest = max((c for c in given if c), default=1.0)
    return tuple(highest if c is None else max(c, highest / 1000) for c in given)


def served(estimator: Estimator, state: State, threshold: float) -> bool:
    """Whether two or more have voted and the top answer has reached *threshold*."""
    return sum(group is not None for group in state) >= LEAST_CALLS and estimator.top(state)[1] >= threshold


def next_calls(estimator: Estimator, state: State, left: Sequence[int], asked: int, rule: Rule) -> tuple[int, ...]:
    """The members of *left* to ask now, in one round; () when none is worth it.

    *asked* counts who has been asked. The first round has two members (``all_at_once``: all of them), later ones have
    one. Nobody is asked when not even the agreement of all that are left is likely to reach the threshold.
    """
    if rule.order == "all_at_once":
        return tuple(left) if asked == 0 else ()
    if not left:
        return ()
    first = max(LEAST_CALLS - asked, 1)
    if rule.order == "value":
        pair = first == LEAST_CALLS and len(left) >= LEAST_CALLS
        return _best_pair(estimator, left, rule) if pair else _best_single(estimator, state, left, rule)
    if asked >= LEAST_CALLS and not reachable(estimator, state, left, rule.threshold):
        return ()
    return tuple(by_rank(left, rule)[:first])


def by_rank(left: Sequence[int], rule: Rule) -> list[int]:
    """Cheapest first, or as the panel is written."""
    return sorted(left, key=lambda i: rule.cost[i]) if rule.order == "cheap_first" else sorted(left)


@dataclass(slots=True)
class Walker:
    """One rule with one estimator, over many questions. Remembers whom it asked where: votes repeat."""

    estimator: Estimator
    rule: Rule
    _calls: dict[tuple[State, tuple[int, ...]], tuple[int, ...]] = field(default_factory=dict, init=False)

    def walk(self, votes: Sequence[int | None]) -> Stop:
        """What the policy would have done with these recorded *votes*, each given when its model is asked."""
        asked: tuple[int, ...] = ()
        state: State = (None,) * len(votes)
        while not served(self.estimator, state, self.rule.threshold):
            calls = self._next(state, asked)
            if not calls:
                return Stop(group=None, confidence=self.estimator.top(state)[1], asked=asked)
            asked += calls
            state = masked(votes, asked)
        top, confidence = self.estimator.top(state)
        assert top is not None, "a served state has votes"
        return Stop(group=votes[state.index(top)], confidence=confidence, asked=asked)

    def _next(self, state: State, asked: tuple[int, ...]) -> tuple[int, ...]:
        found = self._calls.get((state, asked))
        if found is None:
            left = [i for i in range(len(state)) if i not in asked]
            found = self._calls[state, asked] = next_calls(self.estimator, state, left, len(asked), self.rule)
        return found


def walk(estimator: Estimator, votes: Sequence[int | None], rule: Rule) -> Stop:
    """One walk of a :class:`Walker`."""
    return Walker(estimator, rule).walk(votes)


def _best_single(estimator: Estimator, state: State, left: Sequence[int], rule: Rule) -> tuple[int, ...]:
    """Largest expected gain per cost of serving after one more vote; if none can lead there, largest rise per cost.

    The second case matters when two more votes are needed: one-step look-ahead alone would give up there.
    """
    gains = {i: _gain(estimator, state, i, rule.threshold) for i in left}
    if max(chance for chance, _ in gains.values()) >= WORTH:
        return (max(left, key=lambda i: (gains[i][1] / rule.cost[i], -i)),)
    voted = any(group is not None for group in state)
    if voted and not reachable(estimator, state, left, rule.threshold):
        return ()
    return (max(left, key=lambda i: (_rise(estimator, state, i) / rule.cost[i], -i)),)


def _best_pair(estimator: Estimator, left: Sequence[int], rule: Rule) -> tuple[int, ...]:
    """The first two, asked together: those whose agreement promises the largest gain per cost."""
    ranked: list[tuple[bool, float, int, int]] = []
    for i, j in combinations(left, 2):
        chance, confidence = estimator.pair(i, j)
        crosses = confidence >= rule.threshold and chance >= WORTH
        value = chance * (_margin(confidence, rule.threshold) if crosses else confidence)
        ranked.append((crosses, value / (rule.cost[i] + rule.cost[j]), -i, -j))
    _, _, i, j = max(ranked)
    return (-i, -j)


def _gain(estimator: Estimator, state: State, member: int, threshold: float) -> tuple[float, float]:
    """Chance that the vote of *member* leads to an answer, and what that is worth."""
    if sum(group is not None for group in state) + 1 < LEAST_CALLS:
        return 0.0, 0.0
    crossing = [(p, confidence) for p, confidence in estimator.prospects(state, member) if confidence >= threshold]
    return sum(p for p, _ in crossing), sum(p * _margin(confidence, threshold) for p, confidence in crossing)


def _margin(confidence: float, threshold: float) -> float:
    """What serving is worth: 1 if surely right, 0 at the threshold, where a wrong answer just outweighs the right ones.

    Counting only whether the threshold is crossed would prefer members that echo each other.
    """
    return LEAST_GAIN + (confidence - threshold) / (1 - threshold)


def _rise(estimator: Estimator, state: State, member: int) -> float:
    """Expected rise of the confidence in the top answer, falls counted as nothing."""
    now = estimator.top(state)[1]
    return sum(chance * max(after - now, 0.0) for chance, after in estimator.prospects(state, member))


def reachable(estimator: Estimator, state: State, left: Sequence[int], threshold: float) -> bool:
    """Whether the threshold is within reach: the best answers, each joined by all who are left, best members first."""
    groups = sorted({g for g in state if g is not None}, key=lambda g: -estimator.posterior(state).groups[g])
    return any(_reaches(estimator, state, left, group, threshold) for group in groups[:2])


def _reaches(estimator: Estimator, state: State, left: Sequence[int], group: int, threshold: float) -> bool:
    after = canonical(group if i in left else voted for i, voted in enumerate(state))
    if estimator.top(after)[1] < threshold:
        return False
    return estimator.chance(after, state) >= WORTH
