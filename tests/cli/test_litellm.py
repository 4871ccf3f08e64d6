"""Cards from LiteLLM's list of prices: what is not known is left out, and never 0."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli.litellm import Proposal, as_yaml, proposal_of
from harness.content import Home, load_cards
from harness.core.errors import ConfigError

TODAY = date(2026, 11, 21)
CHAT = {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1.5e-05}


def propose(entries: dict[str, Any], registry=None, match="*") -> Proposal:
    return proposal_of(json.dumps(entries), registry or {}, match=match, today=TODAY)


def only(entry: dict[str, Any], key: str = "gpt-9", **more):
    (card,) = propose({key: {**CHAT, **entry}}, **more).cards
    return card


def test_prices_per_million_exactly():
    card = only({"cache_read_input_token_cost": 1e-07, "cache_creation_input_token_cost": 3.75e-06})
    assert card.id == "openai/gpt-9"
    assert (card.price.rates.input, card.price.rates.output) == (Decimal("2.5"), Decimal(15))
    assert (card.price.rates.cache_read, card.price.rates.cache_write) == (Decimal("0.1"), Decimal("3.75"))
    assert (card.price.as_of, card.price.source) == ("2026-11-21", "litellm")


def test_tiers_take_what_they_do_not_say_from_below():
    card = only({"input_cost_per_token_above_272k_tokens": 5e-06, "input_cost_per_token_above_128k_tokens": 3e-06,
                 "output_cost_per_token_above_272k_tokens": 2.25e-05})  # fmt: skip
    assert [(tier.above, tier.rates.input, tier.rates.output) for tier in card.price.tiers] == [
        (128_000, 3, 15),
        (272_000, 5, Decimal("22.5")),
    ]


@pytest.mark.parametrize("wrong", [None, 0, 0.0, -1e-6, "1e-6", True, [1]])
@pytest.mark.parametrize("field", ["input_cost_per_token", "output_cost_per_token"])
def test_a_price_that_is_not_known_is_left_out(field, wrong):
    card = only({field: wrong})
    assert card.price is None
    assert "price" not in as_yaml([card])


def test_window_capabilities_and_parameters():
    card = only({"max_input_tokens": 1000, "max_output_tokens": 100, "supports_function_calling": True, "supports_vision": False,
                 "supports_response_schema": True, "supports_sampling_params": False})  # fmt: skip
    assert (card.context.max, card.context.output) == (1000, 100)
    assert card.supports == {"tools", "json_schema"}
    assert card.rejects == {"temperature", "top_p"}
    assert only({"max_input_tokens": 10, "max_output_tokens": 100}).context.output is None
    assert only({"max_input_tokens": "many", "max_output_tokens": True}).context.max is None


@pytest.mark.parametrize(
    ("key", "entry", "id_", "api", "family"),
    [
        ("gpt-9-pro", {"mode": "responses"}, "openai/gpt-9-pro", "openai-responses", "openai"),
        ("claude-9", {"litellm_provider": "anthropic"}, "anthropic/claude-9", "anthropic", "anthropic"),
        ("gemini/gemini-9", {"litellm_provider": "gemini"}, "google/gemini-9", "gemini", "google"),
        ("openrouter/meta/llama", {"litellm_provider": "openrouter"}, "openrouter/meta/llama", "openai-chat", "meta"),
        ("xai/grok", {"litellm_provider": "xai"}, "xai/grok", "openai-chat", "xai"),
    ],
)
def test_vendors(key, entry, id_, api, family):
    card = only(entry, key)
    assert (card.id, card.api, card.family) == (id_, api, family)
    assert card.key_env.endswith("_API_KEY")
    assert (card.base_url is None) == (card.api != "openai-chat" or id_.startswith("openai/"))


def test_what_is_left_out_is_counted():
    found = propose({
        "sample_spec": {"mode": "one of"}, "a": CHAT, "b": {**CHAT, "mode": "embedding"}, "c": {**CHAT, "litellm_provider": "azure"},
        "d": {**CHAT, "deprecation_date": "2026-11-21"}, "e": {**CHAT, "deprecation_date": "2026-11-22"}, "no good": CHAT, "text": "x",
    })  # fmt: skip
    assert [card.id for card in found.cards] == ["openai/a", "openai/e"]
    assert found.skipped == {
        "not for chat": 1,
        "of a provider that is asked in another way": 1,
        "withdrawn by its vendor": 1,
        "no name that an id can have": 1,
    }


def test_only_ids_that_match():
    found = propose({"gpt-9": CHAT, "o9": CHAT}, match="openai/gpt-*")
    assert [card.id for card in found.cards] == ["openai/gpt-9"]


def test_the_registry_keeps_its_ids_and_differences_are_told(home):
    registry = load_cards(Home(root=home.root, why="", state=home.root))
    found = propose(
        {"gemini/gemini-3.1-pro-preview": {**CHAT, "litellm_provider": "gemini"}, "gpt-5.4": CHAT}, registry
    )
    assert [card.id for card in found.cards] == ["google/gemini-3.1-pro", "openai/gpt-5.4"]
    assert found.differs == (
        "google/gemini-3.1-pro: input 2 → 2.5, output 12 → 15 (registry: litellm 1.109.1, 2026-11-20)",
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "is not JSON"), ("[]", "holds list"), ("{}", "litellm_provider"), ('{"a": {"b": 1}}', "litellm_provider")],
)
def test_another_file_is_refused(text, told):
    with pytest.raises(ConfigError, match=told):
        proposal_of(text, {}, today=TODAY, name="prices.json")


names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,12}", fullmatch=True)
money = st.decimals("0.00000001", "0.01", places=9) | st.just(0)


@given(st.dictionaries(names, st.tuples(money, money, st.none() | st.integers(1, 10**7)), min_size=1, max_size=5))
def test_what_is_proposed_is_read_back_as_it_was(tmp_path_factory, entries):
    listed = {
        name: {
            **CHAT,
            "input_cost_per_token": float(given),
            "output_cost_per_token": float(made),
            "max_input_tokens": window,
        }
        for name, (given, made, window) in entries.items()
    }
    cards = propose(listed).cards
    root = tmp_path_factory.mktemp("registry")
    (root / "registry").mkdir()
    (root / "registry" / "models.yaml").write_text(as_yaml(cards))
    assert tuple(load_cards(Home(root=root, why="", state=root)).values()) == cards


def test_the_command_prints_cards_and_writes_nothing(home, tmp_path):
    file = tmp_path / "prices.json"
    file.write_text(
        json.dumps({"gpt-9": CHAT, "gpt-5.4": {**CHAT, "input_cost_per_token": 1e-06}, "x": {**CHAT, "mode": "ocr"}})
    )
    before = (home.root / "registry" / "models.yaml").read_bytes()
    said = home.call("models", "import", "litellm", file)
    assert said.code == 0
    assert said.out.startswith("models:\n  - id: openai/gpt-9\n")
    assert said.err.splitlines() == [
        "2 cards proposed, 0 of them without a known price",
        "1 entry left out: not for chat",
        "differs from the registry: openai/gpt-5.4: input 2.5 → 1 (registry: litellm 1.109.1, 2026-11-20)",
    ]
    assert (home.root / "registry" / "models.yaml").read_bytes() == before
    assert [card["id"] for card in home.json("models", "import", "litellm", file)["cards"]] == [
        "openai/gpt-9",
        "openai/gpt-5.4",
    ]
    assert home.call("models", "import", "litellm", file, "--match", "nobody/*").code == 3
