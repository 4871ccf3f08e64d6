"""``harness mine`` on the command line: what it says, and how it ends."""

import json

import pytest

from harness.cli.mined import minutes
from tests.evals.mining.planted import TASKS, UNPROVEN, Planted, plant


@pytest.fixture(scope="session")
def planted(tmp_path_factory) -> Planted:
    return plant(tmp_path_factory.mktemp("mine") / "tally")


def test_a_dry_run_lists_candidates_and_rules_and_writes_nothing(home, planted):
    out = home.root / "suites" / "tally"
    said = home.call("mine", planted.repository, "--out", out, "--dry-run")
    assert said.code == 0
    assert "27 commits of tally: 14 candidates" in said.out
    assert "back merge" in said.out
    assert max(map(len, said.out.splitlines())) <= 100
    assert not out.exists()


def test_a_dry_run_for_scripts(home, planted):
    found = home.json("mine", planted.repository, "--out", home.root / "suites/tally", "--dry-run")
    assert {planted.name_of(each["commit"]) for each in found["candidates"]} == {*TASKS, *UNPROVEN}
    rules = {planted.name_of(each["head"]): each["rule"] for each in found["skipped"]}
    assert rules["second_copy"] == "duplicate_patch"


def test_no_candidate_is_the_answer_no(home, planted):
    out = home.root / "suites" / "none"
    said = home.call("mine", planted.repository, "--out", out, "--branch", "1.x", "--commits", "2", "--max-lines", "1")
    assert said.code == 3, said.err
    assert "none: 0 tasks from 0 candidates" in said.out
    assert json.loads((out / "mine.json").read_text())["repository"] == "tally"


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--out", "suites/a b"], "--out: 'suites/a b'"),
        (["--since", "yesterday"], "--since: 'yesterday' is no date"),
        (["--commits", "0"], "--commits: 0 is below 1"),
        (["--runs", "2"], "--runs: 2 is below 3"),
        (["--max-cost", "1"], "--max-cost: nothing is paid for"),
        (["--issues", "gone.json"], "gone.json: no such file"),
        (["--branch", "gone"], "no branch 'gone'"),
        (["--write-statements", "no/model"], "no/model"),
        (["--refresh"], "--refresh"),
    ],
)
def test_what_the_user_can_fix(home, planted, monkeypatch, flags, told):
    monkeypatch.chdir(home.root)
    said = home.call("mine", planted.repository, *(["--out", "suites/x"] if "--out" not in flags else []), *flags)
    assert said.code == 2
    assert told in said.told
    assert not (home.root / "suites" / "x" / "suite.yaml").exists()


def test_no_repository(home, tmp_path):
    assert "no such folder or file" in home.call("mine", tmp_path / "gone", "--out", tmp_path / "x").told


def test_durations():
    assert [minutes(each) for each in (0, 59, 60, 3599, 7300)] == ["0 s", "59 s", "1 min", "1 h 0 min", "2 h 2 min"]
