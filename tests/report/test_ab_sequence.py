"""A run that could stop early is read as it was planned: up to its stop, by its e-value, never by a fixed-n test."""

import json
from dataclasses import replace
from random import Random

import pytest

from harness.core.trial import Grade
from harness.report import ab_results, ab_tasks, counted_rows, render_ab
from harness.report.noise import noise_results
from tests.report.conftest import TEMPLATES, A, B, make_rows, make_run
from tests.report.kinds import make_ab, stopped_input, stopping_run
from tests.report.parsed import assert_inert


def judged(given, **options):
    found = ab_results(given.run, given.rows, a=given.a, b=given.b, **options)
    json.dumps(found, allow_nan=False)
    return found


def test_the_verdict_is_that_of_the_stop():
    found = judged(stopped_input())
    stop = found["stopping"]
    assert (found["verdict"]["verdict"], stop["state"], stop["plan_kept"]) == ("better", "better", True)
    assert stop["e"] >= 20 > stop["e"] / 3
    assert found["pairs"]["n_paired"] == found["success"]["n"] == stop["looks"] < 14
    assert found["success"]["p"] == pytest.approx(1 / stop["e_max"])
    assert found["success"]["ci"][0] >= 0
    assert (found["noninferiority"], found["p_noninferior"]) == (None, None)
    assert stop["beyond"] == 2 * (14 - stop["seen"])
    assert found["verdict"]["why"][0].startswith(f"Stopped early after {stop['seen']} of 60 pairs")
    assert {row["verdict"] for row in found["sensitivity"]} == {"better"}


def test_rows_in_any_order_and_swapped_arms():
    given = stopped_input()
    shuffled = given.rows[:]
    Random(3).shuffle(shuffled)
    assert judged(replace(given, rows=shuffled)) == judged(given)
    swapped = judged(replace(given, a=B, b=A))
    assert (swapped["verdict"]["verdict"], swapped["stopping"]["seen"]) == ("worse", judged(given)["stopping"]["seen"])


def test_the_margin_is_the_plans_unless_named():
    given = stopped_input(margin=0.08)
    assert judged(given)["margin"] == 0.08
    named = judged(given, margin=0.02)
    assert (named["margin"], named["stopping"]["margin"]) == (0.02, 0.08)
    assert judged(replace(given, run=make_run(given.rows)))["margin"] == 0.03


def test_a_run_that_goes_on_has_no_verdict_yet():
    given = stopped_input()
    found = judged(replace(given, run=replace(given.run, complete=False)))
    assert (found["verdict"]["verdict"], found["verdict"]["headline"]) == (
        "insufficient",
        "Not finished: there is no verdict yet",
    )
    assert found["verdict"]["more_tasks_needed"] is None


@pytest.mark.parametrize(
    ("stopping", "said"),
    [
        ("a word", "cannot be read"),
        ({"plan": {"rule": "stop-early/9", "order_seed": 1}, "sha256": "x"}, "cannot be read"),
        ({"plan": {"rule": "stop-early/1", "order_seed": 1, "pairs": "many"}, "sha256": "x"}, "cannot be read"),
        ({"sha256": 3}, "cannot be read"),
    ],
)
def test_a_plan_that_cannot_be_read_is_no_plan_for_a_fixed_number(stopping, said):
    given = stopped_input()
    run = replace(given.run, provenance={"stopping": stopping})
    found = judged(replace(given, run=run))
    assert found["verdict"]["verdict"] == "insufficient"
    assert said in found["verdict"]["why"][0]
    assert_inert(make_ab(replace(given, run=run)).html)


def test_a_plan_that_was_changed_afterwards_is_told():
    given = stopped_input()
    facts = given.run.provenance["stopping"]
    changed = {**facts, "plan": {**facts["plan"], "margin": 0.2}}
    found = judged(replace(given, run=replace(given.run, provenance={"stopping": changed})))
    assert "not the one that its hash was made of" in found["verdict"]["why"][0]


def test_what_could_not_be_measured_holds_the_verdict_back():
    given = stopped_input()
    rows = [replace(row, grade=Grade.INFRA_ERROR) if row.candidate == A else row for row in given.rows]
    found = judged(replace(given, rows=rows))
    assert (found["verdict"]["verdict"], found["verdict"]["headline"]) == ("insufficient", "Could not be measured")
    one = next(row for row in given.rows if row.candidate == A)
    rows = [replace(row, grade=Grade.INFRA_ERROR) if row is one else row for row in given.rows]
    assert judged(replace(given, rows=rows))["stopping"]["rule"] == "stop-early/1"


def test_no_decision_says_so_and_what_it_would_take():
    rows = [row for row in make_rows(40) if row.candidate in (A, B)]
    run = stopping_run(make_run(rows), pairs=40, margin=0.01)
    even = [replace(row, grade=Grade.RESOLVED) for row in rows]
    found = ab_results(run, even, a=A, b=B)
    assert found["stopping"]["state"] == "futile"
    assert "no sign that the two are alike" in " ".join(found["verdict"]["why"])
    assert found["verdict"]["more_tasks_needed"]
    wide = ab_results(stopping_run(make_run(rows), margin=0.4), even, a=A, b=B)
    assert wide["verdict"]["verdict"] == "equivalent"
    fewer = stopping_run(make_run(rows), pairs=400)
    regraded = ab_results(fewer, rows[:10], a=A, b=B)
    assert regraded["verdict"]["why"][0].startswith("With its grades as they are now")
    whole = ab_results(stopping_run(make_run(rows), pairs=5), even[:10], a=A, b=B)
    assert whole["verdict"]["why"][0].startswith("All 5 pairs were looked at")


def test_the_page_shows_the_stop():
    given = stopped_input()
    found = judged(given)
    rows = counted_rows(given.run, given.rows, a=A, b=B)
    html = render_ab(found, ab_tasks(rows, a=A, b=B), templates=TEMPLATES)
    stop = found["stopping"]
    for text in (f"{stop['seen']} of 60 pairs", f"{stop['looks']} looks", f"{stop['e']:.3g}", stop["plan_sha256"]):
        assert text in html
    assert "McNemar" not in html
    assert "Tango" not in html
    assert html.count('<tbody class="task"') == stop["seen"]
    assert counted_rows(make_run(given.rows), given.rows, a=A, b=B) == given.rows


def test_the_noise_floor_of_a_candidate_is_that_of_its_two_samples():
    rows = [row for row in make_rows(60, epochs=2) if row.candidate == A]
    found = noise_results(make_run(rows), rows)
    passed = {
        epoch: {row.task_id for row in rows if row.epoch == epoch and row.grade is Grade.RESOLVED} for epoch in (0, 1)
    }
    assert found["flips"] == len(passed[0] ^ passed[1])
    assert (found["tasks"], found["candidate"], found["share"]) == (60, A, found["flips"] / 60)
    assert noise_results(make_run(rows), [row for row in rows if row.epoch == 0]) is None
