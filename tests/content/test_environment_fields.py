"""A task's own environment, put over its suite's."""

import pytest

from harness.content.environment_fields import task_environment
from harness.content.faults import Faults
from harness.content.repo_tasks import read_tasks
from harness.core.errors import FaultsError
from harness.core.ids import TaskClass
from harness.core.suite import Environment

USUAL = Environment(python=">=3.11", install=("."), timeout_s=60.0, lock="requirements.lock")


def over(written, folder):
    faults = Faults("task.yaml")
    found = task_environment(written, USUAL, folder, faults)
    faults.done()
    return found


def test_only_what_is_written_differs(tmp_path):
    (tmp_path / "own.lock").touch()
    found = over({"python": "==3.9.*", "args": ["-q"], "roots": ["a/src/"], "lock": "own.lock"}, tmp_path)
    assert found == Environment(
        python="==3.9.*", install=("."), args=("-q",), timeout_s=60.0, lock="own.lock", roots=("a/src",)
    )


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"lock": "gone.lock"}, "no such file"),
        ({"lock": "../own.lock"}, "no such file"),
        ({"roots": ["../up"]}, "no folder inside"),
        ({"pyton": "3.9"}, "pyton"),
    ],
)
def test_faults(tmp_path, written, words):
    (tmp_path.parent / "own.lock").touch()
    with pytest.raises(FaultsError, match=words):
        over(written, tmp_path)


def test_the_content_of_a_lock_is_part_of_the_task(tmp_path):
    folder = tmp_path / "tasks" / "a"
    (folder / "hidden").mkdir(parents=True)
    lock = "environment: {lock: tasks/a/requirements.lock}\n"
    (folder / "task.yaml").write_text(f"id: a\ntests: {{f2p: ['a.py::b']}}\n{lock}")
    (folder / "statement.md").write_text("Do it.")
    (folder / "reference.patch").write_text("")
    digests = set()
    for text in ("a==1\n", "a==2\n"):
        (folder / "requirements.lock").write_text(text)
        (task,) = read_tasks(tmp_path / "tasks", default_class=TaskClass("general"))
        assert task.repo is not None
        assert task.repo.environment is not None
        digests.add(task.digest)
    assert len(digests) == 2
