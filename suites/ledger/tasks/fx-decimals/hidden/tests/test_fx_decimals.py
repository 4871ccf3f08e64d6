from datetime import date
from decimal import Decimal

import pytest

from coinbook.errors import RateMissing
from coinbook.fx import Rates
from coinbook.money import Money, money

DAY = date(2025, 3, 3)


@pytest.fixture
def rates():
    rates = Rates()
    rates.add(DAY, "EUR", "JPY", Decimal("162.5"))
    rates.add(DAY, "EUR", "KWD", Decimal("0.3215"))
    rates.add(DAY, "EUR", "USD", Decimal("1.25"))
    return rates


@pytest.mark.parametrize(
    ("amount", "target"),
    [
        (Money(1001, "EUR"), Money(1627, "JPY")),
        (Money(-1001, "EUR"), Money(-1627, "JPY")),
        (Money(1000, "EUR"), Money(3215, "KWD")),
        (Money(1, "EUR"), Money(2, "JPY")),
    ],
)
def test_decimals(rates, amount, target):
    assert rates.convert(amount, target.currency, DAY) == target


def test_half_to_even(rates):
    rates.add(DAY, "EUR", "CHF", Decimal("0.5"))
    assert rates.convert(Money(5, "EUR"), "CHF", DAY) == Money(2, "CHF")
    assert rates.convert(Money(7, "EUR"), "CHF", DAY) == Money(4, "CHF")


def test_inverse(rates):
    assert rates.rate(DAY, "USD", "EUR") == Decimal("0.8")
    assert rates.convert(money("100", "USD"), "EUR", DAY) == money("80", "EUR")
    assert rates.convert(money("1000", "JPY"), "EUR", DAY) == money("6.15", "EUR")


def test_direct_quotation_wins(rates):
    rates.add(date(2025, 3, 1), "USD", "EUR", Decimal("0.79"))
    assert rates.rate(DAY, "USD", "EUR") == Decimal("0.79")
    assert rates.rate(date(2025, 3, 2), "USD", "EUR") == Decimal("0.79")


def test_no_rate_from_the_future(rates):
    with pytest.raises(RateMissing):
        rates.rate(date(2025, 3, 2), "EUR", "USD")
    with pytest.raises(RateMissing):
        rates.rate(date(2025, 3, 2), "USD", "EUR")


def test_last_quotation_holds(rates):
    assert rates.rate(date(2025, 4, 1), "EUR", "USD") == Decimal("1.25")
