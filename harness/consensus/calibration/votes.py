"""The input of calibration: who said the same as whom, and which of them was right. No texts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from harness.core.ids import TaskId

_REMEMBERED = 100_000
"""Maskings kept: the same votes are looked at under every model and threshold."""

State: TypeAlias = tuple[int | None, ...]
"""One entry per model of the panel: the number of its group, or None without a vote (not asked, failed, abstained).

Groups are numbered by first appearance, so equal agreement patterns are equal states, whoever answered first.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One question whose right answer is known, answered by the whole panel."""

    task: TaskId
    """Unique in its set: one question is one piece of evidence, however often it was asked."""
    votes: tuple[int | None, ...]
    """Group of each model, in the order of the panel; any numbering. None: no valid answer."""
    right: int | None
    """The group that is right; None: none of them."""

    def __post_init__(self) -> None:
        if self.right is not None and self.right not in self.votes:
            raise ValueError(f"{self.task}: group {self.right!r} is called right, and nobody is in it: {self.votes!r}")


def canonical(votes: Iterable[int | None]) -> State:
    """*votes* with the groups renumbered 0, 1, … by first appearance.

    >>> canonical([7, None, 3, 7])
    (0, None, 1, 0)
    """
    number: dict[int, int] = {}
    return tuple(None if group is None else number.setdefault(group, len(number)) for group in votes)


def sizes(state: Sequence[int | None]) -> list[int]:
    """How many votes each group of a canonical *state* has."""
    counts: list[int] = []
    for group in state:
        if group is None:
            continue
        if group == len(counts):
            counts.append(0)
        counts[group] += 1
    return counts


def masked(votes: Sequence[int | None], members: Iterable[int]) -> State:
    """The canonical state in which only *members* have been heard."""
    return _masked(tuple(votes), frozenset(members))


@lru_cache(maxsize=_REMEMBERED)
def _masked(votes: State, heard: frozenset[int]) -> State:
    return canonical(group if i in heard else None for i, group in enumerate(votes))
