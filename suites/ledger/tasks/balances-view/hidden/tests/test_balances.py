import inspect
from datetime import date

import pytest

from coinbook import reconcile, reports
from coinbook.accounts import Chart
from coinbook.errors import UnknownAccount
from coinbook.journal import Entry, Posting, transfer
from coinbook.ledger import Ledger
from coinbook.money import Money, money, zero

POSTS = [
    (date(2025, 1, 2), "assets:bank:giro", "liabilities:loan", "1000", "EUR"),
    (date(2025, 1, 9), "assets:bank:giro", "income:sales", "250.50", "EUR"),
    (date(2025, 2, 1), "expenses:rent", "assets:bank:giro", "900", "EUR"),
    (date(2025, 2, 2), "assets:bank:usd", "income:sales", "7", "USD"),
    (date(2025, 2, 3), "assets:bankruptcy", "income:sales", "5", "EUR"),
]


@pytest.fixture
def ledger():
    chart = Chart()
    for code in ("assets:bank", "assets:bank:giro", "assets:bank:usd", "assets:bankruptcy", "liabilities:loan", "income:sales", "expenses:rent", "equity:x"):
        chart.add(code, code)
    ledger = Ledger(chart)
    for day, debit, credit, amount, currency in POSTS:
        ledger.post(transfer(day, "x", debit=debit, credit=credit, amount=money(amount, currency)))
    return ledger


def balances(entries, **limits):
    from coinbook.balances import Balances

    return Balances.of(entries, **limits)


def test_amount(ledger):
    view = balances(ledger)
    assert view.amount("assets:bank:giro", "EUR") == money("350.50", "EUR")
    assert view.amount("assets:bank", "EUR") == zero("EUR")
    assert view.amount("nowhere", "JPY") == zero("JPY")


def test_days_are_included(ledger):
    view = balances(ledger, since=date(2025, 1, 9), until=date(2025, 2, 1))
    assert view.amount("assets:bank:giro", "EUR") == money("-649.50", "EUR")
    assert list(view) == ["assets:bank:giro", "expenses:rent", "income:sales"]


def test_under(ledger):
    view = balances(ledger)
    assert view.under("assets:bank", "EUR") == money("350.50", "EUR")
    assert view.under("assets", "EUR") == money("355.50", "EUR")
    assert view.under("assets:bank", "USD") == money("7", "USD")
    assert view.under("equity", "EUR") == zero("EUR")


def test_total(ledger):
    view = balances(ledger)
    assert view.total(["assets:bank:giro", "assets:bank:giro", "liabilities:loan"], "EUR") == money("-649.50", "EUR")
    assert view.total([], "EUR") == zero("EUR")


def test_currencies(ledger):
    assert balances(ledger).currencies() == ["EUR", "USD"]
    assert balances([]).currencies() == []


def test_generators(ledger):
    assert balances(entry for entry in ledger).amount("income:sales", "USD") == money("-7", "USD")


def test_zero_sums_are_listed():
    entry = Entry(date(2025, 1, 1), "x", (Posting("a", Money(0, "EUR")), Posting("b", Money(0, "EUR"))))
    assert list(balances([entry])) == ["a", "b"]


def test_a_snapshot(ledger):
    view = balances(ledger)
    ledger.post(transfer(date(2025, 2, 1), "x", debit="expenses:rent", credit="assets:bank:giro", amount=money("1", "EUR")))
    assert view.amount("expenses:rent", "EUR") == money("900", "EUR")


def test_nobody_else_adds_up():
    assert ".postings" not in inspect.getsource(reports)
    assert ".postings" not in inspect.getsource(reconcile)
    assert ".postings" not in inspect.getsource(Ledger.balance)


def test_unknown_accounts_are_still_refused(ledger):
    with pytest.raises(UnknownAccount):
        ledger.balance("assets:cash", "EUR")
    assert ledger.balance("assets:bank", "EUR") == money("350.50", "EUR")
    assert ledger.balance("equity:x", "EUR") == zero("EUR")


def test_reports_are_the_same(ledger):
    assert reports.net_worth(ledger, "EUR", date(2025, 2, 28)) == money("-644.50", "EUR")
    assert reports.income_statement(ledger, "USD", date(2025, 2, 2), date(2025, 2, 2)) == {
        "income": money("7", "USD"), "expenses": zero("USD"), "result": money("7", "USD"),
    }
    assert reconcile.difference(ledger, "assets:bank:giro", money("350.50", "EUR"), date(2025, 2, 1)) == zero("EUR")
