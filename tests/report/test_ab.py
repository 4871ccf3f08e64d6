"""The results: recounted by hand, defined at every edge, the same for the same rows."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.rows import TrialRow
from harness.core.trial import Grade
from harness.report import ab_results, ab_summary

A, B = "scripted/careful", "scripted/quick-2026-11"


def _numbers(value: Json) -> list[float]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in _numbers(item)]
    if isinstance(value, list):
        return [number for item in value for number in _numbers(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def test_counts_are_those_of_the_rows(run, rows):
    results = ab_results(run, rows, a=A, b=B)
    passed = {
        name: {row.task_id for row in rows if row.candidate == name and row.grade is Grade.RESOLVED} for name in (A, B)
    }
    assert results["success"]["a"]["rate"] == pytest.approx(len(passed[A]) / 120)
    assert results["success"]["diff"] == pytest.approx((len(passed[B]) - len(passed[A])) / 120)
    pairs = results["pairs"]
    assert (pairs["a_better"], pairs["b_better"]) == (len(passed[A] - passed[B]), len(passed[B] - passed[A]))
    assert (pairs["both"], pairs["neither"]) == (len(passed[A] & passed[B]), 120 - len(passed[A] | passed[B]))
    spent = sum((row.cost_usd for row in rows if row.candidate == B), Decimal(0))
    assert results["cost"]["b"]["total"] == pytest.approx(float(spent))
    assert results["cost"]["b"]["per_success"] == pytest.approx(float(spent) / len(passed[B]))
    assert sum(row["n"] for row in results["classes"]) == 120
    assert sum(row["b"] for row in results["grades"]) == 120
    assert results["economics"]["b"] == pytest.approx(float(spent) / 120 * 1000)


def test_json_safe_and_the_same_for_rows_in_any_order(run, rows):
    results = ab_results(run, rows, a=A, b=B)
    text = json.dumps(results, allow_nan=False, sort_keys=True)
    shuffled = rows[:]
    Random(3).shuffle(shuffled)
    assert json.dumps(ab_results(run, shuffled, a=A, b=B), allow_nan=False, sort_keys=True) == text
    assert results["schema"] == "harness.ab/1"


def test_swapping_the_arms_mirrors_the_results(run, rows):
    one, other = ab_results(run, rows, a=A, b=B), ab_results(run, rows, a=B, b=A)
    assert one["success"]["diff"] == -other["success"]["diff"]
    assert one["success"]["ci"] == pytest.approx([-end for end in other["success"]["ci"][::-1]])
    assert one["cost"]["ratio"] == pytest.approx(1 / other["cost"]["ratio"])
    assert one["latency"]["ratio"] == pytest.approx(1 / other["latency"]["ratio"])


def test_the_contract(run, rows):
    results = ab_results(run, rows, a=A, b=B)
    summary = ab_summary(results, "ab.html")
    assert list(summary) == [
        "verdict", "a", "b", "n_paired", "success", "cost_per_success", "tokens_per_success", "p95_latency_s",
        "more_tasks_needed", "file",
    ]  # fmt: skip
    assert list(summary["success"]) == ["a", "b", "diff", "ci", "p"]
    assert summary["success"]["diff"] == pytest.approx(summary["success"]["b"] - summary["success"]["a"])
    assert (
        summary["cost_per_success"]["ci"][0]
        < summary["cost_per_success"]["ratio"]
        < summary["cost_per_success"]["ci"][1]
    )
    assert (summary["n_paired"], summary["file"], summary["verdict"]) == (120, "ab.html", "insufficient")


EDGES: dict[str, Callable[[list[TrialRow]], list[TrialRow]]] = {
    "no rows": lambda rows: [],
    "one task": lambda rows: [row for row in rows if row.task_id == "vat-0001"],
    "nothing shared": lambda rows: [row for row in rows if (row.candidate == A) == (row.task_id < "vat-0060")],
    "no success": lambda rows: [replace(row, grade=Grade.NOT_RESOLVED) for row in rows],
    "all succeed": lambda rows: [replace(row, grade=Grade.RESOLVED) for row in rows],
    "all infra": lambda rows: [replace(row, grade=Grade.INFRA_ERROR) for row in rows],
    "no cost": lambda rows: [replace(row, cost_usd=None) for row in rows],
    "free": lambda rows: [replace(row, cost_usd=Decimal(0)) for row in rows],
    "A free": lambda rows: [replace(row, cost_usd=Decimal(0)) if row.candidate == A else row for row in rows],
    "no tokens": lambda rows: [replace(row, tokens_in=None) for row in rows],
    "no latency": lambda rows: [replace(row, latency_s=0.0) for row in rows],
    "unequal epochs": lambda rows: rows + [replace(row, epoch=1) for row in rows if row.candidate == A],
    "two epochs": lambda rows: rows + [replace(row, epoch=1, grade=Grade.RESOLVED) for row in rows],
}  # fmt: skip


@pytest.mark.parametrize("edge", EDGES, ids=str)
def test_every_edge_is_defined(run, rows, edge: str):
    results = ab_results(run, EDGES[edge](rows), a=A, b=B)
    assert all(math.isfinite(number) for number in _numbers(results))
    json.dumps(ab_summary(results, "x"), allow_nan=False)


def test_unknown_is_none_and_not_nothing(run, rows):
    results = ab_results(
        run, [replace(row, cost_usd=None) if row.task_id == "vat-0003" else row for row in rows], a=A, b=B
    )
    cost = results["cost"]
    assert (cost["a"]["per_success"], cost["a"]["total"], cost["a"]["known"], cost["ratio"]) == (None, None, 119, None)
    assert (results["economics"]["a"], results["economics"]["diff"]) == (None, None)
    assert results["tokens"]["a"]["per_success"] is not None


def test_infrastructure_is_left_out_counted_and_varied(run, rows):
    hit = {f"vat-{n:04d}" for n in range(5)}
    some = [replace(row, grade=Grade.INFRA_ERROR) if row.candidate == B and row.task_id in hit else row for row in rows]
    results = ab_results(run, some, a=A, b=B)
    assert (results["pairs"]["n_paired"], results["pairs"]["infra_b"], results["pairs"]["excluded"]) == (115, 5, 5)
    assert [row["n"] for row in results["sensitivity"]] == [115, 120, 120, 120]
    worst, best = results["sensitivity"][2]["diff"], results["sensitivity"][3]["diff"]
    assert worst < 7 / 120 <= best
    assert any("could not be measured" in line["text"] for line in results["health"])
    many = [
        replace(row, grade=Grade.INFRA_ERROR) if row.candidate == B and row.task_id < "vat-0020" else row
        for row in rows
    ]
    assert ab_results(run, many, a=A, b=B)["verdict"]["headline"] == "Could not be measured"


def test_changed_tasks_fall_out_and_are_listed(run, rows):
    changed = [
        replace(row, task_digest="other") if row.candidate == B and row.task_id == "vat-0007" else row for row in rows
    ]
    pairs = ab_results(run, changed, a=A, b=B)["pairs"]
    assert (pairs["n_paired"], pairs["changed"], pairs["unpaired_a"]) == (119, ["vat-0007"], 1)


def test_health_of_an_incomplete_run_without_isolation(run, rows):
    bare = [replace(row, isolation="none") for row in rows]
    changed = [
        replace(row, task_digest="x") if row.candidate == B and row.task_id == "vat-0001" else row for row in bare
    ]
    results = ab_results(replace(run, complete=False, trials=300, finished_at=None), changed, a=A, b=B)
    said = [line["text"] for line in results["health"] if line["state"] == "warn"]
    assert said[0] == "The run is not complete: 300 of 360 trials."
    assert said[2:] == ["1 tasks met the candidates with different content.", "240 trials ran without isolation."]
    assert results["run"]["finished_at"] is None


def test_a_candidate_that_declines(run, rows):
    name = "consensus/starter"
    mine = [row for row in rows if row.candidate == name]
    served = [row for row in mine if row.grade is not Grade.UNSERVED]
    found = ab_results(run, rows, a=A, b=name)["served"]
    assert found["a"] is None
    assert (found["b"]["served"], found["b"]["trials"]) == (len(served), 120)
    assert found["b"]["precision"] == sum(row.grade is Grade.RESOLVED for row in served) / len(served)
    nothing = [replace(row, grade=Grade.UNSERVED) if row.candidate == B else row for row in rows]
    assert ab_results(run, nothing, a=A, b=B)["served"]["b"]["precision"] is None


def test_the_command_makes_the_same_page(run, rows):
    results = ab_results(run, rows, a=A, b=B, margin=0.05)
    assert results["command"] == f"harness report ab {run.run_id} --a {A} --b {B} --margin 0.05"
    assert results["run"]["prices"][A]["input"] == "3"


def test_candidates_are_checked(run, rows):
    with pytest.raises(
        ConfigError, match=r"--b: run r-7f3c2a91d0 has no candidate 'nobody'; it has consensus/starter, "
    ):
        ab_results(run, rows, a=A, b="nobody")
    with pytest.raises(ConfigError, match="must be two candidates, both are 'scripted/careful'"):
        ab_results(run, rows, a=A, b=A)
    with pytest.raises(ValueError, match="margin"):
        ab_results(run, rows, a=A, b=B, margin=2)
