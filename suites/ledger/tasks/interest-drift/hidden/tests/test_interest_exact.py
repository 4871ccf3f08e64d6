from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from coinbook.daycount import year_fraction
from coinbook.interest import accrue, schedule
from coinbook.money import Money, money

Y25, Y26 = date(2025, 1, 1), date(2026, 1, 1)


def test_small_balances_earn():
    assert accrue(money("20", "EUR"), Decimal("0.03"), Y25, Y26, "ACT/365") == money("0.60", "EUR")


def test_overdrafts_mirror():
    for minor in (123456, 987, 55555):
        plus = accrue(Money(minor, "EUR"), Decimal("0.0725"), Y25, date(2025, 8, 17), "ACT/365")
        minus = accrue(Money(-minor, "EUR"), Decimal("0.0725"), Y25, date(2025, 8, 17), "ACT/365")
        assert plus == -minus


def test_half_to_even():
    assert accrue(Money(50, "EUR"), Decimal("0.05"), Y25, Y26, "ACT/365") == Money(2, "EUR")
    assert accrue(Money(70, "EUR"), Decimal("0.05"), Y25, Y26, "ACT/365") == Money(4, "EUR")


def test_thirty_360_counts_the_whole_period():
    got = accrue(money("36000", "EUR"), Decimal("0.01"), date(2025, 1, 31), date(2025, 3, 1), "30/360")
    assert got == money("31.00", "EUR")


@pytest.mark.parametrize("convention", ["ACT/360", "ACT/365", "30/360"])
@pytest.mark.parametrize("principal", [Money(1234567, "EUR"), Money(-1234567, "EUR"), Money(3333, "JPY")])
def test_schedule_adds_up(convention, principal):
    start, end = date(2024, 1, 17), date(2025, 9, 30)
    lines = schedule(principal, Decimal("0.0425"), start, end, convention)
    total = accrue(principal, Decimal("0.0425"), start, end, convention)
    assert sum(amount.minor for _, amount in lines) == total.minor
    assert lines[0][0] == date(2024, 2, 1)
    assert lines[-1][0] == end


def test_schedule_follows_the_exact_accrual():
    start, end = date(2024, 1, 1), date(2025, 1, 1)
    principal, rate = money("98765.43", "EUR"), Decimal("0.0475")
    booked = 0
    for day, amount in schedule(principal, rate, start, end, "ACT/365"):
        booked += amount.minor
        exact = principal.minor * Fraction(rate) * year_fraction(start, day, "ACT/365")
        assert abs(booked - exact) <= Fraction(1, 2)


def test_precision():
    got = accrue(Money(750000000001, "EUR"), Decimal("0.03333"), date(2014, 1, 1), Y25, "ACT/365")
    exact = 750000000001 * Fraction(3333, 100000) * Fraction(4018, 365)
    assert got.minor == round(exact)


def test_zero_lines_are_allowed():
    lines = schedule(Money(20, "EUR"), Decimal("0.03"), Y25, Y26, "ACT/365")
    assert len(lines) == 12
    assert sum(amount.minor for _, amount in lines) == 1
