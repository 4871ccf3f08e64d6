import asyncio
import json
from decimal import Decimal

import pytest

import harness
from harness.core.errors import ConfigError
from harness.journal import verify

MODELS = """
models:
  - {id: s/a, api: scripted, family: a, file: a.jsonl, price: {input: 1, output: 1, as_of: 2026-11-20, source: invented}}
  - {id: s/b, api: scripted, family: b, file: b.jsonl, price: {input: 1, output: 1, as_of: 2026-11-20, source: invented}}
  - {id: x/keyed, api: openai-chat, model: m, family: x, key_env: NO_SUCH_KEY}
"""
POLICIES = """
policies:
  two: {panel: [s/a, s/b], task_class: sums, extract: {last: number}, compare: {name: numeric}, rule: {quorum: 2}}
"""


@pytest.fixture
def home(tmp_path):
    registry = tmp_path / "registry"
    registry.mkdir()
    (registry / "models.yaml").write_text(MODELS)
    (registry / "policies.yaml").write_text(POLICIES)
    for name, answer in (("a", "It is 4."), ("b", "4")):
        rows = [
            {"when": "2 + 2", "text": answer, "usage": {"input": 5, "output": 3}},
            {"when": "", "text": f"{name} 1"},
        ]
        (registry / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_asking_under_a_policy_leaves_a_journal_that_verifies(home):
    async def go():
        async with harness.open(home, environ={}) as h:
            assert set(h.models) == {"s/a", "s/b", "x/keyed"}
            return await h.ask("2 + 2?", policy="two"), await h.ask("2 + 2?", policy="two")

    first, second = asyncio.run(go())
    assert first.served
    assert first.answer == "4."[:1] or first.answer == "4"
    assert first.cost_usd == Decimal("0.000016")
    assert first.verdict_id != second.verdict_id
    journals = list((home / ".harness/journal").glob("py-*.jsonl"))
    assert len(journals) == 1
    found = verify(journals[0])
    assert (found.intact, found.lines) == (True, 6)


def test_ask_sync_asks_one_model(home):
    outcome = harness.ask_sync("2 + 2?", candidate="s/a", home=home)
    assert (outcome.served, outcome.text) == (True, "It is 4.")


def test_a_missing_key_is_said_before_anything_is_asked(home):
    with pytest.raises(ConfigError, match="NO_SUCH_KEY is not set; needed for x/keyed"):
        harness.ask_sync("2 + 2?", candidate="x/keyed", home=home)


def test_one_of_policy_and_candidate(home):
    with pytest.raises(TypeError, match="either policy= or candidate="):
        harness.ask_sync("2 + 2?", home=home)


def test_limit_of_a_session_holds(home):
    async def go():
        async with harness.open(home, environ={}, max_cost_usd=Decimal(0)) as h:
            return await h.ask("2 + 2?", policy="two")

    outcome = asyncio.run(go())
    assert (outcome.served, outcome.reason) == (False, harness.Reason.BUDGET)
