"""``harness models``: nothing is folded, and a key is only said to be there."""

from tests.cli.command_line import A

CARD = """  - id: a-vendor-with-a-long-name/a-model-whose-name-is-longer-than-any-table-likes-2026-11-20
    api: openai-chat
    base_url: http://127.0.0.1:9/v1
    key_env: LONG_KEY
    rejects: [seed]
    limits: {requests_per_minute: 5, tokens_per_minute: 2000, concurrency: 3}
    options: {reasoning_effort: high}
"""


def test_ids_are_whole_and_prices_aligned(measured):
    said = measured.call("models")
    lines = said.out.splitlines()
    assert lines[0].split() == ["model", "api", "status", "context", "$/M", "in", "$/M", "out", "as", "of", "key"]
    for card in measured.json("models"):
        assert sum(line.startswith(f"{card['id']} ") for line in lines) == 1
    assert all(len(line) <= 100 for line in lines)


def test_a_long_id_is_whole_too(home):
    with (home.root / "registry" / "models.yaml").open("a") as file:
        file.write(CARD)
    said = home.call("models")
    assert any(
        "a-model-whose-name-is-longer-than-any-table-likes-2026-11-20 " in line for line in said.out.splitlines()
    )
    assert "unknown" in said.out
    shown = home.call(
        "models", "show", "a-vendor-with-a-long-name/a-model-whose-name-is-longer-than-any-table-likes-2026-11-20"
    ).out
    assert "LONG_KEY (not set)" in shown
    assert "unknown: costs cannot be stated, nor limited" in shown
    assert "5 requests per minute, 2,000 tokens per minute, 3 at once" in shown
    assert "reasoning_effort: high" in shown


def test_one_card_in_words(measured):
    shown = measured.call("models", "show", "openai/gpt-5.5").out
    assert "1,050,000 tokens in all, 600,000 tokens reliable" in shown
    assert "input 5, output 30, cache read 0.5, USD per million tokens" in shown
    assert "above 272,000 tokens  input 10, output 45" in shown
    assert "{" not in shown


def test_keys_are_said_to_be_set(measured, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "canary-value")
    said = measured.call("models")
    assert "environment variables that are not set: ANTHROPIC_API_KEY" in said.out
    assert "canary-value" not in said.out
    assert {card["id"]: card["key_set"] for card in measured.json("models")} | {
        "openai/gpt-5.5": True, "anthropic/claude-opus-4-7": False, A: None,
    } == {card["id"]: card["key_set"] for card in measured.json("models")}  # fmt: skip


def test_check_asks_each_model(home):
    said = home.call("models", "check", A)
    assert said.code == 0
    assert "answers" in said.out
    assert home.json("models", "check", A)[0]["served"] is True
