"""The grade of a trial that brought no answer to judge. Pure."""

from harness.core.ballot import Ballot, BallotKind
from harness.core.ids import CandidateId
from harness.core.outcome import Outcome
from harness.core.response import Failure, FailureKind, Response
from harness.core.trial import Grade

_OF_FAILURE = {
    FailureKind.TIMEOUT: Grade.LIMIT,
    FailureKind.CONTEXT_EXCEEDED: Grade.LIMIT,
    FailureKind.FILTERED: Grade.REFUSED,
    FailureKind.EMPTY: Grade.EMPTY,
}
"""Every other failure says nothing about the model: ``INFRA_ERROR``."""

_OF_BALLOT = {
    BallotKind.REFUSED: Grade.REFUSED,
    BallotKind.TRUNCATED: Grade.LIMIT,
    BallotKind.UNREADABLE: Grade.FORMAT_FAILURE,
}


def is_single(candidate: CandidateId) -> bool:
    """Whether *candidate* is one model, not a panel or a route."""
    return not candidate.startswith(("consensus/", "route/"))


def grade_of(outcome: Outcome) -> Grade:
    """The grade of an outcome that was not served.

    A panel that abstains is ``UNSERVED``, unless nothing but the vendors' failures kept it from answering: a member
    that we stopped waiting for is no such failure, but does not make up for those of the others.
    """
    grades = [_grade(ballot) for ballot in outcome.ballots if not _given_up(ballot)]
    if grades and all(grade is Grade.INFRA_ERROR for grade in grades):
        return Grade.INFRA_ERROR
    if not is_single(outcome.candidate):
        return Grade.UNSERVED
    return next(filter(None, grades), Grade.INFRA_ERROR)


def _grade(ballot: Ballot) -> Grade | None:
    """What *ballot* would be by itself; None for one with an answer."""
    if ballot.valid:
        return None
    if isinstance(ballot.reply, Failure):
        return _OF_FAILURE.get(ballot.reply.kind, Grade.INFRA_ERROR)
    if ballot.kind is BallotKind.UNREADABLE and isinstance(ballot.reply, Response) and not ballot.reply.text.strip():
        return Grade.EMPTY
    return _OF_BALLOT.get(ballot.kind, Grade.INFRA_ERROR)


def _given_up(ballot: Ballot) -> bool:
    return isinstance(ballot.reply, Failure) and ballot.reply.kind is FailureKind.CANCELLED
