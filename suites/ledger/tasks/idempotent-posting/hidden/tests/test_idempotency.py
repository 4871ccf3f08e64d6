from datetime import date

import pytest

from coinbook.access import AccessPolicy, Role, User
from coinbook.accounts import Chart
from coinbook.errors import AccessDenied, CoinbookError, UnknownAccount
from coinbook.journal import transfer
from coinbook.ledger import Ledger
from coinbook.money import money
from coinbook.service import BookService
from coinbook.storage import dumps, loads

DAY = date(2025, 4, 1)
ANA, BEN, EVE = User("ana", ("clerk",)), User("ben", ("manager",)), User("eve")


@pytest.fixture
def ledger():
    chart = Chart()
    for code in ("assets:bank", "expenses:it"):
        chart.add(code, code)
    return Ledger(chart)


@pytest.fixture
def service(ledger):
    roles = [Role("clerk", grants=frozenset({"entry.post"})), Role("manager", grants=frozenset({"entry.*"}))]
    return BookService(ledger, AccessPolicy(roles), {"EUR": money("1000", "EUR")})


def entry(amount="10", account="expenses:it"):
    return transfer(DAY, "Laptop", debit=account, credit="assets:bank", amount=money(amount, "EUR"))


def conflict():
    from coinbook.errors import IdempotencyConflict

    assert issubclass(IdempotencyConflict, CoinbookError)
    return pytest.raises(IdempotencyConflict)


def test_once(ledger):
    first = ledger.post(entry(), "k1")
    assert ledger.post(entry(), "k1") is first
    assert len(ledger) == 1
    assert ledger.posted("k1") is first
    assert ledger.posted("k2") is None


def test_without_a_key(ledger):
    ledger.post(entry())
    ledger.post(entry())
    assert len(ledger) == 2


def test_keys_are_compared_as_they_are(ledger):
    ledger.post(entry(), "k1")
    ledger.post(entry(), "K1")
    assert len(ledger) == 2


def test_conflict(ledger):
    ledger.post(entry(), "k1")
    with conflict():
        ledger.post(entry("11"), "k1")
    assert len(ledger) == 1


def test_failure_does_not_use_up_the_key(ledger):
    with pytest.raises(UnknownAccount):
        ledger.post(entry(account="expenses:new"), "k1")
    assert ledger.posted("k1") is None
    ledger.post(entry(), "k1")
    assert len(ledger) == 1


@pytest.mark.parametrize("key", ["", "  "], ids=["empty", "blanks"])
def test_blank_keys(ledger, key):
    with pytest.raises(ValueError):
        ledger.post(entry(), key)
    assert len(ledger) == 0


def test_small_submissions(service):
    first = service.submit(ANA, entry(), "k1")
    assert service.submit(ANA, entry(), "k1") is first
    assert len(service.ledger) == 1


def test_large_submissions(service):
    proposal = service.submit(ANA, entry("5000"), "k1")
    assert service.submit(ANA, entry("5000"), "k1") is proposal
    assert len(service.proposals) == 1
    with conflict():
        service.submit(ANA, entry("6000"), "k1")
    posted = service.approve(BEN, proposal.number)
    assert service.submit(ANA, entry("5000"), "k1") is posted
    with conflict():
        service.submit(ANA, entry("6000"), "k1")
    assert len(service.ledger) == 1
    assert len(service.proposals) == 1


def test_small_then_large_under_one_key(service):
    service.submit(ANA, entry(), "k1")
    with conflict():
        service.submit(ANA, entry("5000"), "k1")
    assert not service.proposals


def test_access_comes_first(service):
    service.submit(ANA, entry(), "k1")
    with pytest.raises(AccessDenied):
        service.submit(EVE, entry(), "k1")


def test_saved(ledger):
    ledger.post(entry(), "k1")
    ledger.post(entry())
    again = loads(dumps(ledger))
    assert again.post(entry(), "k1") == entry()
    assert len(again) == 2
    assert dumps(again) == dumps(ledger)


def test_books_without_keys_are_saved_as_before(ledger):
    ledger.post(entry())
    assert "key" not in dumps(ledger)
    assert len(loads(dumps(ledger))) == 1
