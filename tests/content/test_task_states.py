"""States of tasks on disk: one line changes, everything else stays as it is written."""

import pytest

from harness.content.documents import read_section
from harness.content.task_states import change_state, task_states
from harness.core.errors import ConfigError

TESTS = "tests: {f2p: ['a.py::b']}  # mine\n"


def write(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "task.yaml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"id: a\nstate: draft\n{TESTS}", f'id: a\nstate: approved\n{TESTS}statement: {{approved_by: "Ada"}}\n'),
        (f"id: a\n{TESTS}", f'id: a\n{TESTS}state: approved\nstatement: {{approved_by: "Ada"}}\n'),
        (
            f"id: a\nstatement:\n  source: pr\n{TESTS}",
            f'id: a\nstatement:\n  approved_by: "Ada"\n  source: pr\n{TESTS}state: approved\n',
        ),
        (
            f"statement:\n  source: pr\n  approved_by: null\nstate: draft\n{TESTS}",
            f'statement:\n  source: pr\n  approved_by: "Ada"\nstate: approved\n{TESTS}',
        ),
        (
            f"statement: {{source: pr, approved_by: null}}\nstate: validated\n{TESTS}",
            f'statement: {{source: pr, approved_by: "Ada"}}\nstate: approved\n{TESTS}',
        ),
    ],
)  # fmt: skip
def test_one_line_changes(tmp_path, text, after):
    folder = write(tmp_path / "a", text)
    change_state(folder, "approved", who="Ada")
    assert (folder / "task.yaml").read_text() == after
    found = read_section(folder / "task.yaml")
    assert (found["state"], found["statement"]["approved_by"]) == ("approved", "Ada")


def test_what_a_machine_cannot_change_is_left_alone(tmp_path):
    text = "{id: a, state: draft}\n"
    folder = write(tmp_path / "a", text)
    with pytest.raises(ConfigError, match="by hand"):
        change_state(folder, "retired")
    assert (folder / "task.yaml").read_text() == text


def test_states_of_all_tasks(tmp_path):
    write(tmp_path / "a", "id: a\n")
    write(tmp_path / "b", "id: b\nstate: retired\n")
    assert task_states(tmp_path) == {"a": "draft", "b": "retired"}
