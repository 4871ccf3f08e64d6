"""From a task to a submission: one request, and one more where a patch could not be applied."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from harness.core.event import Call
from harness.core.execution import Isolation
from harness.core.ids import CandidateId, SuiteName, TaskClass, TaskId, TraceId, VerdictId
from harness.core.money import Usage
from harness.core.outcome import Outcome, QuorumFacts
from harness.core.response import FailureKind, Finish
from harness.core.suite import RepoTask, Suite, SuiteKind, Task
from harness.evals.solving import Solved, Solvers
from tests.engine.cases import Table, engine, failure, policy, reply

TREE = {
    "src/book/money.py": "def parse(text):\n    return int(text)\n\n\nclass Amount:\n    pass\n",
    "src/book/report.py": "async def render(x):\n    return x\n",
    "tests/test_money.py": "def test_parse(): pass\n",
    "README.md": "# book\n",
    "pyproject.toml": "[project]\n",
}
EDIT = "src/book/money.py\n<<<<<<< SEARCH\n    return int(text)\n=======\n    return int(text) * 100\n>>>>>>> REPLACE\n"
A = CandidateId("a")


def task(prompt: str = "parse('1.15') is wrong.", files: tuple[str, ...] = ()) -> Task:
    repo = RepoTask(base_commit=None, f2p=("t::x",), reference_patch="", hidden={}, files=files)
    return Task(id=TaskId("t"), task_class=TaskClass("python.bugfix"), prompt=prompt, repo=repo, digest="d")


def suite(kind: SuiteKind = "repo") -> Suite:
    return Suite(
        name=SuiteName("s"),
        kind=kind,
        version=1,
        task_class=TaskClass("x"),
        tasks=(task(),),
        solver="patch",
        min_isolation=Isolation.NONE,
        folder=Path("s"),
        digest="d",
    )


async def files_of(_task: Task):
    return TREE


def solve(table: Table, *, kind: SuiteKind = "repo", candidate: CandidateId = A, policies=(), **options):
    """What is handed in, and the calls on record."""
    made, memory = engine(table, *policies)
    solvers = Solvers(engine=made, suite=suite(kind), files_of=files_of, **options)
    return asyncio.run(solvers.solve(task(), candidate, TraceId("t"))), memory.of(Call)


def in_turn(*answers: object) -> Callable[[object], object]:
    """A model that gives one answer after the other."""
    waiting = list(answers)
    return lambda _request: waiting.pop(0)


@pytest.mark.parametrize(("kind", "form"), [("answer", "answer"), ("code", "code")])
def test_a_text_is_handed_in_as_it_is(kind, form):
    solved, calls = solve(Table({"a": "So it is 42."}), kind=kind)
    assert solved.submission is not None
    assert (solved.submission.format, solved.submission.text, solved.text) == (form, "So it is 42.", "So it is 42.")
    assert (solved.calls, solved.cost_usd, solved.usage) == (1, Decimal("0.001"), Usage(input=10, output=5))
    assert [call.purpose for call in calls] == ["vote"]


def test_nothing_came_back():
    solved, _ = solve(Table({"a": failure("a", FailureKind.OVERLOADED)}), kind="answer")
    assert solved.submission is None
    assert solved.outcomes[-1].detail == "overloaded: overloaded"
    assert (solved.text, solved.calls) == ("", 1)


def test_half_a_text_is_not_handed_in_but_kept():
    solved, _ = solve(Table({"a": reply("a", "So it", finish=Finish.LENGTH)}), kind="answer")
    assert solved.submission is None
    assert solved.text == "So it"


def test_a_patch_that_applies_takes_one_request():
    solved, calls = solve(Table({"a": f"Here you are.\n\n{EDIT}"}))
    assert solved.submission is not None
    assert (solved.submission.format, solved.submission.error) == ("search_replace", "")
    assert solved.submission.files == {"src/book/money.py": TREE["src/book/money.py"].replace("text)\n", "text) * 100\n", 2).replace("parse(text) * 100", "parse(text)")}  # fmt: skip
    assert len(calls) == 1
    assert TREE["src/book/money.py"] in calls[0].request.messages[-1].content


@pytest.mark.parametrize("first", ["I cannot see it.", EDIT.replace("int(text)\n=", "float(text)\n=")])
def test_a_patch_that_does_not_is_asked_for_again_with_the_reason(first):
    solved, calls = solve(Table({"a": in_turn(first, EDIT)}))
    assert solved.submission is not None
    assert solved.submission.error == ""
    assert "second_try" in solved.submission.repair
    assert [call.purpose for call in calls] == ["vote", "retry"]
    again = calls[1].request.messages
    assert (again[-2].role, again[-2].content) == ("assistant", first)
    assert "That could not be applied: " in again[-1].content
    assert (solved.calls, solved.cost_usd, solved.latency_s) == (2, Decimal("0.002"), pytest.approx(0.2))
    assert solved.text == EDIT


def test_there_is_no_third_try():
    solved, calls = solve(Table({"a": in_turn("no", "no, again")}))
    assert solved.submission is not None
    assert (solved.submission.format, solved.submission.files) == ("none", None)
    assert solved.submission.error
    assert solved.submission.text == "no, again"
    assert len(calls) == 2


def test_a_second_try_that_is_refused_leaves_the_first_answer():
    solved, _ = solve(Table({"a": in_turn("no", reply("a", "", finish=Finish.REFUSAL))}))
    assert solved.submission is not None
    assert solved.submission.error
    assert len(solved.outcomes) == 2


def test_a_second_try_that_the_vendor_spoiled_measures_nothing():
    solved, _ = solve(Table({"a": in_turn("no", failure("a", FailureKind.UNREACHABLE))}))
    assert solved.submission is None
    assert solved.outcomes[-1].detail == "unreachable: unreachable"


def test_a_first_try_that_brings_nothing_is_the_last():
    solved, calls = solve(Table({"a": failure("a", FailureKind.TIMEOUT)}))
    assert solved.submission is None
    assert len(calls) == 1


def test_a_panel_is_asked_like_a_model_and_hands_in_what_it_agrees_on():
    solved, _ = solve(Table({"a": "7", "b": "7", "c": "8"}), kind="answer", candidate=CandidateId("consensus/p"), policies=[policy()])  # fmt: skip
    assert solved.submission is not None
    assert solved.submission.text == "7"
    split, _ = solve(Table({"a": "7", "b": "9", "c": "8"}), kind="answer", candidate=CandidateId("consensus/p"), policies=[policy()])  # fmt: skip
    assert split.submission is None
    assert split.calls == 3


def test_a_call_that_was_never_sent_is_no_call():
    held_back = replace(failure("a", FailureKind.BREAKER_OPEN), attempts=0)
    solved, calls = solve(Table({"a": held_back}), kind="answer")
    assert solved.calls == 0
    assert not calls


def test_a_candidate_without_requests_used_and_cost_nothing():
    solved = Solved(submission=None)
    assert (solved.text, solved.usage) == ("", Usage())
    assert solved.cost_usd == solved.cost_bound_usd == 0
    assert (solved.latency_s, solved.calls) == (0, 0)


def test_usage_that_nobody_reported_is_unknown():
    silent = reply("a", "42", usage=None, cost_usd=None)
    solved, _ = solve(Table({"a": silent}), kind="answer")
    assert (solved.usage, solved.cost_usd, solved.cost_bound_usd) == (None, None, None)
    both, _ = solve(Table({"a": in_turn(silent, EDIT)}))
    assert both.usage == Usage(input=10, output=5), "the sum of what was reported"
    assert both.cost_usd is None


def outcome(text: str | None) -> Outcome:
    return Outcome(
        verdict_id=VerdictId("v"),
        candidate=A,
        served=text is not None,
        text=text,
        policy="a",
        quorum=QuorumFacts(declared=1, called=1, valid=1),
        cost_usd=Decimal(0),
        latency_s=1.0,
    )


def test_the_text_is_the_last_there_is():
    assert Solved(submission=None, outcomes=(outcome("one"), outcome("two"))).text == "two"
    assert Solved(submission=None, outcomes=(outcome("one"), outcome(None))).text == "one"
