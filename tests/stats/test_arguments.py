"""Arguments that mean nothing are refused with their name and value."""

import math

import pytest

from harness.stats import arguments


@pytest.mark.parametrize("value", [-1, 2.5, math.nan, math.inf, -math.inf])
def test_whole_refuses(value: float):
    with pytest.raises(ValueError, match="tasks must be a whole number"):
        arguments.whole("tasks", value)


def test_whole_keeps_whole_floats():
    assert arguments.whole("n", 3.0) == 3
    with pytest.raises(ValueError, match="at least 1"):
        arguments.whole("n", 0, least=1)


@pytest.mark.parametrize("value", [0, 1, -0.1, math.nan])
def test_inside_refuses_the_ends(value: float):
    with pytest.raises(ValueError, match="margin must lie strictly"):
        arguments.inside("margin", value)


@pytest.mark.parametrize("value", [-0.1, math.inf, math.nan])
def test_not_negative(value: float):
    assert arguments.not_negative("cost", 0) == 0.0
    with pytest.raises(ValueError, match="cost must be finite"):
        arguments.not_negative("cost", value)


def test_finite_names_the_place():
    assert arguments.finite("d", [1, 2]) == (1.0, 2.0)
    with pytest.raises(ValueError, match=r"d\[1\] must be finite: nan"):
        arguments.finite("d", [0.0, math.nan])
    with pytest.raises(ValueError, match="at least 1 values"):
        arguments.finite("d", [])


def test_same_length():
    arguments.same_length(a=(1.0,), b=(2.0,))
    with pytest.raises(ValueError, match="'a': 1, 'b': 2"):
        arguments.same_length(a=(1.0,), b=(2.0, 3.0))
