"""The nouns of solving: what a solver hands in and what it took, and where a repository's files come from."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from harness.core.money import Usage, sum_known
from harness.core.outcome import Outcome
from harness.core.suite import Task
from harness.core.trial import Submission

FilesOf = Callable[[Task], Awaitable[Mapping[str, str]]]
"""The text files of a repo task's base commit, by path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A submission, or none, and what it took."""

    submission: Submission | None
    """``None``: nothing came back; ``failed`` or the last outcome says why."""
    outcomes: tuple[Outcome, ...] = ()
    """In order; empty for built-in candidates."""
    limit: str = ""
    """Which limit ended it before it was done, in one line; then the submission is what there was at that moment."""
    failed: str = ""
    """Why it could not be carried out, for no fault of the candidate, in one line."""
    flags: tuple[str, ...] = ()
    """Oddities on the way: ``unreadable_file_left_out``, …"""

    @property
    def text(self) -> str:
        """The model's last full text."""
        return next((outcome.text for outcome in reversed(self.outcomes) if outcome.text), "")

    @property
    def cost_usd(self) -> Decimal | None:
        return sum_known(outcome.cost_usd for outcome in self.outcomes)

    @property
    def cost_bound_usd(self) -> Decimal | None:
        return sum_known(outcome.cost_bound_usd for outcome in self.outcomes)

    @property
    def usage(self) -> Usage | None:
        known = [outcome.usage for outcome in self.outcomes if outcome.usage is not None]
        return sum(known, start=Usage()) if known or not self.outcomes else None

    @property
    def latency_s(self) -> float:
        return sum(outcome.latency_s for outcome in self.outcomes)

    @property
    def calls(self) -> int:
        """Calls that were made: a member that was held back by a limit or a breaker is none."""
        replies = (ballot.reply for outcome in self.outcomes for ballot in outcome.ballots)
        return sum(reply is not None and reply.attempts > 0 for reply in replies)
