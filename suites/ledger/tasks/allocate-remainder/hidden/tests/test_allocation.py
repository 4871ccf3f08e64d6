from datetime import date

import pytest

from coinbook.money import Money, allocate
from coinbook.splits import split_cost


def minors(total, weights):
    return [part.minor for part in allocate(Money(total, "EUR"), weights)]


@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [
        (10, [0, 1, 1, 1], [0, 4, 3, 3]),
        (10000, [3, 3, 1], [4286, 4286, 1428]),
        (100, [1, 1, 98], [1, 1, 98]),
        (5, [3, 7], [2, 3]),
        (1, [1, 2], [0, 1]),
        (101, [1, 2, 3], [17, 34, 50]),
        (0, [1, 2], [0, 0]),
    ],
)
def test_largest_remainders(total, weights, expected):
    assert minors(total, weights) == expected
    assert minors(-total, weights) == [-part for part in expected]


def test_nobody_gets_the_opposite_sign():
    parts = minors(5, [1] * 99)
    assert sum(parts) == 5
    assert min(parts) == 0
    assert parts[:5] == [1] * 5


def test_large_weights():
    assert minors(100, [10**30, 10**30, 10**30]) == [34, 33, 33]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1, 1], [-1, 3]])
def test_bad_weights(weights):
    with pytest.raises(ValueError):
        allocate(Money(100, "EUR"), weights)


def split(minor, shares):
    entry = split_cost(date(2025, 3, 1), "Electricity", amount=Money(minor, "EUR"), shares=shares, credit="assets:bank")
    return [(posting.account, posting.amount.minor) for posting in entry.postings]


def test_split_uses_it():
    assert split(10000, {"a": 3, "b": 3, "c": 1}) == [("a", 4286), ("b", 4286), ("c", 1428), ("assets:bank", -10000)]


def test_split_leaves_out_nothing():
    assert split(10, {"a": 0, "b": 1, "c": 1}) == [("b", 5), ("c", 5), ("assets:bank", -10)]
    assert split(1, {"a": 1, "b": 2}) == [("b", 1), ("assets:bank", -1)]


def test_split_of_a_credit_note():
    assert split(-10000, {"a": 3, "b": 3, "c": 1}) == [("a", -4286), ("b", -4286), ("c", -1428), ("assets:bank", 10000)]


def test_split_refuses_bad_shares():
    with pytest.raises(ValueError):
        split(100, {"a": 0})
