"""Finding an outcome, its journal lines, and the queue of those that wait for a person."""

from dataclasses import replace

import pytest

from harness.core.errors import ConfigError
from harness.core.event import Reviewed
from harness.core.ids import CandidateId, TraceId
from harness.core.trial import Grade
from harness.store import find_verdict, review_queue, verdict_lines

X = CandidateId("consensus/x")


@pytest.fixture
def synced(store, journals, append):
    def take(*events, **names):
        append(*events, **names)
        assert store.sync(journals).problems == ()
        return store

    return take


def test_an_outcome_is_found_by_the_beginning_of_its_id(events, synced):
    db = synced(events.decided("abc1"), events.decided("abd2"), events.decided("abd"))
    assert find_verdict(db, "abc").verdict_id == "abc1"
    assert find_verdict(db, "abd").verdict_id == "abd"
    with pytest.raises(ConfigError, match="'ab' is ambiguous: abc1, abd, abd2"):
        find_verdict(db, "ab")
    for ref in ("zzz", ""):
        with pytest.raises(ConfigError, match="no verdict"):
            find_verdict(db, ref)


def test_the_lines_of_an_outcome_are_those_of_its_trace(events, synced):
    grade = events.graded("t2", Grade.UNSERVED, candidate=X, verdict_id="v-one")
    db = synced(events.called(1), events.called(2), events.executed(), events.decided(), grade)
    synced(Reviewed(verdict_id="v-one", answer="2", who="ann", why="counted"), events.called(1), name="review-1")
    assert verdict_lines(db, "v-one") == {"run-one.jsonl": [1, 3, 4, 5], "review-1.jsonl": [1]}
    assert verdict_lines(db, "none") == {}


def test_an_outcome_on_record_twice_has_the_lines_of_the_last(events, synced):
    db = synced(events.called(1), events.decided(), events.decided())
    assert verdict_lines(db, "v-one") == {"run-one.jsonl": [1, 3]}


def test_the_queue_holds_what_nobody_has_decided_and_nobody_knows(events, synced):
    asked = replace(events.called(1), request_sha256="q")
    known = events.graded("t1", Grade.UNSERVED, candidate=X, verdict_id="v-known")
    unknown = events.graded("t3", Grade.INFRA_ERROR, candidate=X, verdict_id="v-open")
    db = synced(
        events.started(), asked, events.decided("v-served"), events.decided("v-known", review=True), known,
        events.decided("v-open", review=True), unknown, events.decided("v-asked", review=True),
        replace(events.decided("v-other", review=True), trace_id=TraceId("elsewhere")), events.decided("v-done", review=True),
        Reviewed(verdict_id="v-done", answer="3", who="ann", why="counted"),
        Reviewed(verdict_id="v-done", answer=None, who="bob", why="counted again"),
    )  # fmt: skip
    assert [row.verdict_id for row in review_queue(db)] == ["v-open", "v-asked", "v-other"]
    everything = {row.verdict_id: row for row in review_queue(db, everything=True)}
    assert list(everything) == ["v-known", "v-open", "v-asked", "v-other", "v-done"]
    assert (everything["v-known"].known, everything["v-known"].run_id) == (True, "run-one")
    assert (everything["v-open"].known, everything["v-asked"].run_id) == (False, None)
    assert (everything["v-asked"].question, everything["v-other"].question) == ("1+1?", "")
    done = everything["v-done"]
    assert (done.who, done.answer, done.why) == ("bob", None, "counted again")
    assert done.decided_at is not None


def test_an_outcome_on_record_twice_waits_once(events, synced):
    db = synced(events.decided("v", review=True), events.decided("v", review=True))
    assert [row.verdict_id for row in review_queue(db)] == ["v"]
