"""The loop of a run over solvers and judges of the test's own: what is missing is done once, and counted."""

import asyncio
import tracemalloc
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.ballot import Extract
from harness.core.errors import ConfigError
from harness.core.event import GradeGiven, RunFinished
from harness.core.ids import CandidateId, TraceId
from harness.core.money import Usage, sum_known
from harness.core.request import user_request
from harness.core.response import Failure, FailureKind, Response, Retry
from harness.core.suite import Task
from harness.core.trial import Grade, Graded, TrialKey
from harness.engine import alone, ballot_of, missing_ballot
from harness.evals.plan import Plan, make_plan
from harness.evals.run import Loop, Progress, RunResult, Totals
from harness.evals.solving import Solved
from tests.engine.cases import Memory, reply
from tests.evals.test_plan import SUITE, A, B


def graded(key: TrialKey, grade: Grade = Grade.RESOLVED, **changes) -> Graded:
    usual = {"cost_usd": Decimal("0.01"), "usage": Usage(input=10, output=5), "latency_s": 0.5, "calls": 1}
    return Graded(
        key=key,
        task_digest="d",
        task_class=SUITE.task_class,
        grade=grade,
        grader="g@1",
        **{**usual, **changes},
    )


class Bench:
    """Solves and judges everything; remembers what it was asked."""

    def __init__(self, *, grade_of=lambda _key: Grade.RESOLVED, pause_s: float = 0.0) -> None:
        self.solved: list[TrialKey] = []
        self.busy = self.most = 0
        self.grade_of, self.pause_s = grade_of, pause_s

    async def solve(self, task: Task, key: TrialKey) -> Solved:
        assert task.id == key.task_id
        self.busy += 1
        self.most = max(self.most, self.busy)
        await asyncio.sleep(self.pause_s)
        self.busy -= 1
        self.solved.append(key)
        return Solved(submission=None)

    async def judge(self, task: Task, key: TrialKey, solved: Solved) -> Graded:
        return graded(key, self.grade_of(key))


def plan(**changes) -> Plan:
    return make_plan(SUITE, [A, B], **changes)


def go(bench: Bench, memory: Memory | None = None, **options) -> RunResult:
    usual = {"plan": plan(), "journal": memory or Memory(), "solve": bench.solve, "judge": bench.judge, "done": {}}
    return asyncio.run(Loop(**{**usual, **options}).run())


def test_every_trial_once_and_its_grade_on_record():
    bench, memory = Bench(), Memory()
    result = go(bench, memory)
    assert result.complete
    assert sorted(map(str, bench.solved)) == sorted(str(key) for _, key in plan().trials())
    assert {event.graded.key for event in memory.of(GradeGiven)} == set(bench.solved)
    assert memory.events[-1] == RunFinished(run_id=plan().run_id, trials=40, complete=True)


@pytest.mark.parametrize("concurrency", [1, 7, 1000])
def test_no_more_trials_at_once_than_allowed(concurrency):
    bench = Bench(pause_s=0.001)
    go(bench, concurrency=concurrency)
    assert bench.most == min(concurrency, 40)


@settings(deadline=None, max_examples=25)
@given(st.sets(st.integers(min_value=0, max_value=39)))
def test_what_was_judged_before_is_counted_and_not_done_again(before):
    keys = [key for _, key in plan().trials()]
    done = {keys[index]: graded(keys[index], Grade.NOT_RESOLVED) for index in before}
    bench, memory = Bench(), Memory()
    result = go(bench, memory, done=done)
    assert result.complete
    assert set(bench.solved) == set(keys) - set(done)
    assert len(memory.of(GradeGiven)) == 40 - len(before)
    assert sum(totals.grades[Grade.NOT_RESOLVED] for totals in result.totals.values()) == len(before)
    assert sum_known(totals.cost_usd for totals in result.totals.values()) == Decimal("0.40")
    assert [event.trials for event in memory.of(RunFinished)] == [40]


@pytest.mark.parametrize(("ended", "ends"), [(False, 1), (True, 0)])
def test_an_end_that_is_on_record_is_not_written_again(ended, ends):
    done = {key: graded(key) for _, key in plan().trials()}
    memory = Memory()
    assert go(Bench(), memory, done=done, ended=ended).complete
    assert len(memory.of(RunFinished)) == ends
    assert not memory.of(GradeGiven)


def test_an_end_after_more_work_is_another_end():
    done = {key: graded(key) for _, key in list(plan().trials())[1:]}
    memory = Memory()
    go(Bench(), memory, done=done, ended=True)
    assert [type(event) for event in memory.events] == [GradeGiven, RunFinished]


def test_progress_is_told_from_the_first_trial_of_the_past():
    seen: list[Progress] = []
    keys = [key for _, key in plan().trials()]
    done = {keys[0]: graded(keys[0], Grade.NOT_RESOLVED)}
    go(Bench(), done=done, on_progress=seen.append)
    assert [each.done for each in seen] == list(range(1, 41))
    assert [each.resolved for each in seen] == list(range(40))
    assert seen[-1].cost_usd == Decimal("0.40")
    assert {each.size for each in seen} == {40}


REQUEST = user_request("?", trace_id=TraceId("t"))
UNPAID = Failure(model=A, kind=FailureKind.BUDGET, message="not sent", retry=Retry.NEVER, attempts=0)  # type: ignore[arg-type]


def unpaid() -> Solved:
    return Solved(submission=None, outcomes=(alone(ballot_of(UNPAID, Extract()), A, REQUEST, latency_s=0),))


def test_a_call_that_was_not_paid_stops_the_run_without_a_grade():
    bench, memory = Bench(pause_s=0.001), Memory()

    async def solve(task: Task, key: TrialKey) -> Solved:
        solved = await bench.solve(task, key)
        return unpaid() if len(bench.solved) > 5 else solved

    result = go(bench, memory, solve=solve, concurrency=4)
    assert result.stopped_at_budget
    assert not result.complete
    assert len(memory.of(GradeGiven)) == 5
    assert len(bench.solved) <= 5 + 4, "trials under way come to their end, and no more are begun"
    (end,) = memory.of(RunFinished)
    assert (end.trials, end.complete, end.why) == (5, False, "stopped at the spending limit")


def test_a_panel_that_was_served_without_the_unpaid_member_goes_on():
    outcome = alone(ballot_of(reply("a", "7"), Extract()), A, REQUEST, latency_s=0)
    short = missing_ballot(UNPAID.model, "budget", reply=UNPAID)
    served = Solved(submission=None, outcomes=(replace(outcome, ballots=(*outcome.ballots, short)),))

    async def solve(_task: Task, _key: TrialKey) -> Solved:
        return served

    result = go(Bench(), solve=solve)
    assert result.complete
    assert not result.stopped_at_budget


def test_an_error_for_the_user_ends_the_run_by_itself():
    bench, memory = Bench(), Memory()

    async def judge(_task: Task, key: TrialKey, _solved: Solved) -> Graded:
        raise ConfigError(f"tests of {key.task_id} are missing")

    with pytest.raises(ConfigError, match="tests of t"):
        go(bench, memory, judge=judge)
    assert not memory.of(RunFinished)


def test_cancelled_it_writes_no_end():
    bench, memory = Bench(pause_s=10), Memory()

    async def cancelled() -> None:
        loop = Loop(plan=plan(), journal=memory, solve=bench.solve, judge=bench.judge, done={})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await loop.run()

    asyncio.run(cancelled())
    assert memory.events == []


# --- totals ---------------------------------------------------------------------------------------------------------

KEY = TrialKey(task_id=SUITE.tasks[0].id, candidate=A, epoch=0)


def totals(*trials: Graded) -> Totals:
    made = Totals()
    for trial in trials:
        made.add(trial)
    return made


def test_totals_of_nothing():
    assert totals().grades == {}
    assert totals().cost_usd == totals().tokens == 0
    assert totals().p95_latency_s is None


def test_a_cost_that_is_unknown_makes_the_sum_unknown():
    assert totals(graded(KEY), graded(KEY)).cost_usd == Decimal("0.02")
    assert totals(graded(KEY), graded(KEY, cost_usd=None), graded(KEY)).cost_usd is None


def test_tokens_are_those_that_were_reported():
    assert totals(graded(KEY), graded(KEY, usage=None)).tokens == 15


@given(st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=60))
def test_p95_is_the_nearest_rank(latencies):
    found = totals(*(graded(KEY, latency_s=each) for each in latencies)).p95_latency_s
    assert found in latencies
    at_most = sum(each <= found for each in latencies)
    below = sum(each < found for each in latencies)
    assert at_most * 100 >= 95 * len(latencies) > below * 100 or below * 100 < 95 * len(latencies)


def test_p95_of_a_hundred_is_the_95th():
    assert totals(*(graded(KEY, latency_s=float(each)) for each in range(1, 101))).p95_latency_s == 95.0


def test_a_trial_leaves_a_few_bytes_behind():
    """Whatever the length of its texts: a run of any length needs the same memory."""
    made = Totals()
    made.add(graded(KEY))
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(2000):
        made.add(graded(KEY, output="x" * 5000))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before) / 2000 < 64


def test_a_result_holds_no_trial():
    result = go(Bench())
    assert set(result.totals) == {A, B}
    assert all(len(each.latencies_s) == 20 for each in result.totals.values())
    assert not [name for name in Totals.__slots__ if isinstance(getattr(result.totals[A], name), Response | Graded)]
    assert CandidateId("v/a") in result.totals
