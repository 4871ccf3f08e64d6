"""Recorded solutions and hostile patches of the shared data folder."""

import asyncio
import gzip
import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.core.execution import Execution, Isolation
from harness.core.ids import TaskClass, TaskId
from harness.core.suite import RepoTask, Task
from harness.core.trial import Grade
from harness.evals.grading import (
    Bench,
    Canaries,
    base_tree,
    find_canaries,
    grade_code,
    grade_repo,
    judge_code,
    judge_repo,
    prepare,
)
from harness.evals.grading.tree import write_files
from harness.sandbox import kept_warm

SHARED = Path(__file__).parents[3].parent / "shared" / "data"
PYTHON = Path(sys.executable)
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not beside the checkout")

pytestmark = [pytest.mark.slow, needs_data]


def test_recorded_programs_get_their_recorded_verdicts(sandbox):
    with gzip.open(SHARED / "humaneval_codegen_dev.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file][::6]  # all of them go through `harness grade` in test_regrading
    wrong = asyncio.run(_disagreements(rows, sandbox))
    total = sum(len(row["solutions"]) for row in rows)
    assert len(wrong) <= 0.005 * total, wrong


async def _disagreements(rows, sandbox) -> list[tuple[str, int, str]]:
    turn, wrong = asyncio.Semaphore(4), []

    async def one(row, index, solution) -> None:
        task = Task(
            id=TaskId(row["id"]),
            task_class=TaskClass("python.function"),
            prompt=row["prompt"],
            tests=row["test"],
            entry_point=row["entry_point"],
            digest="d",
        )
        async with turn:
            execution = await grade_code(task, solution["code"], sandbox, PYTHON)
        grade, detail, _ = judge_code(task, execution)
        if (grade is Grade.RESOLVED) != solution["passed"]:
            wrong.append((row["id"], index, detail))

    async with asyncio.TaskGroup() as group:
        for row in rows:
            for index, solution in enumerate(row["solutions"]):
                group.create_task(one(row, index, solution))
    return wrong


def _hostile() -> list[dict[str, Any]]:
    if not SHARED.is_dir():
        return [{"id": "absent"}] * 2
    return [json.loads(line) for line in (SHARED / "hostile_dev.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def toy(repo_suite, sandbox, tmp_path_factory):
    """Task, bench and canaries of the toy repository."""
    row, gold = _hostile()[0], _hostile()[1]
    folder = tmp_path_factory.mktemp("toy")
    (folder / "repo").mkdir()
    write_files(folder / "repo", row["files"])
    hidden = {path: text.encode() for path, text in row["hidden_tests"].items()}
    repo = RepoTask(
        base_commit=None,
        f2p=tuple(row["fail_to_pass"]),
        p2p=tuple(row["pass_to_pass"]),
        reference_patch="",
        hidden=hidden,
        timeout_s=6,
    )
    task = replace(repo_suite.tasks[0], id=TaskId("toy"), repo=repo)
    suite = replace(repo_suite, repo_path=folder / "repo", tasks=(task,))

    async def _made() -> tuple[Task, Bench, Canaries]:
        bench = Bench(
            base=await base_tree(folder / "repo", None, folder / "cache"),
            environment=await prepare(suite, None, folder / "cache"),
            settings=suite.environment,
            sandbox=sandbox,
        )
        return task, bench, await find_canaries(task, gold["files"], bench)

    return asyncio.run(_made())


NAMES = {"protected_path": "protected_path_discarded", "startup_file": "startup_file_discarded"}
NAMES |= {"shadow_module": "shadow_module_discarded"}


@pytest.mark.parametrize("row", _hostile()[1:], ids=lambda row: row["id"])
def test_no_attack_gets_a_clean_win_and_no_control_loses(row, toy, monkeypatch, tmp_path):
    """Started anew and in a fork of a warm interpreter; with the same grade, and the same bar for both."""
    monkeypatch.setenv("FAKE_API_KEY", "canary")
    task, bench, canaries = toy
    seen = [asyncio.run(_graded(task, row, bench, canaries, warm=warm)) for warm in (False, True)]
    for execution, touched in seen:
        _holds(row, task, execution, touched)
    assert len({judge_repo(task, execution)[0] for execution, _ in seen}) == 1


def _holds(row, task, execution, touched) -> None:
    grade, detail, flags = judge_repo(task, execution)
    expected = row["expect"]
    if expected["resolved"] is not None:
        assert (grade is Grade.RESOLVED) == expected["resolved"], (grade, detail, flags)
    if expected.get("flags") == []:
        assert flags == ()
    for flag in expected.get("flags", []):
        found = {NAMES.get(flag, flag)} | ({"canary_passed", "canary_absent"} if flag == "canary" else set())
        assert found & set(flags), flags
    if row["kind"] != "control":
        assert grade is not Grade.RESOLVED or flags
    assert "LEAK" not in execution.log
    assert touched == 0
    assert execution.isolation.strength >= Isolation.STANDARD.strength
    assert Counter(test.id for test in execution.tests).most_common(1)[0][1] == 1
    execution.log.encode()


async def _graded(task, row, bench, canaries, *, warm: bool) -> tuple[Execution, int]:
    """The execution, and how often a listener on this machine was reached meanwhile."""
    touched = []

    def reached(_, writer) -> None:
        touched.append(1)
        writer.close()

    async with await asyncio.start_server(reached, "127.0.0.1", 18099):
        if not warm:
            return await grade_repo(task, row["files"], bench, canaries=canaries), len(touched)
        async with kept_warm(bench.sandbox) as kept:
            there = replace(bench, sandbox=kept)
            return await grade_repo(task, row["files"], there, canaries=canaries), len(touched)
