"""Stored submissions judged again: by the suite as it is now, without a call, and never half a text."""

import asyncio
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from harness.content import Home, load_suite
from harness.core.errors import ConfigError, HarnessError
from harness.core.event import Call, GradeGiven, RunFinished
from harness.core.ids import CandidateId, RunId
from harness.core.trial import Grade, Submission, TrialKey
from harness.evals.regrading import Regraded, regrade_run, stored_submission, with_costs
from harness.journal import open_journal
from harness.transport import SystemClock
from tests.evals.recorded_data import humaneval_home, rows
from tests.evals.test_run import KEY, graded
from tests.evals.world import (
    carry_out,
    events,
    grades,
    journal,
    make_home,
    make_suite,
    needs_sandbox,
    plan_of,
    right,
    run,
    sums,
    take_in,
    take_in_file,
    wrong,
)
from tests.evals.world import graded as last_grades

PAIR = "v/good,v/bad"


@pytest.fixture
def home(tmp_path) -> Home:
    home = make_home(tmp_path, {"good": right(4), "bad": wrong()})
    make_suite(home, sums(4))
    return home


def again(home: Home, run_id: str, **options: Any) -> Regraded:
    return asyncio.run(regrade_run(home, RunId(run_id), **options))


def test_nothing_changes_where_nothing_has_changed(home):
    run_id, _ = run(home, "sums", PAIR)
    before, seen = last_grades(home, run_id), list[tuple[int, int]]()
    result = again(home, run_id, on_progress=lambda done, size: seen.append((done, size)))
    assert (result.run_id, result.judged, result.skipped, result.changes) == (run_id, 8, 0, ())
    assert seen == [(done, 8) for done in range(1, 9)]
    assert last_grades(home, run_id) == before
    assert len(events(home, run_id, GradeGiven)) == 16, "the judgements are on record all the same"
    assert len(events(home, run_id, Call)) == 8
    assert len(events(home, run_id, RunFinished)) == 1


def test_the_suite_as_it_is_now_decides(home):
    run_id, _ = run(home, "sums", PAIR)
    corrected = [case | {"expected": -1} if case["id"] == "t2" else case for case in sums(4)]
    make_suite(home, corrected)
    result = again(home, run_id)
    assert {(c.key.task_id, c.key.candidate): (c.before, c.after) for c in result.changes} == {
        ("t2", "v/good"): (Grade.RESOLVED, Grade.NOT_RESOLVED),
        ("t2", "v/bad"): (Grade.NOT_RESOLVED, Grade.RESOLVED),
    }
    assert "expected '-1', got '3'" in next(c for c in result.changes if c.key.candidate == "v/good").detail
    assert grades(home, run_id)["t2", "v/bad"] is Grade.RESOLVED
    assert len(events(home, run_id, Call)) == 8


def test_another_comparator_decides(home):
    run_id, _ = run(home, "sums", PAIR)
    make_suite(home, sums(4), extract="whole", compare="exact")
    result = again(home, run_id)
    assert {change.after for change in result.changes} == {Grade.NOT_RESOLVED}
    graders = {each.grader.partition("@")[0] for each in last_grades(home, run_id).values()}
    assert graders == {"exact"}


def test_what_an_answer_cost_and_where_it_came_from_is_history(home):
    run_id, _ = run(home, "sums", PAIR)
    before = last_grades(home, run_id)
    make_suite(home, [case | {"expected": 0} for case in sums(4)])
    again(home, run_id)
    for key, new in last_grades(home, run_id).items():
        old = before[key]
        assert new.grade is Grade.NOT_RESOLVED
        same = ("cost_usd", "cost_bound_usd", "usage", "latency_s", "calls", "verdict_id", "output")
        assert [getattr(new, name) for name in same] == [getattr(old, name) for name in same]


def test_a_task_that_is_gone_keeps_its_grade(home):
    run_id, _ = run(home, "sums", PAIR)
    make_suite(home, sums(3))
    result = again(home, run_id)
    assert (result.judged, result.skipped, result.changes) == (6, 2, ())
    assert grades(home, run_id)["t3", "v/good"] is Grade.RESOLVED


def test_where_nothing_was_handed_in_there_is_nothing_to_judge(tmp_path):
    script = [
        {"when": "What is 0", "fault": "refused", "text": "1"},
        {"when": "What is 1", "text": "2", "finish": "length"},
        {"when": "What is 2", "fault": "unintelligible"},
        {"when": "What is 3", "text": "4", "finish": "error"},
        {"when": "What is 4", "fault": "empty"},
        {"text": "no number"},
    ]
    home = make_home(tmp_path, {"odd": script})
    make_suite(home, sums(6))
    run_id, _ = run(home, "sums", "v/odd")
    before = grades(home, run_id)
    assert [before[f"t{n}", "v/odd"].value for n in range(6)] == [
        "refused", "limit", "infra_error", "infra_error", "empty", "format_failure"
    ]  # fmt: skip
    result = again(home, run_id)
    assert (result.judged, result.skipped, result.changes) == (1, 5, ())
    assert grades(home, run_id) == before, "half a text that holds the right number is still no answer"


def test_what_could_not_be_judged_then_is_judged_now(home):
    """Without an expectation, or without a working sandbox: the submission was kept."""
    make_suite(home, [{"id": case["id"], "prompt": case["prompt"]} for case in sums(4)])
    run_id, _ = run(home, "sums", PAIR)
    assert set(grades(home, run_id).values()) == {Grade.INFRA_ERROR}
    make_suite(home, sums(4))
    result = again(home, run_id)
    assert result.judged == 8
    assert grades(home, run_id)["t0", "v/good"] is Grade.RESOLVED
    assert grades(home, run_id)["t0", "v/bad"] is Grade.NOT_RESOLVED


def test_built_in_candidates_too(home):
    run_id, _ = run(home, "sums", "builtin/reference,builtin/noop")
    result = again(home, run_id)
    assert (result.judged, result.skipped, result.changes) == (4, 4, ())


def test_a_panel_is_judged_by_the_answer_it_served(tmp_path):
    policy = {
        "panel": ["v/good", "v/good2"],
        "extract": {"last": "number"},
        "compare": "numeric",
        "rule": {"quorum": 2},
    }
    home = make_home(tmp_path, {"good": right(2), "good2": right(2), "bad": wrong()}, policies={"p": policy})
    make_suite(home, sums(2))
    run_id, _ = run(home, "sums", "consensus/p")
    assert again(home, run_id).changes == ()
    make_suite(home, [case | {"expected": 99} for case in sums(2)])
    assert {change.after for change in again(home, run_id).changes} == {Grade.NOT_RESOLVED}


OUTPUTS: list[dict[str, Any]] = [
    {"task_id": "t0", "model": "gpt", "text": "1", "cost_usd": 0.5},
    {"task_id": "t1", "model": "gpt", "text": "3"},
    {"task_id": "t2", "model": "other", "text": "3", "epoch": 2},
    {"task_id": "t2", "model": "gpt", "text": "", "epoch": 1},
    {"task_id": "t1", "model": "other", "text": "2", "finish": "length"},
]


def test_what_was_imported_without_grades_gets_them(home):
    suite = load_suite(home, "sums")
    run_id, _ = take_in(home, suite, OUTPUTS, name="later", grade=False)
    result = again(home, run_id)
    assert (result.judged, result.skipped) == (5, 0)
    assert all(change.before is None for change in result.changes)
    direct, _ = take_in(home, suite, OUTPUTS, name="direct")
    found, expected = last_grades(home, run_id), last_grades(home, direct)
    assert found.keys() == expected.keys()
    for key, graded_later in found.items():
        assert replace(graded_later, verdict_id=None) == replace(expected[key], verdict_id=None)
    assert [(end.complete, end.trials) for end in events(home, run_id, RunFinished)] == [(False, 0), (True, 5)]
    assert again(home, run_id).changes == ()
    assert len(events(home, run_id, RunFinished)) == 2, "an end is told once"


def test_an_import_that_was_cut_short_is_not_complete_by_being_graded(home):
    """Its file holds more than the journal does: only the same import can say that everything is in."""
    suite = load_suite(home, "sums")
    run_id, _ = take_in(home, suite, OUTPUTS, grade=False)
    path = journal(home, run_id)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    assert again(home, run_id).judged == 2
    assert not events(home, run_id, RunFinished)
    _, result = take_in(home, suite, OUTPUTS)
    assert result.complete
    assert len(events(home, run_id, Call)) == 5


def test_an_import_whose_task_is_gone_stays_open(home):
    run_id, _ = take_in(home, load_suite(home, "sums"), OUTPUTS, grade=False)
    make_suite(home, sums(2))
    result = again(home, run_id)
    assert (result.judged, result.skipped) == (3, 2)
    assert [end.complete for end in events(home, run_id, RunFinished)] == [False]


def test_a_run_is_not_completed_by_being_judged(home):
    plan = plan_of(home, "sums", PAIR)
    run_id, stopped = carry_out(home, plan, max_cost_usd=Decimal(0))
    assert stopped.stopped_at_budget
    assert again(home, run_id).judged == 0
    assert [end.complete for end in events(home, run_id, RunFinished)] == [False]


def test_a_journal_without_a_run_is_told(home):
    async def empty() -> None:
        async with open_journal(journal(home, "ask-1"), clock=SystemClock()):
            pass

    asyncio.run(empty())
    with pytest.raises(ConfigError, match=r"ask-1\.jsonl: holds no run"):
        again(home, "ask-1")


def test_a_run_of_a_suite_that_is_gone_is_told(home):
    run_id, _ = run(home, "sums", PAIR)
    (home.suites / "sums" / "suite.yaml").unlink()
    with pytest.raises(HarnessError, match="no suite 'sums'"):
        again(home, run_id)


# --- pieces ---------------------------------------------------------------------------------------------------------


def test_which_submission_is_judged_again(home):
    suite = load_suite(home, "sums")
    assert stored_submission(graded(KEY, output="42"), suite) == Submission(format="answer", text="42")
    assert stored_submission(graded(KEY, output=""), suite) is None
    kept = Submission(format="udiff", files={"a": None})
    for grade in Grade:
        assert stored_submission(graded(KEY, grade, output="42", submission=kept), suite) is kept
    for grade in (Grade.REFUSED, Grade.LIMIT, Grade.UNSERVED, Grade.INFRA_ERROR):
        assert stored_submission(graded(KEY, grade, output="42"), suite) is None


def test_only_the_judgement_is_new():
    old = graded(KEY, Grade.RESOLVED, output="42", cost_bound_usd=Decimal(1), verdict_id="v")
    new = graded(KEY, Grade.VOID, cost_usd=Decimal(9), latency_s=9.0, calls=9, usage=None)
    assert with_costs(new, old) == replace(old, grade=Grade.VOID)


# --- real programs --------------------------------------------------------------------------------------------------

EVERY = 3
DISAGREEMENTS: dict[tuple[str, int], str] = {}
"""Recorded programs that get another verdict here than when they were executed for the record, and why."""


@pytest.mark.slow
def test_recorded_programs_get_their_recorded_verdicts(tmp_path):
    """Programs of a real model, stored first and executed against the hidden tests afterwards.

    Every third task, to keep the suite short; with EVERY = 1 all 1800 programs agree as well.
    """
    needs_sandbox()
    outputs = humaneval_home(tmp_path, every=EVERY)
    home = Home(root=tmp_path, why="--home", state=tmp_path / ".harness")
    run_id, stored = take_in_file(home, load_suite(home, "humaneval"), outputs, grade=False)
    assert not stored.complete
    result = again(home, run_id)
    recorded = rows("humaneval_codegen_dev.jsonl.gz")[::EVERY]
    total = sum(len(row["solutions"]) for row in recorded)
    assert (result.judged, result.skipped) == (total, 0)
    found = last_grades(home, run_id)
    who = CandidateId("codegen-16b")
    wrong_verdicts: dict[tuple[str, int], str] = {}
    for row in recorded:
        for epoch, solution in enumerate(row["solutions"]):
            one = found[TrialKey(task_id=row["id"], candidate=who, epoch=epoch)]
            assert one.grade in (Grade.RESOLVED, Grade.NOT_RESOLVED, Grade.EMPTY), (row["id"], epoch, one.detail)
            if (one.grade is Grade.RESOLVED) != solution["passed"]:
                wrong_verdicts[row["id"], epoch] = f"{one.grade}: {one.detail}"
    assert len(wrong_verdicts) <= 0.005 * total, json.dumps({str(k): v for k, v in wrong_verdicts.items()}, indent=1)
    assert wrong_verdicts.keys() == DISAGREEMENTS.keys(), wrong_verdicts
