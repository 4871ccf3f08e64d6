"""What the caller gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from harness.core.ballot import Ballot, BallotKind, FieldVote
from harness.core.ids import CandidateId, ModelId, TaskClass, VerdictId
from harness.core.money import Usage, sum_known


class Reason(StrEnum):
    """Why an answer was not served."""

    DIVERGENT = "divergent"
    """Valid answers, and too few of them agree."""
    DEGRADED_PANEL = "degraded_panel"
    """Too few members gave a valid answer to reach the rule at all. One survivor is never consensus."""
    COMPARATOR_UNKNOWN = "comparator_unknown"
    """The comparator could not tell whether the answers agree."""
    UNCERTIFIED = "uncertified"
    """A risk limit without a calibration that certifies it."""
    OUT_OF_CLASS = "out_of_class"
    """The request is another kind of work than the policy is calibrated on."""
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    FAILED = "failed"
    DEADLINE = "deadline"
    BUDGET = "budget"
    NO_ROUTE = "no_route"
    """No model passes the filters of the profile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Ballots that say the same."""

    answer: str
    """Of its first member in panel order."""
    models: tuple[ModelId, ...]
    weight: float
    """Share of the valid ballots, in [0, 1]. A share of votes, not a probability."""
    chance: float | None = None
    """Calibrated chance of being right; ``None`` without a calibration. What is missing to 1: none of the groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A declared member without a valid ballot."""

    model: ModelId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuorumFacts:
    """How many were meant to vote, and how many did."""

    declared: int
    called: int
    valid: int
    missing: tuple[Missing, ...] = ()

    @property
    def degraded(self) -> bool:
        """Whether a member that was called gave no valid ballot."""
        return self.valid < self.called


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationFacts:
    """Which calibration an outcome's probabilities come from, and what it certifies."""

    version: str
    """Hash of the calibration: first 12 hexadecimal digits."""
    task_class: TaskClass
    labels: int
    """Labelled questions it was fitted to and certified on."""
    fitted_at: str
    """UTC, RFC 3339."""
    threshold: float | None = None
    """Certified for the policy's risk limit: served from this confidence on. ``None``: not certified, or no limit."""
    risk_limit: float | None = None
    """The certified one: the policy's, or a stricter one that holds in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Served with an answer, or not, with the reason."""

    verdict_id: VerdictId
    candidate: CandidateId
    served: bool
    answer: str | None = None
    """Set exactly when served."""
    text: str | None = None
    """The full response the answer was read from; for a single model also when it was not served."""
    reason: Reason | None = None
    """Set exactly when not served."""
    detail: str = ""
    """One line for people."""
    confidence: float | None = None
    """Calibrated probability that the answer is right, or of the likeliest one when none is served.

    ``None`` without a calibration: a share of votes is not one.
    """
    certified: bool = False
    """Served under the policy's risk limit, by a calibration that keeps it."""
    calibration: CalibrationFacts | None = None
    """Where the probabilities come from; ``None`` without them."""
    uncertified: str = ""
    """Why the policy's risk limit does not hold here; empty when it does, and when none is promised."""
    labels_missing: int | None = None
    """About how many more labelled questions would certify it; ``None``: no number would, or none is needed."""
    agreed: bool = True
    """False: the panel diverged. Its best answer is served because the policy says ``serve_best``, or a judge chose."""
    merged: tuple[FieldVote, ...] = ()
    """Who gave each field of an answer that no member gave as a whole; empty for all others."""
    degraded: bool = False
    """Fewer valid ballots than members called: served on a thinner panel than declared."""
    policy: str
    """Name of the policy, or of the model asked alone."""
    policy_version: str = ""
    comparator: str = ""
    """``name@version``."""
    groups: tuple[Group, ...] = ()
    """Largest first."""
    ballots: tuple[Ballot, ...] = ()
    """In the order of the panel."""
    quorum: QuorumFacts
    review: bool = False
    """A person is asked to look."""
    cost_usd: Decimal | None
    """Sum over all calls; ``None`` when one of them is unknown."""
    cost_bound_usd: Decimal | None = None
    """The most it can have cost."""
    latency_s: float
    calls_saved: int = 0
    """Declared members that did not have to be asked."""

    @property
    def usage(self) -> Usage | None:
        """Tokens over all ballots; None when no vendor reported any."""
        return total_usage(self.ballots)


def total_usage(ballots: Sequence[Ballot]) -> Usage | None:
    """The sum of what the ballots' replies consumed; None when nobody said."""
    used = [ballot.reply.usage for ballot in ballots if ballot.reply is not None and ballot.reply.usage is not None]
    return sum(used, start=Usage()) if used else None


def total_cost_usd(ballots: Sequence[Ballot]) -> Decimal | None:
    """The sum of what the ballots' replies cost; None as soon as one of them is unknown."""
    return sum_known(ballot.reply.cost_usd for ballot in ballots if ballot.reply is not None)


def missing(ballots: Sequence[Ballot]) -> tuple[Missing, ...]:
    """The members without a valid ballot, and why."""
    return tuple(
        Missing(model=ballot.model, why=ballot.why or ballot.kind.value)
        for ballot in ballots
        if ballot.kind not in (BallotKind.ANSWERED, BallotKind.JUDGED)
    )
