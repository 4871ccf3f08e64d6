"""The ledger suite: its history can be rebuilt, and every task is proved at its base, with its reference, and with mistakes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from ruamel.yaml import YAML

from harness.core.suite import Suite, Task

from .conftest import SUITES, script

LEDGER = SUITES / "ledger"
IDS = sorted(path.parent.name for path in (LEDGER / "tasks").glob("*/task.yaml"))
ATTEMPTS = sorted(path.name.removesuffix(".patch") for path in (LEDGER / "build" / "attempts").glob("*.patch"))
REPORTER = """
import json, os
seen = {}
def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        seen[report.nodeid] = report.outcome
def pytest_sessionfinish(session):
    with open(os.environ["SEEN"], "w") as file:
        json.dump(seen, file)
"""


def git(folder: Path, *args: str) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", *args], cwd=folder, env=env, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clone")
    git(folder, "clone", "-q", str(LEDGER / "repo.bundle"), "repo")
    return folder / "repo"


@pytest.fixture
def tree(clone: Path, tmp_path: Path):
    """Checks a commit out into a new folder."""

    def checkout(commit: str, name: str) -> Path:
        git(clone, "worktree", "prune")
        git(clone, "worktree", "add", "-q", "--detach", str(tmp_path / name), commit)
        return tmp_path / name

    return checkout


def outcomes(folder: Path, task: Task, tmp_path: Path, *targets: str) -> dict[str, str]:
    """Outcome per test of *targets* in *folder* with the hidden tests of *task* written over it."""
    assert task.repo is not None
    for path, content in task.repo.hidden.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (tmp_path / "seen_reporter.py").write_text(REPORTER)
    seen = tmp_path / "seen.json"
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tmp_path),
        "SEEN": str(seen),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    argv = [
        sys.executable,
        "-s",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "seen_reporter",
        *(targets or ("tests",)),
    ]
    subprocess.run(argv, cwd=folder, env=env, capture_output=True, check=False, timeout=120)
    found: dict[str, str] = json.loads(seen.read_text())
    return found


def task_of(ledger: Suite, name: str) -> Task:
    return next(task for task in ledger.tasks if task.id == name)


def test_enough_tasks_of_every_class(ledger: Suite) -> None:
    assert len(ledger.tasks) == len(IDS) >= 12
    classes = {str(task.task_class) for task in ledger.tasks}
    assert classes == {"python.bugfix", "python.feature", "python.refactor", "python.security"}
    assert (
        sum(task.repo is not None and task.repo.reference_patch.count("diff --git") > 1 for task in ledger.tasks) >= 7
    )


def test_the_records_a_reviewer_wants(ledger: Suite) -> None:
    for task in ledger.tasks:
        assert task.meta["state"] == "approved"
        assert task.meta["statement"]["source"] == "human"
        assert task.meta["human_minutes"] >= 30
        assert task.meta["title"] in task.prompt


def test_history_is_rebuilt_with_the_same_ids(make_bundle: ModuleType, clone: Path, tmp_path: Path) -> None:
    assert make_bundle.build(tmp_path) == git(clone, "rev-parse", "HEAD").strip()
    assert int(git(clone, "rev-list", "--count", "HEAD")) >= 15
    assert len(set(git(clone, "log", "--format=%an").splitlines())) >= 3


def test_references_touch_no_tests(ledger: Suite) -> None:
    for task in ledger.tasks:
        assert task.repo is not None
        headers = [line for line in task.repo.reference_patch.splitlines() if line.startswith("+++ ")]
        assert all(line.startswith(("+++ b/src/coinbook/", "+++ b/README.md")) for line in headers), task.id


def test_statements_name_no_line_of_the_reference(ledger: Suite) -> None:
    for task in ledger.tasks:
        assert task.repo is not None
        added = [line[1:].strip() for line in task.repo.reference_patch.splitlines() if line.startswith("+")]
        assert not [line for line in added if len(line) > 24 and line in task.prompt], task.id


@pytest.mark.slow
@pytest.mark.parametrize("name", IDS)
def test_task_is_proved(ledger: Suite, tree, tmp_path: Path, name: str) -> None:
    """At the base (the empty patch) every f2p fails and every p2p passes; with the reference all pass."""
    task = task_of(ledger, name)
    assert task.repo is not None
    assert task.repo.base_commit is not None
    before = outcomes(tree(task.repo.base_commit, "before"), task, tmp_path)
    assert [test for test in task.repo.f2p if before.get(test) == "passed"] == []
    assert [test for test in task.repo.p2p if before.get(test) != "passed"] == []
    folder = tree(task.repo.base_commit, "after")
    (tmp_path / "reference.patch").write_text(task.repo.reference_patch)
    git(folder, "apply", str(tmp_path / "reference.patch"))
    after = outcomes(folder, task, tmp_path)
    assert [test for test in (*task.repo.f2p, *task.repo.p2p) if after.get(test) != "passed"] == []
    assert set(after) == {*task.repo.f2p, *task.repo.p2p}, "every test of the repository counts"


@pytest.mark.slow
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_mistakes_fail(ledger: Suite, tree, tmp_path: Path, attempt: str) -> None:
    """A plausible change that misses something applies, and is caught by a hidden test."""
    task = task_of(ledger, attempt.partition(".")[0])
    assert task.repo is not None
    assert task.repo.base_commit is not None
    folder = tree(task.repo.base_commit, "attempt")
    git(folder, "apply", str(LEDGER / "build" / "attempts" / f"{attempt}.patch"))
    seen = outcomes(folder, task, tmp_path, *task.repo.hidden)
    assert set(seen.values()) == {"passed", "failed"}


def test_every_attempt_is_handed_in() -> None:
    attempts = script("attempts_of_ledger", LEDGER / "build" / "attempts.py")
    table = attempts._table()
    assert sorted(table) == IDS
    used = {f"{task}.{entry['patch']}" for task, row in table.items() for entry in row.values() if "patch" in entry}
    assert {name for name in used if not name.endswith(".reference")} == set(ATTEMPTS)


def test_task_files_are_plain() -> None:
    """A person reviews them: no anchors, full commit ids, one test per line."""
    for name in IDS:
        text = (LEDGER / "tasks" / name / "task.yaml").read_text("utf-8")
        loaded = YAML(typ="safe", pure=True).load(text)
        assert len(loaded["base_commit"]) == 40
        assert text.count("\n    - ") == len(loaded["tests"]["f2p"]) + len(loaded["tests"]["p2p"])
