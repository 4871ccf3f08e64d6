from pathlib import Path

import pytest

from harness.content import Home, load_demo, packaged_home
from harness.core.errors import FaultsError


def test_the_shipped_questions_show_each_of_the_three_endings():
    questions = load_demo(packaged_home(cwd=Path.cwd()))
    assert [question.expect for question in questions] == ["agreed", "tiebreak", "not_served"]
    assert all(question.prompt and question.shows for question in questions)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("questions: []\n", ["questions"]),
        ("questions: many\n", ["questions"]),
        ("questions: [7]\n", ["questions[0].prompt", "questions[0].shows", "questions[0].expect"]),
        ("questions: [{prompt: p, shows: s, expect: maybe}]\n", ["questions[0].expect"]),
    ],
)
def test_faults_are_named_all_at_once(tmp_path, text, faults):
    (tmp_path / "suites/starter").mkdir(parents=True)
    (tmp_path / "suites/starter/demo.yaml").write_text(text)
    with pytest.raises(FaultsError) as caught:
        load_demo(Home(root=tmp_path, why="test", state=tmp_path))
    assert [fault.place for fault in caught.value.faults] == faults
