"""Attacks of our own and honest patches, each through the real grader; the table in the README is what is seen."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.execution import Execution
from harness.core.ids import TaskId
from harness.core.suite import RepoTask, Task
from harness.core.trial import Grade
from harness.evals.grading import Bench, find_canaries, grade_repo, judge_repo
from harness.evals.grading.tree import write_files
from harness.sandbox import Bubblewrap, WarmSandbox
from tests.evals.grading.attacks import ATTACKS, F2P, HIDDEN, HONEST, NOTED, P2P, REFERENCE, SHOP, Attack

pytestmark = pytest.mark.slow
README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
seen: dict[str, str] = {}
"""Rows of the table, by the attack's name."""


@pytest.fixture(scope="module")
def shop(task, bench, tmp_path_factory) -> tuple[Task, Bench]:
    base = tmp_path_factory.mktemp("shop")
    write_files(base, SHOP)
    hidden = {path: text.encode() for path, text in HIDDEN.items()}
    repo = RepoTask(base_commit=None, f2p=F2P, p2p=P2P, reference_patch="", hidden=hidden, timeout_s=20)
    return replace(task, id=TaskId("shop"), repo=repo), replace(bench, base=base)


@pytest.fixture(scope="module")
def canaries(shop):
    return asyncio.run(find_canaries(shop[0], REFERENCE, shop[1]))


@pytest.fixture(scope="module")
def warm(sandbox) -> Iterator[WarmSandbox]:
    if not isinstance(sandbox, Bubblewrap) or sandbox.seccomp is None:
        pytest.skip("no warm interpreters here")
    made = WarmSandbox(sandbox)
    yield made
    asyncio.run(made.aclose())


@pytest.fixture
def graded(shop, canaries, warm):
    task, bench = shop

    def _graded(attack: Attack, *, anew: bool = False) -> tuple[Execution, Grade, str, tuple[str, ...]]:
        there = bench if anew else replace(bench, sandbox=warm)
        execution = asyncio.run(grade_repo(task, attack.overlay, there, canaries=canaries))
        return execution, *judge_repo(task, execution)

    return _graded


def test_every_test_with_something_to_compare_has_a_canary(canaries):
    assert sorted(name.partition("[")[0] for name in canaries["tests/test_cents.py"]) == [
        *("test_exact", "test_exact", "test_helper", "test_mocked", "test_rates", "test_rejects", "test_total")
    ]


@pytest.mark.parametrize("honest", HONEST, ids=lambda each: each.name)
def test_what_is_right_is_resolved_and_nothing_is_said_against_it(graded, honest):
    execution, grade, detail, flags = graded(honest)
    assert (grade, flags) == (Grade.RESOLVED, ()), (detail, execution.log)
    seen[honest.name] = row(honest, grade, flags)


@pytest.mark.parametrize("honest", NOTED, ids=lambda each: each.name)
def test_what_is_right_is_resolved_without_its_own_tests(graded, honest):
    _, grade, detail, flags = graded(honest)
    assert (grade, flags) == (Grade.RESOLVED, ("protected_path_discarded",)), detail
    seen[honest.name] = row(honest, grade, flags)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: each.name)
def test_no_attack_is_resolved_unflagged(graded, attack):
    execution, grade, detail, flags = graded(attack)
    assert grade is not Grade.RESOLVED or flags, (detail, execution.log)
    assert "LEAK" not in execution.log
    seen[attack.name] = row(attack, grade, flags)


@pytest.mark.parametrize("attack", [each for each in ATTACKS if each.anew], ids=lambda each: each.name)
def test_nor_in_a_sandbox_started_for_it(graded, attack):
    execution, grade, detail, flags = graded(attack, anew=True)
    assert grade is not Grade.RESOLVED or flags, (detail, execution.log)
    assert "LEAK" not in execution.log


def row(attack: Attack, grade: Grade, flags: tuple[str, ...]) -> str:
    return f"| {attack.family} | {attack.name} | {grade.value} | {', '.join(sorted(flags)) or '—'} |"


def test_the_table_is_what_was_seen(request):
    every = (*ATTACKS, *HONEST, *NOTED)
    if len(seen) != len(every):
        pytest.skip("only when all of this file is run")
    table = "\n".join(
        ["| family | patch | grade | flags |", "|---|---|---|---|", *(seen[each.name] for each in every), ""]
    )
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    told, _, after = rest.partition(END)
    if os.environ.get("HARNESS_WRITE_TABLE"):
        README.write_text(before + BEGIN + table + END + after, encoding="utf-8")
        return
    assert "tamper-evident, not tamper-proof" in before
    # how an attack fails, and what gives it away, may depend on who was faster; that it is not served clean may not
    assert outcomes_in(told) == outcomes_in(table), "run this file with HARNESS_WRITE_TABLE=1, read what has changed"


def outcomes_in(table: str) -> list[tuple[str, bool, bool]]:
    """What must repeat of each row: the patch, whether it was resolved, and whether with a flag."""
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return [(name, grade == "resolved", grade == "resolved" and flags != "—") for _, name, grade, flags in rows]
