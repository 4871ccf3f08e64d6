"""The regression report: which verdict for which rows, and every output of it."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from xml.etree import ElementTree as ET

import pytest

from harness.core.errors import ConfigError
from harness.core.trial import Grade
from harness.report.regression import compared_runs, regression_results, suspected_tasks
from harness.report.regression_costs import price_of
from harness.report.regression_nights import Baseline, Night
from harness.report.regression_outputs import (
    ANNOTATIONS_MAX,
    COMMENT_BYTES_MAX,
    to_annotations,
    to_comment,
    to_csv,
    to_junit,
    to_markdown,
)
from harness.report.regression_page import render_regression
from harness.report.regression_tasks import with_texts
from harness.report.regression_words import EXIT_CODES
from harness.store import NightCall
from tests.report.conftest import RUN, TEMPLATES, make_run, trial

C = "vendor/model"
POOLED = Baseline(kind="pooled")
PRICE = {
    "rates": {"input": "3", "output": "15", "cache_read": None, "cache_write": None},
    "tiers": [],
    "as_of": "2026-11-20",
    "source": "vendor",
}


def rows_of(night, *, tasks=80, rate=0.85, lost="", lost_rate=0.0, seed=0, epochs=1):
    """A night of *tasks* tasks in four classes; in the class *lost* the rate is another."""
    found = []
    for number in range(tasks):
        for epoch in range(epochs):
            draw = Random(f"{night} {number} {epoch} {seed}")
            row = trial(C, number, epoch=epoch, draw=draw)
            chance = lost_rate if row.task_class == lost else rate
            grade = Grade.RESOLVED if draw.random() < chance else Grade.NOT_RESOLVED
            found.append(
                replace(
                    row, run_id=f"run-{night:03}", grade=grade, cost_usd=Decimal("0.010"), latency_s=1 + draw.random()
                )
            )
    return found


def night_of(number, rows=None, *, fresh=(), **changes):
    rows = rows_of(number) if rows is None else rows
    run = make_run(
        rows,
        **{
            "run_id": f"run-{number:03}",
            "name": "",
            "candidates": (C,),
            "started_at": RUN.started_at + timedelta(days=number),
            "prices": {C: PRICE},
            **changes,
        },
    )
    return Night(run=run, rows=rows, fresh=fresh)


def calls_of(night, served="model-1", output=100, fingerprint="fp-1"):
    return [
        NightCall(
            run_id=row.run_id, task_id=row.task_id, candidate=C, epoch=row.epoch, model=C, served_model=served,
            fingerprint=fingerprint, ok=True,
            input=1000, cache_read=0, cache_write=0, output=output, reasoning=0, cost_usd=row.cost_usd,
        )
        for row in night.rows
    ]  # fmt: skip


def quiet(number):
    return [night_of(at) for at in range(number)]


def judged(nights, baseline=POOLED, calls=()):
    found = regression_results(nights, baseline, list(calls))
    json.dumps(found, allow_nan=False)
    assert found["verdict"]["exit_code"] == EXIT_CODES[found["verdict"]["verdict"]]
    return found


def said(nights, baseline=POOLED):
    return judged(nights, baseline)["verdict"]["verdict"]


LOST = "python.bugfix"


def bad(number, **changes):
    return night_of(number, rows_of(number, lost=LOST), **changes)


def test_nothing_changed():
    found = judged(quiet(8))
    assert found["verdict"]["verdict"] == "ok"
    assert len(found["baseline"]["runs"]) == 7
    assert {cell["state"] for cell in found["cells"]} == {"ok"}
    assert found["changes"] == []


def test_a_loss_is_suspected_then_confirmed_or_not():
    nights = [*quiet(7), bad(7)]
    assert said(nights) == "suspected"
    asked = suspected_tasks(nights, POOLED)
    assert set(asked) == {C}
    assert len(asked[C]) == 20
    again = [row for row in rows_of(99, lost=LOST, epochs=3) if row.task_id in asked[C]]
    found = judged([*nights[:-1], replace(nights[-1], fresh=again)])
    assert found["verdict"]["verdict"] == "regression"
    assert LOST in found["verdict"]["headline"]
    (cell,) = [cell for cell in found["cells"] if cell["state"] == "new"]
    assert (cell["task_class"], cell["cause"], cell["severity"], cell["told"]) == (LOST, "sudden", "high", True)
    calm = [row for row in rows_of(98, epochs=3) if row.task_id in asked[C]]
    refuted = judged([*nights[:-1], replace(nights[-1], fresh=calm)])
    assert refuted["verdict"]["verdict"] == "ok"
    assert any("did not confirm" in line for line in refuted["verdict"]["warnings"])
    assert suspected_tasks(quiet(7), POOLED) == {}


def test_a_regression_goes_on_and_does_not_move_its_baseline():
    nights = [*quiet(7), replace(bad(7), fresh=rows_of(99, lost=LOST, epochs=3)), bad(8), bad(9)]
    found = judged(nights)
    assert found["verdict"]["verdict"] == "regression"
    assert [run["id"] for run in found["baseline"]["runs"]] == [f"run-{at:03}" for at in range(7)]
    (cell,) = [cell for cell in found["cells"] if cell["state"] == "ongoing"]
    assert (cell["since"][:10], cell["told"]) == (nights[7].run.started_at.date().isoformat(), False)
    well = [*nights, *[night_of(at, rows_of(at, rate=1.0)) for at in range(10, 13)]]
    recovered = judged(well)
    assert recovered["verdict"]["verdict"] == "ok"
    assert {cell["state"] for cell in recovered["cells"] if cell["task_class"] == LOST} == {"recovered"}


def test_slow_decay_is_suspected_and_all_its_tasks_are_asked_again():
    weak = [night_of(at, rows_of(at, lost=LOST, lost_rate=0.55, seed=at)) for at in range(15, 30)]
    verdicts = [
        regression_results(
            [*quiet(15), *weak[:number]], Baseline(kind="frozen", run_ids=tuple(f"run-{at:03}" for at in range(15))), []
        )
        for number in range(1, 12)
    ]
    causes = [cell["cause"] for found in verdicts for cell in found["cells"] if cell["state"] == "suspected"]
    assert "slow" in causes
    assert all(found["verdict"]["verdict"] in {"ok", "suspected"} for found in verdicts)


def infra(rows, share):
    return [replace(row, grade=Grade.INFRA_ERROR) if at < share * len(rows) else row for at, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("last", "verdict", "words"),
    [
        (lambda: night_of(7, infra(rows_of(7), 0.4)), "unmeasured", "32 of 80 trials failed for reasons of infra"),
        (lambda: night_of(7, complete=False, trials=40), "unmeasured", "still going"),
        (lambda: night_of(7, [], tasks=80, trials=0, complete=False, candidates=(C,)), "unmeasured", "0 of 80"),
        (
            lambda: night_of(7, [replace(row, task_digest=f"new{row.task_digest}") for row in rows_of(7)]),
            "insufficient",
            C,
        ),
        (lambda: night_of(7, [replace(row, task_id=f"other-{row.task_id}") for row in rows_of(7)]), "insufficient", C),
        (lambda: night_of(7, infra(rows_of(7), 0.05)), "ok", "chance"),
        (lambda: night_of(7, [rows_of(7)[0]]), "ok", "1 shared tasks"),
        (lambda: night_of(7, rows_of(7, rate=0.0), fresh=rows_of(9, rate=0.0)), "regression", "sudden"),
        (lambda: night_of(7, rows_of(7, rate=1.0)), "ok", "chance"),
    ],
)
def test_bad_input_has_a_verdict(last, verdict, words):
    found = judged([*quiet(7), last()])
    assert found["verdict"]["verdict"] == verdict
    assert words in " ".join(found["verdict"]["why"])
    assert render_regression(found, with_texts(found["tasks"]["new_failures"], [], []), templates=TEMPLATES)


def test_without_a_baseline_there_is_not_enough():
    assert said([night_of(0)]) == "insufficient"
    assert said([night_of(0), night_of(1)]) == "ok"
    with pytest.raises(ValueError, match="at least one run"):
        regression_results([], POOLED, [])


def test_changed_tasks_fall_out_and_are_listed():
    mixed = [replace(row, task_digest="f" * 64) if at < 10 else row for at, row in enumerate(rows_of(7))]
    found = judged([*quiet(7), night_of(7, mixed)])
    assert (found["left_out"]["changed_total"], found["left_out"]["shared"]) == (10, 70)
    assert any("10 tasks whose content changed" in line for line in found["verdict"]["warnings"])


def test_a_frozen_baseline_is_used_and_judges_not_itself():
    frozen = Baseline(
        kind="frozen", run_ids=("run-000", "run-001", "gone"), reason="start", who="ann", set_at="2026-11-21"
    )
    found = judged(quiet(8), frozen)
    assert [run["id"] for run in found["baseline"]["runs"]] == ["run-000", "run-001"]
    assert found["baseline"]["missing"] == ["gone"]
    assert any("gone" in line for line in found["verdict"]["warnings"])
    assert compared_runs(quiet(8), frozen) == ["run-007", "run-000", "run-001"]
    with pytest.raises(ConfigError, match="part of the baseline"):
        judged(quiet(2), frozen)


def test_who_answered_and_what_it_cost_are_told_apart():
    nights = quiet(8)
    dearer = {C: {**PRICE, "rates": {**PRICE["rates"], "input": "6", "output": "30"}, "as_of": "2026-11-28"}}
    last = replace(
        nights[-1], run=replace(nights[-1].run, prices=dearer, provenance={**RUN.provenance, "models": {C: "2"}})
    )
    last = replace(last, rows=[replace(row, cost_usd=Decimal("0.009")) for row in last.rows])
    before = [
        replace(night, rows=[replace(row, cost_usd=Decimal("0.0045")) for row in night.rows]) for night in nights[:-1]
    ]
    before = [
        replace(night, run=replace(night.run, provenance={**RUN.provenance, "models": {C: "1"}})) for night in before
    ]
    calls = [call for night in before for call in calls_of(night)]
    calls += calls_of(last, served="model-2", fingerprint="fp-2")
    found = judged([*before, last], calls=calls)
    assert [change["what"] for change in found["changes"]] == [
        f"model behind {C}", f"fingerprint of {C}", f"settings of {C}", f"price of {C}",
    ]  # fmt: skip
    assert (found["changes"][1]["before"], found["changes"][1]["now"]) == ("fp-1", "fp-2")
    (cost,) = found["cost"]
    assert cost["ratio"] == pytest.approx(2)
    assert cost["price_ratio"] == pytest.approx(2)
    assert cost["usage_ratio"] == pytest.approx(1, abs=0.2)
    assert not cost["raised"]
    wordy = judged([*before, last], calls=[c for n in before for c in calls_of(n)] + calls_of(last, output=900))
    assert wordy["cost"][0]["raised"]
    assert any("as much per success" in line for line in wordy["verdict"]["warnings"])
    unknown = judged([*before, last])
    assert (unknown["cost"][0]["usage_ratio"], unknown["cost"][0]["price_ratio"]) == (None, None)


@pytest.mark.parametrize("price", [None, {}, {"rates": {"input": "x", "output": "1"}}, {"rates": None}, "free"])
def test_a_price_that_cannot_be_read_is_unknown(price):
    assert price_of(replace(RUN, prices={C: price}), C) is None


@pytest.fixture(scope="module")
def regression():
    nights = [*quiet(7), replace(bad(7), fresh=rows_of(99, lost=LOST, epochs=3))]
    return judged(nights), nights


def test_the_page_states_the_results(regression):
    found, nights = regression
    failures = with_texts(found["tasks"]["new_failures"], nights[-1].rows, nights[0].rows)
    assert failures
    assert failures[0]["output_now"]["text"]
    page = render_regression(found, failures, templates=TEMPLATES, harness="0.1")
    assert page == render_regression(found, failures, templates=TEMPLATES, harness="0.1")
    table = re.search(r'<table id="classes">.*?</table>', page, re.DOTALL).group()
    for cell in found["cells"]:
        assert f"{cell['now'] * 100:.1f}%" in table
        assert f"{abs(cell['diff']) * 100:.1f}" in table
    assert not re.search(r'\s(style|on\w+)="', page)


def test_outputs(regression):
    found, _ = regression
    assert [line.partition(" ")[0] for line in to_annotations(found)] == ["::error"]
    tree = ET.fromstring(to_junit(found))
    assert [(suite.get("tests"), suite.get("failures")) for suite in tree] == [("4", "1")]
    assert [row["state"] for row in csv.DictReader(io.StringIO(to_csv(found)))].count("new") == 1
    assert to_comment(found).startswith("<!-- harness:regression:starter -->\n## ✖ starter: Regression")
    assert "tasks fail that hardly ever did" in to_markdown(found, page="x.html")


def test_hostile_names_stay_text(regression):
    found, _ = regression
    name = "<img src=x onerror=alert(1)>|`[a](http://x)`\n::error::x\x1b[31m\u202e@all"
    cells = [
        {**cell, "task_class": name, "candidate": f"=cmd{at}", "state": "new"}
        for at, cell in enumerate(found["cells"] * 9)
    ]
    hostile = {
        **found,
        "cells": cells,
        "suite": "a b",
        "verdict": {**found["verdict"], "headline": name, "why": [name]},
    }
    page = render_regression(hostile, [], templates=TEMPLATES)
    assert "<img" not in page
    lines = to_annotations(hostile)
    assert len(lines) == ANNOTATIONS_MAX
    assert all(line.startswith(("::error title=", "::warning title=")) and "\n" not in line for line in lines)
    text = to_comment(hostile)
    assert len(text.encode()) <= COMMENT_BYTES_MAX + 100
    assert "<img" not in text
    assert "://" not in text
    assert not re.search(r"(?<!\\)@all", text)
    ET.fromstring(to_junit(hostile))
    assert not re.search(r"^=|,=", to_csv(hostile), re.MULTILINE)
    unmeasured = {
        **found,
        "left_out": {**found["left_out"], "unmeasured": [name]},
        "verdict": {**found["verdict"], "verdict": "unmeasured"},
    }
    assert 'errors="1"' in to_junit(unmeasured)
    assert to_annotations(unmeasured)[0].startswith("::warning ")


def test_a_long_summary_is_cut_by_section(regression):
    found, _ = regression
    long = [{**change, "before": "x" * 200, "now": "y" * 200} for change in [{"what": "w"}] * 400]
    failures = [{**found["tasks"]["new_failures"][0], "task_id": "t" * 200}] * 150
    text = to_markdown(
        {**found, "changes": long, "tasks": {**found["tasks"], "new_failures": failures}, "cells": found["cells"] * 60}
    )
    assert len(text.encode()) <= COMMENT_BYTES_MAX + 100
    assert "more rows are on the page." in text
