"""The consensus page: its results recounted by hand, its numbers those of the results, honest where labels are missing."""

import json
import math
from dataclasses import replace

import pytest

from harness.core.ballot import Relation
from harness.core.trial import Grade
from harness.report.consensus import CURVE_MAX, LISTED_MAX, agreement, consensus_results, consensus_summary
from harness.report.consensus_page import banner
from harness.report.formats import percent, usd
from harness.report.truth import judge_of, truth
from harness.report.voters import Decision
from tests.report.kinds import MODELS, ConsensusInput, Window, consensus_input, decision, make_consensus, votes_of
from tests.report.parsed import assert_inert, cells, tile

ONE, TWO, THREE = MODELS
SPLIT = (((ONE,), "17"), ((TWO,), "18"), ((THREE,), "19"))


@pytest.fixture(scope="module")
def given():
    return consensus_input()


@pytest.fixture(scope="module")
def made(given):
    return make_consensus(given)


def of(*rows, **window) -> ConsensusInput:
    base = consensus_input(0).window
    return ConsensusInput(
        rows=list(rows), votes=[vote for row in rows for vote in votes_of(row)], window=replace(base, **window)
    )


def test_counts_are_those_of_the_outcomes(given, made):
    found = made.results
    served = [row for row in given.rows if row.served]
    graded = [row for row in served if row.grade is not None]
    assert (found["n"], found["served"]) == (60, len(served))
    assert found["accuracy"]["n"] == len(graded)
    assert found["accuracy"]["k"] == sum(row.grade is Grade.RESOLVED for row in graded)
    wrong = [row for row in graded if row.grade is Grade.NOT_RESOLVED and len(row.groups) == 1]
    assert found["unanimous_wrong"]["n"] == len(wrong) > 0
    assert {one["verdict_id"] for one in found["unanimous_wrong"]["shown"]} == {row.verdict_id for row in wrong}
    assert found["labels"]["n"] + found["labels"]["missing"] == 60
    assert sum(one["n"] for one in found["agreement"]) == 60
    assert sum(one["n"] for one in found["reasons"]) == 60 - len(served)
    assert found["economics"]["cost_usd"] == pytest.approx(60 * 0.012)
    assert found["economics"]["saved_usd"] == pytest.approx(60 * 0.004)


def test_numbers_on_the_page_are_those_of_the_results(made):
    found = made.results
    assert_inert(made.html)
    assert tile(made.html, "served").startswith(
        f"Served {found['served']} of {found['n']} {percent(found['served'] / found['n'])}"
    )
    assert percent(found["accuracy"]["rate"]) in tile(made.html, "right")
    assert percent(found["unanimous_accuracy"]["rate"]) in tile(made.html, "unanimous")
    assert tile(made.html, "cost").startswith(f"Cost {usd(found['economics']['cost_usd'])}")
    assert tile(made.html, "saved").startswith(
        f"Calls saved {found['economics']['calls_saved']} beside {found['economics']['calls']} made"
    )
    shown = cells(made.html, "agreement")
    assert [(row[0], int(row[1]), int(row[3])) for row in shown] == [
        (one["agreement"], one["n"], one["served"]) for one in found["agreement"]
    ]
    for row, one in zip(cells(made.html, "voters"), found["voters"], strict=True):
        assert row[:3] == [one["model"], str(one["votes"]), percent(one["valid"] / one["votes"])]
        assert row[4].startswith(percent(one["rate"]))
        assert row[6] == usd(one["cost_usd"])
    for row, one in zip(cells(made.html, "reasons"), found["reasons"], strict=True):
        assert int(row[1]) == one["n"]
    assert f"Area under the curve {percent(found['curve']['aurc'])}" in made.html
    assert f"Expected calibration error {percent(found['reliability']['ece'])}" in made.html
    pairs = found["matrices"]["agreement"]
    assert all(f"{pair['same']} of {pair['n']}" in made.html for pair in pairs)


def test_wrong_together_comes_before_everything_else(made):
    heads = [made.html.index(f'id="{name}-head"') for name in ("wrong", "coverage", "agreement", "voters", "splits")]
    assert heads == sorted(heads)
    assert banner(made.results)["headline"].startswith("All agreed and were wrong")


def test_missing_labels_are_said_and_nothing_is_nan():
    for rows in ([], [decision(1)], [decision(1, groups=SPLIT)], [decision(1, groups=())]):
        made = make_consensus(of(*rows))
        assert_inert(made.html)
        json.dumps(made.results, allow_nan=False)
        assert "abels are missing" in made.html
        assert made.results["accuracy"]["rate"] is None
        assert banner(made.results)["state"] == "insufficient"


def test_unknown_cost_is_unknown():
    row = decision(1, cost_usd=None)
    given = of(row)
    given = replace(given, votes=[replace(vote, cost_usd=None) for vote in given.votes])
    money = make_consensus(given).results["economics"]
    assert (money["cost_usd"], money["saved_usd"], money["multiple"], money["unknown"]) == (None, None, None, 1)
    assert "$0" not in tile(make_consensus(given).html, "cost")


def test_never_wrong_is_good_news():
    made = make_consensus(of(decision(1, grade=Grade.RESOLVED, expected="17"), decision(2)))
    assert banner(made.results)["state"] == "better"
    assert "Not once among 1 unanimous answers" in made.html


def test_the_curve_holds_what_was_never_answered_against_coverage():
    rows = [decision(1, expected="17"), decision(2, expected="17", groups=())]
    found = make_consensus(of(*rows)).results["curve"]
    assert (found["n"], found["points"][-1]["coverage"]) == (2, 0.5)
    many = [decision(n, expected="17", confidence=n / 999) for n in range(1, 900)]
    points = make_consensus(of(*many)).results["curve"]["points"]
    assert len(points) <= CURVE_MAX + 1
    assert points[-1]["coverage"] == 1.0


def test_long_lists_are_cut_and_counted():
    rows = [decision(n, groups=SPLIT) for n in range(LISTED_MAX + 3)]
    found = make_consensus(of(*rows))
    assert (found.results["splits"]["n"], len(found.results["splits"]["shown"])) == (LISTED_MAX + 3, LISTED_MAX)
    assert f"The newest {LISTED_MAX} of {LISTED_MAX + 3} splits are listed." in found.html


def test_models_that_err_alike_are_one_voter():
    rows = [decision(n, expected="18", groups=(((ONE, TWO, THREE), "17"),)) for n in range(30)]
    found = make_consensus(of(*rows))
    assert any(line["text"].endswith("are one voter: their errors are the same") for line in _health(found))
    assert all(pair["rate"] == 1.0 for pair in found.results["matrices"]["shared_errors"])


def _health(made):
    from harness.report.consensus_page import health

    return health(made.results)


@pytest.mark.parametrize(
    ("groups", "word"),
    [
        ((((ONE, TWO), "1"),), "unanimous"),
        ((((ONE, TWO), "1"), ((THREE,), "2")), "majority"),
        ((((ONE,), "1"), ((THREE,), "2")), "split"),
        ((((ONE, TWO), "1"), (("d", THREE), "2")), "split"),
        ((((ONE,), "1"),), "one voice"),
        ((), "no answer"),
    ],
)
def test_agreement(groups, word):
    assert agreement(Decision(row=decision(1, groups=groups), votes=[], truth=None)) == word


NUMERIC = {("payments", "abc123"): {"name": "numeric", "options": {}}}


@pytest.mark.parametrize(
    ("changes", "right", "source"),
    [
        ({"grade": Grade.RESOLVED}, 0, "grade"),
        ({"grade": Grade.NOT_RESOLVED}, None, "grade"),
        (
            {"grade": Grade.NOT_RESOLVED, "expected": "18", "groups": (((ONE, TWO), "17"), ((THREE,), "18.0"))},
            1,
            "grade",
        ),
        ({"groups": SPLIT, "expected": "19.00"}, 2, "answer"),
        ({"groups": SPLIT, "expected": 4}, None, "answer"),
        ({"groups": SPLIT, "reviewed": True, "review_answer": "18"}, 1, "review"),
        ({"groups": SPLIT, "reviewed": True}, None, "review"),
        ({"grade": Grade.RESOLVED, "reviewed": True, "review_answer": "3"}, None, "review"),
    ],
)
def test_what_is_right(changes, right, source):
    found = truth(decision(1, **changes), NUMERIC)
    assert found is not None
    assert (found.right, found.source) == (right, source)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"groups": SPLIT, "expected": "no number at all"},
        {"groups": SPLIT, "expected": "17.0", "comparator": "tests@1", "policy": "other"},
        {"groups": SPLIT, "expected": "17.0", "comparator": "nobody@1", "policy": "other"},
    ],
)
def test_what_is_not_known(changes):
    assert truth(decision(1, **changes), NUMERIC) is None


def test_without_a_judge_equal_texts_are_the_same():
    row = decision(1, groups=SPLIT, expected="18", comparator="tests@1", policy="other")
    assert judge_of(row, {}) is None
    assert truth(row, {}).right == 1
    judge = judge_of(decision(1), {})
    assert judge is not None
    assert judge("17.0", "17") is Relation.SAME


def test_the_summary(made):
    summary = consensus_summary(made.results, "c.html")
    assert summary["unanimous_wrong"] == made.results["unanimous_wrong"]["n"]
    assert math.isfinite(summary["aurc"])
    json.dumps(summary, allow_nan=False)
    assert consensus_results([], [], Window(since=consensus_input(0).window.since))["n"] == 0
