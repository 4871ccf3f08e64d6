"""Which model has seen which task: from the journals, nothing else."""

import pytest

from harness.core.ids import CandidateId, RunId, SuiteName, TaskId, TraceId
from harness.evals.solvers.exposure import by_task, exposures, task_of
from tests.evals.world import make_home, make_suite, right, run, sums, take_in, write


@pytest.fixture
def home(tmp_path):
    home = make_home(tmp_path, {"a": right(3), "b": right(3)})
    make_suite(home, sums(3))
    make_suite(home, sums(1), name="other")
    return home


def test_every_call_is_an_exposure(home):
    first, _ = run(home, "sums", "v/a")
    second, _ = run(home, "sums", "v/a,v/b")
    run(home, "other", "v/b")
    write(home.state / "journal" / "broken.jsonl", "no journal\n")
    seen = exposures(home.state / "journal", SuiteName("sums"))
    assert [(each.task_id, each.model, each.calls, each.what) for each in seen] == [
        (f"t{n}", model, calls, "statement") for n in range(3) for model, calls in (("v/a", 2), ("v/b", 1))
    ]
    assert set(seen[0].runs) == {first, second}
    assert seen[0].first <= seen[0].last
    assert set(by_task(seen)) == {"t0", "t1", "t2"}
    assert len(by_task(seen)[TaskId("t0")]) == 2


def test_imported_outputs_are_told_apart(home):
    from harness.content import load_suite

    take_in(home, load_suite(home, "sums"), [{"task_id": "t1", "model": "x/y", "text": "2"}])
    (seen,) = exposures(home.state / "journal", SuiteName("sums"))
    assert (seen.task_id, seen.model, seen.what) == ("t1", "x/y", "imported")
    run(home, "sums", "v/a")
    assert len(exposures(home.state / "journal", SuiteName("sums"))) == 4


def test_where_there_is_no_journal(tmp_path):
    assert exposures(tmp_path, SuiteName("sums")) == ()


def test_ids_with_slashes():
    candidates = [CandidateId("v/a"), CandidateId("consensus/v/a")]
    assert task_of(TraceId("r/HumanEval/1/v/a/0"), RunId("r"), candidates) == "HumanEval/1"
    assert task_of(TraceId("r/t/consensus/v/a/2"), RunId("r"), candidates) == "t"
    assert task_of(TraceId("r/t/else/0"), RunId("r"), candidates) is None
