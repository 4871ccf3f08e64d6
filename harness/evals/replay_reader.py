"""Reads and compares recorded answers: each reply once, each two answers once, however many policies look at them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.compare import Grouping, comparator, group
from harness.core.ballot import Answer, Ballot, Comparator, Compare, Extract, Judgement
from harness.core.errors import ConfigError
from harness.core.policy import Policy
from harness.core.response import Reply
from harness.engine import Role, ballot_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembering:
    """A comparator of texts that judges each two answers once. What it says does not depend on that."""

    judge: Comparator
    needs: Literal["text", "execution"] = "text"
    _known: dict[tuple[str, str], Judgement] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.judge.name

    @property
    def version(self) -> str:
        return self.judge.version

    def __call__(self, a: Answer, b: Answer, /) -> Judgement:
        """What the comparator says of the two."""
        found = self._known.get((a.text, b.text)) or self._known.get((b.text, a.text))
        if found is None:
            found = self._known[a.text, b.text] = self.judge(a, b)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """How one policy, and any other that reads and compares like it, sees recorded replies."""

    extract: Extract
    judge: Remembering
    _ballots: dict[tuple[int, Role], tuple[Reply, Ballot]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def comparator(self) -> str:
        """``name@version``."""
        return f"{self.judge.name}@{self.judge.version}"

    def ballot(self, reply: Reply, role: Role = "panel") -> Ballot:
        """The ballot that *reply* amounts to."""
        found = self._ballots.get((id(reply), role))
        if found is None:  # the reply is kept with it, so that no other one takes over its id
            found = self._ballots[id(reply), role] = (reply, ballot_of(reply, self.extract, role=role))
        return found[1]

    def group(self, ballots: Sequence[Ballot]) -> Grouping:
        """Which of them say the same."""
        return group(ballots, self.judge)


def reader_of(policy: Policy) -> Reader:
    """How *policy* reads and compares. Raises ConfigError when its comparator needs more than what was said."""
    judge = comparator(policy.compare)
    unable = _not_replayed(policy.compare, judge)
    if unable:
        raise ConfigError(f"policy {policy.name!r} compares by {judge.name!r}: {unable}; choose another policy")
    return Reader(extract=policy.extract, judge=Remembering(judge=judge))


def _not_replayed(compare: Compare, judge: Comparator) -> str:
    """Why recorded answers do not say what the policy would have served; empty when they do."""
    if judge.needs == "execution":
        return "executions are not replayed"
    if judge.needs == "judgement":
        return "what its judge would say of recorded answers is not on record"
    if compare.options.get("vote") == "fields":
        return "an answer put together field by field was never graded"
    return ""
