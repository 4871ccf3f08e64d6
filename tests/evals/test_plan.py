"""A plan is known before anything is done: its trials, their order, and an id that is a hash of exactly that."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.consensus.calibration import Revocation
from harness.core.ballot import Extract
from harness.core.errors import ConfigError
from harness.core.ids import CandidateId, PolicyName, SuiteName, TaskClass, TaskId
from harness.core.request import Sampling
from harness.core.suite import Suite, Task
from harness.core.trial import TrialKey
from harness.evals.plan import Plan, calibration_versions, make_plan, refuse_recalibrated, started, trace_of
from tests.consensus.cases import calibration, policy

A, B = CandidateId("v/a"), CandidateId("v/b")
TASKS = tuple(
    Task(id=TaskId(f"t{n}"), task_class=TaskClass("x"), prompt=f"{n}?", expected=n, digest=f"d{n}") for n in range(20)
)
SUITE = Suite(
    name=SuiteName("sums"),
    kind="answer",
    version=3,
    task_class=TaskClass("x"),
    tasks=TASKS,
    solver="answer",
    extract=Extract(how="last", arg="number"),
    folder=Path("sums"),
    digest="s",
)


def plan(**changes) -> Plan:
    return make_plan(SUITE, [A, B], **changes)


def test_the_id_is_the_same_for_the_same_command():
    assert plan().run_id == plan(epochs=1).run_id == make_plan(SUITE, [B, A]).run_id
    assert len(plan().run_id) == 12


def test_where_the_suite_lies_is_not_in_the_id():
    moved = replace(SUITE, folder=Path("/elsewhere"), description="other words")
    assert make_plan(moved, [A, B]).run_id == plan().run_id


def test_everything_else_is():
    other_digest = (replace(TASKS[0], digest="d"), *TASKS[1:])
    plans = [
        plan(),
        make_plan(SUITE, [A]),
        plan(epochs=2),
        plan(limit=5),
        plan(seed=0),
        plan(seed=1),
        plan(salt="#1"),
        make_plan(replace(SUITE, digest="other"), [A, B]),
        make_plan(replace(SUITE, name=SuiteName("copy")), [A, B]),
        make_plan(replace(SUITE, tasks=TASKS[:5]), [A, B]),
        make_plan(replace(SUITE, tasks=other_digest), [A, B]),
        make_plan(replace(SUITE, kind="repo", solver="agent"), [A, B]),
        replace(plan(), sampling=Sampling(temperature=0.5)),
    ]
    assert len({each.run_id for each in plans}) == len(plans)


def test_trials_stay_paired_if_a_run_stops_early():
    trials = [key for _, key in plan(epochs=2).trials()]
    assert len(trials) == plan(epochs=2).size == 80
    assert [key.candidate for key in trials[:4]] == [A, B, A, B]
    assert [key.task_id for key in trials[:4]] == ["t0", "t0", "t1", "t1"]
    assert [key.epoch for key in trials] == [0] * 40 + [1] * 40
    assert len(set(trials)) == 80
    assert all(task.id == key.task_id for task, key in plan().trials())


@given(st.integers(min_value=1, max_value=30), st.integers())
def test_a_sample_depends_on_the_seed_only(limit, seed):
    one, other = plan(limit=limit, seed=seed), make_plan(SUITE, [B], limit=limit, seed=seed, epochs=3)
    assert one.tasks == other.tasks
    assert len(one.tasks) == min(limit, 20)
    assert list(one.tasks) == [task for task in TASKS if task in one.tasks], "in the suite's order"
    assert one.sampling.seed == seed


def test_other_seeds_take_other_samples():
    samples = {tuple(task.id for task in plan(limit=5, seed=seed).tasks) for seed in range(20)}
    assert len(samples) > 10
    assert plan(limit=5).tasks == plan(limit=5, seed=0).tasks
    assert plan().sampling.seed is None, "no seed, none sent"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"epochs": 0}, "--epochs: 0 is below 1"),
        ({"limit": 0}, "--limit: 0 is below 1"),
        ({"limit": -3}, "--limit: -3 is below 1"),
    ],
)
def test_numbers_below_one_are_refused(change, why):
    with pytest.raises(ConfigError, match=why):
        plan(**change)


def test_a_candidate_named_twice_is_refused():
    with pytest.raises(ConfigError, match="'v/a' is named twice; use --epochs"):
        make_plan(SUITE, [A, B, A])


@given(
    st.sets(
        st.tuples(
            st.sampled_from([task.id for task in TASKS]), st.sampled_from([A, B]), st.integers(min_value=0, max_value=3)
        ),
        min_size=1,
    )
)
def test_only_what_a_file_holds_in_the_order_of_everything(chosen):
    keys = frozenset(TrialKey(task_id=task, candidate=who, epoch=epoch) for task, who, epoch in chosen)
    whole = plan(epochs=4)
    part = replace(whole, only=keys)
    assert list(part.trials()) == [(task, key) for task, key in whole.trials() if key in keys]
    assert part.size == len(keys)


def test_a_gap_in_the_epochs_costs_nothing():
    key = TrialKey(task_id=TASKS[3].id, candidate=B, epoch=9_999_999)
    part = replace(plan(), epochs=10_000_000, only=frozenset({key}))
    assert list(part.trials()) == [(TASKS[3], key)]


def test_a_trace_names_its_trial():
    key = TrialKey(task_id=TaskId("t0"), candidate=A, epoch=2)
    assert plan().trace(key) == trace_of(plan().run_id, key) == f"{plan().run_id}/t0/v/a/2"
    traces = [plan(epochs=2).trace(each) for _, each in plan(epochs=2).trials()]
    assert len(set(traces)) == 80


def test_what_is_written_before_the_first_call():
    tasks = (replace(TASKS[0], meta={"area": "money"}), replace(TASKS[1], meta={"area": None}), TASKS[2])
    made = make_plan(replace(SUITE, tasks=tasks), [B, A], epochs=2, seed=7)
    event = started(made, name="tuesday", scripted=True, prices={}, provenance={"commit": "abc"})
    assert (event.run_id, event.suite, event.suite_version, event.suite_digest) == (made.run_id, "sums", 3, "s")
    assert (event.candidates, event.epochs, event.seed, event.origin) == ((B, A), 2, 7, "run")
    assert (event.name, event.scripted, event.provenance) == ("tuesday", True, {"commit": "abc"})
    assert [(row.id, row.digest, row.expected, row.area) for row in event.tasks] == [
        ("t0", "d0", 0, "money"),
        ("t1", "d1", 1, ""),
        ("t2", "d2", 2, ""),
    ]


def test_a_run_does_not_mix_two_calibrations_of_a_policy():
    fitted = calibration(policy("abc"))
    other = replace(fitted, policy=PolicyName("q"))
    versions = calibration_versions({"p"}, [fitted, other])
    assert versions == {f"p/{fitted.task_class}": fitted.version}
    revoked = replace(fitted, revoked=Revocation(at="2026-11-20T02:00:00Z", why="drift"))
    refitted = replace(fitted, labels=fitted.labels + 1)
    plan = make_plan(SUITE, [A])

    def begun(known):
        return started(plan, scripted=False, prices={}, provenance=known)

    refuse_recalibrated(begun({"calibrations": versions}), versions)
    refuse_recalibrated(begun({}), versions)
    for now in ([], [revoked], [refitted]):
        with pytest.raises(ConfigError, match=rf"registry/calibration: p/.*: {fitted.version} when run .*--fresh"):
            refuse_recalibrated(begun({"calibrations": versions}), calibration_versions({"p"}, now))
    with pytest.raises(ConfigError, match=f"none when run .* began, and {fitted.version} now"):
        refuse_recalibrated(begun({"calibrations": {}}), versions)
