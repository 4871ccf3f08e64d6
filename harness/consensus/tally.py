"""A count of the votes at one moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.core.ballot import Ballot
from harness.core.ids import ModelId
from harness.core.outcome import Group


class Grouping(Protocol):
    """What a comparator made of the valid ballots."""

    @property
    def groups(self) -> Sequence[Sequence[Ballot]]:
        """A partition of the ballots, largest first."""

    @property
    def unknown(self) -> Sequence[tuple[ModelId, ModelId, str]]:
        """Pairs the comparator could not tell, and why."""


GroupOf = Callable[[Sequence[Ballot]], Grouping]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Groups of valid ballots, and the pairs nobody could tell."""

    ballots: tuple[Ballot, ...]
    """All that were heard, in the order of the policy's members."""
    groups: tuple[tuple[Ballot, ...], ...]
    """Largest first."""
    unknown: tuple[tuple[ModelId, ModelId, str], ...] = ()

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
        doubtful = {model for pair in self.unknown for model in pair[:2]}
        return max((len(group) + self._doubtful_outside(group, doubtful) for group in self.groups), default=0)

    def _doubtful_outside(self, group: Sequence[Ballot], doubtful: set[ModelId]) -> int:
        inside = {ballot.model for ballot in group}
        others = {other for a, b, _ in self.unknown for other in (a, b) if {a, b} & inside} - inside
        return len(others & doubtful)

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


def tally(ballots: Sequence[Ballot], group_of: GroupOf) -> Tally:
    """Count *ballots*; those without an answer are kept, and do not vote."""
    grouping = group_of([ballot for ballot in ballots if ballot.valid])
    return Tally(
        ballots=tuple(ballots),
        groups=tuple(tuple(group) for group in grouping.groups),
        unknown=tuple(grouping.unknown),
    )
