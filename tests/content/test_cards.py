"""Cards: defaults, and every fault of the file at once in the words of its author."""

import pytest

from harness.content import load_cards, missing_files
from harness.core.errors import ConfigError, FaultsError


def faults(folder, text) -> dict[str, str]:
    folder.write("registry/models.yaml", text)
    with pytest.raises(FaultsError) as caught:
        load_cards(folder.home)
    return {fault.place: fault.problem for fault in caught.value.faults}


def test_the_least_card_gets_defaults(folder):
    folder.write(
        "registry/models.yaml",
        """models:
  - {id: openrouter/meta/llama-3, api: openai-chat}
  - {id: local/x, api: openai-chat, base_url: "http://127.0.0.1:8000/v1"}
  - {id: a/b, api: anthropic, key_env: null, rejects: [seed], options: {effort: high, share: 0.5}}
""",
    )
    router, local, other = load_cards(folder.home).values()
    assert (router.model, router.family, router.key_env) == ("meta/llama-3", "openrouter", "OPENAI_API_KEY")
    assert local.key_env is None
    assert other.rejects == {"seed"}
    assert (other.key_env, dict(other.options)) == (None, {"effort": "high", "share": 0.5})
    assert router.price is None
    assert missing_files(load_cards(folder.home)) == ()


def test_all_faults_are_reported_at_once_with_place_value_and_alternative(folder):
    found = faults(
        folder,
        """models:
  - id: openai/a
    api: openai-chatt
    modle: a
    price: {input: -3, output: 1, as_of: yesterday, tires: []}
  - id: openai/a
    api: openai-chat
    context: {max: 10, reliable: 11}
    supports: [tool]
    status: on
  - id: plain
    api: openai-chat
    limits: {concurrency: 0, requests_per_minute: many}
  - 7
  - api: gemini
  - {id: route/x, api: gemini}
  - {id: a/b, api: gemini, context: {max: 1.5}, family: ""}
""",
    )
    assert found["models[0].api"].startswith("'openai-chatt' is not known; did you mean 'openai-chat'?")
    assert "anthropic" in found["models[0].api"]
    assert found["models[0].modle"] == "unknown key 'modle'; did you mean 'model'?"
    assert found["models[0].price.input"] == "-3 is below 0"
    assert found["models[0].price.as_of"] == "'yesterday' is not a date like 2026-11-20"
    assert found["models[0].price.tires"] == "unknown key 'tires'; did you mean 'tiers'?"
    assert found["models[1].id"] == "duplicate id 'openai/a', first at models[0]"
    assert found["models[1].context"] == "reliable: 11 is above max: 10"
    assert found["models[1].supports[0]"].startswith("'tool' is not known; did you mean 'tools'?")
    assert "there are: active, degraded, offline" in found["models[1].status"]
    assert found["models[2].id"] == "'plain' is not a model id of the form 'vendor/name'"
    assert found["models[2].limits.concurrency"] == "0 is below 1"
    assert found["models[2].limits.requests_per_minute"] == "'many' is not a whole number"
    assert found["models[3]"] == "7 is not a section of keys"
    assert found["models[4].id"] == "is missing"
    assert "reserved" in found["models[5].id"]
    assert found["models[6].context.max"] == "1.5 is not a whole number"
    assert "at least 1 character" in found["models[6].family"]
    assert len(found) == 17


@pytest.mark.parametrize(
    ("price", "place", "problem"),
    [
        (
            "{input: 1, output: 2, as_of: 2026-11-20, tiers: [{above: 5, input: 1, output: 1}, {above: 5, input: 1, output: 1}]}",
            "price.tiers",
            "must ascend",
        ),
        ("{input: cheap, output: 2, as_of: 2026-11-20}", "price.input", "'cheap' is not a number"),
        ("{input: true, output: 2, as_of: 2026-11-20}", "price.input", "True is not a number"),
        ("{input: 1e99, output: 2, as_of: 2026-11-20}", "price.input", "out of range"),
        ("{input: 1, output: 2, as_of: 2026-13-20}", "price.as_of", "is not a date"),
        (
            "{input: 1, output: 2, as_of: 2026-11-20, tiers: [{abov: 5, above: 5, input: 1, output: 1}]}",
            "price.tiers[0].abov",
            "did you mean 'above'",
        ),
        ("[]", "price", "is not a section of keys"),
    ],
)
def test_prices_that_make_no_sense(folder, price, place, problem):
    found = faults(folder, f"models:\n  - {{id: a/b, api: gemini, price: {price}}}\n")
    assert problem in found[f"models[0].{place}"]


def test_prices_keep_every_digit(folder):
    folder.write(
        "registry/models.yaml",
        "models: [{id: a/b, api: gemini, price: {input: 0.1000000000000000055, output: 30, as_of: 2026-11-20}}]",
    )
    (card,) = load_cards(folder.home).values()
    assert card.price is not None
    assert str(card.price.rates.input) == "0.1000000000000000055"


def test_a_key_in_the_place_of_its_name_is_not_repeated(folder):
    folder.write("registry/models.yaml", "models: [{id: a/b, api: gemini, key_env: sk-canary-123}]")
    with pytest.raises(FaultsError) as caught:
        load_cards(folder.home)
    assert "sk-canary-123" not in str(caught.value)
    assert "must be the name of an environment variable" in str(caught.value)
    folder.write(
        "registry/models.yaml", "models: [{id: a/b, api: gemini, base_url: 'https://user:sk-canary-123@host/v1'}]"
    )
    with pytest.raises(FaultsError) as caught:
        load_cards(folder.home)
    assert "sk-canary-123" not in str(caught.value)


@pytest.mark.parametrize(
    ("card", "problem"),
    [
        ("{id: a/b, api: scripted}", "a scripted model needs `file`"),
        ("{id: a/b, api: gemini, file: x.jsonl}", "`file` is for scripted models"),
        ("{id: a/b, api: gemini, base_url: 'ftp://x'}", "is no address"),
    ],
)
def test_what_does_not_fit_together(folder, card, problem):
    assert any(problem in each for each in faults(folder, f"models: [{card}]").values())


def test_a_long_value_is_shortened(folder):
    (problem,) = faults(folder, f"models: [{{id: {'x' * 1000}, api: gemini}}]").values()
    assert "(1002 characters)" in problem


def test_no_file_and_no_models(folder):
    with pytest.raises(ConfigError, match="harness init"):
        load_cards(folder.home)
    assert faults(folder, "modles: []")["models"] == "is missing"
    assert "did you mean 'models'" in faults(folder, "modles: []")["modles"]
