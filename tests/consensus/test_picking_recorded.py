"""Picking among recorded programs by what they do in the sandbox: the rules side by side on real models' code and tests."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

import pytest

from harness.compare.generated_tests import GeneratedTests, read_tests
from harness.consensus.picking import RULES, Behaviour, picks
from harness.core.errors import SandboxError
from harness.core.execution import Execution, Isolation, TestOutcome
from harness.core.ids import TaskClass, TaskId
from harness.core.suite import Task
from harness.evals.execution import SandboxExecutor, open_executor
from tests.evals.recorded_data import rows

DRAWS = {5: 20, 10: 20, 20: 10}
"""How often so many samples are drawn of each task."""
MEASURED = {
    "execution_agreement": (32.3, 34.2, 37.7),
    "codet": (31.8, 32.9, 35.2),
    "output_clusters": (26.4, 26.7, 27.6),
}
"""pass@1 in per cent of a first, separate implementation of the execution, by DRAWS; asserted to within two points."""


@dataclass
class Recorded:
    """The programs of one task: what each does, whether it is right, how often it was sampled."""

    id: str
    tests: GeneratedTests
    executions: list[Execution]
    right: list[bool]
    counts: list[int]

    def behaviour(self, place: int, weight: int) -> Behaviour:
        ran = self.executions[place]
        ended = {test.id: test.outcome is TestOutcome.PASSED for test in ran.tests}
        passed = tuple(ended[test.source] for test in self.tests.tests)
        return Behaviour(outputs=tuple(output.value for output in ran.outputs), passed=passed, weight=weight)

    def pass_at_1(self, rule: str, n: int, draws: int) -> float:
        """The chance that a pick of *n* samples is right, those that a rule does not tell apart being equally likely."""
        pool = [place for place, count in enumerate(self.counts) for _ in range(count)]
        found = []
        for draw in range(draws):
            sample = Counter(random.Random(f"{self.id}{n}{draw}").sample(pool, min(n, len(pool))))
            places = list(sample)
            behaviours = [self.behaviour(place, sample[place]) for place in places]
            best = picks(RULES[rule](behaviours, [test.weight for test in self.tests.tests])) or range(len(places))
            found.append(mean(self.right[places[each]] for each in best))
        return mean(found)


async def _recorded(row: dict, executor: SandboxExecutor) -> Recorded:
    task = Task(
        id=TaskId(row["id"]),
        task_class=TaskClass("python.function"),
        prompt=row["prompt"],
        entry_point=row["entry_point"],
        digest="d",
    )
    tests = read_tests(row["generated_tests"], row["entry_point"])
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(executor.observe(task, each["code"], tests)) for each in row["solutions"]]
    return Recorded(
        id=row["id"],
        tests=tests,
        executions=[each.result() for each in running],
        right=[each["passed"] for each in row["solutions"]],
        counts=[each["count"] for each in row["solutions"]],
    )


async def _all_recorded(chosen: Sequence[dict]) -> list[Recorded]:
    async with open_executor(minimum=Isolation.STANDARD) as executor:
        await executor.sandbox()
        return [await _recorded(row, executor) for row in chosen]


def recorded(chosen: Sequence[dict]) -> list[Recorded]:
    try:
        return asyncio.run(_all_recorded(chosen))
    except SandboxError as error:
        pytest.skip(f"no sandbox of level standard here: {error}")


def table(tasks: Sequence[Recorded]) -> dict[str, tuple[float, ...]]:
    """pass@1 in per cent by rule, for each n of DRAWS."""
    return {
        rule: tuple(100 * mean(task.pass_at_1(rule, n, draws) for task in tasks) for n, draws in DRAWS.items())
        for rule in RULES
    }


@pytest.mark.slow
def test_right_programs_are_picked_more_often_than_a_blind_pick_would():
    tasks = recorded(rows("humaneval_codegen_dev.jsonl.gz")[1::16])
    assert len(tasks) == 6
    assert not any(ran.flags for task in tasks for ran in task.executions)
    assert all(len(ran.outputs) == len(task.tests.inputs) for task in tasks for ran in task.executions)
    blind = 100 * mean(
        mean(right for right, count in zip(t.right, t.counts, strict=True) for _ in range(count)) for t in tasks
    )
    found = table(tasks)
    assert all(rate > blind for rate in found["execution_agreement"]), (found, blind)


@pytest.mark.bench
def test_execution_agreement_beats_the_other_rules_on_the_recorded_programs():
    """The whole: 1,800 programs, each run twice on up to 60 inputs; some minutes."""
    found = table(recorded(rows("humaneval_codegen_dev.jsonl.gz")))
    print(f"\n{'pass@1 in %':24}" + "".join(f"{f'n={n}':>8}" for n in DRAWS))
    for rule, rates in found.items():
        print(f"{rule:24}" + "".join(f"{rate:8.1f}" for rate in rates))
    for rule, rates in found.items():
        assert rates == pytest.approx(MEASURED[rule], abs=2.0)
    for rule in ("codet", "output_clusters"):
        pairs = zip(found["execution_agreement"], found[rule], strict=True)
        assert all(ours > theirs for ours, theirs in pairs), rule
