"""What a call can cost, and what its attempts came to."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.card import Card, Context
from harness.core.ids import ModelId, TraceId
from harness.core.money import Price, Rates, Usage
from harness.core.request import Message, Request, Sampling
from harness.core.response import Failure, FailureKind, Finish, Response, Retry
from harness.transport import bounds

PRICE = Price(rates=Rates(input=Decimal(5), output=Decimal(30)), as_of="2026-11-20", source="user")


def card(**changes: Any) -> Card:
    fixed: dict[str, Any] = {"id": ModelId("x/y"), "api": "openai-chat", "model": "y", "family": "x", "price": PRICE}
    return Card(**{**fixed, **changes})


def ask(max_tokens: int | None = None, prompt: str = "2+2?") -> Request:
    return Request(
        messages=(Message(role="user", content=prompt),),
        trace_id=TraceId("t"),
        sampling=Sampling(max_tokens=max_tokens),
    )


@pytest.mark.parametrize(
    ("changes", "asked", "expected"),
    [
        ({}, 100, 100),
        ({}, None, None),
        ({"context": Context(output=700)}, None, 700),
        ({"context": Context(output=700)}, 100, 100),
        ({"context": Context(output=700), "rejects": frozenset({"max_tokens"})}, 100, 700),
        ({"rejects": frozenset({"max_tokens"})}, 100, None),
        ({"options": {"max_completion_tokens": 900}}, 100, 900),
        ({"options": {"generationConfig": {"maxOutputTokens": 900, "candidateCount": 3}}}, None, 2700),
        ({"options": {"reasoning_effort": "high", "n": 2}}, 100, 200),
        ({"options": {"reasoning_effort": "high"}}, None, None),
    ],
)
def test_the_output_is_bounded_by_what_is_really_sent(changes: dict[str, Any], asked: int | None, expected: int | None):
    assert bounds.output_tokens_max(card(**changes), ask(asked)) == expected


def test_no_price_or_no_bound_is_unknown_and_says_what_is_missing():
    assert bounds.bound_usd(card(price=None), ask(10)) is None
    assert bounds.bound_usd(card(), ask()) is None
    assert "no price" in bounds.unbounded(card(price=None)).message
    unbound = bounds.unbounded(card())
    assert "max_tokens" in unbound.message
    assert (unbound.kind, unbound.attempts) == (FailureKind.BUDGET, 0)


@given(st.text(max_size=60), st.integers(0, 10**6), st.dictionaries(st.text(max_size=5), st.text(max_size=9)))
def test_no_real_cost_exceeds_the_bound(prompt: str, output: int, options: dict[str, str]):
    asked, model = ask(output, prompt), card(options=options)
    bound = bounds.bound_usd(model, asked)
    used = Usage(input=asked.prompt_tokens_max, output=output)
    cost = PRICE.cost_usd(used)
    assert bound is not None
    assert cost is not None
    assert cost <= bound


GOOD = Response(
    model=ModelId("x/y"),
    text="4",
    finish=Finish.STOP,
    usage=Usage(input=10, output=1),
    cost_usd=Decimal("0.03"),
    latency_s=0.1,
)


def bad(cost: Decimal | None, usage: Usage | None = None, kind: FailureKind = FailureKind.OVERLOADED) -> Failure:
    return Failure(model=ModelId("x/y"), kind=kind, message="", retry=Retry.AFTER, cost_usd=cost, usage=usage)


def test_a_first_response_is_left_as_it_is():
    assert bounds.Bill().total(GOOD, None) is GOOD


def test_what_failed_attempts_cost_is_added():
    bill = bounds.Bill()
    bill.add(bad(Decimal("0.01"), Usage(input=10)), Decimal(1))
    bill.add(bad(None), Decimal(1))
    total = bill.total(GOOD, Decimal(1))
    assert isinstance(total, Response)
    assert total.attempts == 3
    assert total.cost_usd == Decimal("0.04")
    assert total.usage == Usage(input=20, output=1)
    assert total.notes == ("attempts_of_unknown_cost:1",)


def test_a_failure_has_a_cost_or_a_bound():
    bill = bounds.Bill()
    bill.add(bad(Decimal("0.01")), Decimal(1))
    known = bill.total(bad(Decimal("0.02")), Decimal(1))
    assert (known.cost_usd, known.attempts) == (Decimal("0.03"), 2)
    assert isinstance(known, Failure)
    assert known.cost_bound_usd is None
    unknown = bill.total(bad(None), Decimal(1))
    assert isinstance(unknown, Failure)
    assert (unknown.cost_usd, unknown.cost_bound_usd) == (None, Decimal("1.01"))
    bill.add(bad(None), None)
    nothing = bill.total(bad(None), Decimal(1))
    assert isinstance(nothing, Failure)
    assert (nothing.cost_usd, nothing.cost_bound_usd, nothing.attempts) == (None, None, 3)


def test_the_vendors_figure_counts_where_ours_is_unknown():
    assert bounds.cost_usd(GOOD) == Decimal("0.03")
    theirs = Response(model=ModelId("x/y"), text="", finish=Finish.STOP, latency_s=0, vendor_cost_usd=Decimal(2))
    assert bounds.cost_usd(theirs) == 2
    assert bounds.cost_usd(bad(None)) is None
