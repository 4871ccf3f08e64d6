"""Hostile text in every field of everything a page is made of stays text, on every page."""

from dataclasses import replace

import pytest

from tests.report.hostile import HOSTILE, poisoned
from tests.report.kinds import (
    ab_input,
    consensus_input,
    decision,
    make_ab,
    make_consensus,
    make_matrix,
    matrix_input,
    pages,
)
from tests.report.parsed import assert_inert


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text(text, tmp_path):
    for made in pages(tmp_path, text).values():
        assert_inert(made.html)


def test_every_string_is_poisoned():
    row = poisoned(decision(reason=None, groups=((("a",), "17"),)), "§")
    assert (row.verdict_id[-1], row.question[-1], row.reason) == ("§", "§", "§")
    assert row.groups == [{"answer": "17§", "models": ["a§"], "weight": 1.0}]
    assert (row.who, row.review_answer, row.cost_usd) == ("§", "§", decision().cost_usd)
    run = poisoned(ab_input(4).run, "§")
    assert {key[-1] for key in (*run.prices, *run.provenance, *run.candidates)} == {"§"}


ENDLESS = "x" * 5_000_000


def _first(text):
    return text + ENDLESS


def test_texts_without_end_are_cut():
    few = ab_input(3)
    few = replace(
        few,
        rows=[
            replace(row, output=_first(row.output), detail=_first(row.detail), task_class=ENDLESS) for row in few.rows
        ],
    )
    assert len(make_ab(few).html) < 600_000
    given = matrix_input(8)
    rows = [replace(row, task_class=ENDLESS) for row in given.rows]
    assert len(make_matrix(replace(given, rows=rows)).html) < 200_000
    some = consensus_input(6)
    rows = [replace(row, question=ENDLESS, detail=ENDLESS, policy=ENDLESS) for row in some.rows]
    assert len(make_consensus(replace(some, rows=rows)).html) < 400_000
