"""``harness report matrix`` and ``report consensus``: page, numbers beside it, JSON and exit code say the same."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.command_line import A, B, Folder, call
from tests.report.parsed import assert_inert


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Folder:
    """With one run of two models and a panel; not to be changed."""
    root: Path = tmp_path_factory.mktemp("pages") / "home"
    assert call("init", root).code == 0
    made = Folder(root)
    said = made.call("run", "starter", "--models", f"{A},{B},consensus/starter", "--limit", "12", "--quiet")
    assert said.code == 0, said.err
    return made


def test_the_matrix_page(home):
    said = home.call("report", "matrix", "--minimum-tasks", "3", "--json")
    assert (said.code, said.json["verdict"], said.json["active"]) == (0, "supported", 0)
    page = Path(said.json["file"])
    assert_inert(page.read_text())
    results = json.loads(page.with_suffix(".results.json").read_text())
    assert results["verdict"]["changes"] == len(said.json["changes"])
    assert results["command"] in page.read_text()
    assert "scripted for the demonstration" in page.read_text()


def test_too_little_evidence_is_exit_code_5(home, tmp_path):
    said = home.call("report", "matrix", "-o", tmp_path / "m.html")
    assert said.code == 5
    assert said.out.startswith("Insufficient evidence: no class has enough measured tasks")
    assert all(len(line) <= 100 or line.startswith("page:") for line in said.out.splitlines())


def test_the_consensus_page(home):
    said = home.call("report", "consensus", "--since", "2020-01-01", "--policy", "starter", "--json")
    assert (said.code, said.json["n"], said.json["labelled"]) == (0, 12, 12)
    page = Path(said.json["file"])
    assert page.name == "consensus-starter.html"
    assert_inert(page.read_text())
    results = json.loads(page.with_suffix(".results.json").read_text())
    assert results["accuracy"] == said.json["accuracy"]
    evidence = results["splits"]["shown"] or results["other_wrong"]["shown"] or results["unanimous_wrong"]["shown"]
    for one in evidence[:1]:
        assert home.call("report", "evidence", one["verdict_id"]).code in (0, 3)


def test_nothing_decided_is_exit_code_5(home):
    said = home.call("report", "consensus", "--since", "2099-01-01T06:00+02:00", "--policy", "../../x")
    assert said.code == 5
    assert said.out.startswith("No panel decided anything in this time")
    assert said.out.rstrip().endswith("/pages/consensus.html")


def test_a_registry_that_cannot_be_read_does_not_hide_what_was_decided(home, tmp_path):
    shutil.copytree(home.root, tmp_path / "home")
    (tmp_path / "home" / "registry" / "policies.yaml").write_text("policies: [")
    assert Folder(tmp_path / "home").call("report", "consensus", "--since", "2020-01-01").code == 0


def test_a_day_that_is_none(home):
    said = home.call("report", "consensus", "--since", "yesterday")
    assert said.code == 2
    assert said.told == "--since: 'yesterday' is not a day or time such as 2026-11-01 or 2026-11-01T06:00"


def test_ab_writes_the_calls_of_each_trial(home, tmp_path):
    run = home.json("runs")[0]["run"]
    home.call("report", "ab", run, "-o", tmp_path / "ab.html")
    text = (tmp_path / "ab.html").read_text()
    assert_inert(text)
    assert text.count('<table class="calls">') == 12
