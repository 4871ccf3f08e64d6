"""The shipped registry: readable as it is, honest about what is invented, and complete for the demonstration."""

from decimal import Decimal

from harness.content import Home, load_demo, load_registry, load_routing, load_schedules, load_suite
from harness.core.ids import CandidateId, ModelId, PolicyName
from harness.core.policy import Quorum, RiskLimit


def test_scripted_prices_are_called_invented(home: Home) -> None:
    cards = [card for name, card in load_registry(home).cards.items() if name.startswith("scripted/")]
    assert len({card.family for card in cards}) == len(cards) == 3
    for card in cards:
        assert card.price is not None
        assert "invented" in card.price.source


def test_vendor_prices_have_a_day_and_a_source(home: Home) -> None:
    cards = load_registry(home).cards
    for name, card in cards.items():
        assert card.price is not None, name
        assert card.price.as_of == "2026-11-20"
        assert card.price.source
    long_prompt = cards[ModelId("openai/gpt-5.5")].price
    assert long_prompt is not None
    assert long_prompt.rates_for(272_000).input == Decimal(5)
    assert long_prompt.rates_for(272_001).input == Decimal(10)


def test_quirks_of_the_wire(home: Home) -> None:
    cards = load_registry(home).cards
    assert {"temperature", "top_p"} <= cards[ModelId("anthropic/claude-opus-4-7")].rejects
    assert cards[ModelId("google/gemini-3.1-pro")].model == "gemini-3.1-pro-preview"
    assert cards[ModelId("deepseek/deepseek-chat")].base_url == "https://api.deepseek.com"


def test_policies(home: Home) -> None:
    policies = load_registry(home).policies
    payments, starter = policies[PolicyName("payments")], policies[PolicyName("starter")]
    assert payments.rule == RiskLimit(alpha=0.01, fallback=Quorum(k=2))
    assert starter.rule == Quorum(k=2)
    assert starter.tiebreak is not None
    assert starter.tiebreak.model in starter.panel
    assert policies[PolicyName("starter-code")].compare.name == "tests"


def test_routes_name_known_models(home: Home) -> None:
    cards, routing = load_registry(home).cards, load_routing(home)
    assert {"default", "terminal_agent", "multi_file_refactor", "deep_research", "cost_sensitive"} <= set(
        routing.profiles
    )
    for profile in routing.profiles.values():
        assert set(profile.candidates) <= set(cards)
        assert profile.rationale
    assert routing.guards.context is not None
    assert routing.guards.context.above == 600_000


def test_the_nightly_run_can_be_made(home: Home) -> None:
    nightly = load_schedules(home)["nightly"]
    assert load_suite(home, nightly.suite).tasks
    known = load_registry(home)
    names = {*known.cards, *(f"consensus/{name}" for name in known.policies)}
    assert {CandidateId(name) for name in nightly.candidates} <= names


def test_the_demonstration_shows_all_three(home: Home) -> None:
    assert [question.expect for question in load_demo(home)] == ["agreed", "tiebreak", "not_served"]
