"""Tokens and dollars: disjoint counts, exact decimals, and a worst case that nothing exceeds."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.money import Price, Rates, Tier, Usage, sum_known

MILLION = Decimal(1_000_000)
COUNTS = st.integers(min_value=0, max_value=3_000_000)
RATE = st.decimals(min_value=0, max_value=1000, places=4, allow_nan=False, allow_infinity=False)
USAGE = st.builds(Usage, input=COUNTS, cache_read=COUNTS, cache_write=COUNTS, output=COUNTS, reasoning=COUNTS)
RATES = st.builds(Rates, input=RATE, output=RATE, cache_read=st.none() | RATE, cache_write=st.none() | RATE)


@st.composite
def prices(draw) -> Price:
    above = sorted(draw(st.sets(st.integers(min_value=0, max_value=4_000_000), max_size=3)))
    tiers = tuple(Tier(above=each, rates=draw(RATES)) for each in above)
    return Price(rates=draw(RATES), tiers=tiers, as_of="2026-11-20", source="test")


@settings(deadline=None)
@given(prices(), USAGE, COUNTS, COUNTS)
def test_no_usage_within_the_bounds_costs_more_than_the_bound(price, usage, more_prompt, more_output):
    bound = price.bound_usd(
        prompt_tokens_max=usage.prompt + more_prompt, output_tokens_max=usage.generated + more_output
    )
    cost = price.cost_usd(usage)
    assert cost is None or 0 <= cost <= bound


@settings(deadline=None)
@given(prices(), COUNTS, COUNTS)
def test_the_bound_is_reached_by_some_tier(price, prompt, output):
    """It is no more than the dearest rates times the tokens: a limit is not wasted on what cannot happen."""
    rates = [price.rates, *(tier.rates for tier in price.tiers)]
    dearest = max(max(filter(None, (r.input, r.cache_read, r.cache_write)), default=Decimal(0)) for r in rates)
    bound = price.bound_usd(prompt_tokens_max=prompt, output_tokens_max=output)
    assert bound == (dearest * prompt + max(r.output for r in rates) * output) / MILLION


@settings(deadline=None)
@given(prices(), USAGE, USAGE)
def test_more_tokens_never_have_a_smaller_bound(price, a, b):
    less, more = (
        price.bound_usd(prompt_tokens_max=usage.prompt, output_tokens_max=usage.generated) for usage in (a, a + b)
    )
    assert less <= more


@settings(deadline=None)
@given(RATES, USAGE, USAGE)
def test_costs_add_up_where_there_is_one_tier(rates, a, b):
    price = Price(rates=rates, as_of="2026-11-20", source="test")
    assert sum_known((price.cost_usd(a), price.cost_usd(b))) == price.cost_usd(a + b)


@given(USAGE, USAGE, USAGE)
def test_usage_adds_up(a, b, c):
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + Usage() == a
    assert (a + b).total == a.total + b.total == (a + b).prompt + (a + b).generated


def test_cost_is_the_sum_of_disjoint_parts():
    rates = Rates(input=Decimal(5), output=Decimal(30), cache_read=Decimal("0.5"), cache_write=Decimal("6.25"))
    price = Price(rates=rates, as_of="2026-11-20", source="vendor")
    usage = Usage(input=1000, cache_read=2000, cache_write=400, output=70, reasoning=30)
    assert price.cost_usd(usage) == (5000 + 1000 + 2500 + 3000) / MILLION
    assert (usage.prompt, usage.generated, usage.total) == (3400, 100, 3500)


def test_unknown_rates_make_the_cost_unknown_only_when_they_are_needed():
    price = Price(rates=Rates(input=Decimal(5), output=Decimal(30)), as_of="2026-11-20", source="vendor")
    assert price.cost_usd(Usage(input=10)) == Decimal("0.00005")
    assert price.cost_usd(Usage(input=10, cache_read=1)) is None
    assert price.cost_usd(Usage(input=10, cache_write=1)) is None
    assert price.cost_usd(Usage()) == 0


@pytest.mark.parametrize(("prompt", "rate"), [(0, 5), (272_000, 5), (272_001, 10), (500_000, 10), (500_001, 20)])
def test_a_tier_holds_for_the_whole_call_from_the_next_token_on(prompt, rate):
    def rates(usd: int) -> Rates:
        return Rates(input=Decimal(usd), output=Decimal(1))

    tiers = (Tier(above=272_000, rates=rates(10)), Tier(above=500_000, rates=rates(20)))
    price = Price(rates=rates(5), tiers=tiers, as_of="2026-11-20", source="vendor")
    assert price.rates_for(prompt).input == rate
    assert price.cost_usd(Usage(input=prompt)) == rate * prompt / MILLION


def test_cached_tokens_count_for_the_tier():
    dear = Rates(input=Decimal(10), output=Decimal(1), cache_read=Decimal(1))
    price = Price(
        rates=Rates(input=Decimal(5), output=Decimal(1), cache_read=Decimal("0.5")),
        tiers=(Tier(above=100, rates=dear),),
        as_of="2026-11-20",
        source="vendor",
    )
    assert price.cost_usd(Usage(input=1, cache_read=100)) == Decimal(110) / MILLION


def test_one_unknown_cost_makes_a_sum_unknown():
    assert sum_known([]) == 0
    assert sum_known([Decimal("0.1"), Decimal("0.2")]) == Decimal("0.3")
    assert sum_known([Decimal("0.1"), None, Decimal("0.2")]) is None
