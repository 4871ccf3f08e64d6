"""``capture: hashes``: events without prompts and outputs, each replaced by its hash and length.

Equal texts keep equal hashes, so groups, grades and costs can still be counted. Such a journal cannot be resumed,
re-graded or replayed: what the models said is not in it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from harness.core.ballot import Answer, Ballot, BallotKind
from harness.core.event import Call, Decided, Event, Executed, GradeGiven, Reviewed, RunStarted, Step
from harness.core.execution import Execution, Output, TestResult
from harness.core.hashing import digest
from harness.core.outcome import Outcome
from harness.core.response import FailureKind, Reply, Response
from harness.core.trial import Graded, Submission


def hashed(event: Event) -> Event:
    """*event* with every prompt, answer, output and log replaced; ids, counts, costs and grades as they are."""
    match event:
        case Call():
            return replace(event, request=None, reply=_reply(event.reply))
        case Executed():
            return replace(event, execution=_execution(event.execution), step=_step(event.step))
        case Decided():
            return replace(event, outcome=_outcome(event.outcome))
        case GradeGiven():
            return replace(event, graded=_graded(event.graded), ballots=_ballots(event.ballots))
        case Reviewed():
            return replace(event, answer=_maybe(event.answer), why=_text(event.why))
        case RunStarted():
            tasks = tuple(
                replace(
                    task,
                    prompt=_text(task.prompt),
                    expected=None if task.expected is None else f"sha256:{digest(task.expected)}",
                )
                for task in event.tasks
            )
            return replace(event, tasks=tasks)
        case _:
            return event


def _text(text: str) -> str:
    """``sha256:<hex>:<bytes>`` of *text*; an empty text stays empty, since that is a fact about a reply."""
    data = text.encode("utf-8", errors="surrogatepass")
    return f"sha256:{hashlib.sha256(data).hexdigest()}:{len(data)}" if data else ""


def _maybe(text: str | None) -> str | None:
    return None if text is None else _text(text)


_OURS = frozenset({FailureKind.TIMEOUT, FailureKind.CANCELLED, FailureKind.BUDGET, FailureKind.BREAKER_OPEN})
"""Failures whose message is our own. Every other may quote what the vendor said, and the vendor what it was asked."""
_QUOTING = frozenset({BallotKind.UNREADABLE, BallotKind.FAILED, BallotKind.REFUSED})
"""Ballots whose reason may quote a reply or a failure's message."""


def _reply(reply: Reply) -> Reply:
    if not isinstance(reply, Response):
        return reply if reply.kind in _OURS else replace(reply, message=_text(reply.message))
    calls = tuple(_text(call) for call in reply.tool_calls)
    return replace(reply, text=_text(reply.text), refusal=_maybe(reply.refusal), tool_calls=calls)


def _tests(tests: Iterable[TestResult]) -> tuple[TestResult, ...]:
    return tuple(replace(test, message=_text(test.message)) for test in tests)


def _execution(execution: Execution) -> Execution:
    tests = _tests(execution.tests)
    if execution.outputs:  # then a test is named by its own text, which a model wrote
        tests = tuple(replace(test, id=_text(test.id)) for test in tests)
    outputs = tuple(map(_output, execution.outputs))
    return replace(execution, log=_text(execution.log), tests=tests, outputs=outputs)


def _output(output: Output) -> Output:
    return replace(output, input=_text(output.input), value=_maybe(output.value))


def _step(step: Step | None) -> Step | None:
    if step is None:
        return None
    return replace(step, command=_text(step.command), files=_files(step.files))


def _files(files: Mapping[str, str | None] | None) -> Mapping[str, str | None] | None:
    return None if files is None else {_text(path): _maybe(content) for path, content in files.items()}


def _answer(answer: Answer) -> Answer:
    execution = None if answer.execution is None else _execution(answer.execution)
    return Answer(text=_text(answer.text), execution=execution)


def _ballots(ballots: Iterable[Ballot]) -> tuple[Ballot, ...]:
    return tuple(
        replace(
            ballot,
            answer=None if ballot.answer is None else _answer(ballot.answer),
            why=_text(ballot.why) if ballot.kind in _QUOTING else ballot.why,
            reply=None if ballot.reply is None else _reply(ballot.reply),
        )
        for ballot in ballots
    )


def _outcome(outcome: Outcome) -> Outcome:
    quoting = {ballot.model for ballot in outcome.ballots if ballot.kind in _QUOTING}
    gone = tuple(
        replace(member, why=_text(member.why)) if member.model in quoting else member
        for member in outcome.quorum.missing
    )
    return replace(
        outcome,
        answer=_maybe(outcome.answer),
        text=_maybe(outcome.text),
        detail=_text(outcome.detail),
        groups=tuple(replace(group, answer=_text(group.answer)) for group in outcome.groups),
        ballots=_ballots(outcome.ballots),
        quorum=replace(outcome.quorum, missing=gone),
    )


def _graded(graded: Graded) -> Graded:
    return replace(
        graded,
        detail=_text(graded.detail),
        tests=_tests(graded.tests),
        answer=_maybe(graded.answer),
        submission=None if graded.submission is None else _submission(graded.submission),
        output=_text(graded.output),
        log=_text(graded.log),
    )


def _submission(submission: Submission) -> Submission:
    files = _files(submission.files)
    return replace(submission, text=_text(submission.text), files=files, error=_text(submission.error))
