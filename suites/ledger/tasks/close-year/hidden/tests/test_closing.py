from datetime import date

import pytest

from coinbook.accounts import Chart
from coinbook.errors import CoinbookError, CurrencyMismatch, UnknownAccount
from coinbook.journal import transfer
from coinbook.ledger import Ledger
from coinbook.money import money, zero
from coinbook.reports import income_statement, net_worth, trial_balance
from coinbook.storage import dumps, loads

END = date(2024, 12, 31)


@pytest.fixture
def ledger():
    chart = Chart()
    for code in ("assets:bank", "income:sales", "expenses:rent", "expenses:it", "equity:retained"):
        chart.add(code, code)
    chart.add("equity:euro", "Only EUR", "EUR")
    ledger = Ledger(chart)
    post(ledger, date(2024, 3, 1), "assets:bank", "income:sales", "1000", "EUR")
    post(ledger, date(2024, 4, 1), "expenses:rent", "assets:bank", "300", "EUR")
    post(ledger, date(2024, 12, 31), "expenses:it", "assets:bank", "50", "USD")
    post(ledger, date(2025, 1, 1), "assets:bank", "income:sales", "77", "EUR")
    return ledger


def post(ledger, day, debit, credit, amount, currency):
    return ledger.post(transfer(day, "x", debit=debit, credit=credit, amount=money(amount, currency)))


def close(ledger, end=END, **options):
    from coinbook.closing import close_year

    return close_year(ledger, end, **options)


def closed():
    from coinbook.errors import PeriodClosed

    assert issubclass(PeriodClosed, CoinbookError)
    return pytest.raises(PeriodClosed)


def test_closed_days(ledger):
    assert ledger.closed_until is None
    ledger.close(END)
    assert ledger.closed_until == END
    with closed():
        post(ledger, END, "assets:bank", "income:sales", "1", "EUR")
    assert len(ledger) == 4
    post(ledger, date(2025, 1, 1), "assets:bank", "income:sales", "1", "EUR")


def test_forward_only(ledger):
    ledger.close(END)
    ledger.close(END)
    with closed():
        ledger.close(date(2024, 12, 30))
    ledger.close(date(2025, 1, 31))
    assert ledger.closed_until == date(2025, 1, 31)


def test_profit_and_loss(ledger):
    entries = close(ledger)
    assert [{posting.amount.currency for posting in entry.postings} for entry in entries] == [{"EUR"}, {"USD"}]
    assert all(entry.day == END and "closing" in entry.tags for entry in entries)
    assert ledger.balance("equity:retained", "EUR") == money("-700", "EUR")
    assert ledger.balance("equity:retained", "USD") == money("50", "USD")
    for code in ("income:sales", "expenses:rent", "expenses:it"):
        assert ledger.balance(code, "EUR", END) == zero("EUR")
        assert ledger.balance(code, "USD", END) == zero("USD")
    assert ledger.balance("income:sales", "EUR") == money("-77", "EUR")
    assert ledger.closed_until == END


def test_accounts_at_zero_get_no_posting(ledger):
    post(ledger, date(2024, 5, 1), "assets:bank", "expenses:rent", "300", "EUR")
    entries = close(ledger)
    assert [posting.account for posting in entries[0].postings] == ["income:sales", "equity:retained"]


def test_no_result_no_posting_to_equity(ledger):
    post(ledger, date(2024, 5, 1), "expenses:rent", "assets:bank", "700", "EUR")
    entries = close(ledger)
    assert {posting.account for posting in entries[0].postings} == {"income:sales", "expenses:rent"}


def test_nothing_to_close():
    chart = Chart()
    chart.add("equity:retained", "x")
    ledger = Ledger(chart)
    assert close(ledger) == []
    assert ledger.closed_until == END


def test_next_year(ledger):
    close(ledger)
    entries = close(ledger, date(2025, 12, 31))
    assert len(entries) == 1
    assert ledger.balance("equity:retained", "EUR") == money("-777", "EUR")


def test_twice(ledger):
    close(ledger)
    with closed():
        close(ledger)
    with closed():
        close(ledger, date(2024, 6, 30))
    assert len(ledger) == 6


def test_unknown_equity_account(ledger):
    with pytest.raises(UnknownAccount):
        close(ledger, into="equity:nowhere")
    assert (len(ledger), ledger.closed_until) == (4, None)


def test_equity_account_of_another_currency(ledger):
    with pytest.raises(CurrencyMismatch):
        close(ledger, into="equity:euro")
    assert (len(ledger), ledger.closed_until) == (4, None)


def test_reports(ledger):
    before = income_statement(ledger, "EUR", date(2024, 1, 1), END)
    close(ledger)
    assert income_statement(ledger, "EUR", date(2024, 1, 1), END) == before
    assert [line.account for line in trial_balance(ledger, "EUR", END)] == ["assets:bank", "equity:retained"]
    assert net_worth(ledger, "EUR", END) == money("700", "EUR")


def test_saved(ledger):
    assert "closed" not in dumps(ledger)
    close(ledger)
    again = loads(dumps(ledger))
    assert again.closed_until == END
    assert dumps(again) == dumps(ledger)
    with closed():
        post(again, END, "assets:bank", "income:sales", "1", "EUR")
