"""An import from its file to its last grade; the same file again does only what is missing."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from harness.content import Home, load_suite
from harness.core.errors import HarnessError
from harness.core.event import Call, GradeGiven, RunFinished, RunStarted
from harness.core.ids import CandidateId
from harness.core.suite import Suite
from harness.core.trial import Grade
from harness.evals.patches import unified_diff
from harness.evals.regrading import regrade_run
from tests.evals.recorded_data import DATA
from tests.evals.world import (
    Row,
    events,
    graded,
    grades,
    journal,
    make_home,
    make_suite,
    needs_sandbox,
    sums,
    take_in,
    write,
)

ROWS: list[dict[str, Any]] = [
    {"task_id": "t0", "model": "gpt", "text": "1", "cost_usd": 0.5, "usage": {"input": 3, "output": 1}, "latency_s": 2},
    {"task_id": "t1", "model": "gpt", "text": "It is 3."},
    {"task_id": "t0", "model": "other", "text": ""},
    {"task_id": "t1", "model": "other", "text": "2", "finish": "length"},
    {"task_id": "t2", "model": "other", "text": "No.", "finish": "refusal"},
    {"task_id": "t2", "model": "gpt", "text": "I cannot tell."},
]


@pytest.fixture
def home(tmp_path) -> Home:
    return make_home(tmp_path, {})


@pytest.fixture
def suite(home) -> Suite:
    return make_suite(home, sums(3))


def test_outputs_are_recorded_and_judged(home, suite):
    run_id, result = take_in(home, suite, ROWS, name="tuesday")
    assert result.complete
    assert grades(home, run_id) == {
        ("t0", "gpt"): Grade.RESOLVED,
        ("t1", "gpt"): Grade.NOT_RESOLVED,
        ("t2", "gpt"): Grade.FORMAT_FAILURE,
        ("t0", "other"): Grade.EMPTY,
        ("t1", "other"): Grade.LIMIT,
        ("t2", "other"): Grade.REFUSED,
    }
    (begun,) = events(home, run_id, RunStarted)
    assert (begun.origin, begun.name, begun.scripted, begun.prices) == ("import", "tuesday", False, {})
    assert str(begun.provenance["grader"]).startswith("numeric@")
    (first,) = [each for key, each in graded(home, run_id).items() if (key.task_id, key.candidate) == ("t0", "gpt")]
    assert (first.cost_usd, first.latency_s, first.answer, first.output) == (Decimal("0.5"), 2.0, "1", "1")
    assert first.usage is not None
    assert result.totals[CandidateId("gpt")].cost_usd is None, "of two outputs nobody knows the cost"
    calls = events(home, run_id, Call)
    assert len({call.key for call in calls}) == len(calls) == len(ROWS)
    assert all(call.request is None for call in calls), "what was asked, only whoever asked knows"


def test_the_same_file_again_changes_nothing(home, suite):
    run_id, _ = take_in(home, suite, ROWS)
    content = journal(home, run_id).read_bytes()
    again, result = take_in(home, suite, reversed(ROWS))
    assert again == run_id
    assert result.complete
    assert journal(home, run_id).read_bytes() == content
    assert take_in(home, suite, ROWS, name="other")[0] != run_id


@pytest.mark.parametrize("keep", [0, 1, 2, 5, 9, 12, 13])
def test_cut_anywhere_it_is_continued(home, suite, keep):
    run_id, _ = take_in(home, suite, ROWS)
    before = grades(home, run_id)
    path = journal(home, run_id)
    whole = path.read_bytes().splitlines(keepends=True)
    assert len(whole) == 14
    path.write_bytes(b"".join(whole[:keep]) + whole[keep][:30])
    again, result = take_in(home, suite, ROWS)
    assert (again, result.complete) == (run_id, True)
    assert grades(home, run_id) == before
    calls = [call.key for call in events(home, run_id, Call)]
    assert len(calls) == len(set(calls)) == len(ROWS)
    assert len(events(home, run_id, GradeGiven)) == len(ROWS)


def test_stored_without_grades_and_graded_by_the_same_file_later(home, suite):
    run_id, stored = take_in(home, suite, ROWS, grade=False)
    assert not stored.complete
    assert not stored.totals
    assert not grades(home, run_id)
    assert len(events(home, run_id, Call)) == len(ROWS)
    (end,) = events(home, run_id, RunFinished)
    assert (end.complete, end.trials, end.why) == (False, 0, "every output of the file is stored; not all are judged")
    content = journal(home, run_id).read_bytes()
    assert take_in(home, suite, ROWS, grade=False)[0] == run_id
    assert journal(home, run_id).read_bytes() == content
    again, result = take_in(home, suite, ROWS)
    assert (again, result.complete) == (run_id, True)
    assert len(events(home, run_id, Call)) == len(ROWS)
    assert len(grades(home, run_id)) == len(ROWS)
    content = journal(home, run_id).read_bytes()
    assert take_in(home, suite, ROWS, grade=False)[1].complete, "it was judged already"
    assert journal(home, run_id).read_bytes() == content


def test_storing_needs_no_sandbox_and_no_repository(home):
    """Even of patches: they are applied when they are judged."""
    suite = toy_suite(home, {"a.py": "x = 1\n"}, {"a.py": "x = 2\n"}, hidden={"test_a.py": "def test_x(): pass\n"})
    broken = write(home.root / "broken.bundle", "no bundle")
    rows = [{"task_id": "toy", "model": "gpt", "patch": "--- a\n"}]
    run_id, _ = take_in(home, replace(suite, repo_path=broken), rows, grade=False)
    assert [call.reply.notes for call in events(home, run_id, Call)] == [("imported:patch",)]  # type: ignore[union-attr]


def test_names_of_models_are_free(home, suite):
    rows = [
        {"task_id": "t0", "model": name, "text": "1"}
        for name in ("a b", "vendor/x:y", "consensus/p", "ü", "builtin/noop")
    ]
    run_id, result = take_in(home, suite, rows)
    assert set(grades(home, run_id).values()) == {Grade.RESOLVED}
    assert len(result.totals) == 5


def test_an_error_for_the_user_comes_out_by_itself(home):
    suite = toy_suite(home, {"a.py": "x = 1\n"}, {"a.py": "x = 2\n"}, hidden={"test_a.py": "def test_x(): pass\n"})
    broken = write(home.root / "broken.bundle", "no bundle")
    rows = [{"task_id": "toy", "model": "gpt", "patch": "--- a\n"}]
    with pytest.raises(HarnessError):
        take_in(home, replace(suite, repo_path=broken), rows)


# --- repo suites ----------------------------------------------------------------------------------------------------


def toy_suite(
    home: Home,
    base: dict[str, str],
    gold: dict[str, str],
    *,
    hidden: dict[str, str],
    f2p=("test_a.py::test_x",),
    p2p=(),
) -> Suite:
    """A repo suite with one task over a plain folder, as a person would write it."""
    folder = home.suites / "toys"
    for path, text in base.items():
        write(folder / "repo" / path, text)
    write(folder / "suite.yaml", json.dumps({"kind": "repo", "repo": {"path": "repo"}, "min_isolation": "standard"}))
    task = {"id": "toy", "tests": {"f2p": list(f2p), "p2p": list(p2p)}}
    write(folder / "tasks" / "toy" / "task.yaml", json.dumps(task))
    write(folder / "tasks" / "toy" / "statement.md", "parse_amount gets cents wrong.\n")
    write(folder / "tasks" / "toy" / "reference.patch", unified_diff(base, {**base, **gold}))
    for path, text in hidden.items():
        write(folder / "tasks" / "toy" / "hidden" / path, text)
    return load_suite(home, "toys")


def hostile() -> list[dict[str, Any]]:
    path = DATA / "hostile_dev.jsonl"
    if not path.exists():
        pytest.skip("recorded data hostile_dev.jsonl is not here")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def hostile_suite(home: Home) -> tuple[Suite, dict[str, dict[str, Any]]]:
    """The toy repository of the recorded attacks, and its controls by id."""
    toy, *others = hostile()
    controls = {row["id"]: row for row in others if row["kind"] == "control"}
    suite = toy_suite(
        home,
        toy["files"],
        controls["c01-gold"]["files"],
        hidden=toy["hidden_tests"],
        f2p=toy["fail_to_pass"],
        p2p=toy["pass_to_pass"],
    )
    return suite, controls


def as_patch(base: dict[str, str], files: dict[str, str | None]) -> str:
    after = {**base, **files}
    return unified_diff(base, {path: text for path, text in after.items() if text is not None})


@pytest.mark.slow
def test_controls_are_judged_right_as_files_and_as_patches(home):
    needs_sandbox()
    suite, controls = hostile_suite(home)
    base = hostile()[0]["files"]
    forms: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "files": lambda files: {"files": files},
        "patch": lambda files: {"patch": as_patch(base, files)},
    }
    rows = [
        {"task_id": "toy", "model": f"{form}/{name}", **make(row["files"])}
        for form, make in forms.items()
        for name, row in controls.items()
    ]
    run_id, result = take_in(home, suite, rows)
    assert result.complete
    found = {key.candidate: each for key, each in graded(home, run_id).items()}
    for form in forms:
        for name, row in controls.items():
            one = found[CandidateId(f"{form}/{name}")]
            assert (one.grade is Grade.RESOLVED) == row["expect"]["resolved"], (form, name, one.grade, one.detail)
            assert "flags" not in row["expect"] or list(one.flags) == row["expect"]["flags"], (form, name, one.flags)
            assert one.grade not in (Grade.INFRA_ERROR, Grade.VOID, Grade.FORMAT_FAILURE), (form, name, one.detail)
        assert found[CandidateId(f"{form}/c02-empty")].grade is Grade.EMPTY
        assert "tests/test_ledger.py::test_total" in found[CandidateId(f"{form}/c07-breaks-p2p")].detail
        assert found[CandidateId(f"{form}/c01-gold")].isolation is not None
        assert "protected_path_discarded" in found[CandidateId(f"{form}/c05-gold-plus-conftest-in-tests")].flags


@pytest.mark.slow
def test_every_form_of_an_edit_can_be_imported_for_a_repo_suite(home):
    """A model's whole answer too, with its edits in it; and what was stored can be graded later, to the same end."""
    needs_sandbox()
    base = {"book.py": "def cents(text):\n    return int(float(text) * 100)\n"}
    gold = {"book.py": "def cents(text):\n    return round(float(text) * 100)\n"}
    tests = {"test_a.py": "from book import cents\n\n\ndef test_x():\n    assert cents('1.15') == 115\n"}
    suite = toy_suite(home, base, gold, hidden=tests)
    blocks = "book.py\n<<<<<<< SEARCH\n    return int(float(text) * 100)\n=======\n    return round(float(text) * 100)\n>>>>>>> REPLACE\n"
    rows: list[Row] = [
        {"task_id": "toy", "model": "blocks", "text": f"I would round:\n\n{blocks}"},
        {"task_id": "toy", "model": "diff", "text": f"```diff\n{unified_diff(base, gold)}```\n"},
        {"task_id": "toy", "model": "prose", "text": "It should round."},
        {"task_id": "toy", "model": "patch", "patch": unified_diff(base, gold)},
        {"task_id": "toy", "model": "bad patch", "patch": unified_diff(gold, base)},
        {"task_id": "toy", "model": "no patch", "patch": ""},
        {"task_id": "toy", "model": "files", "files": gold},
        {"task_id": "toy", "model": "no files", "files": {}},
        {"task_id": "toy", "model": "escape", "files": {"../x": "x"}},
        {"task_id": "toy", "model": "cut", "patch": unified_diff(base, gold), "finish": "length"},
    ]
    expected = {
        "blocks": Grade.RESOLVED,
        "diff": Grade.RESOLVED,
        "prose": Grade.FORMAT_FAILURE,
        "patch": Grade.RESOLVED,
        "bad patch": Grade.FORMAT_FAILURE,
        "no patch": Grade.EMPTY,
        "files": Grade.RESOLVED,
        "no files": Grade.EMPTY,
        "escape": Grade.VOID,
        "cut": Grade.LIMIT,
    }
    run_id, _ = take_in(home, suite, rows)
    assert {who: grade for (_, who), grade in grades(home, run_id).items()} == expected
    later, _ = take_in(home, suite, rows, name="later", grade=False)
    regraded = asyncio.run(regrade_run(home, later))
    assert {who: grade for (_, who), grade in grades(home, later).items()} == expected
    assert (regraded.judged, regraded.skipped, len(regraded.changes)) == (10, 0, 10)
    assert events(home, later, RunFinished)[-1].complete
    again = asyncio.run(regrade_run(home, later))
    assert again.changes == ()
    assert {who: grade for (_, who), grade in grades(home, later).items()} == expected
