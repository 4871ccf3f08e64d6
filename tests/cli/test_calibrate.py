"""``harness calibrate``, ``replay`` and ``panel suggest`` on recorded answers of voters whose truth is known."""

import json
import shutil

import pytest

from tests.cli.calibrated_home import NAMES, make, suite
from tests.cli.command_line import Folder


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Folder:
    """Three runs, nothing calibrated. Not to be changed."""
    return make(tmp_path_factory.mktemp("recorded") / "home", {"known": (220, 21), "fresh": (80, 77), "few": (10, 5)})


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory, recorded) -> tuple[Folder, dict]:
    """With a calibration of ``strict``, and what the command said. Not to be changed."""
    root = tmp_path_factory.mktemp("calibrated") / "home"
    shutil.copytree(recorded.root, root)
    return Folder(root), Folder(root).json("calibrate", "known", "--policy", "strict", "--risk-limit", "0.2")


@pytest.fixture
def home(tmp_path, recorded) -> Folder:
    shutil.copytree(recorded.root, tmp_path / "home")
    return Folder(tmp_path / "home")


def test_a_policy_is_calibrated_and_its_limits_certified(calibrated):
    home, said = calibrated
    (found,) = said["classes"]
    assert (said["policy"], found["task_class"], found["labels"], found["head"]) == ("strict", "sums", 220, "logistic")
    limits = {limit["risk_limit"]: limit for limit in found["limits"]}
    assert list(limits) == [0.01, 0.02, 0.05, 0.1, 0.2]
    assert not limits[0.01]["certified"]
    assert limits[0.01]["labels_missing"] > 0
    assert limits[0.05]["certified"]
    assert limits[0.05]["coverage"] > 0.7
    stored = json.loads((home.root / "registry/calibration/sums.json").read_text())["policies"]["strict"]
    assert stored["data_hash"] == found["data_hash"]
    assert stored["sources"] == said["runs"]
    assert [model["id"] for model in stored["models"]] == list(NAMES)
    assert stored["models"][0]["cost"] < stored["models"][3]["cost"]


def test_a_stored_calibration_decides_on_a_run_it_has_not_seen(calibrated):
    home, said = calibrated
    result = home.json("replay", "fresh", "--policy", "strict", "--curve")
    assert result["certified"] is True
    assert result["n"] == 80
    assert result["coverage"] > 0.7
    assert result["precision_ci"]["hi"] > 0.95 > result["precision_ci"]["lo"], "within what the limit allows"
    assert result["calls_mean"] < 3
    assert result["cost_usd"] > 0
    assert 0 <= result["ece"] < 0.1
    assert 0 <= result["aurc"] < 0.05
    assert 0 < result["brier"] < 0.1
    (basis,) = result["basis"]
    assert (basis["kind"], basis["data_hash"], basis["seen"]) == ("stored", said["classes"][0]["data_hash"], 0)
    names = [each["name"] for each in result["baselines"]]
    assert names == ["best single model", "any two of three", "unanimous", "two cheap, strong tiebreak", "plurality"]
    assert result["curve"][-1]["coverage"] == 1.0


def test_labels_it_was_fitted_to_are_called_in_sample(calibrated):
    home, _ = calibrated
    said = " ".join(home.call("replay", "known", "--policy", "strict").out.split())
    assert "IN SAMPLE: 220 of 220 questions" in said
    assert "certified: yes" in said


def test_without_a_calibration_the_figures_are_cross_fitted(recorded):
    said = recorded.call("replay", "few", "--policy", "strict", "--curve")
    assert said.code == 0
    assert "none is stored: cross-fitted within the run" in said.out
    assert "certified: no" in said.out
    assert all(len(line) <= 100 for line in said.out.splitlines()), said.out
    assert "from confidence" in said.out


def test_calibrate_says_what_it_learned_within_a_terminal(home):
    said = home.call("calibrate", "known", "--policy", "count")
    assert said.code == 0, said.err
    assert all(len(line) <= 100 for line in said.out.splitlines() if not line.startswith("file: ")), said.out
    assert "sums: 220 labelled questions" in said.out
    assert "head " in said.out
    assert "labels are missing" in " ".join(said.out.split())


def test_ten_labels_certify_nothing_and_say_what_is_missing(home):
    said = home.call("calibrate", "few", "--policy", "strict")
    assert said.code == 5
    text = " ".join(said.out.split())
    assert "10 labels: below about 100 the confidences themselves are rough" in text
    assert "5 % takes 45 served answers without an error" in text
    assert "none: below 50 labels the posterior is used as it is" in text


def test_a_limit_that_needs_more_labels_ends_with_5(home):
    said = home.call("calibrate", "known", "--policy", "count", "--risk-limit", "0.001", "--json")
    assert said.code == 5
    limit = json.loads(said.out)["classes"][0]["limits"][0]
    assert (limit["risk_limit"], limit["certified"]) == (0.001, False)


def test_four_labels_fit_nothing(home):
    suite(home.root, "tiny", 4, 3)
    assert home.call("import", "tiny", home.root / "tiny.jsonl", "--quiet", "--run-name", "tiny").code == 0
    said = home.call("calibrate", "tiny", "--policy", "strict")
    assert said.code == 5
    assert "not calibrated: 5 labels are the least" in said.out
    assert not (home.root / "registry/calibration").exists()


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["known", "--policy", "strictt"], "no policy 'strictt'; did you mean 'strict'?"),
        (["nope", "--policy", "strict"], "'nope'"),
        (["known", "--policy", "stranger"], "no answer of 'n/absent' asked alone in run "),
        (["known", "--policy", "strict", "--risk-limit", "1.5"], "--risk-limit: 1.5 is not between 0 and 1"),
    ],
)
def test_what_cannot_be_calibrated_is_one_line(recorded, argv, told):
    said = recorded.call("calibrate", *argv)
    assert (said.code, said.out) == (2, "")
    assert told in said.told


def test_answers_that_nobody_judged_are_no_labels(home):
    suite(home.root, "raw", 12, 9)
    home.call("import", "raw", home.root / "raw.jsonl", "--quiet", "--run-name", "raw", "--no-grade")
    said = home.call("calibrate", "raw", "--policy", "strict")
    assert said.code == 2
    assert "has a right answer on record (12 were answered)" in said.told
    suite(home.root, "open", 12, 9, expected=None)
    home.call("import", "open", home.root / "open.jsonl", "--quiet", "--run-name", "open")
    assert "the cases need 'expected'" in home.call("calibrate", "open", "--policy", "strict").told


def test_the_same_run_twice_counts_once(home):
    found = home.call("calibrate", "few", "few", "--policy", "count", "--json")
    (each,) = json.loads(found.out)["classes"]
    assert (each["labels"], each["left_out"]["repeated"]) == (10, 0)


def test_panels_are_ranked_by_what_was_measured(recorded):
    result = recorded.json("panel", "suggest", "--task-class", "sums", "--size", "2")
    assert (result["task_class"], result["questions"], result["left_out"]) == ("sums", 310, [])
    utilities = [panel["utility"] for panel in result["panels"]]
    assert len(utilities) == 6
    assert utilities == sorted(utilities, reverse=True)
    assert result["pairs"][0]["both_wrong"] > 0
    said = recorded.call("panel", "suggest", "--task-class", "sums")
    assert said.code == 0
    assert all(len(line) <= 100 for line in said.out.splitlines()), said.out
    assert "$0.0" in said.out


def test_a_budget_leaves_out_dear_panels(recorded):
    cheap = recorded.json("panel", "suggest", "--task-class", "sums", "--size", "2", "--budget", "0.0035")
    assert all(panel["cost"] <= 0.0035 for panel in cheap["panels"])
    none = recorded.call("panel", "suggest", "--task-class", "sums", "--budget", "0.0001")
    assert none.code == 5
    assert "no panel within $0.0001 per question" in none.out


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--task-class", "sum"], "did you mean 'sums'?"),
        (["--task-class", "sums", "--size", "9"], "--size: 9 of 4 models"),
        (["--task-class", "sums", "--policy", "nope"], "no policy 'nope'"),
    ],
)
def test_panels_that_cannot_be_suggested_are_told(recorded, argv, told):
    said = recorded.call("panel", "suggest", *argv)
    assert (said.code, said.out) == (2, "")
    assert told in said.told


def test_few_questions_are_no_evidence(tmp_path):
    few = make(tmp_path / "home", {"few": (10, 5)})
    said = few.call("panel", "suggest", "--task-class", "sums", "--policy", "count")
    assert said.code == 5
    assert "fewer than 20 questions are no evidence" in said.out
