"""Puts ballots that say the same into groups."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from harness.compare.fields import ByField
from harness.compare.text import is_redacted
from harness.core.ballot import Answer, Ballot, Comparator, Judgement, Merged, Relation, Unmerged
from harness.core.execution import Execution
from harness.core.ids import ModelId


class UnknownPair(NamedTuple):
    """Two ballots of different groups of which the comparator could not tell whether they agree."""

    a: ModelId
    b: ModelId
    why: str


Merge = Callable[[int], Merged | Unmerged]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """A partition of the valid ballots."""

    groups: tuple[tuple[Ballot, ...], ...] = ()
    """Largest first, ties and members in the order given. All members of a group say the same, pair by pair."""
    unknown: tuple[UnknownPair, ...] = ()
    """Pairs across groups that may or may not agree, in the order given."""
    merge: Merge | None = None
    """How the answers are put together field by field, each with so many ballots; None: they are compared as wholes."""
    best: Ballot | None = None
    """The member of a group to choose where too few agree; None: the comparator has no opinion."""


_Said = tuple[str, Execution | None]


class _Judge:
    """Judges each two different answers once, however many ballots gave them."""

    def __init__(self, comparator: Comparator) -> None:
        self._comparator = comparator
        self._known: dict[tuple[_Said, _Said], Judgement] = {}

    def __call__(self, a: Answer, b: Answer) -> Judgement:
        left, right = (a.text, a.execution), (b.text, b.execution)
        if (right, left) in self._known:
            return self._known[right, left]
        if (left, right) not in self._known:
            self._known[left, right] = without_redacted(self._comparator(a, b), a, b)
        return self._known[left, right]


def without_redacted(said: Judgement, a: Answer, b: Answer) -> Judgement:
    """*said* of *a* and *b*; UNKNOWN instead of SAME where a secret was taken out of one of them.

    Two different secrets look alike once they are redacted.
    """
    if said.relation is Relation.SAME and (is_redacted(a.text) or is_redacted(b.text)):
        return replace(said, relation=Relation.UNKNOWN, why="a secret was redacted: what stood there is not known")
    return said


def group(ballots: Sequence[Ballot], comparator: Comparator) -> Grouping:
    """Partition the valid ones of *ballots*, given in the order of the panel.

    A ballot joins a group only if it says the same as every member. Where "same" is not transitive (a
    tolerance), the answers are taken in the order of their text, so that neither the time of arrival nor the
    place in the panel decides who is in a group.
    """
    voters = [(place, ballot, ballot.answer) for place, ballot in enumerate(ballots) if ballot.answer and ballot.valid]
    judge = _Judge(comparator)
    groups: list[list[tuple[int, Ballot, Answer]]] = []
    for voter in sorted(voters, key=lambda entry: (entry[2].text, entry[1].model, entry[0])):
        home = next((members for members in groups if _fits(voter[2], members, judge)), None)
        if home is None:
            groups.append([voter])
        else:
            home.append(voter)
    placed = [sorted(members, key=lambda entry: entry[0]) for members in groups]
    placed.sort(key=lambda members: (-len(members), members[0][0]))
    return Grouping(
        groups=tuple(tuple(entry[1] for entry in members) for members in placed),
        unknown=_unknown(placed, judge),
        merge=partial(comparator.merge, ballots) if isinstance(comparator, ByField) else None,
    )


def _fits(answer: Answer, members: Sequence[tuple[int, Ballot, Answer]], judge: _Judge) -> bool:
    return all(judge(member[2], answer).relation is Relation.SAME for member in members)


def _unknown(groups: Sequence[Sequence[tuple[int, Ballot, Answer]]], judge: _Judge) -> tuple[UnknownPair, ...]:
    everyone = sorted((entry[0], number, entry) for number, members in enumerate(groups) for entry in members)
    found = []
    for index, (_, home, a) in enumerate(everyone):
        for _, other, b in everyone[index + 1 :]:
            if home != other and (said := judge(a[2], b[2])).relation is Relation.UNKNOWN:
                found.append(UnknownPair(a[1].model, b[1].model, said.why))
    return tuple(found)
