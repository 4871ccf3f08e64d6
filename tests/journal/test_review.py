"""What a vendor's error quotes is not in a journal of hashes; a lock that cannot be signed is still a lock."""

import dataclasses

import pytest

from harness.core.ballot import Ballot, BallotKind
from harness.core.errors import JournalError
from harness.core.event import Decided
from harness.core.ids import CandidateId, ModelId, TaskClass, TraceId, VerdictId
from harness.core.outcome import Outcome, QuorumFacts, Reason, missing
from harness.core.response import Failure, FailureKind, Retry
from harness.journal import open_journal, read

SECRET = "the patient's file"
A = ModelId("acme/a")


@pytest.mark.parametrize("kind", list(FailureKind))
def test_an_error_that_quotes_a_prompt_or_an_answer_is_hashed(written, call, kind):
    ours = kind in (FailureKind.TIMEOUT, FailureKind.CANCELLED, FailureKind.BUDGET, FailureKind.BREAKER_OPEN)
    message = "no reply within 3 s" if ours else f"200, but the body is half JSON: {SECRET}"
    failure = Failure(model=A, kind=kind, message=message, retry=Retry.NEVER)
    path = written(dataclasses.replace(call(1), reply=failure), capture="hashes")
    assert SECRET.encode() not in path.read_bytes()
    event = next(read(path)).event
    assert event.reply.kind is kind
    assert (event.reply.message == message) is ours


@pytest.mark.parametrize("kind", [BallotKind.FAILED, BallotKind.REFUSED, BallotKind.UNREADABLE])
def test_a_ballot_that_quotes_an_error_is_hashed(written, kind):
    ballots = (
        Ballot(model=A, kind=kind, why=f"filtered: {SECRET}"),
        Ballot(model=ModelId("acme/b"), kind=BallotKind.MISSING, why="no reply within 3 s"),
    )
    outcome = Outcome(
        verdict_id=VerdictId("v1"),
        candidate=CandidateId("consensus/x"),
        served=False,
        reason=Reason.DEGRADED_PANEL,
        detail=f"no answer: acme/a filtered: {SECRET}",
        policy="x",
        ballots=ballots,
        quorum=QuorumFacts(declared=2, called=2, valid=0, missing=missing(ballots)),
        cost_usd=None,
        latency_s=0.5,
    )
    decided = Decided(trace_id=TraceId("t"), outcome=outcome, request_sha256="q", task_class=TaskClass("general"))
    path = written(decided, capture="hashes")
    assert b"patient" not in path.read_bytes()
    kept = next(read(path)).event.outcome
    assert kept.quorum.missing[1].why == kept.ballots[1].why == "no reply within 3 s"


async def test_a_lock_file_that_cannot_be_written_is_no_reason_to_stop(tmp_path, clock, call):
    path = tmp_path / "j.jsonl"
    (tmp_path / "j.jsonl.lock").mkdir()  # as good as a full disk: nothing can be written there
    async with open_journal(path, clock=clock) as journal:
        await journal.append(call(1))
        with pytest.raises(JournalError, match="written by process unknown"):
            async with open_journal(path, clock=clock):
                pass
