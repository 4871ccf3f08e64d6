"""Votes under a policy, in the order in which they were heard, and the tasks of runs."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from harness.core.ids import TraceId
from harness.store import policy_votes, run_tasks
from tests.store.conftest import A, B


@pytest.fixture
def synced(store, journals, append):
    def take(*events, **names):
        append(*events, **names)
        assert store.sync(journals).problems == ()
        return store

    return take


def test_ballots_come_in_the_order_in_which_they_were_heard(events, synced):
    db = synced(events.called(1, B), events.called(1, A), events.decided())
    found = policy_votes(db, "x")
    assert [(row.verdict_id, row.model, row.kind) for row in found] == [
        ("v-one", "acme/b", "unreadable"),
        ("v-one", "acme/a", "answered"),
    ]
    assert [(group["answer"], group["models"]) for group in found[0].groups] == [("2", ["acme/a"])]
    assert (found[0].policy_version, found[0].comparator) == ("abc", "numeric@1")
    assert found[0].task_class == events.decided().task_class
    assert policy_votes(db, "y") == []


def test_votes_before_a_time_are_left_out_and_doubles_count_once(events, synced):
    db = synced(events.decided("v-one"), events.decided("v-one"), events.decided("v-two"))
    assert {row.verdict_id for row in policy_votes(db, "x")} == {"v-one", "v-two"}
    assert len(policy_votes(db, "x")) == 4, "two ballots each"
    start = min(row.at for row in policy_votes(db, "x"))
    assert policy_votes(db, "x", since=start) == policy_votes(db, "x")
    assert policy_votes(db, "x", since=datetime(2030, 1, 1, tzinfo=UTC)) == []


def test_a_member_that_was_never_called_comes_last(events, synced):
    db = synced(events.called(1, B), replace(events.decided(), trace_id=TraceId("trace-1")))
    assert next(iter(policy_votes(db, "x"))).model == "acme/b"


def test_the_tasks_of_runs(events, synced):
    db = synced(events.started())
    found = run_tasks(db, ["run-one", "nope"])
    assert list(found) == ["run-one"]
    assert len(found["run-one"]) == 3
    assert run_tasks(db, []) == {}
