"""``harness ask``: panels made of flags, files before the question, programs compared by what they do."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.content import Home, load_suite
from tests.cli.command_line import A, B

ROOT = Path(__file__).parents[2]
SLOPPY = "scripted/sloppy"


@pytest.fixture(scope="module")
def question(scaffolded) -> str:
    lines = (scaffolded / "suites" / "starter" / "cases.jsonl").read_text().splitlines()
    return str(json.loads(lines[0])["prompt"])


def test_a_panel_made_of_flags(home, question):
    outcome = home.json(
        "ask", question, "--models", f"{A},{SLOPPY},{B}", "--compare", "numeric", "--task-class", "finance.tax"
    )
    assert outcome["policy"] == "flags"
    assert outcome["quorum"]["declared"] == 3
    assert outcome["served"]
    assert {tuple(group["models"]) for group in outcome["groups"]} == {(A,), (SLOPPY, B)}


def test_one_model_a_policy_and_a_route_are_asked_the_same_way(home, question):
    assert home.json("ask", question, "--models", B)["policy"] == B
    assert home.json("ask", question, "--models", "consensus/starter")["policy"] == "starter"
    assert home.json("ask", question, "--policy", "consensus/starter")["policy"] == "starter"
    assert home.json("ask", question, "--models", "route/starter")["served"]


def test_a_tiebreak_by_flags(home, question):
    outcome = home.json("ask", question, "--models", f"{A},{SLOPPY}", "--compare", "numeric", "--tiebreak", B)
    assert [ballot["model"] for ballot in outcome["ballots"] if ballot["role"] == "tiebreak"] == [B]


def test_files_stand_before_the_question(home, tmp_path):
    (tmp_path / "notes.txt").write_text("the notes")
    said = home.call("ask", "what now?", "--models", A, "--context", tmp_path / "notes.txt", "--json")
    assert said.code == 3
    (journal,) = (home.root / ".harness" / "journal").glob("ask-*.jsonl")
    assert "notes.txt:\\nthe notes\\n\\nwhat now?" in journal.read_text()
    (tmp_path / "notes.txt").write_bytes(b"\xff")
    assert "is not UTF-8 text" in home.call("ask", "x", "--models", A, "--context", tmp_path / "notes.txt").told


def test_programs_are_compared_by_what_they_do(home, scaffolded, tmp_path):
    checkout = Home(root=ROOT, why="", state=tmp_path)
    task = next(task for task in load_suite(checkout, "starter-code").tasks if task.id == "luhn-valid")
    (tmp_path / "tests.py").write_text(task.tests or "")
    if home.call("doctor", "--json").json["level"] == "none":
        pytest.skip("nothing isolates here")
    outcome = home.call("ask", task.prompt, "--policy", "starter-code", "--tests", tmp_path / "tests.py", "--json").json
    assert outcome["quorum"]["valid"] >= 2
    assert outcome["comparator"].startswith("tests")


def test_a_question_that_is_no_text_is_refused(home):
    assert "ask: the question is not UTF-8 text" in home.call("ask", "\udcff", "--models", A).told


@pytest.mark.slow
def test_the_question_comes_from_standard_input(home, question):
    argv = [sys.executable, "-m", "harness", "--home", str(home.root), "ask", "-", "--policy", "starter", "--json"]
    said = subprocess.run(argv, cwd=ROOT, input=question.encode(), capture_output=True, check=False)
    assert json.loads(said.stdout)["served"] is True
    said = subprocess.run(argv, cwd=ROOT, input=b"\xff\xfe", capture_output=True, check=False)
    assert (said.returncode, said.stdout) == (2, b"")
    assert b"ask: standard input is not UTF-8 text" in said.stderr
