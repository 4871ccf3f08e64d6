"""Golden values of the older router's score and of its registry entries."""

from decimal import Decimal

import pytest

from harness.core.money import Usage
from harness.routing import legacy_card, legacy_score

ENTRIES = {
    "claude-3-5-sonnet": ("anthropic", 200000, True, False, 0.003, 0.015, 380),
    "gpt-4o-mini": ("openai", 128000, True, True, 0.00015, 0.0006, 120),
    "llama-3-8b-instruct": ("meta", 8192, False, False, 0.00005, 0.00008, 90),
}
KEYS = (
    "provider",
    "maxContextTokens",
    "supportsFunctionCalling",
    "supportsVision",
    "costPer1kInputTokens",
    "costPer1kOutputTokens",
    "estimatedP50LatencyMs",
)


def entry(name, **changes) -> dict[str, object]:
    return {"id": name, "status": "active", **dict(zip(KEYS, ENTRIES[name], strict=True)), **changes}


@pytest.mark.parametrize(
    ("name", "score"), [("llama-3-8b-instruct", 90.95), ("gpt-4o-mini", 87.85), ("claude-3-5-sonnet", 59.00)]
)
def test_the_scores_of_the_three_entries(name, score):
    _, _, _, _, cost, _, p50 = ENTRIES[name]
    assert legacy_score(input_usd_per_1k=cost, p50_ms=p50) == pytest.approx(score, abs=1e-9)


def test_bounds_cost_points_only_when_exceeded():
    def score(**bounds) -> float:
        return legacy_score(input_usd_per_1k=0.003, p50_ms=380, **bounds)

    assert score(max_usd_per_1k=0.003, max_latency_ms=380) == pytest.approx(59)
    assert score(max_usd_per_1k=0.002) == pytest.approx(9)
    assert score(max_latency_ms=379) == pytest.approx(29)


@pytest.mark.parametrize("name", ENTRIES)
def test_the_entries_become_cards_with_the_printed_values(name):
    provider, window, tools, vision, cost_in, cost_out, p50 = ENTRIES[name]
    card, latency_s = legacy_card(entry(name), as_of="2026-11-20")
    assert card.id == f"{provider}/{name}"
    assert card.context.max == window
    assert ("tools" in card.supports, "vision" in card.supports) == (tools, vision)
    assert latency_s == p50 / 1000
    assert card.price is not None
    assert card.price.cost_usd(Usage(input=1000)) == Decimal(str(cost_in))
    assert card.price.cost_usd(Usage(output=1000)) == Decimal(str(cost_out))
    assert card.status == "active"
