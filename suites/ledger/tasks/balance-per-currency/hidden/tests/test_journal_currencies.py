from datetime import date

import pytest

from coinbook.errors import UnbalancedEntry
from coinbook.journal import Entry, Posting
from coinbook.money import Money, money

DAY = date(2025, 1, 15)


def entry(*postings):
    return Entry(DAY, "x", tuple(Posting(account, Money(minor, currency)) for account, minor, currency in postings))


def test_equal_numbers_of_two_currencies():
    with pytest.raises(UnbalancedEntry):
        entry(("assets:eur", 1000, "EUR"), ("assets:usd", -1000, "USD"))


def test_yen_against_cents():
    with pytest.raises(UnbalancedEntry):
        entry(("assets:eur", 1000, "EUR"), ("assets:jpy", -1000, "JPY"))


def test_two_errors_that_cancel():
    with pytest.raises(UnbalancedEntry, match="EUR|USD"):
        entry(("a", 5, "EUR"), ("b", -4, "EUR"), ("c", 7, "USD"), ("d", -8, "USD"))


def test_exchange():
    assert entry(("assets:eur", -1000, "EUR"), ("equity:exchange", 1000, "EUR"), ("equity:exchange", -1100, "USD"), ("assets:usd", 1100, "USD"))


def test_message_names_the_currency():
    with pytest.raises(UnbalancedEntry, match="USD"):
        entry(("a", 5, "EUR"), ("b", -5, "EUR"), ("c", 7, "USD"), ("d", -8, "USD"))


def test_totals():
    from coinbook.journal import totals

    postings = [Posting("a", money("1", "EUR")), Posting("b", money("2", "USD")), Posting("c", money("-1", "EUR"))]
    assert totals(iter(postings)) == {"EUR": money("0", "EUR"), "USD": money("2", "USD")}
    assert totals([]) == {}
