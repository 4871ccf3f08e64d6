"""The verdict as a table: what is said for which facts."""

import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.trial import Grade
from harness.stats import (
    EXIT_CODES,
    Infra,
    PairedFacts,
    class_effects,
    facts_of,
    judge_pairing,
    pair_trials,
    paired_verdict,
)
from harness.stats.paired import tango_paired_ci

F = PairedFacts


@pytest.mark.parametrize(
    ("facts", "margin", "verdict", "beyond"),
    [
        (F(both=100, a_only=5, b_only=30, neither=20), 0.03, "better", True),
        (F(both=900, a_only=20, b_only=45, neither=100), 0.05, "better", False),
        (F(both=100, a_only=30, b_only=5, neither=20), 0.03, "worse", True),
        (F(both=900, a_only=45, b_only=20, neither=100), 0.05, "worse", False),
        (F(both=400, a_only=2, b_only=2, neither=100), 0.03, "equivalent", False),
        (F(both=400, a_only=2, b_only=2, neither=100), 0.003, "insufficient", False),
        (F(both=20, a_only=3, b_only=5, neither=5), 0.03, "insufficient", False),
        (F(both=1000), 0.03, "equivalent", False),
        (F(neither=1000), 0.03, "equivalent", False),
        (F(neither=12), 0.03, "insufficient", False),
        (F(b_only=1), 0.03, "insufficient", False),
        (F(), 0.03, "insufficient", False),
        (F(differences=(0.5,) * 12 + (0.0,) * 4), 0.03, "better", True),
        (F(differences=(-0.5, -0.25) * 6 + (0.0,) * 4), 0.03, "worse", True),
        (F(differences=(0.0,) * 1000), 0.03, "equivalent", False),
        (F(differences=(0.2, -0.2) * 500), 0.03, "equivalent", False),
        (F(differences=(0.0,) * 5), 0.03, "insufficient", False),
        (F(differences=(1.0,)), 0.03, "insufficient", False),
        (F(differences=()), 0.03, "insufficient", False),
    ],
)
def test_the_table(facts: PairedFacts, margin: float, verdict: str, beyond: bool):
    found = paired_verdict(facts, margin=margin)
    assert (found.verdict, found.beyond_margin) == (verdict, beyond)
    assert (
        found.exit_code
        == {"better": 0, "equivalent": 0, "worse": 3, "insufficient": 5}[verdict]
        == EXIT_CODES[found.verdict]
    )
    assert (found.more_tasks_needed is not None) == (verdict == "insufficient" and facts.n > 0)
    assert "no difference" not in " ".join((found.headline, *found.why, *found.warnings))


@given(st.tuples(*[st.integers(0, 80)] * 4), st.sampled_from([0.0, 0.01, 0.03, 0.2]))
@settings(deadline=None)
def test_swapping_the_arms_swaps_the_verdict(cells: tuple[int, int, int, int], margin: float):
    both, a_only, b_only, neither = cells
    one = paired_verdict(F(both=both, a_only=a_only, b_only=b_only, neither=neither), margin=margin)
    other = paired_verdict(F(both=both, a_only=b_only, b_only=a_only, neither=neither), margin=margin)
    assert other.verdict == {"better": "worse", "worse": "better"}.get(one.verdict, one.verdict)
    assert other.effect.lo == pytest.approx(-one.effect.hi, abs=1e-9)
    assert other.more_tasks_needed == one.more_tasks_needed
    numbers = [value for value in dataclasses.astuple(one.effect) if isinstance(value, float)]
    assert all(math.isfinite(value) for value in numbers)
    assert 0 <= one.effect.p <= 1


@given(st.lists(st.sampled_from([-1.0, -0.6, -0.2, 0.0, 0.0, 0.2, 1.0]), max_size=60))
@settings(deadline=None)
def test_repeated_epochs_are_always_defined(d: list[float]):
    found = paired_verdict(F(differences=tuple(d)))
    assert -1 <= found.effect.lo <= found.effect.hi <= 1
    assert 0 <= found.effect.p <= 1
    if d:
        assert found.effect.diff == pytest.approx(sum(d) / len(d))
        assert found.effect.lo - 1e-12 <= sum(d) / len(d) <= found.effect.hi + 1e-12


@pytest.mark.parametrize(
    ("infra", "said"),
    [
        (Infra(a=11, trials_a=100, b=11, trials_b=100), "10% is the most"),
        (Infra(a=0, trials_a=100, b=6, trials_b=100), "5 percentage points apart"),
    ],
)
def test_what_could_not_be_measured(infra: Infra, said: str):
    found = paired_verdict(F(both=50, b_only=40), infra=infra)
    assert found.verdict == "insufficient"
    assert found.headline == "Could not be measured"
    assert "could not be measured" in found.why[0]
    assert said in found.why[0]
    assert found.more_tasks_needed is None
    assert "more tasks do not help" in found.more_tasks_reason


def test_a_little_infrastructure_trouble_is_said():
    found = paired_verdict(F(both=50, b_only=40), infra=Infra(a=4, trials_a=100, b=5, trials_b=100))
    assert found.verdict == "better"
    assert found.warnings == (
        "4 of 100 trials of A and 5 of 100 of B could not be measured; such pairs were left out of both arms.",
    )


def test_the_sentences_say_how_far():
    worse = paired_verdict(F(both=100, a_only=30, b_only=5, neither=20), a="old", b="new")
    assert worse.headline == "new is worse than old by more than 3 points"
    slightly = paired_verdict(F(both=5000, a_only=60, b_only=20), margin=0.05)
    assert slightly.headline == "B is worse than A"
    assert "all of it within the margin of −5" in slightly.why[1]
    across = paired_verdict(F(both=900, a_only=45, b_only=20, neither=100), margin=0.03)
    assert "the margin is −3" in across.why[1]
    assert (
        paired_verdict(F(both=1)).why[0]
        == "Success differs by 0.0 percentage points on 1 task, 95% interval [−79.3, +79.3]."
    )


def test_noninferiority_is_said_when_it_is_all_there_is():
    found = paired_verdict(F(both=100, a_only=6, b_only=12, neither=10))
    assert found.verdict == "insufficient"
    assert "not worse by more than 3 points" in found.why[2]


def test_few_differing_tasks_are_said():
    found = paired_verdict(F(b_only=6))
    assert found.verdict == "better"
    assert found.warnings == ("The verdict rests on 6 tasks with different results.",)


def test_the_tasks_it_asks_for_would_do():
    facts = F(both=200, a_only=12, b_only=20, neither=20)
    found = paired_verdict(facts)
    assert found.more_tasks_needed is not None
    scale = (found.more_tasks_needed + facts.n) / facts.n
    later = tango_paired_ci(n=round(facts.n * scale), a_only=round(12 * scale), b_only=round(20 * scale))
    assert later.lo > 0


def test_numbers_of_tasks_that_do_not_exist():
    alike = paired_verdict(F(both=5, a_only=2, b_only=2), margin=0)
    assert (alike.more_tasks_needed, "margin is 0" in alike.more_tasks_reason) == (None, True)
    assert paired_verdict(F(differences=(0.0, 0.0)), margin=0).more_tasks_needed is None
    close = paired_verdict(F(both=10000, a_only=3003, b_only=3000), margin=1e-5)
    assert (close.more_tasks_needed, "million" in close.more_tasks_reason) == (None, True)
    with pytest.raises(ValueError, match="margin"):
        paired_verdict(F(), margin=1.5)


def test_classes_are_adjusted_for_looking_at_all_of_them():
    bad, fine = F(both=10, a_only=6, b_only=0, neither=4), F(both=20, a_only=1, b_only=1)
    alone = class_effects({"sql": bad}, margin=0.03)
    assert (alone[0].state, alone[0].p_holm < 0.05) == ("worse", True)
    many = class_effects({"sql": bad, **{f"c{n}": fine for n in range(5)}}, margin=0.03)
    sql = next(one for one in many if one.task_class == "sql")
    assert (sql.state, sql.p_holm > sql.effect.p) == ("insufficient", True)
    assert class_effects({}, margin=0.03) == ()


def test_a_class_that_loses_is_said_although_the_whole_does_not():
    classes = {"sql": F(both=10, a_only=12, neither=4), "docs": F(both=10, b_only=40)}
    found = paired_verdict(F(both=20, a_only=12, b_only=40, neither=4), classes=classes)
    assert found.verdict == "better"
    assert any(line.startswith("B is worse on sql (Holm p = 0.00") for line in found.warnings)


def test_judging_a_pairing(make_trial):
    rows = [
        make_trial(f"t{n}", "a", Grade.NOT_RESOLVED if n < 9 else Grade.RESOLVED, task_class=f"c{n % 2}")
        for n in range(40)
    ]
    rows += [make_trial(f"t{n}", "b", task_class=f"c{n % 2}") for n in range(40)]
    found = judge_pairing(pair_trials(rows, a="a", b="b"))
    assert (found.verdict, found.headline) == ("better", "b is better than a")
    assert [one.task_class for one in found.classes] == ["c0", "c1"]
    again = pair_trials(
        [*rows, *(make_trial(f"t{n}", name, epoch=1) for n in range(40) for name in "ab")], a="a", b="b"
    )
    assert facts_of(again.tasks).differences is not None
    assert judge_pairing(again).effect.diff == pytest.approx(9 / 80)
    assert Infra().share_a == Infra().share_b == 0.0
