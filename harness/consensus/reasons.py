"""Why a vote ended without an answer: reasons, not strings invented on the spot."""

from harness.consensus.tally import Tally
from harness.core.ballot import Ballot, BallotKind
from harness.core.outcome import Reason
from harness.core.response import Failure, FailureKind

_ALONE = {
    BallotKind.REFUSED: Reason.REFUSED,
    BallotKind.TRUNCATED: Reason.TRUNCATED,
    BallotKind.FAILED: Reason.FAILED,
    BallotKind.UNREADABLE: Reason.UNREADABLE,
    BallotKind.MISSING: Reason.DEADLINE,
}
"""What it is called when every member has the same reason for having no answer."""


def shortfall(count: Tally, target: int) -> tuple[Reason, str]:
    """The reason and one line for people: *count* did not bring *target* ballots that say the same."""
    if count.valid == 0:
        return _nobody(count)
    if count.valid < target:
        return _degraded(count), f"{count.valid} of {target} needed ballots have an answer: {_absent(count)}"
    if count.reachable >= target:
        a, b, why = count.unknown[0]
        return Reason.COMPARATOR_UNKNOWN, f"cannot tell whether {a} and {b} say the same: {why}"
    sizes = " against ".join(str(len(group)) for group in count.groups)
    return Reason.DIVERGENT, f"{count.valid} answers, {sizes}; {target} alike are needed"


def _nobody(count: Tally) -> tuple[Reason, str]:
    kinds = {ballot.kind for ballot in count.ballots}
    if any(_unpaid(ballot) for ballot in count.ballots):
        return Reason.BUDGET, f"no answer: {_absent(count)}"
    reason = _ALONE[kinds.pop()] if len(kinds) == 1 else Reason.DEGRADED_PANEL
    return reason, f"no answer: {_absent(count)}"


def _degraded(count: Tally) -> Reason:
    return Reason.BUDGET if any(_unpaid(ballot) for ballot in count.ballots) else Reason.DEGRADED_PANEL


def _unpaid(ballot: Ballot) -> bool:
    return isinstance(ballot.reply, Failure) and ballot.reply.kind is FailureKind.BUDGET


def _absent(count: Tally) -> str:
    return "; ".join(
        f"{ballot.model} {ballot.why or ballot.kind.value}" for ballot in count.ballots if not ballot.valid
    )
