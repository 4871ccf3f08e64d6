from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from coinbook.daycount import CONVENTIONS, year_fraction
from coinbook.interest import accrue, schedule
from coinbook.money import money


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2023, 7, 1), date(2024, 7, 1), Fraction(184, 365) + Fraction(182, 366)),
        (date(2024, 1, 1), date(2025, 1, 1), Fraction(1)),
        (date(2023, 1, 1), date(2024, 1, 1), Fraction(1)),
        (date(2023, 12, 31), date(2024, 1, 1), Fraction(1, 365)),
        (date(2024, 12, 31), date(2025, 1, 1), Fraction(1, 366)),
        (date(2023, 7, 1), date(2025, 7, 1), Fraction(184, 365) + 1 + Fraction(181, 365)),
        (date(2024, 2, 28), date(2024, 3, 1), Fraction(2, 366)),
        (date(2024, 5, 5), date(2024, 5, 5), Fraction(0)),
        (date(2024, 12, 31), date(2024, 12, 31), Fraction(0)),
        (date(2100, 2, 1), date(2100, 3, 1), Fraction(28, 365)),
    ],
)
def test_act_act(start, end, expected):
    assert year_fraction(start, end, "ACT/ACT") == expected


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (date(2024, 1, 31), date(2024, 3, 31), 60),
        (date(2024, 1, 29), date(2024, 3, 31), 61),
        (date(2024, 2, 29), date(2024, 3, 31), 31),
        (date(2023, 2, 28), date(2024, 2, 29), 361),
    ],
)
def test_thirty_e_360(start, end, days):
    assert year_fraction(start, end, "30E/360") == Fraction(days, 360)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("act/act", "ACT/ACT"),
        (" Actual/Actual  ISDA ", "ACT/ACT"),
        ("Actual/365 Fixed", "ACT/365"),
        ("ACT/365F", "ACT/365"),
        ("30e/360", "30E/360"),
        ("30/360 us", "30/360"),
        ("ACT/360", "ACT/360"),
    ],
    ids=["lower", "actual-isda", "fixed", "f", "european", "us", "key"],
)
def test_canonical(name, key):
    from coinbook.daycount import canonical

    assert canonical(name) == key
    assert canonical(key) == key
    assert year_fraction(date(2024, 1, 1), date(2024, 2, 1), name) == year_fraction(date(2024, 1, 1), date(2024, 2, 1), key)


def test_unknown_names_list_the_keys():
    with pytest.raises(ValueError, match="30E/360"):
        year_fraction(date(2024, 1, 1), date(2024, 2, 1), "ACT/ACT AFB")


def test_the_table_has_all():
    assert {"ACT/360", "ACT/365", "ACT/ACT", "30/360", "30E/360"} <= set(CONVENTIONS)


def test_interest_uses_them():
    principal = money("1000000", "USD")
    assert accrue(principal, Decimal("0.05"), date(2023, 7, 1), date(2024, 7, 1), "actual/actual") == money("50068.87", "USD")
    lines = schedule(principal, Decimal("0.05"), date(2023, 7, 1), date(2024, 7, 1), "ACT/ACT")
    assert sum(amount.minor for _, amount in lines) == 5006887
