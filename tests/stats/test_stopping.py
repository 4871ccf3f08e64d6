"""When a paired run may stop early: false alarms at every look, the same for the same pairs, nothing claimed by futility."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats import (
    StopRule,
    anytime_classes,
    anytime_effect,
    anytime_state,
    betting_confidence_sequence,
    betting_martingale,
    noise_floor,
    place_of,
    smallest_difference,
    tasks_to_see,
    watch_all,
)

WIN, LOSS, TIE = (False, True), (True, False), (True, True)
PAIRS = st.lists(st.sampled_from([WIN, LOSS, TIE, (None, True), (True, None)]), max_size=60)


def drawn(seed, *, wins, losses, n):
    draw = Random(seed)
    chosen = [draw.random() for _ in range(n)]
    return [WIN if each < wins else LOSS if each < wins + losses else TIE for each in chosen]


def looked(given_pairs, /, **rule):
    return watch_all(StopRule(**{"pairs": 500, **rule}), given_pairs).look


def test_seven_wins_in_a_row_decide():
    look = looked([WIN] * 20)
    assert (look.state, look.seen, look.n, look.b_only) == ("better", 7, 7, 7)
    assert look.e == look.e_max == pytest.approx(26.8125)
    assert looked([LOSS] * 20).state == "worse"
    assert looked([TIE, WIN] * 3).state == "open"


def test_a_watch_that_has_stopped_takes_no_more():
    watch = watch_all(StopRule(pairs=9), [WIN] * 7)
    with pytest.raises(ValueError, match="has stopped: better"):
        watch.take(a=True, b=True)


def test_alike_within_the_margin():
    look = looked(drawn(1, wins=0.02, losses=0.02, n=500), margin=0.10)
    assert (look.state, look.seen < 300) == ("equivalent", True)
    effect = anytime_effect(
        watch_all(StopRule(pairs=500, margin=0.10), drawn(1, wins=0.02, losses=0.02, n=500)).differences
    )
    assert -0.10 < effect.lo <= 0 <= effect.hi < 0.10
    assert (anytime_state(effect, 0.10), anytime_state(effect, 0.03)) == ("equivalent", "insufficient")


def test_what_is_in_reach_goes_on():
    assert [looked([TIE] * n, pairs=60, margin=0.25).state for n in (20, 60)] == ["open", "equivalent"]
    assert [looked([TIE] * n, pairs=40, margin=0.02).state for n in (19, 20)] == ["open", "futile"]


def test_the_side_is_that_on_which_the_evidence_was_enough():
    for d, state in (([1] * 7, "better"), ([-1] * 7, "worse")):
        effect = anytime_effect(d)
        assert anytime_state(effect, 0.03) == state
        assert 0 in (effect.lo, effect.hi) or effect.lo > 0 or effect.hi < 0
        assert anytime_state(effect, 0.03, p=0.06) == "insufficient"


def test_hopeless_is_told_and_claims_nothing():
    look = looked([TIE] * 30, pairs=40)
    assert (look.state, look.seen) == ("futile", 20)
    assert anytime_state(anytime_effect([0] * 20), 0.03) == "insufficient"
    assert looked([TIE] * 19, pairs=40).state == "open"
    assert looked([WIN, LOSS] * 5, pairs=10).state == "exhausted"


def test_what_could_not_be_measured_says_nothing_and_holds_a_decision_back():
    look = looked([(None, True), (True, None), *[TIE] * 20, *[WIN] * 7])
    assert (look.state, look.n, look.infra.a, look.infra.b) == ("better", 27, 1, 1)
    held = looked([*[(None, True)] * 3, *[WIN] * 8])
    assert (held.state, held.e > 20) == ("open", True)
    assert looked([(None, None)] * 3, pairs=3).state == "exhausted"


def test_a_false_alarm_is_rare_however_often_one_looks():
    states = [looked(drawn(seed, wins=0.1, losses=0.1, n=200), pairs=200).state for seed in range(100)]
    assert states.count("better") + states.count("worse") <= 5 + 3 * 2.2
    assert states.count("equivalent") == 0


def test_a_large_difference_is_found_early():
    looks = [looked(drawn(seed, wins=0.2, losses=0.02, n=200), pairs=200) for seed in range(30)]
    assert sum(look.state == "better" for look in looks) >= 28
    assert sum(look.seen for look in looks) / 30 < 100


@settings(max_examples=40, deadline=None)
@given(PAIRS)
def test_swapping_the_arms_swaps_the_verdict(pairs):
    mirrored = {"better": "worse", "worse": "better"}
    one, other = looked(pairs, pairs=60), looked([pair[::-1] for pair in pairs], pairs=60)
    assert other.state == mirrored.get(one.state, one.state)
    assert (one.seen, one.e) == (other.seen, pytest.approx(other.e))


@settings(max_examples=40, deadline=None)
@given(PAIRS)
def test_interval_and_verdict_agree(pairs):
    watch = watch_all(StopRule(pairs=60), pairs)
    effect = anytime_effect(watch.differences)
    state = anytime_state(effect, 0.03)
    assert -1 <= effect.lo <= effect.hi <= 1
    if watch.look.state in {"better", "worse", "equivalent"}:
        assert state == watch.look.state
    assert effect.lo <= 0 or state == "better"
    assert effect.hi >= 0 or state == "worse"


def test_the_interval_covers_at_every_look():
    missed = 0
    for seed in range(40):
        d = [b - a for a, b in drawn(seed, wins=0.3, losses=0.1, n=80)]
        ends = [anytime_effect(d[:at]) for at in (5, 20, 80)]
        missed += any(not end.lo <= 0.2 <= end.hi for end in ends)
    assert missed <= 2 + 3 * 1.4


def test_a_confidence_sequence_excludes_what_a_bettor_got_rich_against():
    d = [1, 0, 0, 1, 0, -1, 1, 0] * 6
    found = betting_confidence_sequence(d=d)
    assert betting_martingale(d=d, m=(found.lo - 0.01 + 1) / 2, alpha=0.025).max >= 40
    assert betting_martingale(d=d, m=(found.lo + 0.01 + 1) / 2, alpha=0.025).max < 40
    assert betting_martingale(d=d, m=(found.hi + 0.01 + 1) / 2, alpha=0.025, theta=0).max >= 40
    assert betting_confidence_sequence(d=[0.0]).lo == -1


def test_classes_are_adjusted_for_having_looked_at_each():
    found = anytime_classes({"b": [0, 0, 1], "a": [1] * 8, "c": []}, margin=0.03)
    assert [one.task_class for one in found] == ["a", "b", "c"]
    assert found[0].p_holm == pytest.approx(3 * found[0].effect.p)
    assert found[0].state == ("better" if found[0].p_holm <= 0.05 else "insufficient")
    assert (found[2].effect.n, found[2].effect.diff, found[2].state) == (0, None, "insufficient")


@pytest.mark.parametrize("wrong", [{"pairs": 0}, {"margin": 0}, {"margin": 1.0}, {"alpha": 0}, {"pairs": 1.5}])
def test_a_rule_that_means_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        StopRule(**{"pairs": 10, **wrong})


def test_the_order_is_that_of_the_seed():
    names = [f"t{at}" for at in range(50)]
    one, other = (sorted(names, key=lambda name: place_of(seed, name, "d")) for seed in (1, 2))
    assert one != other
    assert sorted(names[:20], key=lambda name: place_of(1, name, "d")) == [name for name in one if name in names[:20]]


def test_the_noise_floor():
    assert noise_floor([]) is None
    found = noise_floor([(1.0, 1.0)] * 90 + [(1.0, 0.0), (0.0, 1.0)] * 5)
    assert (found.tasks, found.flips, found.share) == (100, 10, 0.1)
    assert found.sd == pytest.approx(0.1**0.5)
    assert found.lo < 0.1 < found.hi
    assert tasks_to_see(found.smallest, discordant=10.5 / 101) <= 100
    assert tasks_to_see(found.smallest - 0.01, discordant=10.5 / 101) > 100
    assert noise_floor([(1.0, 1.0)]).smallest is None
    assert smallest_difference(2000, discordant=0.1) == 0.02
