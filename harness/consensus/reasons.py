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
    if count.valid < target and any(not ballot.valid for ballot in count.ballots):
        reason, who = absence(count)
        have = f"{count.valid} of {target} needed ballots have an answer" if count.valid else "no answer"
        return reason, f"{have}: {who}"
    if count.reachable >= target:
        a, b, why = count.unknown[0]
        return Reason.COMPARATOR_UNKNOWN, f"cannot tell whether {a} and {b} say the same: {why}"
    sizes = " against ".join(str(len(group)) for group in count.groups)
    return Reason.DIVERGENT, f"{count.valid} answers, {sizes}; {target} alike are needed"


def absence(count: Tally) -> tuple[Reason, str]:
    """What to call it that members without an answer were needed, and who they are.

    A limit on the cost is named first, since it is the caller's to raise; then the reason that all of them share.
    """
    silent = [ballot for ballot in count.ballots if not ballot.valid]
    kinds = {ballot.kind for ballot in silent}
    if any(map(_unpaid, silent)):
        return Reason.BUDGET, _absent(count)
    if len(kinds) == 1 and (count.valid == 0 or all(map(_late, silent))):
        return _ALONE[kinds.pop()], _absent(count)
    return Reason.DEGRADED_PANEL, _absent(count)


def _late(ballot: Ballot) -> bool:
    return ballot.kind is BallotKind.MISSING and ballot.reply is None


def _unpaid(ballot: Ballot) -> bool:
    return isinstance(ballot.reply, Failure) and ballot.reply.kind is FailureKind.BUDGET


def _absent(count: Tally) -> str:
    return "; ".join(
        f"{ballot.model} {ballot.why or ballot.kind.value}" for ballot in count.ballots if not ballot.valid
    )
