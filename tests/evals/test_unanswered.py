"""Why there is no answer, as a grade: the vendor's failures say nothing, everything else counts."""

from decimal import Decimal

import pytest

from harness.core.ballot import Answer, Ballot, BallotKind, Extract
from harness.core.ids import CandidateId, ModelId, TraceId, VerdictId
from harness.core.outcome import Outcome, QuorumFacts
from harness.core.request import user_request
from harness.core.response import Failure, FailureKind, Finish, Reply
from harness.core.trial import Grade
from harness.engine import alone, ballot_of
from harness.evals.unanswered import grade_of, is_single
from tests.engine.cases import failure, reply

REQUEST = user_request("?", trace_id=TraceId("t"))
COUNTED = {
    FailureKind.TIMEOUT: Grade.LIMIT,
    FailureKind.CONTEXT_EXCEEDED: Grade.LIMIT,
    FailureKind.FILTERED: Grade.REFUSED,
    FailureKind.EMPTY: Grade.EMPTY,
}


def single(given: Reply) -> Outcome:
    outcome = alone(ballot_of(given, Extract()), CandidateId("a"), REQUEST, latency_s=0.1)
    assert not outcome.served
    return outcome


def panel(*ballots: Ballot, candidate: str = "consensus/p") -> Outcome:
    return Outcome(
        verdict_id=VerdictId("v"),
        candidate=CandidateId(candidate),
        served=False,
        policy="p",
        ballots=ballots,
        quorum=QuorumFacts(declared=3, called=len(ballots), valid=0),
        cost_usd=Decimal(0),
        latency_s=0.1,
    )


def failed(kind: FailureKind) -> Ballot:
    return ballot_of(failure("a", kind), Extract())


def said(text: str, finish: Finish = Finish.STOP) -> Ballot:
    return ballot_of(reply("a", text, finish=finish), Extract())


@pytest.mark.parametrize("kind", FailureKind)
def test_failures_of_a_single_model(kind):
    assert grade_of(single(failure("a", kind))) is COUNTED.get(kind, Grade.INFRA_ERROR)


@pytest.mark.parametrize(
    ("finish", "grade"),
    [
        (Finish.LENGTH, Grade.LIMIT),
        (Finish.CONTEXT_EXCEEDED, Grade.LIMIT),
        (Finish.REFUSAL, Grade.REFUSED),
        (Finish.CONTENT_FILTER, Grade.REFUSED),
        (Finish.ERROR, Grade.INFRA_ERROR),
        (Finish.UNKNOWN, Grade.INFRA_ERROR),
    ],
)
def test_replies_that_did_not_end_well(finish, grade):
    assert grade_of(single(reply("a", "half a text", finish=finish))) is grade


@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_reply_without_text_is_empty(text):
    assert grade_of(single(reply("a", text))) is Grade.EMPTY


def test_a_reply_that_cannot_be_read_is_a_format_failure():
    unreadable = ballot_of(reply("a", "no number"), Extract(how="last", arg="number"))
    assert grade_of(alone(unreadable, CandidateId("a"), REQUEST, latency_s=0.1)) is Grade.FORMAT_FAILURE


def test_a_panel_that_abstains_is_unserved():
    assert grade_of(panel(said("1"), said("2"))) is Grade.UNSERVED
    assert grade_of(panel(said("1"), failed(FailureKind.OVERLOADED))) is Grade.UNSERVED
    assert grade_of(panel(failed(FailureKind.TIMEOUT), failed(FailureKind.OVERLOADED))) is Grade.UNSERVED
    assert grade_of(panel()) is Grade.UNSERVED, "it asked nobody: its own limit, or no route"
    assert grade_of(panel(candidate="route/cheap")) is Grade.UNSERVED


def test_a_panel_that_only_the_vendors_kept_from_answering_was_not_measured():
    unreachable = failed(FailureKind.UNREACHABLE)
    assert grade_of(panel(unreachable, failed(FailureKind.THROTTLED))) is Grade.INFRA_ERROR
    assert grade_of(panel(unreachable, said("half", Finish.ERROR))) is Grade.INFRA_ERROR
    assert grade_of(panel(unreachable, failed(FailureKind.CANCELLED))) is Grade.INFRA_ERROR, (
        "it could not help any more"
    )
    assert grade_of(panel(failed(FailureKind.QUOTA), candidate="route/cheap")) is Grade.INFRA_ERROR


def test_a_deadline_is_the_policys_own():
    """Or a policy without patience would have nothing counted against it."""
    late = failed(FailureKind.CANCELLED)
    assert grade_of(panel(late, late, late)) is Grade.UNSERVED
    assert grade_of(panel(late, failed(FailureKind.TIMEOUT))) is Grade.UNSERVED


def test_an_answer_that_came_too_late_is_no_failure_of_the_vendor():
    answered = Ballot(model=ModelId("b"), kind=BallotKind.ANSWERED, answer=Answer(text="2"), reply=reply("b", "2"))
    assert grade_of(panel(answered)) is Grade.UNSERVED


def test_a_single_model_that_was_given_up_was_not_measured():
    assert grade_of(single(failure("a", FailureKind.CANCELLED))) is Grade.INFRA_ERROR


def test_reply_types_are_told_apart():
    assert isinstance(failure("a", FailureKind.EMPTY), Failure)
    assert is_single(CandidateId("openai/gpt"))
    assert is_single(CandidateId("builtin/noop"))
    assert not is_single(CandidateId("consensus/p"))
    assert not is_single(CandidateId("route/cheap"))
