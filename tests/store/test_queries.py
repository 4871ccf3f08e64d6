"""The typed doors: what went into the journal comes out as rows."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from harness.core.errors import ConfigError, StoreError
from harness.core.event import RunFinished
from harness.core.ids import RunId
from harness.core.trial import Grade
from harness.store import (
    ballots,
    calls,
    cells,
    reviews,
    run,
    runs,
    spent_usd,
    trial_tests,
    trials,
    verdict,
    verdict_ballots,
    verdicts,
)


@pytest.fixture
def full(store, journals, append, events):
    append(*events.whole_run())
    assert store.sync(journals).problems == ()
    return store


def test_a_run_is_one_row(full):
    (row,) = runs(full)
    assert (row.run_id, row.suite, row.name, row.journal) == ("run-one", "starter", "first", "run-one.jsonl")
    assert row.candidates == ("acme/a", "consensus/x")
    assert (row.tasks, row.trials, row.complete, row.epochs, row.seed) == (3, 3, True, 1, 7)
    assert row.started_at == datetime(2026, 11, 20, 9, 0, 0, 1000, tzinfo=UTC)
    assert row.finished_at is not None
    assert row.finished_at > row.started_at
    assert row.prices["acme/a"]["rates"]["input"] == "1"
    assert row.provenance == {"python": "3.11"}


def test_a_run_without_its_end_is_not_complete(store, journals, append, events):
    append(events.started())
    store.sync(journals)
    (row,) = runs(store)
    assert (row.finished_at, row.complete, row.trials) == (None, False, 0)


def test_a_run_started_again_is_still_one_row_with_its_first_start(store, journals, append, events):
    append(events.started(), events.started(), RunFinished(run_id=RunId("run-one"), trials=0, complete=False))
    append(RunFinished(run_id=RunId("run-one"), trials=3, complete=True))
    store.sync(journals)
    (row,) = runs(store)
    assert row.complete
    assert row.started_at == datetime(2026, 11, 20, 9, 0, 0, 1000, tzinfo=UTC)
    assert len(trials(store, "run-one")) == 0


def test_the_last_grade_of_a_trial_counts(full):
    rows = trials(full, "run-one")
    assert [(row.task_id, row.candidate, row.grade) for row in rows] == [
        ("t1", "acme/a", Grade.RESOLVED),
        ("t2", "consensus/x", Grade.UNSERVED),
        ("t3", "acme/a", Grade.INFRA_ERROR),
    ]
    first, second, third = rows
    assert (first.prompt, first.expected, first.output) == ("1+1?", 2, "It is 2.\0")
    assert (first.cost_usd, first.tokens_in, first.tokens_out) == (Decimal("0.01"), 10, 3)
    assert (first.flags, first.isolation, first.grader) == (("canary_passed",), "standard", "numeric@1")
    assert (second.cost_usd, second.verdict_id, second.expected) == (None, "v-one", {"a": [None, 1.5]})
    assert (third.tokens_in, third.tokens_out, third.expected) == (None, None, None)
    assert trials(full, "other") == []


def test_a_later_grade_in_another_journal_counts_too(full, journals, append, events):
    append(events.graded("t1", Grade.VOID), name="grade-again")
    full.sync(journals)
    assert trials(full, "run-one")[0].grade is Grade.VOID


def test_tests_are_those_of_the_last_grade_in_its_order(full):
    rows = [
        (row.task_id, row.id, row.outcome, row.message) for row in trial_tests(full, "run-one") if row.task_id == "t1"
    ]
    assert rows == [("t1", "t::b", "passed", ""), ("t1", "t::a", "failed", "no")]


def test_calls_of_a_run_and_of_a_trace(full, journals, append, events):
    append(events.called(9), name="ask-1")
    full.sync(journals)
    assert len(calls(full)) == 4
    of_run = calls(full, run_id="run-one")
    assert [(row.model, row.finish, row.failure) for row in of_run] == [
        ("acme/a", "stop", None),
        ("acme/b", "stop", None),
        ("acme/b", None, "cancelled"),
    ]
    assert (of_run[0].tokens_in, of_run[0].tokens_out, of_run[0].cost_usd) == (15, 7, Decimal("0.000000125"))
    assert (of_run[2].tokens_in, of_run[2].cost_usd, of_run[2].text) == (None, None, None)
    assert of_run[0].at.tzinfo is UTC
    assert [row.trace_id for row in calls(full, trace_id="trace-9")] == ["trace-9"]


def test_a_verdict_comes_with_its_evidence(full):
    row = verdict(full, "v-one")
    assert (row.served, row.answer, row.confidence, row.certified) == (True, "2", 0.97, True)
    assert (row.cost_usd, row.cost_bound_usd) == (None, Decimal("0.5"))
    (group,) = row.groups
    assert (group["answer"], group["models"], group["weight"]) == ("2", ["acme/a"], 1.0)
    assert row.quorum["missing"] == [{"model": "acme/b", "why": "no number"}]
    assert (row.price_as_of, row.position) == ({"acme/a": "2026-11-01"}, "run-one.jsonl:6")
    assert [one.verdict_id for one in verdicts(full, run_id="run-one")] == ["v-one", "v-two"]
    assert [one.reason for one in verdicts(full, trace_id="trace-1")] == [None, "divergent"]


def test_an_unknown_verdict_lists_the_nearest(full):
    with pytest.raises(ConfigError, match=r"no verdict 'v-onx'; there are: v-one"):
        verdict(full, "v-onx")


def test_an_unknown_verdict_of_an_empty_store(store):
    with pytest.raises(ConfigError, match="there are: none"):
        verdict(store, "v")


def test_ballots_of_a_run_and_of_a_verdict(full):
    rows = ballots(full, "run-one")
    assert [(row.task_id, row.model, row.kind, row.answer) for row in rows][:2] == [
        ("t1", "acme/a", "answered", "2"),
        ("t1", "acme/b", "unreadable", None),
    ]
    assert len(rows) == 6
    of_verdict = verdict_ballots(full, "v-one")
    assert [(row.model, row.why, row.run_id, row.epoch) for row in of_verdict] == [
        ("acme/a", "", None, None),
        ("acme/b", "no number", None, None),
    ]
    assert of_verdict[0].execution is None


def test_cells_count_what_was_measured(full, journals, append, events):
    append(events.graded("t1", Grade.NOT_RESOLVED, epoch=1, latency_s=0.25))
    full.sync(journals)
    math, infra, unserved = cells(full)
    assert (math.task_class, math.candidate) == ("finance.calculation", "acme/a")
    assert (math.n_tasks, math.n_trials, math.resolved, math.infra) == (1, 2, 1, 0)
    assert (math.cost_usd, math.tokens_in, math.tokens_out) == (Decimal("0.02"), 20, 6)
    assert (math.latencies_s, math.run_ids) == ((0.25, 0.5), ("run-one",))
    assert (infra.n_tasks, infra.n_trials, infra.infra, infra.latencies_s, infra.tokens_in) == (0, 0, 1, (), None)
    assert (unserved.unserved, unserved.cost_usd) == (1, None)


@pytest.mark.parametrize(
    ("narrow", "count"),
    [
        ({"suites": ["starter"]}, 3),
        ({"suites": []}, 0),
        ({"suites": ["other"]}, 0),
        ({"task_classes": ["finance.calculation"]}, 1),
        ({"run_ids": ["run-one"], "suites": ["starter", "x"]}, 3),
        ({"run_ids": ["nope"]}, 0),
    ],
)
def test_cells_are_narrowed(full, narrow, count):
    assert len(cells(full, **narrow)) == count


def test_reviews_show_who_decided(full, journals, append, events):
    append(events.decided("v-three", review=True), name="ask-1")
    full.sync(journals)
    done, waiting = reviews(full)
    assert (done.verdict_id, done.answer, done.who, done.why) == ("v-two", "3", "ann", "counted")
    assert done.decided_at is not None
    assert (waiting.verdict_id, waiting.who, waiting.decided_at) == ("v-three", None, None)


def test_spending_keeps_the_unknown_apart(full, journals, append, events):
    append(events.called(9), name="ask-1")
    full.sync(journals)
    spent = spent_usd(full, run_id="run-one")
    assert (spent.usd, spent.unknown, spent.bound_usd, spent.calls) == (Decimal("0.00000025"), 1, Decimal("0.5"), 3)
    assert spent_usd(full).calls == 4
    assert spent_usd(full, since=datetime(2026, 11, 21, tzinfo=UTC)).calls == 0


def test_what_an_earlier_attempt_may_have_cost_comes_on_top(store, journals, append, events):
    tried_twice = events.called(1)
    reply = replace(tried_twice.reply, cost_usd=Decimal("0.25"), cost_bound_usd=Decimal("0.75"))
    exact = replace(tried_twice.reply, cost_usd=Decimal("0.25"), cost_bound_usd=Decimal("0.25"))
    append(replace(tried_twice, reply=reply), replace(events.called(2), reply=exact), events.called(3, failed=True))
    store.sync(journals)
    spent = spent_usd(store)
    assert (spent.usd, spent.unknown, spent.bound_usd, spent.calls) == (Decimal("0.5"), 1, Decimal(1), 3)


@pytest.mark.parametrize(
    ("ref", "found"), [("run-one", "run-one"), ("run-o", "run-one"), ("first", "run-one"), ("two", "run-two")]
)
def test_a_run_is_found_by_id_beginning_or_name(*, full, journals, append, events, ref, found):
    append(events.started("run-two", name="two"), name="run-two")
    full.sync(journals)
    assert run(full, ref).run_id == found


@pytest.mark.parametrize(
    ("ref", "told"),
    [
        ("run-", r"run 'run-' is ambiguous: run-\w+ \(\w+\), run-\w+ \(\w+\)"),
        ("run-onx", r"no run 'run-onx'; there are: run-one \(first\), "),
        ("", r"no run ''; there are: "),
    ],
)
def test_a_run_that_is_not_found_lists_the_nearest(*, full, journals, append, events, ref, told):
    append(events.started("run-two", name="two"), name="run-two")
    full.sync(journals)
    with pytest.raises(ConfigError, match=told):
        run(full, ref)


def test_two_runs_of_one_name_are_ambiguous(full, journals, append, events):
    append(events.started("other"), name="other")
    full.sync(journals)
    with pytest.raises(ConfigError, match=r"run 'first' is ambiguous: other \(first\), run-one \(first\)"):
        run(full, "first")


def test_a_run_in_an_empty_store(store):
    with pytest.raises(ConfigError, match="holds no runs yet"):
        run(store, "x")


def test_a_question_that_fails_is_told_with_its_name(store):
    with pytest.raises(StoreError, match="trials: "):
        store.ask("trials")
