"""Replies to ballots: who may vote, and why the others may not."""

from typing import Literal

from harness.compare import Unreadable, read
from harness.core.ballot import Ballot, BallotKind, Extract
from harness.core.ids import ModelId
from harness.core.outcome import Reason
from harness.core.response import Failure, FailureKind, Finish, Reply, Response

Role = Literal["panel", "tiebreak"]

_NO_VOTE = {
    Finish.LENGTH: (BallotKind.TRUNCATED, "its answer was cut at the token limit"),
    Finish.REFUSAL: (BallotKind.REFUSED, "it refused"),
    Finish.CONTENT_FILTER: (BallotKind.REFUSED, "the vendor's content filter stopped it"),
    Finish.CONTEXT_EXCEEDED: (BallotKind.TRUNCATED, "the conversation did not fit its context"),
    Finish.ERROR: (BallotKind.FAILED, "the vendor reported an error in mid-answer"),
}

_OF_FAILURE = {
    FailureKind.CANCELLED: BallotKind.MISSING,
    FailureKind.BUDGET: BallotKind.MISSING,
    FailureKind.FILTERED: BallotKind.REFUSED,
}
"""Every other failure is ``FAILED``."""

REASONS = {
    BallotKind.REFUSED: Reason.REFUSED,
    BallotKind.TRUNCATED: Reason.TRUNCATED,
    BallotKind.FAILED: Reason.FAILED,
    BallotKind.UNREADABLE: Reason.UNREADABLE,
    BallotKind.MISSING: Reason.DEADLINE,
}
"""Why a model that was asked alone is not served."""


def ballot_of(reply: Reply, extract: Extract, *, role: Role = "panel") -> Ballot:
    """The ballot that *reply* amounts to. Only a finished, readable answer votes."""
    if isinstance(reply, Failure):
        kind = _OF_FAILURE.get(reply.kind, BallotKind.FAILED)
        why = f"{reply.kind.value}: {reply.message}" if reply.message else reply.kind.value
        return Ballot(model=reply.model, kind=kind, why=why, reply=reply, role=role)
    if reply.finish not in (Finish.STOP, Finish.TOOL_CALLS):
        unknown = (BallotKind.FAILED, f"it stopped for a reason that is not known: {reply.finish_raw!r}")
        kind, why = _NO_VOTE.get(reply.finish, unknown)
        return Ballot(model=reply.model, kind=kind, why=why, reply=reply, role=role)
    return _answered(reply, extract, role)


def missing_ballot(model: ModelId, why: str, *, role: Role = "panel", reply: Reply | None = None) -> Ballot:
    """The ballot of a model that was not waited for."""
    return Ballot(model=model, kind=BallotKind.MISSING, why=why, reply=reply, role=role)


def _answered(response: Response, extract: Extract, role: Role) -> Ballot:
    # what is said before a tool call is no answer: the call is
    text = response.text if response.finish is Finish.STOP else "\n".join(response.tool_calls)
    answer = read(text, extract)
    if isinstance(answer, Unreadable):
        return Ballot(model=response.model, kind=BallotKind.UNREADABLE, why=answer.why, reply=response, role=role)
    return Ballot(model=response.model, kind=BallotKind.ANSWERED, answer=answer, reply=response, role=role)


def reason_of(ballot: Ballot) -> Reason:
    """Why a single model with this ballot is not served."""
    if isinstance(ballot.reply, Failure) and ballot.reply.kind is FailureKind.BUDGET:
        return Reason.BUDGET
    return REASONS[ballot.kind]
