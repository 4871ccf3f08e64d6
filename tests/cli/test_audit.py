"""``harness audit`` and ``harness report evidence``: read, handed on, signed and checked."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.command_line import AGREED, NOT_SERVED, Folder, call

RATES = "invented for the demonstration"


@pytest.fixture(scope="module")
def _asked(tmp_path_factory) -> tuple[Path, str, str]:
    root = tmp_path_factory.mktemp("asked") / "home"
    assert call("init", root).code == 0
    served, refused = (
        Folder(root).call("ask", prompt, "--policy", "starter", "--json").json["verdict_id"]
        for prompt in (AGREED, NOT_SERVED)
    )
    return root, served, refused


@pytest.fixture
def asked(tmp_path, _asked) -> tuple[Folder, str, str]:
    """A home folder, and the ids of an outcome that was served and of one that was not."""
    root, served, refused = _asked
    shutil.copytree(root, tmp_path / "home")
    return Folder(tmp_path / "home"), served, refused


@pytest.fixture
def keys(tmp_path) -> tuple[Path, Path]:
    pytest.importorskip("cryptography")
    from tests.journal.test_signature import key_files

    return key_files(tmp_path)


def journals(home: Folder) -> list[Path]:
    return sorted((home.root / ".harness" / "journal").glob("*.jsonl"))


def test_the_evidence_of_an_outcome_is_read(asked):
    home, _, refused = asked
    view = home.json("audit", "show", refused[:6])
    assert view["verdict_id"] == refused
    assert view["policy"]["fields"]["panel"] == ["scripted/quick", "scripted/sloppy", "scripted/careful"]
    assert {ballot["call"]["price"]["as_of"] for ballot in view["ballots"]} == {"2026-11-20"}
    assert all(ballot["call"]["cost_usd"] for ballot in view["ballots"])
    assert [pair["relation"] for pair in view["pairs"]] == ["different"] * 3
    text = home.call("audit", "show", refused).out
    for fact in ("not served: divergent", NOT_SERVED[:30], "tiebreak", "plurality", RATES, view["lines"][-1]["hash"]):
        assert fact in text


def test_a_panel_named_by_flags_is_judged_again_too(home):
    words = ("--models", "scripted/quick,scripted/careful", "--compare", "numeric", "--json")
    verdict = home.call("ask", AGREED, *words).json["verdict_id"]
    view = home.json("audit", "show", verdict)
    assert view["policy"]["fields"] is None
    assert len(view["pairs"]) == 1


def test_what_a_person_decided_is_part_of_it(asked):
    home, served, refused = asked
    assert home.call("review", "answer", refused, "--no-answer", "--who", "ann", "--why", "ambiguous").code == 0
    assert "ann: no answer is right (ambiguous)" in home.call("audit", "show", refused).out
    assert len(home.json("audit", "show", refused)["lines"]) == 5
    assert home.json("audit", "show", served)["reviews"] == []
    assert "Decided by ann" in home.call("report", "evidence", refused).out


def test_no_journal_no_evidence(home):
    assert "no journal yet" in home.call("audit", "sign", "--key", "k").told
    assert "no verdict 'abc'" in home.call("audit", "show", "abc").told


def test_a_changed_policy_or_a_broken_registry_takes_nothing_from_the_record(asked):
    home, served, _ = asked
    policies = home.root / "registry" / "policies.yaml"
    policies.write_text(policies.read_text().replace("deadline_s: 20", "deadline_s: 21"))
    assert home.json("audit", "show", served)["policy"]["fields"] is None
    assert "no longer on record" in home.call("audit", "show", served).out
    policies.write_text("policies: [")
    view = home.json("audit", "show", served)
    assert view["outcome"]["served"]
    assert view["ballots"][0]["call"]["price"] is None


def test_an_outcome_of_a_run_names_it_and_takes_its_prices(home):
    ran = home.call("run", "starter", "--models", "consensus/starter", "--limit", "3", "--quiet", "--json").json
    sql = "SELECT verdict_id FROM verdict LIMIT 1"
    verdict = home.json("db", "sql", sql)[0]["verdict_id"]
    view = home.json("audit", "show", verdict)
    assert view["run"]["run_id"] == ran["run"]
    assert view["grade"]["run_id"] == ran["run"]
    assert view["ballots"][0]["call"]["price"]["from"] == "the run's record"
    assert f"{ran['run']} of starter@1" in home.call("audit", "show", verdict).out


def test_a_bundle_can_be_checked_anywhere(asked, tmp_path):
    home, _, refused = asked
    out = tmp_path / "bundle.json"
    assert home.json("audit", "export", refused, "-o", out) == {
        "file": str(out), "verdict_id": refused, "lines": 4, "hashes_only": False,
    }  # fmt: skip
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    assert call("audit", "verify", out).code == 0
    checked = call("audit", "verify", out, "--json")
    assert checked.json["ok"]
    assert "the view follows from the lines" in checked.json["bundles"][0]["facts"]
    out.write_text(out.read_text().replace("6,300.00 EUR", "6,300.01 EUR"))
    said = call("audit", "verify", out)
    assert said.code == 3
    assert "was changed: expected hash" in said.out


def test_a_bundle_of_hashes_holds_no_text_and_is_compared_with_the_journal(asked, tmp_path):
    home, served, refused = asked
    out = tmp_path / "bundle.json"
    said = home.call("audit", "export", refused, "-o", out, "--hashes-only")
    assert "hashes of 4 journal lines" in said.out
    assert "6,300" not in out.read_text()
    assert NOT_SERVED[:20] not in out.read_text()
    said = home.call("audit", "verify", out, *journals(home))
    assert said.code == 0
    assert "those of the journal at hand" in said.out
    assert "2 journals, 7 lines: nothing was changed; 1 bundle" in said.out
    assert home.call("audit", "export", served, "-o", "bundle.txt").code == 2


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "other"}', "[" * 100_000])
def test_what_is_no_bundle_is_told(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    said = call("audit", "verify", path)
    assert said.code == 2
    assert "x.json: is n" in said.told


def test_a_changed_journal_is_named_by_file_and_line(asked):
    home, _, refused = asked
    path = journals(home)[1]
    path.write_bytes(path.read_bytes().replace(b"6,300.00 EUR", b"6,300.01 EUR", 1))
    said = home.call("audit")
    assert said.code == 3
    assert f"{path.name}:1: was changed" in said.out
    shown = home.call("audit", "show", refused)
    assert shown.code == 2
    assert "was changed" in shown.err or "no verdict" in shown.err


def test_signed_heads_are_checked_with_the_public_key(asked, keys, tmp_path):
    home, _, refused = asked
    private, public = keys
    made = home.json("audit", "sign", "--key", private)
    assert [each["lines"] for each in made] == [3, 4]
    assert "all lines" in home.call("audit", "verify", "--key", public).out
    assert home.json("audit", "verify", "--key", public)["ok"]
    out = tmp_path / "bundle.json"
    assert home.call("audit", "export", refused, "-o", out).code == 0
    assert "up to line 4, which is here" in call("audit", "verify", out, "--key", public).out
    secret = private.read_text().splitlines()[1]
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path != private]
    assert not [path for path in files if secret.encode() in path.read_bytes()]


def test_what_is_not_signed_or_by_somebody_else_is_told(asked, keys, tmp_path):
    from tests.journal.test_signature import key_files

    home, _, _ = asked
    private, public = keys
    _, stranger = key_files(tmp_path, "stranger")
    first, second = journals(home)
    assert home.call("audit", "sign", "--key", private, first).code == 0
    said = home.call("audit", "verify", "--key", public)
    assert said.code == 3
    assert f"{second.name}: is not signed" in " ".join(said.out.split())
    said = home.call("audit", "verify", "--key", stranger, first)
    assert said.code == 3
    assert "was not made with the key" in " ".join(said.out.split())
    signature = Path(f"{first}.sig")
    signature.write_text("{}")
    assert "is no signature" in " ".join(home.call("audit", "verify", "--key", public, first).out.split())
    private.write_text("rubbish")
    said = home.call("audit", "sign", "--key", private)
    assert said.code == 2
    assert "no private key" in said.told


def test_the_page_of_an_outcome_says_how_it_ended(asked, tmp_path):
    home, served, refused = asked
    said = home.call("report", "evidence", served)
    assert said.code == 0
    assert said.out.startswith("Served: 2,901.60 EUR")
    page = home.root / ".harness" / "pages" / f"evidence-{served}.html"
    assert "Content-Security-Policy" in page.read_text()
    out = tmp_path / "page.html"
    said = home.call("report", "evidence", refused, "-o", out, "--json")
    assert said.code == 3
    assert (said.json["served"], said.json["file"]) == (False, str(out))
    assert said.json["headline"] in out.read_text()
    assert "scripted for the demonstration" in out.read_text()


def test_a_third_party_needs_nothing_of_ours(asked, tmp_path):
    home, _, refused = asked
    out = tmp_path / "bundle.json"
    assert home.call("audit", "export", refused, "-o", out).code == 0
    script = (
        "import hashlib, json, sys\n"
        "for entry in json.load(open(sys.argv[1], encoding='utf-8'))['lines']:\n"
        "    raw = entry['line'].encode()\n"
        "    head = raw[: raw.rindex(b',\"hash\":')] + b'}'\n"
        "    assert hashlib.sha256(head).hexdigest() == entry['hash']\n"
    )
    subprocess.run(["python3", "-I", "-c", script, str(out)], check=True)
    assert json.loads(out.read_text())["about"].startswith("Each line is a line of a hash-chained journal")
