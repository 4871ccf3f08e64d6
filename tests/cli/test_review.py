"""``harness review``: the queue, one outcome of it, and a decision that becomes a labelled case."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from harness.core.event import Reviewed
from harness.journal import open_journal, read
from harness.transport import SystemClock
from tests.cli.command_line import AGREED, NOT_SERVED, Folder, call

DECIDED = ("--answer", "3,312.60 EUR", "--who", "ann", "--why", "computed by hand")


@pytest.fixture(scope="module")
def _waiting(tmp_path_factory) -> tuple[Path, str]:
    root = tmp_path_factory.mktemp("waiting") / "home"
    assert call("init", root).code == 0
    served = Folder(root).call("ask", AGREED, "--policy", "starter", "--json")
    refused = Folder(root).call("ask", NOT_SERVED, "--policy", "starter", "--json")
    assert (served.code, refused.code) == (0, 3)
    return root, refused.json["verdict_id"]


@pytest.fixture
def waiting(tmp_path, _waiting) -> tuple[Folder, str]:
    """A home folder with one outcome that was served and one that was not; the id of the second."""
    root, verdict = _waiting
    shutil.copytree(root, tmp_path / "home")
    return Folder(tmp_path / "home"), verdict


def reviews(home: Folder) -> list[Reviewed]:
    paths = sorted((home.root / ".harness" / "journal").glob("review-*.jsonl"))
    return [line.event for path in paths for line in read(path) if isinstance(line.event, Reviewed)]


def test_an_empty_queue_says_so(home):
    said = home.call("review")
    assert (said.code, said.out) == (0, "nothing waits for a person\n")
    assert home.json("review", "list") == []


def test_the_queue_shows_what_was_not_served(waiting):
    home, verdict = waiting
    (row,) = home.json("review")
    assert (row["verdict_id"], row["reason"], row["policy"]) == (verdict, "divergent", "starter")
    assert row["question"].startswith(NOT_SERVED)
    assert len(row["groups"]) == 3
    assert row["review"] is None
    said = home.call("review", "list")
    assert verdict in said.out
    assert "divergent" in said.out
    assert f"harness review show {verdict}" in said.err


def test_one_outcome_is_shown_with_its_answers_and_who_gave_them(waiting):
    home, verdict = waiting
    shown = home.json("review", "show", verdict[:8])
    assert [each["stances"][0]["model"] for each in shown["answers"]] == [
        "scripted/quick", "scripted/sloppy", "scripted/careful",
    ]  # fmt: skip
    assert all("<answer>" in each["stances"][0]["text"] for each in shown["answers"])
    assert shown["cost_usd"] > 0
    assert {pair["relation"] for pair in shown["pairs"]} == {"different"}
    said = home.call("review", "show", verdict)
    assert "1. " in said.out
    assert "scripted/careful (tiebreak)" in said.out
    assert f"harness review answer {verdict}" in said.err


def test_a_decision_is_on_record_and_leaves_the_queue(waiting):
    home, verdict = waiting
    said = home.json("review", "answer", verdict, *DECIDED)
    assert said["position"].startswith("review-")
    assert reviews(home) == [Reviewed(verdict_id=verdict, answer="3,312.60 EUR", who="ann", why="computed by hand")]
    assert home.json("review") == []
    (row,) = home.json("review", "list", "--all")
    assert row["review"]["who"] == "ann"
    assert "decided by ann" in home.call("review", "list", "--all").out
    assert "decided by ann" in home.call("review", "show", verdict).out


def test_a_decision_is_replaced_only_on_purpose(waiting):
    home, verdict = waiting
    home.json("review", "answer", verdict, *DECIDED)
    said = home.call("review", "answer", verdict, "--no-answer", "--who", "bob", "--why", "ambiguous")
    assert said.code == 2
    assert "was decided by 'ann'" in said.told
    assert (
        home.call("review", "answer", verdict, "--no-answer", "--who", "bob", "--why", "ambiguous", "--again").code == 0
    )
    assert [(each.who, each.answer) for each in reviews(home)] == [("ann", "3,312.60 EUR"), ("bob", None)]
    assert "no answer is right" in home.call("review", "show", verdict).out


def test_a_decision_becomes_a_labelled_case_once(waiting):
    home, verdict = waiting
    cases = home.root / "suites" / "starter" / "cases.jsonl"
    before = cases.read_text()
    said = home.call("review", "answer", verdict, *DECIDED, "--to-suite", "starter")
    assert said.code == 0
    assert "the digest of suite starter changed from" in said.out
    added = cases.read_text().removeprefix(before)
    case = json.loads(added)
    assert case["id"] == f"review-{verdict}"
    assert case["prompt"].startswith(NOT_SERVED)
    assert (case["expected"], case["meta"]) == ("3,312.60 EUR", {"reviewer": "ann", "verdict": verdict})
    again = home.call("review", "answer", verdict, *DECIDED, "--to-suite", "starter", "--again")
    assert again.code == 2
    assert "has the case" in again.told
    assert len(reviews(home)) == 1, "what is refused is not put on record"
    ran = home.call("run", "starter", "--models", "scripted/careful", "--quiet", "--json")
    assert ran.code == 0
    assert ran.json["candidates"]["scripted/careful"]["trials"] == len(cases.read_text().splitlines())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--who", "ann", "--why", "w"], "either --answer"),
        (["--answer", "1", "--no-answer", "--who", "ann", "--why", "w"], "either --answer"),
        (["--answer", " ", "--who", "ann", "--why", "w"], "--answer: is empty"),
        (["--answer", "1", "--who", "", "--why", "w"], "--who: is empty"),
        (["--answer", "1", "--who", "ann", "--why", " "], "--why: is empty"),
        (["--no-answer", "--who", "ann", "--why", "w", "--to-suite", "starter"], "needs an answer"),
        (["--answer", "1", "--who", "ann", "--why", "w", "--to-suite", "none"], "no suite 'none'"),
        (["--answer", "1", "--who", "ann", "--why", "w", "--to-suite", "starter-code"], "no suite 'starter-code'"),
    ],
)
def test_what_cannot_be_recorded_is_told(waiting, words, told):
    home, verdict = waiting
    said = home.call("review", "answer", verdict, *words)
    assert said.code == 2
    assert told in said.told
    assert reviews(home) == []


def test_what_was_served_is_nobodys_to_decide(home):
    served = home.call("ask", AGREED, "--policy", "starter", "--json").json["verdict_id"]
    said = home.call("review", "answer", served, *DECIDED)
    assert said.code == 2
    assert "was served" in said.told
    assert "no verdict" in home.call("review", "show", "zzz").told


def test_tasks_of_a_run_whose_answer_is_known_wait_for_nobody(home):
    assert home.call("run", "starter", "--models", "consensus/starter", "--quiet").code == 0
    assert home.json("review") == []
    everything = home.json("review", "list", "--all")
    assert everything
    assert all(row["known"] and row["run"] for row in everything)
    assert "in a run" in home.call("review", "list", "--all").out


def test_a_question_in_hashes_is_decided_in_hashes_and_makes_no_case(waiting):
    home, verdict = waiting
    folder = home.root / ".harness" / "journal"
    (path,) = [each for each in folder.glob("*.jsonl") if verdict in each.read_text()]
    events = [line.event for line in read(path)]
    path.unlink()
    (home.root / ".harness" / "harness.duckdb").unlink(missing_ok=True)

    async def rewrite():
        async with open_journal(path, clock=SystemClock(), capture="hashes") as journal:
            for event in events:
                await journal.append(event)

    asyncio.run(rewrite())
    said = home.call("review", "answer", verdict, *DECIDED, "--to-suite", "starter")
    assert said.code == 2
    assert "not on record in clear" in said.told
    assert home.call("review", "answer", verdict, *DECIDED).code == 0
    assert reviews(home)[0].who == "ann"
    assert reviews(home)[0].answer.startswith("sha256:")
    assert "the journal holds hashes" in home.call("review", "show", verdict).out


def test_a_member_without_an_answer_is_shown_apart(home):
    policy = home.root / "registry" / "policies.yaml"
    text = policy.read_text().replace("extract: {tag: answer}", "extract: {tag: nothing}")
    policy.write_text(text)
    verdict = home.call("ask", NOT_SERVED, "--policy", "starter", "--json").json["verdict_id"]
    said = home.call("review", "show", verdict)
    assert "without an answer" in said.out
    assert "fewer than two valid answers" in said.out
