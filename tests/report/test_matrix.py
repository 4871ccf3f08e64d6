"""The matrix page: its results recounted by hand, its numbers those of the results, defined at every edge."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from harness.core.ids import CandidateId
from harness.core.trial import Grade
from harness.report.baselines import baselines
from harness.report.formats import percent, usd
from harness.report.matrix import matrix_results, matrix_summary
from harness.routing import EMPTY, Choice
from tests.report.conftest import A, B, C, trial
from tests.report.kinds import make_matrix, matrix_input
from tests.report.parsed import assert_inert, cells


@pytest.fixture(scope="module")
def given():
    return matrix_input()


@pytest.fixture(scope="module")
def made(given):
    return make_matrix(given)


def test_cells_are_those_of_the_trials(given, made):
    rows = [row for row in given.rows if row.grade.measured]
    for one in made.results["classes"]:
        for cell in one["cells"]:
            mine = [row for row in rows if (row.task_class, row.candidate) == (one["task_class"], cell["candidate"])]
            assert cell["n_tasks"] == len(mine)
            assert cell["quality"] == pytest.approx(sum(row.grade is Grade.RESOLVED for row in mine) / len(mine))
            assert cell["state"] == ("measured" if len(mine) >= 20 else "insufficient")
            assert cell["lo"] <= cell["quality"] <= cell["hi"]


def test_numbers_on_the_page_are_those_of_the_results(made):
    assert_inert(made.html)
    flat = [(one["task_class"], cell) for one in made.results["classes"] for cell in one["cells"]]
    shown = cells(made.html, "cells")
    assert len(shown) == len(flat)
    for row, (name, cell) in zip(shown, flat, strict=True):
        assert row[0].endswith(cell["candidate"]) or row[0].endswith("active now")
        assert row[1] == name
        assert row[2].startswith(percent(cell["quality"]))
        assert re.search(rf"\[{percent(cell['lo'])}, {percent(cell['hi'])}\]", row[2])
        assert row[3].split()[0] == str(cell["n_tasks"])
        assert row[4] == usd(cell["cost_per_success_usd"])
        assert ("insufficient" in row[6]) == (cell["state"] == "insufficient")
    statics = cells(made.html, "statics")
    expected = made.results["expected"]["proposed"]
    assert statics[0][1].startswith(percent(expected["routed"]["success"]))
    for row in expected["statics"]:
        line = next(cell for cell in statics if cell[0].startswith(f"always {row['candidate']}"))
        assert line[1].startswith(percent(row["success"]))
        assert line[3] == usd(row["cost_per_1000_usd"])
    for number in re.findall(r"\d+ of \d+ cells", made.html):
        assert number.split()[2] == str(len(flat))


def test_a_candidate_that_was_not_measured_everywhere_has_empty_cells(given):
    rows = [row for row in given.rows if row.candidate != B or row.task_class == "python.bugfix"]
    assert "not measured</td>" in make_matrix(replace(given, rows=rows)).html


def test_a_class_without_evidence_says_so(made):
    few = [one for one in made.results["classes"] if one["chosen"] is None]
    assert [one["task_class"] for one in few] == ["finance.calculation"]
    assert "insufficient evidence" in made.html
    assert any("have no route: insufficient evidence" in line["text"] for line in made.results["health"])


def test_the_change_is_paired(given, made):
    changed = [one for one in made.results["classes"] if one["change"] and one["change"]["paired"]]
    assert changed
    for one in changed:
        before, after = one["change"]["before"], one["change"]["after"]
        passed = {
            name: {row.task_id for row in given.rows if (row.task_class, row.candidate) == (one["task_class"], name) and row.grade is Grade.RESOLVED}
            for name in (before, after)
        }  # fmt: skip
        paired = one["change"]["paired"]
        assert paired["diff"] == pytest.approx((len(passed[after]) - len(passed[before])) / paired["n"])


def test_the_verdict_and_its_exit_code(given):
    never = replace(given, active=EMPTY)
    assert make_matrix(never).results["verdict"]["verdict"] == "supported"
    nothing = make_matrix(never, minimum_tasks=1000).results["verdict"]
    assert (nothing["verdict"], nothing["exit_code"]) == ("insufficient", 5)
    assert_inert(make_matrix(never, minimum_tasks=1000).html)
    settled = make_matrix(never)
    proposed = settled.results
    choices = {
        one["task_class"]: Choice(candidate=CandidateId(one["chosen"]), why="")
        for one in proposed["classes"]
        if one["chosen"]
    }
    same = make_matrix(replace(given, active=replace(given.active, choices=choices)))
    assert (same.results["verdict"]["verdict"], same.results["verdict"]["exit_code"]) == ("unchanged", 0)
    absent = {name: Choice(candidate=CandidateId("acme/retired"), why="") for name in choices}
    refused = make_matrix(replace(given, active=replace(given.active, choices=absent))).results["verdict"]
    assert (refused["verdict"], refused["exit_code"], refused["changes"]) == ("refused", 3, len(choices))
    lost = {**choices, "gone.class": Choice(candidate=CandidateId("acme/retired"), why="")}
    said = make_matrix(replace(given, active=replace(given.active, choices=lost))).results["verdict"]["why"]
    assert said[-1] == "1 of them would leave a class without a route."


def test_old_evidence_and_unknown_costs_are_said(given):
    old = [
        replace(run, started_at=run.started_at - timedelta(days=60), finished_at=None, complete=False)
        for run in given.runs
    ]
    rows = [replace(row, cost_usd=None) if row.candidate == A else row for row in given.rows]
    made = make_matrix(replace(given, runs=old, rows=rows))
    said = [line["text"] for line in made.results["health"] if line["state"] == "warn"]
    assert any("older than 30 days" in line for line in said)
    assert any("not complete" in line for line in said)
    assert any("cost of" in line for line in said)
    assert all(cell["stale"] and cell["age_days"] == 60 for one in made.results["classes"] for cell in one["cells"])
    assert make_matrix(replace(given, runs=[])).results["classes"][0]["cells"][0]["age_days"] is None


def test_json_safe_and_the_same_for_rows_in_any_order(given, made):
    text = json.dumps(made.results, allow_nan=False, sort_keys=True)
    assert (
        json.dumps(make_matrix(replace(given, rows=given.rows[::-1])).results, allow_nan=False, sort_keys=True) == text
    )
    summary = matrix_summary(made.results, "matrix.html")
    assert list(summary) == ["verdict", "active", "proposed", "changes", "classes", "file"]
    assert matrix_results.__doc__


def _rows(costs, passes):
    """Ten tasks; per candidate the cost and how many it resolves."""
    rows = []
    for name, cost in costs.items():
        for number in range(10):
            grade = Grade.RESOLVED if number < passes[name] else Grade.NOT_RESOLVED
            row = trial(name, number, grade=grade)
            rows.append(replace(row, task_class="easy" if number < 5 else "hard", cost_usd=Decimal(str(cost))))
    return rows


def test_the_static_mix_costs_no_more_and_is_the_best_of_those():
    rows = _rows({A: 1, B: 3, C: 2}, {A: 5, B: 9, C: 5})
    found = baselines(rows, {"easy": A, "hard": B})
    assert (found["routed"]["success"], found["routed"]["cost_per_1000_usd"]) == (0.9, 2000)
    assert found["mix"]["success"] == pytest.approx(0.7)  # half A, half B
    assert {part["candidate"]: part["share"] for part in found["mix"]["parts"]} == pytest.approx({A: 0.5, B: 0.5})
    assert found["mix"]["diff"] == pytest.approx(0.2)
    always = {row["candidate"]: row for row in found["statics"]}
    assert (always[A]["diff"], always[A]["shared"]) == (pytest.approx(0.4), 10)


def test_without_a_price_or_a_route_there_is_no_mix():
    rows = _rows({A: 1, B: 3}, {A: 5, B: 9})
    free = [replace(row, cost_usd=None) for row in rows]
    assert baselines(free, {"easy": A, "hard": B})["mix"] is None
    assert baselines(rows, {})["routed"] is None
    some = [row for row in rows if row.candidate == A or row.task_class == "hard"]
    found = baselines(some, {"easy": A, "hard": B})
    assert [row["covers"] for row in found["statics"]] == [True, False]
    dear = baselines(_rows({A: 5, B: 5}, {A: 5, B: 5}), {"easy": A, "hard": B})
    assert dear["mix"]["success"] == 0.5
