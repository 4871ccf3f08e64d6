"""Rows of SWE-bench and folders of Harbor: out, and in again, without a loss."""

import asyncio
import json
import shutil
import subprocess
import sys
import tomllib

import pytest

from harness.content import Home, load_suite
from harness.core.errors import ConfigError
from harness.evals.grading import base_tree, read_tree
from harness.evals.mining import Order, mine
from harness.evals.mining.harbor import export_harbor
from harness.evals.mining.swebench import import_rows, row_of
from harness.transport import SystemClock
from tests.evals.mining.cases import proof_of


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    root = tmp_path_factory.mktemp("home")
    (root / "suites").mkdir()
    return Home(root=root, why="test", state=root / ".harness")


@pytest.fixture(scope="module")
def suite(home, planted, cache):
    ids = ["one fifteen", "a::b [c] d/e"]

    async def prove(claim):
        if "tests/test_money.py" not in claim.hidden:
            return proof_of(claim)
        f2p = {f"tests/test_money.py::test_awkward[{each}]": "new" for each in ids}
        return proof_of(claim, f2p=f2p, p2p=("tests/test_money.py::test_total",))

    order = Order(source=str(planted.repository), out=home.suites / "tally", cache=cache)
    asyncio.run(mine(order, prove, SystemClock()))
    return load_suite(home, "tally")


def rows(suite, cache):
    return [
        row_of(task, read_tree(asyncio.run(base_tree(suite.repo_path, task.repo.base_commit, cache))), suite.name)
        for task in suite.tasks
    ]


def test_rows_come_back_as_the_same_tasks(suite, home, planted, cache, tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows(suite, cache)))
    found = asyncio.run(import_rows(file, str(planted.repository), home.suites / "back", cache))
    assert not found.refused
    again = {task.id: task for task in load_suite(home, "back").tasks}
    for task in suite.tasks:
        back = again[task.id].repo
        assert back is not None
        assert task.repo is not None
        assert (back.f2p, back.p2p, back.reference_patch) == (task.repo.f2p, task.repo.p2p, task.repo.reference_patch)
        assert back.hidden == task.repo.hidden
        assert again[task.id].prompt == task.prompt
        assert again[task.id].meta["state"] == "draft"


def test_a_row_has_the_columns_of_the_benchmark(suite, cache):
    row = next(row for row in rows(suite, cache) if row["instance_id"].startswith("round-amounts"))
    assert json.loads(row["FAIL_TO_PASS"]) == [
        "tests/test_money.py::test_awkward[a::b [c] d/e]",
        "tests/test_money.py::test_awkward[one fifteen]",
    ]
    assert row["test_patch"].startswith("diff --git a/tests/test_money.py b/tests/test_money.py\n")
    assert row["repo"] == "tally"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"patch": ""}, "has no patch"),
        ({"patch": "no diff"}, "patch does not apply"),
        ({"base_commit": "f" * 40}, "no commit"),
        ({"FAIL_TO_PASS": '["test_a (tests.Tests)"]'}, "ids as pytest writes them"),
        ({"FAIL_TO_PASS": '{"a": 1}'}, "lists of test ids"),
    ],
)
def test_a_row_that_is_no_task_is_named(suite, home, planted, cache, tmp_path, change, why):  # noqa: PLR0917 -- fixtures
    file = tmp_path / "rows.json"
    file.write_text(json.dumps([{**rows(suite, cache)[0], **change}]))
    found = asyncio.run(import_rows(file, str(planted.repository), tmp_path / "out", cache))
    assert not found.tasks
    assert why in found.refused[0][1]


@pytest.mark.parametrize(("name", "text"), [("rows.json", "{"), ("rows.jsonl", "{}\n{")])
def test_a_file_that_is_none(planted, cache, tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=name):
        asyncio.run(import_rows(tmp_path / name, str(planted.repository), tmp_path / "out", cache))


def test_a_hidden_file_that_is_no_text_is_refused(suite, cache):
    task = suite.tasks[0]
    task.repo.hidden["tests/data.bin"] = b"\xff\xfe"
    with pytest.raises(ConfigError, match="not UTF-8"):
        row_of(task, {}, "tally")
    del task.repo.hidden["tests/data.bin"]


@pytest.fixture(scope="module")
def harbor(suite, cache, tmp_path_factory):
    out = tmp_path_factory.mktemp("harbor") / "tasks"
    asyncio.run(export_harbor(suite, suite.tasks, out, cache))
    return next(out.glob("round-amounts*"))


def test_the_verifier_is_on_its_own_and_nobody_has_a_network(harbor):
    found = tomllib.loads((harbor / "task.toml").read_text())
    assert found["verifier"]["environment_mode"] == "separate"
    assert found["verifier"]["environment"]["network_mode"] == found["environment"]["network_mode"] == "no-network"
    assert found["artifacts"][0]["source"] == "/workspace"
    dockerfile = (harbor / "environment" / "Dockerfile").read_text()
    assert dockerfile.startswith("FROM python:3.11-slim\n")


def test_the_agents_side_holds_neither_tests_nor_solution_nor_history(harbor):
    texts = [path for path in (harbor / "environment").rglob("*") if path.is_file()]
    assert not any("19.99" in path.read_text() for path in texts)
    assert not any("round(" in path.read_text() for path in texts)
    assert not (harbor / "environment" / "tree" / ".git").exists()


def verified(harbor, tmp_path, workspace) -> str:
    env = {"SUBMITTED": str(workspace), "VERIFIER_LOGS": str(tmp_path / "logs"), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, str(harbor / "tests" / "verify.py")]
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=60)
    return (tmp_path / "logs" / "reward.txt").read_text()


def test_the_reference_is_rewarded_and_nothing_else(harbor, tmp_path):
    workspace = tmp_path / "workspace"
    shutil.copytree(harbor / "environment" / "tree", workspace)
    assert verified(harbor, tmp_path, workspace) == "0"
    (workspace / "conftest.py").write_text("def pytest_runtest_call(item):\n    item.obj = lambda: None\n")
    (workspace / "tests" / "test_money.py").write_text("def test_awkward():\n    pass\n")
    (workspace / "link").symlink_to("/etc/passwd")
    assert verified(harbor, tmp_path, workspace) == "0"
    patch = ["patch", "--quiet", "-p1", "-i", str(harbor / "solution" / "reference.patch")]
    subprocess.run(patch, cwd=workspace, check=True)
    assert verified(harbor, tmp_path, workspace) == "1"
    (workspace / "src/tally/names.py").unlink()
    assert verified(harbor, tmp_path, workspace) == "1"
    (workspace / "src/tally/money.py").unlink()
    assert verified(harbor, tmp_path, workspace) == "0"


def test_nothing_is_overwritten(suite, cache, tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(ConfigError, match="--output"):
        asyncio.run(export_harbor(suite, suite.tasks, tmp_path, cache))
