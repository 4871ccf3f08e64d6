"""``run --stop-early`` and ``run --aa``, and what ``report ab`` makes of them."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.command_line import A, B


def test_a_run_that_may_stop_early_says_where_it_stopped(home):
    said = home.call("run", "starter", "--models", f"{A},{B}", "--stop-early", "--margin", "0.05")
    assert said.code == 0
    assert re.search(r"after \d+ of 43 pairs: .*\(e-value\s+[\d.]+\s+after \d+ looks\)", said.out, re.DOTALL)
    found = home.json("run", "starter", "--models", f"{A},{B}", "--stop-early", "--margin", "0.05")
    stopping = found["stopping"]
    assert stopping["state"] in {"futile", "exhausted", "better"}
    assert stopping["seen"] <= stopping["pairs"] == 43
    page = home.root / "page.html"
    summary = home.call("report", "ab", found["run"], "--json", "-o", page).json
    results = json.loads(page.with_suffix(".results.json").read_text())
    same = ("state", "pairs", "seen", "looks", "a_only", "b_only", "e", "plan_sha256")
    assert {name: results["stopping"][name] for name in same} == stopping
    assert (results["margin"], results["stopping"]["plan_kept"]) == (0.05, True)
    assert summary["n_paired"] == stopping["looks"]
    assert "e-value on discordant pairs" in results["success"]["method"]
    assert "McNemar" not in page.read_text()


def test_the_noise_floor_is_printed_and_stands_on_the_page(measured_copy, run_id):
    said = measured_copy.json("run", "starter", "--models", A, "--aa")
    noise = said["noise_floor"]
    assert (noise["tasks"], noise["flips"], noise["sd"]) == (43, 0, 0.0)
    assert said["candidates"][A]["trials"] == 86
    text = measured_copy.call("run", "starter", "--models", A, "--aa").out
    assert "noise floor: 0 of 43 tasks" in text
    page = measured_copy.root / "page.html"
    measured_copy.call("report", "ab", run_id, "-o", page)
    assert json.loads(page.with_suffix(".results.json").read_text())["noise"] == [noise]
    assert f"Noise floor of {A}" in page.read_text()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((A, "--stop-early"), "--stop-early: compares two candidates"),
        ((f"{A},{B}", "--aa"), "--aa: compares one candidate with itself"),
        ((A, "--aa", "--stop-early"), "leave one out"),
        ((f"{A},{B}", "--margin", "0.1"), "--margin: says when --stop-early may stop"),
        ((f"{A},{B}", "--stop-early", "--margin", "3"), "--margin: 3.0 is not between 0 and 1"),
    ],
)
def test_flags_that_do_not_go_together(home, words, problem):
    said = home.call("run", "starter", "--models", *words)
    assert (said.code, problem in said.err) == (2, True), said.err


def test_init_leaves_the_gallery_out(scaffolded):
    assert (Path(scaffolded) / "reports" / "templates" / "regression.html.j2").exists()
    assert not (Path(scaffolded) / "reports" / "gallery").exists()


def test_a_night_writes_a_proposal_of_the_routing_matrix(home):
    schedule = {"suite": "starter", "candidates": [A], "cron": "0 2 * * *", "propose_matrix": True}
    (home.root / "registry" / "schedules.yaml").write_text(json.dumps({"schedules": {"nightly": schedule}}))
    before = (home.root / "registry" / "matrix.yaml").exists()
    out = home.root / "out"
    said = home.call("schedule", "once", "nightly", "--json", "--out-dir", out)
    (path,) = out.glob("matrix-*.yaml")
    assert any(str(path) in remark for remark in said.json["remarks"]), said.json["remarks"]
    text = path.read_text()
    assert text.startswith("#: A proposal: ")
    assert f"candidate: {A}" in text
    assert (home.root / "registry" / "matrix.yaml").exists() is before
