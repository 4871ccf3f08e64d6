import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.consensus.calibration.votes import Labelled, canonical, masked, sizes

VOTES = st.lists(st.none() | st.integers(0, 9), max_size=8)


@given(VOTES)
def test_canonical_keeps_who_agrees_with_whom(votes):
    state = canonical(votes)
    assert [group is None for group in state] == [group is None for group in votes]
    for i, a in enumerate(votes):
        for j, b in enumerate(votes):
            assert (a == b) == (state[i] == state[j])


@given(VOTES)
def test_canonical_numbers_by_first_appearance(votes):
    seen = [group for group in dict.fromkeys(canonical(votes)) if group is not None]
    assert seen == list(range(len(seen)))
    assert canonical(canonical(votes)) == canonical(votes)
    assert sum(sizes(canonical(votes))) == sum(group is not None for group in votes)


def test_masked_forgets_the_others():
    assert masked((5, 5, 3, None), [2, 1]) == (None, 0, 1, None)
    assert sizes(masked((5, 5, 3, 5), range(4))) == [3, 1]


def test_the_right_group_must_have_a_voter():
    with pytest.raises(ValueError, match=r"t1: group 2 is called right, and nobody is in it: \(0, 1\)"):
        Labelled(task="t1", votes=(0, 1), right=2)
    assert Labelled(task="t1", votes=(0, 1), right=None).right is None
