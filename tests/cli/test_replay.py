"""``harness replay``, ``compare`` and ``report``: what people read where scripts read JSON."""

import json

import pytest

from tests.cli.command_line import A, B, call


def test_a_policy_on_recorded_answers(measured, run_id):
    said = measured.call("replay", run_id, "--policy", "starter")
    assert said.code == 0
    result = measured.json("replay", run_id, "--policy", "starter")
    lines = said.out.splitlines()
    assert lines[0] == f"policy starter on run {run_id}: 43 questions, no call made"
    assert f"{100 * result['coverage']:.1f} %" in next(
        line for line in lines if line.startswith("starter (this policy)")
    )
    assert sum(result["reasons"].values()) == result["n"] - result["served"]
    assert "certified: no" in lines
    assert all(len(line) <= 100 for line in lines), said.out
    told = measured.call("replay", run_id, "--policy", "startre").told
    assert "did you mean 'starter'?" in told


def test_options_of_a_comparator_come_from_a_file(tmp_path):
    file = tmp_path / "options.json"
    file.write_text(json.dumps({"tolerance": 0.5}))
    assert call("compare", "1.0", "1.4", "--as", "numeric").code == 3
    assert call("compare", "1.0", "1.4", "--as", "numeric", "--context", file).code == 0


@pytest.mark.parametrize(("text", "told"), [("{", "is not JSON"), ("[]", "holds list"), ('{"nope": 1}', "nope")])
def test_a_file_of_options_that_does_not_fit_is_told(tmp_path, text, told):
    (tmp_path / "options.json").write_text(text)
    said = call("compare", "1", "1", "--as", "numeric", "--context", tmp_path / "options.json")
    assert (said.code, said.out) == (2, "")
    assert told in said.told


def test_the_verdict_is_the_same_on_terminal_page_and_in_the_exit_code(measured, run_id, tmp_path):
    page = tmp_path / "page.html"
    said = measured.call("report", "ab", run_id, "-o", page)
    results = json.loads(page.with_suffix(".results.json").read_text())
    assert said.out.splitlines()[0] == results["verdict"]["headline"]
    assert results["verdict"]["headline"] in page.read_text()
    assert said.code == results["verdict"]["exit_code"] == 0
    assert f"page: {page.as_uri()}" in said.out
    assert "as much per resolved task" in said.out


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--a", "nope"], "--a: run "), (["--b", "nope"], "--b: run "), (["--a", A, "--b", A], "two different candidates"),
        (["--margin", "0"], "--margin: 0.0 is not between 0 and 1"), (["--margin", "nan"], "--margin: nan"), (["-o", "/proc/nowhere/x.html"], "cannot be written"),
    ],
)  # fmt: skip
def test_a_page_that_cannot_be_made_is_told(measured, run_id, argv, told):
    said = measured.call("report", "ab", run_id, *argv)
    assert (said.code, said.out) == (2, "")
    assert told in said.told


def test_one_candidate_is_no_comparison(home):
    run = home.json("run", "starter", "--models", B, "--limit", "1")["run"]
    assert "needs two different candidates" in home.call("report", "ab", run).told


def test_another_routing_file_is_explained(home, tmp_path):
    file = tmp_path / "routing.yaml"
    file.write_text((home.root / "registry" / "routing.yaml").read_text())
    decision = home.json("route", "explain", "--config", file, "--profile", "starter")
    assert decision["selected"]
    file.write_text("nonsense: [")
    said = home.call("route", "explain", "--config", file)
    assert (said.code, said.out) == (2, "")
