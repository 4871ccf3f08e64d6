"""A count of the votes at one moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.core.ballot import Ballot, Merged, Unmerged
from harness.core.ids import ModelId
from harness.core.outcome import Group
from harness.core.response import Response

Merge = Callable[[int], Merged | Unmerged]
"""The answer of which every field has so many ballots, or what stands in its way."""


class Grouping(Protocol):
    """What a comparator made of the valid ballots."""

    @property
    def groups(self) -> Sequence[Sequence[Ballot]]:
        """A partition of the ballots, largest first."""

    @property
    def unknown(self) -> Sequence[tuple[ModelId, ModelId, str]]:
        """Pairs the comparator could not tell, and why."""

    @property
    def merge(self) -> Merge | None:
        """How they are put together field by field; None: the comparator votes on whole answers."""

    @property
    def best(self) -> Ballot | None:
        """The member of a group to choose where too few agree; None: the comparator has no opinion."""


GroupOf = Callable[[Sequence[Ballot]], Grouping]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Groups of valid ballots, and the pairs nobody could tell."""

    ballots: tuple[Ballot, ...]
    """All that were heard, in the order of the policy's members."""
    groups: tuple[tuple[Ballot, ...], ...]
    """Largest first."""
    unknown: tuple[tuple[ModelId, ModelId, str], ...] = ()
    merge: Merge | None = None
    """How the answers are put together field by field; None: they are voted on as wholes."""
    best: Ballot | None = None
    """Whom the comparator would choose where too few agree."""

    @property
    def valid(self) -> int:
        """Ballots with an answer."""
        return sum(map(len, self.groups))

    @property
    def largest(self) -> int:
        """Size of the largest group; 0 without valid ballots."""
        return len(self.groups[0]) if self.groups else 0

    @property
    def reachable(self) -> int:
        """Size the largest group would have if every doubtful pair were the same."""
        return max((len(group) + len(self.near(number)) for number, group in enumerate(self.groups)), default=0)

    def near(self, number: int) -> frozenset[ModelId]:
        """Who may have said what group *number* says: the comparator could not tell."""
        inside = {ballot.model for ballot in self.groups[number]}
        return frozenset(other for a, b, _ in self.unknown for other in (a, b) if {a, b} & inside) - inside

    def shares(self) -> tuple[Group, ...]:
        """The groups as callers see them: answer of the first member, names, share of the valid ballots."""
        return tuple(
            Group(
                answer=group[0].answer.text if group[0].answer else "",
                models=tuple(ballot.model for ballot in group),
                weight=len(group) / self.valid,
            )
            for group in self.groups
        )


def independent(ballots: Sequence[Ballot]) -> frozenset[ModelId]:
    """Whose answers are their own: of members that one model answered for, only the first has a vote of its own.

    Known from the model's name in the reply, without the vendor's name that a router puts before it.
    """
    first: dict[str, ModelId] = {}
    for ballot in ballots:
        if ballot.valid:
            first.setdefault(served_name(ballot) or ballot.model, ballot.model)
    return frozenset(first.values())


def served_name(ballot: Ballot) -> str | None:
    """The name of the model that answered, as far as the reply says."""
    if not isinstance(ballot.reply, Response) or not ballot.reply.served_model:
        return None
    return ballot.reply.served_model.rpartition("/")[2].casefold()


def tally(ballots: Sequence[Ballot], group_of: GroupOf) -> Tally:
    """Count *ballots*; those without an answer are kept, and do not vote."""
    grouping = group_of([ballot for ballot in ballots if ballot.valid])
    return Tally(
        ballots=tuple(ballots),
        groups=tuple(tuple(group) for group in grouping.groups),
        unknown=tuple(grouping.unknown),
        merge=grouping.merge,
        best=grouping.best,
    )
