"""Answers, ballots, and what it takes to compare two answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from harness.core.execution import Execution
from harness.core.hashing import Json
from harness.core.ids import ModelId
from harness.core.response import Reply


class Relation(StrEnum):
    """What a comparator can say of two answers."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"
    """It cannot tell, and does not guess."""


class BallotKind(StrEnum):
    """Whether a model has an answer in the vote, or why not."""

    ANSWERED = "answered"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    FAILED = "failed"
    """It replied with an error, or with something that is not a reply."""
    UNREADABLE = "unreadable"
    """It replied, but not in a form the policy can read."""
    MISSING = "missing"
    """It was asked and had not replied when the vote closed, or could not be asked."""
    JUDGED = "judged"
    """It has no vote: it judged the answers of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a comparator reads out of a response."""

    text: str
    """As extracted, not normalised."""
    execution: Execution | None = None
    """Facts from the sandbox, for comparators that need them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """One model's answer in a vote, or the reason that it has none."""

    model: ModelId
    kind: BallotKind
    answer: Answer | None = None
    """Set exactly for ``ANSWERED``; of a judge, the answer it chose."""
    why: str = ""
    """One line: why there is no answer; of a judge, what it said."""
    reply: Reply | None = None
    """``None`` for a model that was never called."""
    role: Literal["panel", "tiebreak", "judge"] = "panel"
    """``judge``: it says which answers mean the same. A judge that is to break a tie has the role ``tiebreak``."""
    flags: tuple[str, ...] = ()
    """Signs that the answer is addressed to a judge; looked for only where one reads it."""

    @property
    def valid(self) -> bool:
        """Whether it counts in the vote."""
        return self.kind is BallotKind.ANSWERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a comparator thinks of two answers, and why."""

    relation: Relation
    why: str


Extraction = Literal["whole", "last", "tag", "json", "block", "choice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """How an answer is read out of a response's text.

    ``whole`` · ``last`` ``number`` · ``tag`` *name* · ``json`` *path* · ``block`` *language* · ``choice`` *letters*.
    """

    how: Extraction = "whole"
    arg: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """Which comparator, with which options."""

    name: str = "exact"
    options: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldVote:
    """One field of an answer that was put together from those of several members."""

    field: str
    """As a path: ``$.total``."""
    models: tuple[ModelId, ...]
    """Who gave the value it has, or left it out if it has none; in the order of the panel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """An answer that enough ballots gave, field by field."""

    answer: Answer
    fields: tuple[FieldVote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmerged:
    """Ballots that cannot be put together."""

    why: str
    votes: int
    """Ballots that agree on the field on which the fewest do."""


class Comparator(Protocol):
    """Says whether two answers mean the same. Pure: no I/O, no clock, no randomness."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Stored with each verdict; changes when a judgement may change."""

    @property
    def needs(self) -> Literal["text", "execution", "judgement"]:
        """What the engine gathers before this comparator sees the answers.

        ``execution``: it runs them in the sandbox; ``judgement``: it asks a judge model.
        """

    def __call__(self, a: Answer, b: Answer, /) -> Judgement: ...
