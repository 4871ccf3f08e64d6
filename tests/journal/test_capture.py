"""``capture: hashes``: nothing that was asked or answered is in the file, everything that counts is."""

import dataclasses
from collections.abc import Callable
from decimal import Decimal

import pytest

from harness.core.ballot import Answer, Ballot, BallotKind
from harness.core.errors import JournalError
from harness.core.event import BudgetHit, Call, Decided, Event, Executed, GradeGiven, Reviewed, RunStarted, TaskRow
from harness.core.execution import Ending, Execution, Isolation, Output, TestOutcome, TestResult
from harness.core.hashing import digest
from harness.core.ids import CandidateId, ModelId, RunId, SuiteName, TaskClass, TaskId, TraceId, VerdictId
from harness.core.outcome import Group, Missing, Outcome, QuorumFacts
from harness.core.response import Failure, FailureKind, Response, Retry
from harness.core.trial import Grade, Graded, Submission, TrialKey
from harness.journal import read, recorded, verify
from harness.journal.capture import hashed

SECRET = "the patient's file"
EXECUTION = Execution(
    ending=Ending.EXITED,
    exit_code=1,
    tests=(TestResult(id="t::a", outcome=TestOutcome.FAILED, message=SECRET),),
    wall_s=0.1,
    isolation=Isolation.STANDARD,
    log=SECRET,
)
M1, M2, M3 = ModelId("acme/a"), ModelId("acme/b"), ModelId("acme/c")


def events(call: Callable[..., Call]) -> tuple[Event, ...]:
    secret_call = call(1, text=SECRET, prompt=SECRET)
    assert isinstance(secret_call.reply, Response)
    reply = dataclasses.replace(secret_call.reply, refusal=SECRET, tool_calls=(SECRET,))
    failure = Failure(model=M1, kind=FailureKind.TIMEOUT, message="no reply", retry=Retry.AFTER)
    ballots = (
        Ballot(model=M1, kind=BallotKind.ANSWERED, answer=Answer(text=SECRET, execution=EXECUTION), reply=reply),
        Ballot(model=M2, kind=BallotKind.UNREADABLE, why=f"no number in {SECRET!r}"),
        Ballot(model=M3, kind=BallotKind.MISSING, why="deadline", reply=failure),
    )
    missing = (Missing(model=M2, why=f"no number in {SECRET!r}"), Missing(model=M3, why="deadline"))
    outcome = Outcome(
        verdict_id=VerdictId("v1"),
        candidate=CandidateId("consensus/x"),
        served=True,
        answer=SECRET,
        text=SECRET,
        detail=SECRET,
        policy="x",
        groups=(Group(answer=SECRET, models=(M1,), weight=1.0),),
        ballots=ballots,
        quorum=QuorumFacts(declared=3, called=3, valid=1, missing=missing),
        cost_usd=None,
        latency_s=0.5,
    )
    graded = Graded(
        key=TrialKey(task_id=TaskId("a"), candidate=CandidateId("acme/a"), epoch=0),
        task_digest="d",
        task_class=TaskClass("general"),
        grade=Grade.RESOLVED,
        detail=SECRET,
        grader="exact@1",
        tests=EXECUTION.tests,
        answer=SECRET,
        submission=Submission(format="files", text=SECRET, files={SECRET: SECRET, "gone": None}, error=SECRET),
        output=SECRET,
        cost_usd=Decimal(1),
        usage=None,
        latency_s=0.1,
        calls=1,
        log=SECRET,
    )
    task = TaskRow(id=TaskId("a"), digest="d", task_class=TaskClass("general"), prompt=SECRET, expected=SECRET)
    return (
        RunStarted(
            run_id=RunId("r"), suite=SuiteName("s"), suite_version=1, suite_digest="d", suite_kind="answer",
            candidates=(CandidateId("acme/a"),), epochs=1, seed=0, solver="answer",
            tasks=(task, dataclasses.replace(task, id=TaskId("b"), expected=None)),
        ),
        secret_call,
        dataclasses.replace(secret_call, reply=reply),
        dataclasses.replace(secret_call, reply=failure),
        Executed(trace_id=TraceId("t"), model=M1, code_sha256="c", execution=EXECUTION),
        Decided(trace_id=TraceId("t"), outcome=outcome, request_sha256="q", task_class=TaskClass("general")),
        GradeGiven(run_id=RunId("r"), graded=graded, ballots=ballots),
        GradeGiven(run_id=RunId("r"), graded=dataclasses.replace(graded, submission=None, answer=None)),
        GradeGiven(run_id=RunId("r"), graded=dataclasses.replace(graded, submission=Submission(format="none"))),
        Reviewed(verdict_id="v1", answer=SECRET, who="ann", why=SECRET),
        BudgetHit(limit_usd=Decimal(1), spent_usd=Decimal(1), reserved_usd=Decimal(0), what="run"),
    )  # fmt: skip


def test_no_prompt_and_no_output_is_in_the_file(written, call):
    path = written(*events(call), capture="hashes")
    assert SECRET.encode() not in path.read_bytes()
    assert b"patient" not in path.read_bytes()
    assert verify(path).lines == len(events(call))


def test_what_counts_is_kept(written, call):
    path = written(*events(call), capture="hashes")
    for event, line in zip(events(call), read(path), strict=True):
        assert line.event == hashed(event)
        assert line.body["capture"] == "hashes"
    decided = hashed(events(call)[5])
    assert isinstance(decided, Decided)
    assert decided.outcome.quorum.missing[1].why == "deadline"
    assert decided.outcome.groups[0].weight == 1.0


def reply_text(event: Event) -> str:
    assert isinstance(event, Call)
    assert isinstance(event.reply, Response)
    return event.reply.text


def test_equal_texts_have_equal_hashes_with_their_length(call):
    first, second, other, empty = (
        reply_text(hashed(call(number, text=text))) for number, text in enumerate(("same", "same", "else", ""))
    )
    assert first == second != other
    assert first.startswith("sha256:")
    assert first.endswith(":4")
    assert empty == ""


def test_expected_values_are_hashed_and_unknown_ones_stay_unknown(call):
    started = hashed(events(call)[0])
    assert isinstance(started, RunStarted)
    assert [task.expected for task in started.tasks] == [f"sha256:{digest(SECRET)}", None]


def test_such_a_journal_cannot_be_resumed(written, call):
    path = written(call(1), capture="hashes")
    with pytest.raises(JournalError, match=r"r1\.jsonl:1: written with capture: hashes, so it cannot be resumed"):
        recorded(path)


def test_generated_tests_are_hashed_too(call):
    """Inputs, values and tests were written by models; that a call raised, and what, was not."""
    outputs = (Output(input=f"f({SECRET!r})", value=SECRET), Output(input=SECRET, raised="KeyError"))
    tests = (TestResult(id=f"assert f() == {SECRET!r}", outcome=TestOutcome.PASSED),)
    ran = dataclasses.replace(EXECUTION, outputs=outputs, tests=tests)
    event = hashed(Executed(trace_id=call(1).trace_id, model=M1, code_sha256="c", execution=ran))
    assert SECRET not in repr(event)
    assert isinstance(event, Executed)
    assert [output.raised for output in event.execution.outputs] == ["", "KeyError"]
    assert event.execution.outputs[1].value is None
    assert event.execution.tests[0].outcome is TestOutcome.PASSED
