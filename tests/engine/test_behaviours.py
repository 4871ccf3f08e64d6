"""Panels that make up their tests: who is asked for them, what is run, what is served, and what it costs."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from harness.compare.generated_tests import GeneratedTests, arguments_of
from harness.core.ballot import BallotKind, Compare, Extract
from harness.core.errors import ConfigError, SandboxError
from harness.core.event import Call, Decided
from harness.core.execution import Ending, Execution, Isolation, Output, TestOutcome, TestResult
from harness.core.ids import CandidateId, ModelId
from harness.core.outcome import Reason
from harness.core.policy import Tiebreak
from harness.core.response import FailureKind, Finish
from harness.engine import Observer
from tests.engine.cases import Table, engine, failure, policy, question, reply

P = CandidateId("consensus/p")
GENERATED = Compare(name="tests", options={"tests": "generated"})
RIGHT = "def double(x):\n    return 2 * x"
ALSO_RIGHT = "def double(x):\n    return x + x"
SQUARE = "def double(x):\n    return x * x"
BROKEN = "def double(x):\n    return x / 0"
TESTS = "```python\nassert double(1) == 2\nassert double(2) == 4\nassert double(3) == 6\n```"
OTHER_TESTS = "assert double(0) == 0\nassert double(3) == 6\nassert double('ab') == 'abab'\n"


def in_this_process(program: str, tests: GeneratedTests) -> Execution:
    """What the sandbox does, without one: these programs are ours."""
    space: dict[str, object] = {}
    exec(program, space)
    outputs = []
    for call in tests.inputs:
        args, kwargs = arguments_of(call)
        try:
            outputs.append(Output(input=call, value=repr(space[tests.entry_point](*args, **kwargs))))
        except Exception as error:  # noqa: BLE001
            outputs.append(Output(input=call, raised=type(error).__name__))
    results = []
    for test in tests.tests:
        try:
            passed = eval(test.source.removeprefix("assert "), space)
        except Exception:  # noqa: BLE001
            passed = False
        results.append(TestResult(id=test.source, outcome=TestOutcome.PASSED if passed else TestOutcome.FAILED))
    return Execution(
        ending=Ending.EXITED,
        exit_code=0,
        tests=tuple(results),
        outputs=tuple(outputs),
        finished=True,
        wall_s=0.1,
        isolation=Isolation.STANDARD,
    )


def member(program: object, tests: object = TESTS):
    """A model that hands in *program*, and *tests* when it is asked for those."""

    def answer(request):
        return tests if "BEGIN TASK" in request.messages[-1].content else program

    return answer


def generated(panel: str = "abc", **fields):
    return policy(panel, compare=GENERATED, **{"extract": Extract(how="whole"), **fields})


def ask(replies: Mapping[str, object], one=None, *, observer: Observer | None = None, delays_s=None, **fields):
    runs: list[tuple[str, GeneratedTests]] = []

    async def run(program: str, tests: GeneratedTests) -> Execution:
        runs.append((program, tests))
        await asyncio.sleep(0)
        return in_this_process(program, tests)

    table = Table(replies, delays_s=delays_s or {})
    asked, memory = engine(table, one or generated(), **fields)
    asked_for = replace(question("Write double(x)."), observer=observer or Observer(run=run))
    outcome = asyncio.run(asked.ask(asked_for, P))
    return outcome, memory, table, runs


def purposes(memory) -> list[tuple[str, str]]:
    return sorted((call.model, call.purpose) for call in memory.of(Call))


# --- the vote ---------------------------------------------------------------------------------------------------------


def test_programs_that_do_the_same_agree_however_they_are_written():
    outcome, memory, _, runs = ask({"a": member(RIGHT), "b": member(ALSO_RIGHT, OTHER_TESTS), "c": member(SQUARE)})
    assert (outcome.served, outcome.answer) == (True, RIGHT)
    assert "5 tests on 5 inputs, written by the panel" in outcome.detail
    assert [call for call in purposes(memory) if call[1] == "tests"][:2] == [("a", "tests"), ("b", "tests")]
    assert outcome.comparator == "tests@generated-1"
    (decided,) = memory.of(Decided)
    shown = decided.outcome.ballots[0].answer.execution
    assert shown.outputs[0] == Output(input="double(1)", value="2")
    assert {tests.inputs for _, tests in runs} == {runs[0][1].inputs}


def test_the_tests_of_all_members_count_and_each_program_is_run_once_per_set():
    """All three are heard: the third program is run on what all wrote, and the others anew, since that is more."""
    first = {"a": member(RIGHT), "b": member(SQUARE), "c": member(ALSO_RIGHT, OTHER_TESTS)}
    outcome, memory, _, runs = ask(first, delays_s={"b": 0.01, "c": 0.05})
    assert outcome.served
    assert [set(group.models) for group in outcome.groups] == [{"a", "c"}, {"b"}]
    assert len(purposes(memory)) == 6
    sizes = [len(tests.inputs) for _, tests in runs]
    assert sizes == [3, 3, 5, 5, 5]


def test_the_same_set_of_tests_is_not_run_twice():
    same = {"a": member(RIGHT), "b": member(SQUARE), "c": member(ALSO_RIGHT, "no tests from me")}
    outcome, _, _, runs = ask(same, delays_s={"b": 0.01, "c": 0.05})
    assert outcome.served
    assert [program for program, _ in runs] == [RIGHT, SQUARE, ALSO_RIGHT]


def test_the_order_of_arrival_decides_nothing():
    replies = {"a": member(RIGHT), "b": member(SQUARE, OTHER_TESTS), "c": member(BROKEN)}
    shapes = []
    for slow in "abc":
        outcome, *_ = ask(replies, delays_s={slow: 0.05})
        shapes.append((outcome.served, outcome.reason, outcome.detail, [group.models for group in outcome.groups]))
    assert shapes[0][:2] == (False, Reason.DIVERGENT)
    assert shapes[0] == shapes[1] == shapes[2]


def test_a_divergent_panel_serves_what_execution_agreement_picks():
    one = generated(on_divergence="serve_best")
    outcome, *_ = ask({"a": member(BROKEN), "b": member(SQUARE), "c": member(RIGHT, OTHER_TESTS)}, one)
    assert (outcome.served, outcome.agreed, outcome.answer) == (True, False, RIGHT)
    assert "best of a divergent panel" in outcome.detail


def test_all_fail_alike_is_no_agreement():
    wrong = "assert double(1) == 7\nassert double(2) == 7\nassert double(3) == 7\n"
    outcome, *_ = ask({"a": member(RIGHT, wrong), "b": member(ALSO_RIGHT, wrong), "c": member(RIGHT, wrong)})
    assert (outcome.served, outcome.reason) == (False, Reason.COMPARATOR_UNKNOWN)
    assert "no_signal" in outcome.detail


def test_two_inputs_are_too_few():
    few = "assert double(1) == 2\nassert double(2) == 4\n"
    outcome, *_ = ask({"a": member(RIGHT, few), "b": member(RIGHT, few)}, generated("ab"))
    assert (outcome.served, outcome.reason) == (False, Reason.COMPARATOR_UNKNOWN)
    assert "fewer than 3 may be chance" in outcome.detail


@pytest.mark.parametrize("said", ["", "I cannot.", "assert other(1) == 2\n"])
def test_members_that_write_no_tests_are_no_agreement(said: str):
    tests = said or failure("a", FailureKind.OVERLOADED)
    outcome, *_ = ask({"a": member(RIGHT, tests), "b": member(RIGHT, said or "no")}, generated("ab"))
    assert (outcome.served, outcome.reason) == (False, Reason.COMPARATOR_UNKNOWN)
    assert "no member wrote a test that can be used" in outcome.detail


def test_a_reply_that_was_cut_off_is_read_as_far_as_it_goes():
    cut = reply("a", TESTS.removesuffix("```") + "assert double(4) ==", finish=Finish.LENGTH)
    outcome, *_ = ask({"a": member(RIGHT, cut), "b": member(ALSO_RIGHT, "no")}, generated("ab"))
    assert outcome.served, outcome.detail


# --- whose function ---------------------------------------------------------------------------------------------------


def test_a_function_that_cannot_be_told_is_said_and_nothing_is_paid_for_tests():
    programs = {"a": member(RIGHT.replace("double", "twice")), "b": member(RIGHT)}
    outcome, memory, _, runs = ask(programs, generated("ab"))
    assert (outcome.served, outcome.reason) == (False, Reason.COMPARATOR_UNKNOWN)
    assert "which function was asked for cannot be told" in outcome.detail
    assert not runs
    assert {purpose for _, purpose in purposes(memory)} == {"vote"}


def test_the_function_may_be_named_by_the_policy():
    both = RIGHT + "\n\n" + SQUARE.replace("double", "square")
    options = {"tests": "generated", "function": "square"}
    one = replace(generated("ab"), compare=Compare(name="tests", options=options))
    tests = "\n".join(f"assert square({n}) == {n * n}" for n in range(4))
    outcome, _, _, runs = ask({"a": member(both, tests), "b": member(both + "  # done", tests)}, one)
    assert outcome.served, outcome.detail
    assert runs[0][1].entry_point == "square"


# --- what is paid -----------------------------------------------------------------------------------------------------


def test_the_cost_of_tests_is_the_members():
    outcome, memory, *_ = ask({"a": member(RIGHT), "b": member(ALSO_RIGHT)}, generated("ab"))
    assert len(memory.of(Call)) == 4
    assert outcome.cost_usd == Decimal("0.004")
    assert [ballot.reply.cost_usd for ballot in outcome.ballots] == [Decimal("0.002")] * 2
    assert [ballot.reply.text for ballot in outcome.ballots] == [RIGHT, ALSO_RIGHT]


def test_one_program_alone_is_paid_no_tests():
    lone = {"a": member(RIGHT), "b": failure("b", FailureKind.OVERLOADED), "c": failure("c", FailureKind.OVERLOADED)}
    outcome, memory, *_ = ask(lone)
    assert not outcome.served
    assert {purpose for _, purpose in purposes(memory)} == {"vote"}


def test_the_limit_of_the_policy_holds_votes_and_tests():
    most = Decimal("0.01")  # of any call, in these cases
    replies = {"a": member(RIGHT), "b": member(ALSO_RIGHT)}
    outcome, _, table, _ = ask(replies, generated("ab", max_cost_usd=4 * most))
    assert outcome.served, outcome.detail
    assert table.limits == [most] * 4
    refused, _, table, _ = ask(replies, generated("ab", max_cost_usd=2 * most))
    assert (refused.served, refused.reason) == (False, Reason.BUDGET)
    assert not table.calls


def test_a_member_whose_tests_nothing_bounds_refuses_a_limit():
    asked, _ = engine(Table({"a": RIGHT, "b": RIGHT}), generated("ab", max_cost_usd=Decimal(1)))
    asked.calls.bound_usd = lambda *_: None
    one = replace(question("Write double(x)."), observer=Observer(run=None))
    outcome = asyncio.run(asked.ask(one, P))
    assert outcome.reason is Reason.BUDGET
    assert "a limit cannot be held" in outcome.detail


def test_tests_that_are_no_longer_affordable_are_not_asked_for():
    """The replies turned out dearer than their bound: what is left does not hold the tests any more."""
    dear = {model: reply(model, RIGHT, cost_usd=Decimal("0.019")) for model in "ab"}
    replies = {model: member(dear[model]) for model in "ab"}
    outcome, memory, *_ = ask(replies, generated("ab", max_cost_usd=Decimal("0.04")))
    assert not outcome.served
    assert "a was not asked for tests: over budget; b was not asked for tests: over budget" in outcome.detail
    assert {purpose for _, purpose in purposes(memory)} == {"vote"}


def test_a_call_that_was_paid_is_not_paid_again():
    replies = {"a": member(RIGHT), "b": member(ALSO_RIGHT)}
    before, memory, *_ = ask(replies, generated("ab"))
    recorded = {call.key: call.reply for call in memory.of(Call)}
    again, second, table, _ = ask(replies, generated("ab"), recorded=recorded)
    assert again == replace(before, latency_s=again.latency_s)
    assert not table.calls
    assert not second.of(Call)


# --- time and faults --------------------------------------------------------------------------------------------------


def test_the_deadline_holds_while_tests_are_written():
    slow = {"a": member(RIGHT), "b": member(ALSO_RIGHT)}

    async def run(program, tests):
        raise AssertionError("nobody wrote tests in time")

    table = Table(slow)
    original = table.call

    async def call(card, request, *, limit_usd=None):
        if "BEGIN TASK" in request.messages[-1].content:
            await asyncio.sleep(30)
        return await original(card, request, limit_usd=limit_usd)

    table.call = call
    asked, memory = engine(table, generated("ab", deadline_s=0.1))
    one = replace(question("Write double(x)."), observer=Observer(run=run))
    outcome = asyncio.run(asked.ask(one, P))
    assert (outcome.served, outcome.reason) == (False, Reason.COMPARATOR_UNKNOWN)
    assert outcome.cost_usd == Decimal("0.002")
    assert outcome.cost_bound_usd == Decimal("0.022"), "what the calls that nobody waited for may cost"
    assert sorted(call.reply.kind.value for call in memory.of(Call) if call.purpose == "tests") == ["cancelled"] * 2


def test_a_run_that_comes_too_late_leaves_what_was_known_before():
    async def run(program, tests):
        if len(tests.inputs) > 3:
            await asyncio.sleep(30)
        return in_this_process(program, tests)

    replies = {"a": member(RIGHT), "b": member(SQUARE), "c": member(RIGHT.replace("2 *", "2*"), OTHER_TESTS)}
    one = generated(deadline_s=0.3)
    outcome, *_ = ask(replies, one, observer=Observer(run=run), delays_s={"c": 0.05})
    assert (outcome.served, outcome.reason) == (False, Reason.COMPARATOR_UNKNOWN)
    executed = [ballot.answer.execution is not None for ballot in outcome.ballots]
    assert executed == [True, True, False]


def test_a_sandbox_that_cannot_run_is_one_line():
    async def run(program, tests):
        raise SandboxError("sandbox: bwrap is gone")

    with pytest.raises(SandboxError, match="bwrap is gone"):
        ask({"a": member(RIGHT), "b": member(RIGHT)}, generated("ab"), observer=Observer(run=run))


def test_without_an_observer_it_is_refused_before_anything_is_paid():
    table = Table({"a": RIGHT, "b": RIGHT})
    asked, _ = engine(table, generated("ab"))
    with pytest.raises(ConfigError, match="nothing here runs programs"):
        asyncio.run(asked.ask(question("Write double(x)."), P))
    assert not table.calls


def test_a_blind_tiebreaker_writes_tests_too():
    one = generated("ab", tiebreak=Tiebreak(model=ModelId("t")))
    outcome, memory, *_ = ask({"a": member(RIGHT), "b": member(SQUARE), "t": member(ALSO_RIGHT, OTHER_TESTS)}, one)
    assert outcome.served, outcome.detail
    assert ("t", "tests") in purposes(memory)
    assert [ballot.kind for ballot in outcome.ballots] == [BallotKind.ANSWERED] * 3
