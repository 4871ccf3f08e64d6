"""Sums over ballots, and the facts of a quorum."""

from decimal import Decimal

from harness.core.ballot import Answer, Ballot, BallotKind
from harness.core.ids import CandidateId, ModelId, VerdictId
from harness.core.money import Usage
from harness.core.outcome import Missing, Outcome, QuorumFacts, missing, total_cost_usd, total_usage
from harness.core.response import Failure, FailureKind, Finish, Reply, Response, Retry


def ballot(model: str, kind: BallotKind, reply: Reply | None, why: str = "") -> Ballot:
    answer = Answer(text="2") if kind is BallotKind.ANSWERED else None
    return Ballot(model=ModelId(model), kind=kind, answer=answer, reply=reply, why=why)


def response(usage: Usage | None, cost_usd: Decimal | None) -> Response:
    return Response(model=ModelId("a"), text="2", finish=Finish.STOP, usage=usage, cost_usd=cost_usd, latency_s=0.1)


FAILED = Failure(model=ModelId("b"), kind=FailureKind.TIMEOUT, message="late", retry=Retry.AFTER)
PAID = ballot("a", BallotKind.ANSWERED, response(Usage(input=3, output=4), Decimal("0.1")))
UNTOLD = ballot("a", BallotKind.ANSWERED, response(None, None))
FREE = ballot("b", BallotKind.FAILED, FAILED, "timeout: late")
NEVER = ballot("c", BallotKind.MISSING, None)


def test_usage_is_the_sum_of_what_was_said():
    assert total_usage([PAID, PAID, UNTOLD, FREE, NEVER]) == Usage(input=6, output=8)
    assert total_usage([UNTOLD, FREE, NEVER]) is None
    assert total_usage([]) is None


def test_cost_is_unknown_as_soon_as_one_is():
    assert total_cost_usd([PAID, PAID, FREE, NEVER]) == Decimal("0.2")
    assert total_cost_usd([PAID, UNTOLD]) is None
    assert total_cost_usd([]) == 0


def test_who_is_missing_and_why():
    assert missing([PAID, FREE, NEVER]) == (
        Missing(model=ModelId("b"), why="timeout: late"),
        Missing(model=ModelId("c"), why="missing"),
    )


def test_only_an_answer_counts():
    assert [each.valid for each in (PAID, FREE, NEVER)] == [True, False, False]
    assert not any(ballot("a", kind, None).valid for kind in BallotKind if kind is not BallotKind.ANSWERED)


def test_a_panel_is_degraded_when_a_member_that_was_called_has_no_answer():
    assert QuorumFacts(declared=3, called=2, valid=1).degraded
    assert not QuorumFacts(declared=3, called=2, valid=2).degraded, "the third was not needed"


def test_an_outcome_has_the_usage_of_its_ballots():
    outcome = Outcome(
        verdict_id=VerdictId("v"),
        candidate=CandidateId("a"),
        served=True,
        answer="2",
        policy="a",
        ballots=(PAID, FREE),
        quorum=QuorumFacts(declared=2, called=2, valid=1),
        cost_usd=Decimal("0.1"),
        latency_s=0.1,
    )
    assert outcome.usage == Usage(input=3, output=4)
