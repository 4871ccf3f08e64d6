"""The grade of a trial that brought no answer to judge. Pure."""

from harness.core.ballot import BallotKind
from harness.core.ids import CandidateId
from harness.core.outcome import Outcome
from harness.core.response import Failure, FailureKind
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

    A panel that abstains is ``UNSERVED``, unless nothing but the vendors' failures kept it from answering.
    """
    if outcome.ballots and all(_infra(ballot.reply) for ballot in outcome.ballots):
        return Grade.INFRA_ERROR
    if not is_single(outcome.candidate):
        return Grade.UNSERVED
    ballot = outcome.ballots[0]
    if isinstance(ballot.reply, Failure):
        return _OF_FAILURE.get(ballot.reply.kind, Grade.INFRA_ERROR)
    return _OF_BALLOT.get(ballot.kind, Grade.INFRA_ERROR)


def _infra(reply: object) -> bool:
    return isinstance(reply, Failure) and reply.kind not in _OF_FAILURE
