"""Recorded answers as votes: who said the same as whom, and which of them was right. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.consensus.tally import independent
from harness.core.ballot import Ballot
from harness.core.policy import Policy
from harness.evals.replay import Item, recorded_ballot
from harness.evals.replay_reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Voted:
    """One question, as all who vote under a policy answered it."""

    item: Item
    ballots: tuple[Ballot, ...]
    """In the order of the policy's voters."""
    votes: tuple[int | None, ...]
    """The group of each; None without a valid answer of its own. The largest group is 0."""
    right: int | None
    """The group that is right; None: none of them, or nobody knows."""
    labelled: bool
    """Whether *right* is known."""
    mixed: bool
    """Some group holds answers that were graded differently: it counts as wrong."""

    @property
    def whole(self) -> bool:
        """Whether everybody was asked."""
        return all(ballot.model in self.item.recorded for ballot in self.ballots)


def votes_of(items: Iterable[Item], policy: Policy, reader: Reader) -> list[Voted]:
    """The votes of *policy*'s voters on each item, grouped as the policy compares."""
    return [_voted(item, policy, reader) for item in items]


def _voted(item: Item, policy: Policy, reader: Reader) -> Voted:
    ballots = tuple(recorded_ballot(item, reader, model) for model in policy.voters)
    own = independent(ballots)
    groups = reader.group(ballots).groups
    numbers = {ballot.model: number for number, members in enumerate(groups) for ballot in members}
    grades = [_grades(item, members) for members in groups]
    right = next((number for number, each in enumerate(grades) if each - {None} == {True}), None)
    known = all(each - {None} for each in grades) if grades else _judged(item)
    votes = tuple(numbers.get(ballot.model) if ballot.model in own else None for ballot in ballots)
    return Voted(
        item=item,
        ballots=ballots,
        votes=votes,
        right=right if right in votes else None,
        labelled=known or right is not None,
        mixed=any({True, False} <= each for each in grades),
    )


def _grades(item: Item, members: Sequence[Ballot]) -> set[bool | None]:
    """What was judged of the answers in one group; None: nobody knows."""
    return {item.recorded[ballot.model].right for ballot in members}


def _judged(item: Item) -> bool:
    return any(known.right is not None for known in item.recorded.values())
