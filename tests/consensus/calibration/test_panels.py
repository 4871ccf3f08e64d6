import pytest

from harness.consensus.calibration import Labelled, pairs, suggest

MODELS = ("acme/one", "bolt/two", "core/three", "dune/four")


def labelled(rows):
    return [Labelled(task=str(q), votes=votes, right=0 if 0 in votes else None) for q, votes in enumerate(rows)]


ECHO = labelled([(0, 0, 0, 0)] * 70 + [(1, 1, 0, 0)] * 20 + [(0, 0, 1, 2)] * 8 + [(0, None, 0, 0)] * 2)
"""One and two make the same mistakes; three and four make their own."""


def test_two_vendors_are_one_voter():
    found = {pair.models: pair for pair in pairs(ECHO, MODELS)}
    one = found["acme/one", "bolt/two"]
    assert (one.n, one.agree, one.both_wrong, one.same_wrong, one.same_given_wrong) == (98, 98, 20, 20, 1.0)
    assert one.echo
    other = found["core/three", "dune/four"]
    assert (other.both_wrong, other.same_wrong, other.same_given_wrong, other.echo) == (8, 0, 0.0, False)
    assert pairs(ECHO, MODELS)[0] == one


def test_one_vendor_is_not_warned_about():
    family = dict.fromkeys(MODELS[:2], "acme")
    assert not any(pair.echo for pair in pairs(ECHO, MODELS, family=family))


def test_few_shared_errors_are_no_evidence():
    few = labelled([(0, 0)] * 50 + [(1, 1)] * 2)
    assert pairs(few, MODELS[:2])[0].same_given_wrong == 1.0
    assert not pairs(few, MODELS[:2])[0].echo


def test_pairs_that_do_not_echo_come_first():
    best = suggest(ECHO, MODELS, size=2)[0]
    assert best.models == ("core/three", "dune/four")
    assert (best.coverage, best.precision, best.same_wrong) == (0.92, 1.0, 0.0)
    assert best.warnings == ()
    assert best.cost is None
    worst = suggest(ECHO, MODELS, size=2)[-1]
    assert worst.models == ("acme/one", "bolt/two")
    assert worst.warnings == ("acme/one and bolt/two are one voter: of 20 shared errors 20 are the same wrong answer",)


def test_a_budget_leaves_out_what_is_dear_or_unpriced():
    cost = dict.fromkeys(MODELS[:3], 2.0)
    found = suggest(ECHO, MODELS, size=2, cost=cost, budget=4.0)
    assert {model for panel in found for model in panel.models} == set(MODELS[:3])
    assert {panel.cost for panel in found} == {4.0}
    assert suggest(ECHO, MODELS, size=3, cost=cost, budget=4.0) == []


def test_ties_go_to_the_cheaper():
    alike = labelled([(0, 0, 0)] * 20)
    cost = dict(zip(MODELS, (3.0, 2.0, 1.0), strict=False))
    assert suggest(alike, MODELS[:3], size=2, cost=cost)[0].models == ("bolt/two", "core/three")


def test_sizes_out_of_range():
    for size in (1, 5):
        with pytest.raises(ValueError, match=f"a panel of {size} out of 4 models; 2 to 4 are possible"):
            suggest(ECHO, MODELS, size=size)


def test_nothing_measured_suggests_nothing_useful():
    empty = suggest([], MODELS, size=2, most=1)[0]
    assert (empty.coverage, empty.precision, empty.utility) == (0, 0, 0)
