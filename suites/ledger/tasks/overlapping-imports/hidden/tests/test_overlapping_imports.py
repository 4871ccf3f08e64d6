from datetime import date

import pytest

from coinbook.accounts import Chart
from coinbook.importer import SUSPENSE, Contains, import_lines
from coinbook.journal import transfer
from coinbook.ledger import Ledger
from coinbook.money import money
from coinbook.statements import Line
from coinbook.storage import dumps, loads


@pytest.fixture
def ledger():
    chart = Chart()
    for code in ("assets:bank", "assets:bank2", "expenses:rent", SUSPENSE):
        chart.add(code, code)
    return Ledger(chart)


def line(day, amount, text, reference="", currency="EUR"):
    return Line(date(2025, 3, day), money(amount, currency), text, reference)


RENT, FEE, COFFEE = line(1, "-900", "Rent March", "R-3"), line(3, "-2.50", "Account fee"), line(4, "-3.20", "Coffee bar")


def test_twice(ledger):
    assert len(import_lines(ledger, "assets:bank", [RENT, FEE])) == 2
    assert import_lines(ledger, "assets:bank", [RENT, FEE]) == []
    assert len(ledger) == 2


def test_overlap(ledger):
    import_lines(ledger, "assets:bank", [RENT, FEE])
    new = import_lines(ledger, "assets:bank", [FEE, COFFEE], [Contains("coffee", "expenses:rent")])
    assert [entry.text for entry in new] == ["Coffee bar"]


def test_two_coffees(ledger):
    assert len(import_lines(ledger, "assets:bank", [COFFEE, COFFEE])) == 2
    assert import_lines(ledger, "assets:bank", [COFFEE, COFFEE]) == []
    assert len(import_lines(ledger, "assets:bank", [COFFEE, COFFEE, COFFEE])) == 1
    assert import_lines(ledger, "assets:bank", [COFFEE]) == []


def test_text_is_wrapped_anew(ledger):
    import_lines(ledger, "assets:bank", [RENT])
    assert import_lines(ledger, "assets:bank", [line(1, "-900", "RENT\n  march", "r-3 ")]) == []


@pytest.mark.parametrize(
    "other",
    [line(2, "-900", "Rent March", "R-3"), line(1, "-901", "Rent March", "R-3"), line(1, "-900", "Rent March", "R-4"),
     line(1, "900", "Rent March", "R-3"), line(1, "-900", "Rent March", "R-3", "USD"), line(1, "-900", "RentMarch", "R-3")],
)
def test_other_lines(ledger, other):
    import_lines(ledger, "assets:bank", [RENT])
    assert len(import_lines(ledger, "assets:bank", [other])) == 1


def test_other_bank_account(ledger):
    import_lines(ledger, "assets:bank", [RENT])
    assert len(import_lines(ledger, "assets:bank2", [RENT])) == 1


def test_manual_entries_do_not_count(ledger):
    ledger.post(transfer(RENT.day, RENT.text, debit="assets:bank", credit=SUSPENSE, amount=RENT.amount, reference=RENT.reference))
    assert len(import_lines(ledger, "assets:bank", [RENT])) == 1


def test_reversed_stays_reversed(ledger):
    (entry,) = import_lines(ledger, "assets:bank", [RENT])
    ledger.post(entry.reversed(date(2025, 3, 5)))
    assert import_lines(ledger, "assets:bank", [RENT]) == []


def test_a_reversal_swallows_nothing(ledger):
    (entry,) = import_lines(ledger, "assets:bank", [RENT])
    ledger.post(entry.reversed(date(2025, 3, 5)))
    assert len(import_lines(ledger, "assets:bank", [line(5, "900", "Reversal: Rent March", "R-3")])) == 1


def test_after_saving(ledger):
    import_lines(ledger, "assets:bank", [RENT, COFFEE, COFFEE])
    again = loads(dumps(ledger))
    assert len(import_lines(again, "assets:bank", [RENT, COFFEE, COFFEE, FEE])) == 1


def test_generators(ledger):
    import_lines(ledger, "assets:bank", (item for item in [RENT, FEE]))
    assert import_lines(ledger, "assets:bank", (item for item in [RENT, FEE])) == []
