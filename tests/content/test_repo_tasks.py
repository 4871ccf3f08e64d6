"""Repo tasks: folders a person can review, hidden files as bytes, and every fault of all of them."""

from pathlib import Path

import pytest

from harness.content import load_suite
from harness.content.repo_tasks import read_tasks
from harness.core.errors import ConfigError, FaultsError
from harness.core.ids import TaskClass

TASK = "id: t\ntests: {f2p: ['tests/test_a.py::test_x']}\n"


def write(folder, text=TASK, name="t", **files) -> Path:
    base = f"suites/s/tasks/{name}"
    folder.write("suites/s/suite.yaml", "kind: repo\nrepo: {path: repo}\n")
    folder.write("suites/s/repo/a.py", "x = 1\n")
    folder.write(f"{base}/task.yaml", text)
    for path, body in {"statement.md": "Do it.\n", "reference.patch": "--- a\n", **files}.items():
        if body is not None:
            folder.write(f"{base}/{path}", body)
    source: Path = folder.root / "suites/s/tasks"
    return source


def problem(folder, text=TASK, **files) -> str:
    source = write(folder, text, **files)
    with pytest.raises(ConfigError) as caught:
        read_tasks(source, default_class=TaskClass("general"))
    return str(caught.value)


def test_all_that_a_task_may_say(folder):
    write(
        folder,
        """id: t
base_commit: 0123abcd
tests:
  f2p: ["tests/test_a.py::test_x[a b/c::d]"]
  p2p: ["tests/test_b.py::test_y"]
  origin: {"tests/test_b.py::test_y": unchanged}
task_class: python.feature
files: [a.py]
timeout_s: 12.5
statement: {source: ticket, interface: "f(x) -> int"}
human_minutes: 90
area: money
environment: {timeout_s: 5}
limits: {steps: 10}
validation: {runs: 3}
exposure: [{model: a/b}]
state: validated
meta: {note: free}
""",
        **{"hidden/tests/data.bin": b"\x00\xff", "hidden/tests/__pycache__/x.pyc": b"x"},
    )
    (task,) = load_suite(folder.home, "s").tasks
    assert task.repo is not None
    assert task.repo.f2p == ("tests/test_a.py::test_x[a b/c::d]",)
    assert task.repo.hidden == {"tests/data.bin": b"\x00\xff"}
    assert (task.repo.files, task.repo.timeout_s, task.task_class) == (("a.py",), 12.5, "python.feature")
    assert task.meta["statement"] == {"source": "ticket", "interface": "f(x) -> int", "approved_by": None}
    assert (task.meta["area"], task.meta["human_minutes"], task.meta["note"]) == ("money", 90, "free")
    assert task.meta["origin"] == {"tests/test_b.py::test_y": "unchanged"}
    assert task.meta["state"] == "validated"


def test_records_do_not_change_the_digest_and_tests_do(folder):
    def of(text=TASK, **files) -> str:
        return read_tasks(write(folder, text, **files), default_class=TaskClass("general"))[0].digest

    base = of(**{"hidden/a.py": "1"})
    assert base == of(TASK + "validation: {runs: 3}\nexposure: [{model: a/b}]\nstate: approved\narea: x\n")
    assert base != of(**{"hidden/a.py": "2"})
    assert base != of(**{"hidden/a.py": "1", "statement.md": "Do something else.\n"})


def test_retired_tasks_are_left_out(folder):
    write(folder)
    write(folder, TASK.replace("id: t", "id: old") + "state: retired\n", name="old")
    assert [task.id for task in load_suite(folder.home, "s").tasks] == ["t"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TASK.replace("id: t", "id: other"), "id: 'other' is not the name of its folder, 't'"),
        ("id: t\ntests: {f2p: []}\n", "tests.f2p"),
        ("id: t\n", "tests: is missing"),
        ("id: t\ntests: {f2p: [test_x]}\n", "'test_x' is no test id like"),
        ("id: t\ntests: {f2p: ['../a.py::x']}\n", "is no test id"),
        ("id: t\ntests: {f2p: ['/a.py::x']}\n", "is no test id"),
        ("id: t\ntests: {f2p: [7]}\n", "7 is no test id"),
        ("id: t\ntests: {f2p: ['a.py::x'], p2p: ['a.py::x']}\n", "is named twice among f2p and p2p"),
        ("id: t\ntests: {f2p: ['a.py::x'], origin: {'a.py::y': new}}\n", "is neither in f2p nor in p2p"),
        (TASK + "files: [../secret]\n", "is no path inside the repository"),
        (TASK + "base_commit: main\n", "base_commit"),
        (TASK + "state: done\n", "there are: draft, validated, approved, retired"),
        (TASK + "statment: {}\n", "did you mean 'statement'?"),
        ("id: [\n", "line 2"),
    ],
)
def test_a_fault_names_file_and_place(folder, text, words):
    found = problem(folder, text)
    assert words in found
    assert "tasks/t/task.yaml" in found


def test_files_that_are_missing_or_empty_or_links(folder):
    assert "statement.md: no such file" in problem(folder, **{"statement.md": None})
    assert "statement.md: is empty" in problem(folder, **{"statement.md": " \n"})
    (folder.root / "suites/s/tasks/t/reference.patch").unlink()
    assert "reference.patch: no such file" in problem(folder, **{"reference.patch": None})
    (folder.root / "suites/s/tasks/t/hidden").mkdir()
    (folder.root / "suites/s/tasks/t/hidden/link").symlink_to("/etc/passwd")
    assert "is a symbolic link" in problem(folder)


def test_too_many_hidden_files(folder, monkeypatch):
    monkeypatch.setattr("harness.content.repo_tasks.HIDDEN_FILES", 1)
    assert "has more than 1 files" in problem(folder, **{"hidden/a": "1", "hidden/b": "2"})


def test_faults_of_all_tasks_come_together(folder):
    source = write(folder, "id: t\n")
    write(folder, TASK.replace("id: t", "id: u"), name="u", **{"statement.md": None})
    with pytest.raises(FaultsError) as caught:
        read_tasks(source, default_class=TaskClass("general"))
    assert len(caught.value.faults) == 2


def test_a_source_without_tasks(folder):
    with pytest.raises(ConfigError, match="no such folder"):
        read_tasks(folder.root / "gone", default_class=TaskClass("general"))
    with pytest.raises(ConfigError, match="has no tasks"):
        read_tasks(folder.root / "suites", default_class=TaskClass("general"))
