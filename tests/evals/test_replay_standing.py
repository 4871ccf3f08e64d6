"""Where the probabilities of a replay come from, how good they are, and what is put beside them."""

from dataclasses import replace
from decimal import Decimal

import pytest

from harness.core.ballot import Compare, Extract
from harness.core.ids import ModelId, TaskClass
from harness.core.policy import Quorum, RiskLimit
from harness.evals.calibrating import Source, calibrate_policy
from harness.evals.replay import Item, replay, summary
from harness.evals.replay_baselines import baselines, by_accuracy
from harness.evals.replay_reader import reader_of
from harness.evals.replay_scores import score
from harness.evals.replay_standing import grounds_of
from tests.engine.cases import policy
from tests.evals.panels import CLASS, item, items

READS = {"extract": Extract(how="last", arg="number"), "compare": Compare(name="numeric")}
FOUR = policy("abcd", order="value", rule=RiskLimit(alpha=0.05, fallback=Quorum(k=2)), **READS)


@pytest.fixture(scope="module")
def known() -> list[Item]:
    return items(200)


@pytest.fixture(scope="module")
def unseen() -> list[Item]:
    return items(200, seed=77)


@pytest.fixture(scope="module")
def calibration(known):
    (found,) = calibrate_policy([Source(run_id="r1", items=known)], FOUR, fitted_at="2026-11-21T08:00:00Z")
    assert found.calibration is not None
    return found.calibration


def on(given, of, calibrations, **options):
    """Grounds, what is replayed, and its summary."""
    reader = reader_of(of)
    grounds = grounds_of(given, of, calibrations, reader=reader, **options)
    replayed = replay(given, of, grounds.standing, reader=reader)
    return grounds, replayed, summary(of, replayed)


def test_a_stored_calibration_is_applied_as_it_is(calibration, unseen):
    grounds, replayed, found = on(unseen, FOUR, {CLASS: calibration})
    (basis,) = grounds.bases
    assert (basis.kind, basis.labels, basis.version) == ("stored", 200, calibration.version)
    assert (basis.seen, basis.questions, basis.data_hash) == (0, 200, calibration.data_hash)
    assert found.certified
    assert found.coverage > 0.8
    assert found.precision is not None
    assert found.precision > 0.95
    assert found.calls_mean < 3
    certificate = calibration.certificate(0.05)
    assert all(each.confidence >= certificate.threshold for each in replayed if each.served)
    assert all(each.certified == each.served for each in replayed)
    assert grounds.standing(unseen[0]).fitted.calibration is calibration


def test_in_sample_is_noticed(calibration, known, unseen):
    stored = replace(calibration, sources=("r1",))
    (basis,), *_ = [on(known, FOUR, {CLASS: stored})[0].bases]
    assert (basis.seen, basis.questions) == (200, 200), "the very labels"
    half = {"r1": frozenset(each.digest for each in unseen[:50])}
    (basis,), *_ = [on(unseen, FOUR, {CLASS: stored}, fitted_tasks=half)[0].bases]
    assert (basis.seen, basis.questions) == (50, 200), "some of the questions"
    (basis,), *_ = [on(unseen, FOUR, {CLASS: replace(stored, sources=())}, fitted_tasks=half)[0].bases]
    assert basis.seen == 0


def test_without_a_stored_one_each_fifth_is_decided_by_the_rest(known):
    grounds, replayed, found = on(known, FOUR, {})
    (basis,) = grounds.bases
    assert (basis.kind, basis.labels, basis.why, basis.chosen) == ("crossfit", 200, "none is stored", False)
    fitted = {grounds.fitted(each).version for each in known}
    assert len(fitted) == 5
    assert {grounds.fitted(each).calibration.labels for each in known} == {160}
    assert found.served > 0
    assert found.certified == all(each.certified for each in replayed if each.served)
    scores = score(known, FOUR, grounds, reader_of(FOUR))
    assert scores is not None
    assert scores.n == 200
    assert scores.ece < 0.05
    assert scores.curve[-1].coverage == 1.0


def test_nothing_of_a_question_reaches_what_decides_on_it(known):
    """Relabel one question: whatever decides on it stays the same."""
    target = known[0]
    flipped = replace(
        target, recorded={model: replace(each, right=not each.right) for model, each in target.recorded.items()}
    )
    before = on(known[:50], FOUR, {})[0].fitted(target)
    after = on([flipped, *known[1:50]], FOUR, {})[0].fitted(flipped)
    assert before.calibration.parameters == after.calibration.parameters
    assert before.calibration.thresholds == after.calibration.thresholds


def test_cross_fitting_can_be_asked_for(calibration, known):
    (basis,) = on(known[:40], FOUR, {CLASS: calibration}, crossfit=True)[0].bases
    assert (basis.kind, basis.chosen) == ("crossfit", True)


def test_a_calibration_of_something_else_is_not_used(calibration, known):
    for stored, why in (
        (
            {CLASS: replace(calibration, policy_version="old")},
            "does not speak for these votes: calibrated for version old",
        ),
        ({TaskClass("texts"): replace(calibration, task_class=TaskClass("texts"))}, "only for texts"),
    ):
        (basis,) = on(known[:40], FOUR, stored)[0].bases
        assert basis.kind == "crossfit"
        assert why in basis.why


def test_a_handful_of_questions_fits_nothing_and_the_fallback_holds():
    few = [item(f"t{n}", [0, 0, 0, 1]) for n in range(5)]
    grounds, replayed, found = on(few, FOUR, {})
    (basis,) = grounds.bases
    assert (basis.kind, basis.labels) == ("none", 5)
    assert (found.served, found.certified) == (5, False)
    assert all(each.confidence is None for each in replayed)
    assert score(few, FOUR, grounds, reader_of(FOUR)) is None


def test_a_question_without_a_label_is_decided_all_the_same(known):
    silent = replace(
        known[0],
        task_id="new",
        recorded={model: replace(each, right=None) for model, each in known[0].recorded.items()},
    )
    grounds, *_ = on([*known[:40], silent], FOUR, {})
    assert grounds.fitted(silent) is not None


def test_a_quorum_has_confidences_too_and_promises_nothing(known):
    quorum = policy("abc", order="accurate_first", **READS)
    given = known[:80]
    grounds, replayed, found = on(given, quorum, {})
    assert not found.certified
    assert all(each.confidence is not None for each in replayed if each.served)
    assert score(given, quorum, grounds, reader_of(quorum)) is not None


TABLE = [
    item("t0", [0, 0, 0], names="abc"),
    item("t1", [1, 1, 0], names="abc"),
    item("t2", [0, 2, 3], names="abc"),
    item("t3", [0, 0, 3], names="abc"),
    item("t4", [None, 0, 0], names="abc"),
]
"""Right in 3 (a), 3 (b) and 3 (c) of five; a fails once and is then not judged."""
THREE = policy("abc", order="accurate_first", **READS)


def figures(given, of):
    found = {}
    for each in baselines(given, of, reader_of(of)):
        result = summary(of, each.replayed)
        found[each.name] = (each.models, result.served, result.precision, round(result.calls_mean, 2))
    return found


def test_the_best_model_and_the_static_policies():
    assert by_accuracy(TABLE, THREE) == ["a", "b", "c"]
    assert figures(TABLE, THREE) == {
        "best single model": (("a",), 4, 0.75, 1.0),
        "any two of three": (("a", "b", "c"), 4, 0.75, 2.4),
        "unanimous": (("a", "b", "c"), 1, 1.0, 2.6),
        "two cheap, strong tiebreak": (("c", "b", "a"), 5, 0.8, 2.6),
        "plurality": (("a", "b", "c"), 5, 0.8, 3.0),
    }


def test_prices_say_who_is_cheap():
    priced = [
        replace(each, prices={ModelId(name): Decimal(usd) for name, usd in zip("abcd", (5, 1, 3, 2), strict=True)})
        for each in (item(f"t{n}", [0, 0, 1, 1], names="abcd") for n in range(3))
    ]
    assert figures(priced, policy("abcd", **READS))["two cheap, strong tiebreak"][0] == ("b", "d", "a")


def test_a_panel_of_two_has_fewer_baselines():
    two = [item("t", [0, 0], names="ab"), item("u", [None, None], names="ab")]
    found = figures(two, policy("ab", **READS))
    assert set(found) == {"best single model", "any two of two", "unanimous", "plurality"}
    assert found["plurality"][1] == 1, "nobody answered the other"
