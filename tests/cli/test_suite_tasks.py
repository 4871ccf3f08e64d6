"""``harness suites`` on mined tasks: shown, approved, retired, exported, imported."""

import asyncio
import json
from pathlib import Path

import pytest

from harness.evals.mining import Order, mine
from harness.transport import SystemClock
from tests.cli.command_line import Folder, call
from tests.evals.mining.cases import proof_of
from tests.evals.mining.planted import Planted, plant


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Planted:
    return plant(tmp_path_factory.mktemp("tasks") / "tally")


@pytest.fixture(scope="module")
def home(tmp_path_factory, planted) -> Folder:
    """With a suite of tasks that were mined, and proven by word alone."""
    root: Path = tmp_path_factory.mktemp("tasks") / "home"
    assert call("init", root).code == 0

    async def prove(claim):
        return proof_of(claim)

    order = Order(source=str(planted.repository), out=root / "suites/tally", cache=root / ".harness/cache")
    asyncio.run(mine(order, prove, SystemClock()))
    return Folder(root)


def named(home, start: str) -> str:
    return next(task["id"] for task in home.json("suites", "show", "tally")["tasks"] if task["id"].startswith(start))


def test_show_is_the_workload(home):
    said = home.call("suites", "show", "tally")
    assert "coverage" in said.out
    assert "14 of the last 22 commits that change source" in said.out
    assert max(map(len, said.out.splitlines())) <= 100
    found = home.json("suites", "show", "tally")["workload"]
    assert found["states"] == {"draft": 13, "validated": 1}


def test_approval_is_signed_and_changes_no_contract(home):
    digest = home.json("suites", "show", "tally")["digest"]
    said = home.call("suites", "approve", "tally", "--all", "--by", "Ada")
    assert "tally: 1 task approved\nnow 1 approved, 13 draft" in said.out
    assert home.json("suites", "show", "tally")["digest"] == digest
    task = home.root / "suites/tally/tasks" / named(home, "round-") / "task.yaml"
    assert 'approved_by: "Ada"' in task.read_text()


def test_what_is_not_approved(home):
    rate = named(home, "guess-the-rate")
    assert "its statement.md has 14 characters" in home.call("suites", "approve", "tally", rate, "--by", "A").told
    assert "--by" in home.call("suites", "approve", "tally", rate).told
    assert "no task 'gone'" in home.call("suites", "approve", "tally", "gone", "--by", "A").told
    assert "name the tasks" in home.call("suites", "approve", "tally", "--by", "A").told
    assert "kind 'answer'" in home.call("suites", "approve", "starter", "x", "--by", "A").told


def test_a_retired_task_is_out_of_use(home):
    task = named(home, "tidy-up")
    found = home.json("suites", "retire", "tally", task)
    assert found["changed"] == [task]
    assert found["states"][task] == "retired"
    assert task not in {each["id"] for each in home.json("suites", "show", "tally")["tasks"]}
    path = home.root / "suites/tally/tasks" / task / "task.yaml"
    path.write_text(path.read_text().replace("state: retired", "state: draft"))


def test_rows_go_out_and_come_in(home, planted, tmp_path, monkeypatch):
    monkeypatch.chdir(home.root)
    rows = [
        json.loads(line) for line in home.call("suites", "export", "tally", "--format", "swebench").out.splitlines()
    ]
    assert len(rows) == 14
    file = tmp_path / "rows.jsonl"
    assert home.json("suites", "export", "tally", "--format", "swebench", "-o", file)["output"] == str(file)
    said = home.call("suites", "import", file, "--repo", planted.repository, "--out", "suites/back")
    assert "back: 14 tasks from" in said.out
    assert "was never proven" in home.call("suites", "approve", "back", named(home, "round-"), "--by", "A").told
    spoiled = [{**rows[0], "patch": "none"}]
    (tmp_path / "spoiled.json").write_text(json.dumps(spoiled))
    said = home.call(
        "suites", "import", tmp_path / "spoiled.json", "--repo", planted.repository, "--out", "suites/none"
    )
    assert said.code == 3
    assert "patch does not apply" in " ".join(said.out.split())


def test_folders_of_harbor(home, tmp_path):
    said = home.call("suites", "export", "tally", "--format", "harbor", "-o", tmp_path / "out")
    assert said.code == 0
    assert (tmp_path / "out" / named(home, "round-") / "tests" / "Dockerfile").is_file()


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["tally", "--format", "jar"], "no format 'jar'; there are: swebench, harbor"),
        (["tally", "--format", "harbor"], "--output"),
        (["starter", "--format", "swebench"], "kind 'answer'"),
    ],
)
def test_what_cannot_be_exported(home, argv, told):
    assert told in home.call("suites", "export", *argv).told
