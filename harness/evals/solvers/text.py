"""Solves answer and code tasks: one request. What it says is read by the judge, not here."""

from collections.abc import Callable

from harness.core.ballot import Extract
from harness.core.ids import CandidateId
from harness.core.outcome import Outcome
from harness.core.request import Purpose, Request
from harness.core.suite import Suite, Task
from harness.core.trial import Submission
from harness.engine import Engine, Execute, Observer, Question
from harness.evals.solvers.solved import Solved

ExecuteFor = Callable[[Task], Execute | None]
"""How a panel that votes by behaviour runs answers: on the task's *visible* examples, never on its hidden tests."""


async def solve_text(
    suite: Suite,
    request: Request,
    candidate: CandidateId,
    engine: Engine,
    *,
    execute: Execute | None,
    observer: Observer | None = None,
) -> Solved:
    """The response to *request* as it is."""
    outcome = await ask(engine, candidate, request, execute=execute, observer=observer)
    if outcome.text is None or not outcome.served:
        return Solved(submission=None, outcomes=(outcome,))
    return Solved(submission=text_submission(suite, outcome.text), outcomes=(outcome,))


def text_submission(suite: Suite, text: str) -> Submission:
    """A response as it is: what it says is read by whoever judges it."""
    return Submission(format="code" if suite.kind == "code" else "answer", text=text)


async def ask(
    engine: Engine,
    candidate: CandidateId,
    request: Request,
    *,
    purpose: Purpose = "vote",
    execute: Execute | None = None,
    observer: Observer | None = None,
) -> Outcome:
    """The outcome of one request; its answer is the whole response, unless a policy reads it otherwise."""
    question = Question(request=request, extract=Extract(), execute=execute, observer=observer, purpose=purpose)
    return await engine.ask(question, candidate)
