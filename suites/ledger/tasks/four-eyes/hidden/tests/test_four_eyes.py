from datetime import date

import pytest

from coinbook.access import AccessPolicy, Role, User
from coinbook.accounts import Chart
from coinbook.errors import ApprovalError, UnknownAccount
from coinbook.journal import Entry, Posting
from coinbook.ledger import Ledger
from coinbook.money import Money, money
from coinbook.service import BookService, Proposal

DAY = date(2025, 4, 1)


def user(name):
    return User(name, ("manager",))


@pytest.fixture
def service():
    chart = Chart()
    for code in ("assets:bank", "assets:usd", "equity:exchange", "expenses:it"):
        chart.add(code, code)
    policy = AccessPolicy([Role("manager", grants=frozenset({"entry.*"}))])
    return BookService(Ledger(chart), policy, {"EUR": money("1000", "EUR"), "USD": money("1000", "USD")})


def entry(*postings):
    return Entry(DAY, "x", tuple(Posting(account, Money(minor, currency)) for account, minor, currency in postings))


LARGE = entry(("expenses:it", 500000, "EUR"), ("assets:bank", -500000, "EUR"))


@pytest.mark.parametrize("spelled", ["ana", "Ana", "ANA ", "\tana", "ａｎａ"], ids=["same", "capital", "upper", "tab", "fullwidth"])
def test_own_proposals(service, spelled):
    proposal = service.submit(user("ana"), LARGE)
    with pytest.raises(ApprovalError):
        service.approve(user(spelled), proposal.number)
    assert len(service.ledger) == 0


@pytest.mark.parametrize("other", ["anna", "an a", "ben"], ids=["anna", "split", "ben"])
def test_other_people(service, other):
    proposal = service.submit(user("Ana"), LARGE)
    service.approve(user(other), proposal.number)
    assert len(service.ledger) == 1


def test_same_person():
    from coinbook.access import same_person

    assert same_person("Strauß", "STRAUSS")
    assert not same_person("ana", "anna")


def test_credit_first(service):
    assert isinstance(service.submit(user("ana"), entry(("assets:bank", -500000, "EUR"), ("expenses:it", 500000, "EUR"))), Proposal)


def test_slices(service):
    slices = [("expenses:it", 90000, "EUR")] * 10
    assert isinstance(service.submit(user("ana"), entry(*slices, ("assets:bank", -900000, "EUR"))), Proposal)


def test_threshold_itself(service):
    assert isinstance(service.submit(user("ana"), entry(("expenses:it", 50000, "EUR"), ("expenses:it", 50000, "EUR"), ("assets:bank", -100000, "EUR"))), Proposal)
    assert isinstance(service.submit(user("ana"), entry(("assets:bank", -99999, "EUR"), ("expenses:it", 99999, "EUR"))), Entry)


def test_second_currency(service):
    exchange = entry(("assets:bank", -1000, "EUR"), ("equity:exchange", 1000, "EUR"), ("equity:exchange", -150000, "USD"), ("assets:usd", 150000, "USD"))
    assert isinstance(service.submit(user("ana"), exchange), Proposal)


def test_currency_without_threshold(service):
    mixed = entry(("assets:bank", -1000, "EUR"), ("equity:exchange", 1000, "EUR"), ("equity:exchange", -1, "CHF"), ("assets:usd", 1, "CHF"))
    assert isinstance(service.submit(user("ana"), mixed), Proposal)


def test_small_exchange(service):
    exchange = entry(("assets:bank", -1000, "EUR"), ("equity:exchange", 1000, "EUR"), ("equity:exchange", -1100, "USD"), ("assets:usd", 1100, "USD"))
    assert isinstance(service.submit(user("ana"), exchange), Entry)


def test_a_failed_posting_leaves_the_proposal_open(service):
    proposal = service.submit(user("ana"), entry(("expenses:new", 500000, "EUR"), ("assets:bank", -500000, "EUR")))
    with pytest.raises(UnknownAccount):
        service.approve(user("ben"), proposal.number)
    service.ledger.chart.add("expenses:new", "New")
    service.approve(user("ben"), proposal.number)
    assert len(service.ledger) == 1
    with pytest.raises(ApprovalError):
        service.approve(user("ben"), proposal.number)
