"""Picking a program by what it does."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.consensus.picking import RULES, Behaviour, execution_agreement, picks


def behaviour(outputs: str, passed: str, weight: int = 1) -> Behaviour:
    """One letter per input, `-` for no value; one digit per test."""
    return Behaviour(
        outputs=tuple(None if letter == "-" else letter for letter in outputs),
        passed=tuple(digit == "1" for digit in passed),
        weight=weight,
    )


def test_programs_that_behave_alike_and_pass_beat_a_textual_majority():
    odd = behaviour("xyz", "00", weight=3)  # the same text three times
    alike = [behaviour("abc", "11"), behaviour("abc", "11")]
    scores = execution_agreement([odd, *alike], [1, 1])
    assert picks(scores) == (1, 2)


def test_one_undefined_input_does_not_split_a_group():
    group = [behaviour("abcd", "11"), behaviour("abcx", "11"), behaviour("abcy", "11")]
    loners = [behaviour("pqrs", "11"), behaviour("pqrs", "11")]
    scores = execution_agreement([*group, *loners], [1, 1])
    assert max(scores[:3]) < scores[3]  # three quarters to the fourth power is little: two who agree in all are more
    four = [*group, behaviour("abcz", "11"), behaviour("abcw", "11"), behaviour("abcv", "11")]
    assert max(picks(execution_agreement([*four, *loners], [1, 1]))) < len(four)


def test_the_score_is_the_formula():
    programs = [behaviour("ab", "10", weight=2), behaviour("ax", "11")]
    scores = execution_agreement(programs, [3, 1])
    assert scores[0] == pytest.approx(math.sqrt(2 + 0.5**4) * 3)
    assert scores[1] == pytest.approx(math.sqrt(1 + 2 * 0.5**4) * 4)


def test_nothing_passes_is_no_signal():
    programs = [behaviour("ab", "00"), behaviour("ab", "00")]
    assert picks(execution_agreement(programs, [1, 1])) == ()
    assert picks(()) == ()


def test_without_inputs_only_the_tests_speak():
    assert picks(execution_agreement([behaviour("", "10"), behaviour("", "11")], [1, 1])) == (1,)


def test_no_value_is_no_agreement():
    silent = [behaviour("--", "1"), behaviour("--", "1")]
    assert picks(execution_agreement(silent, [1])) == ()
    assert picks(RULES["output_clusters"](silent, [1])) == ()


@pytest.mark.parametrize("name", RULES)
def test_unequal_matrices_are_refused(name):
    with pytest.raises(ValueError, match="unequal inputs or tests"):
        RULES[name]([behaviour("a", "1"), behaviour("ab", "1")], [1])
    with pytest.raises(ValueError, match="unequal inputs or tests"):
        RULES[name]([behaviour("a", "1")], [1, 2])


programs = st.lists(
    st.builds(
        behaviour,
        st.text("ab-", min_size=3, max_size=3),
        st.text("01", min_size=2, max_size=2),
        st.integers(1, 3),
    ),
    max_size=6,
)


@given(programs, st.sampled_from(sorted(RULES)))
def test_the_order_of_programs_decides_nothing(some, name):
    scores = RULES[name](some, [1, 2])
    assert RULES[name](some[::-1], [1, 2]) == pytest.approx(scores[::-1])


@given(programs.filter(bool), st.sampled_from(sorted(RULES)))
def test_a_program_written_once_more_does_not_lose(some, name):
    before = RULES[name](some, [1, 2])[0]
    first = some[0]
    heavier = [Behaviour(outputs=first.outputs, passed=first.passed, weight=first.weight + 1), *some[1:]]
    assert RULES[name](heavier, [1, 2])[0] >= before
