"""The doors of the pages: what panels decided with its labels, the calls of trials, promotions, paired counts."""

from datetime import UTC, datetime
from decimal import Decimal

from harness.core.event import Reviewed
from harness.core.ids import CandidateId, TraceId, VerdictId
from harness.core.trial import Grade
from harness.store import decision_ballots, decisions, open_store, paired_counts, promotions, trial_calls
from tests.report.evidence_cases import agreed, divided, record
from tests.store.conftest import A, called, graded, started

LONG_AGO, SOON = datetime(2026, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)


def opened(folder, *events):
    (folder / "journal").mkdir(exist_ok=True)
    record(folder / "journal", *events, name="run-one")
    with open_store(folder / "store.duckdb") as store:
        store.sync(folder / "journal")
        return {
            "decisions": decisions(store, since=LONG_AGO),
            "later": decisions(store, since=SOON),
            "other": decisions(store, since=LONG_AGO, policy="nobody"),
            "votes": decision_ballots(store, since=LONG_AGO),
            "calls": trial_calls(store, "run-one"),
            "promotions": promotions(store),
            "pairs": paired_counts(store, "run-one", a=A, b="consensus/x"),
        }


def test_an_outcome_with_its_grade_and_its_ballots(tmp_path):
    events = (started(), *agreed(), graded(verdict_id=VerdictId("abc123"), candidate=CandidateId("consensus/payments")))
    found = opened(tmp_path, *events)
    (row,) = found["decisions"]
    assert (row.verdict_id, row.grade, row.expected, row.question) == ("abc123", Grade.RESOLVED, 2, "1+1?")
    assert (row.reviewed, row.position) == (False, "run-one.jsonl:5")
    assert [(vote.model, vote.role, vote.calls, vote.latency_s) for vote in found["votes"]] == [
        ("acme/a", "panel", 1, 0.05), ("acme/b", "panel", 1, 0.05), ("acme/c", "tiebreak", 1, 0.05),
    ]  # fmt: skip
    assert (found["later"], found["other"]) == ([], [])


def test_an_outcome_that_a_person_decided(tmp_path):
    more = Reviewed(verdict_id="abc123", answer=None, who="bob", why="neither")
    (row,) = opened(tmp_path, *divided(), more)["decisions"]
    assert (row.reviewed, row.review_answer, row.who, row.run_id) == (True, None, "bob", None)
    assert row.question == "What is 17 % of 100 EUR?"
    unknown = (
        {vote.model: vote.cost_usd for vote in opened(tmp_path / "x", *divided())["votes"]}
        if (tmp_path / "x").mkdir() is None
        else {}
    )
    assert unknown["acme/c"] is None


def test_calls_belong_to_trials_by_their_trace(tmp_path):
    call = called(1)
    mine = type(call)(
        **{name: getattr(call, name) for name in call.__slots__} | {"trace_id": TraceId(f"run-one/t1/{A}/0")}
    )
    (row,) = opened(tmp_path, started(), mine, called(2), graded())["calls"]
    assert (row.task_id, row.model, row.ended, row.ok, row.tokens_in, row.tokens_out) == ("t1", A, "stop", True, 15, 7)
    assert row.cost_usd == Decimal("0.000000125")


def test_pairs_are_counted_where_they_lie(tmp_path):
    other = CandidateId("consensus/x")
    events = (
        started(), graded("t1"), graded("t1", candidate=other), graded("t2"),
        graded("t2", Grade.NOT_RESOLVED, candidate=other), graded("t3", Grade.INFRA_ERROR), graded("t3", candidate=other),
    )  # fmt: skip
    found = {row.task_class: row for row in opened(tmp_path, *events)["pairs"]}
    assert {name: (row.n, row.both, row.a_only, row.b_only, row.neither) for name, row in found.items()} == {
        "finance.calculation": (1, 1, 0, 0, 0), "python.bugfix": (1, 0, 1, 0, 0),
    }  # fmt: skip
    assert found["python.bugfix"].cost_a_usd == Decimal("0.01")
