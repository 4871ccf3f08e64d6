"""The two older formats: read as they are, every fault named, and their router's decisions reproduced."""

import pytest

from harness.core.errors import ConfigError, FaultsError
from harness.core.ids import ModelId, ProfileName
from harness.routing import Needs, decide, read_legacy, resolve_legacy

SNAKE = {
    "routing": {
        "context": {"reliability_threshold": 600000, "summarization_strategy": "hierarchical"},
        "cost": {"budget_fallback_trigger": 0.5, "metric": "cost_per_completed_outcome"},
        "profiles": {
            "terminal_agent": {"model": "gpt-5.5", "provider": "openai", "max_context": 1000000, "cost_weight": 0.8},
            "multi_file_refactor": {
                "model": "claude-opus-4-7",
                "provider": "anthropic",
                "max_context": 200000,
                "cost_weight": 0.6,
            },
            "deep_research": {
                "model": "gemini-3.1-pro",
                "provider": "google",
                "max_context": 1000000,
                "cost_weight": 0.9,
            },
            "cost_sensitive": {"model": "gpt-5.4", "provider": "openai", "max_context": 128000, "cost_weight": 1.0},
        },
        "fallback": {"enabled": True, "max_retries": 2, "circuit_breaker_threshold": 0.15},
    }
}
CAMEL = {
    "routing": {
        "version": "2.1",
        "evaluation": {
            "mode": "capability_first",
            "maxCandidates": 4,
            "scoreWeights": {"cost": 0.3, "latency": 0.4, "capabilityMatch": 0.3},
        },
        "fallback": {
            "enabled": True,
            "maxRetries": 2,
            "backoffStrategy": "exponential",
            "circuitBreaker": {"failureThreshold": 3, "cooldownSeconds": 60, "halfOpenRequests": 1},
        },
        "telemetry": {"enabled": True, "attributes": ["request_id"], "exportTarget": "otlp_http"},
        "compliance": {"piiSafeModels": ["gpt-4o-mini"], "blockUnsafeRouting": True, "auditLogging": True},
    }
}


def faults(*documents) -> list[str]:
    with pytest.raises(FaultsError) as caught:
        read_legacy({f"file{index}": document for index, document in enumerate(documents)})
    return [str(fault) for fault in caught.value.faults]


def test_the_snake_case_format_becomes_profiles_and_guards():
    legacy = read_legacy({"a.yaml": SNAKE})
    routing = legacy.routing
    assert list(routing.profiles) == ["terminal_agent", "multi_file_refactor", "deep_research", "cost_sensitive"]
    assert routing.profiles[ProfileName("terminal_agent")].candidates == ("openai/gpt-5.5",)
    assert routing.profiles[ProfileName("terminal_agent")].on_budget == "cost_sensitive"
    assert routing.profiles[ProfileName("multi_file_refactor")].on_budget is None
    assert routing.profiles[ProfileName("cost_sensitive")].on_budget is None
    assert routing.guards.context is not None
    assert routing.guards.context.above == 600_000
    assert routing.guards.budget is not None
    assert routing.guards.budget.below == 0.5
    assert routing.fallback.breaker.error_rate == 0.15
    assert legacy.cards[ModelId("google/gemini-3.1-pro")].api == "gemini"
    assert any("summarization_strategy" in note for note in routing.notes)


def test_the_camel_case_format_becomes_one_profile_over_all_cards():
    routing = read_legacy({"b.json": CAMEL}).routing
    (profile,) = routing.profiles.values()
    assert (profile.weights.cost, profile.weights.latency, profile.weights.quality) == (0.3, 0.4, 0.3)
    assert profile.max_candidates == 4
    assert (routing.fallback.breaker.failures, routing.fallback.breaker.cooldown_s) == (3, 60.0)
    assert routing.guards.compliance is not None
    assert routing.guards.compliance.approves(ModelId("openai/gpt-4o-mini"))
    assert {note.partition(":")[0] for note in routing.notes} == {
        "routing.fallback.backoffStrategy",
        "routing.telemetry",
        "routing.compliance.auditLogging",
    }


def test_both_formats_can_be_given_together():
    routing = read_legacy({"a.yaml": SNAKE, "b.json": CAMEL}).routing
    assert len(routing.profiles) == 4
    assert routing.profiles[ProfileName("deep_research")].max_candidates == 4
    assert routing.fallback.breaker.error_rate == 0.15
    assert routing.fallback.breaker.failures == 3


def test_a_later_file_wins_and_what_it_overrules_is_noted():
    routing = read_legacy({"a": SNAKE, "b": {"routing": {"fallback": {"maxRetries": 5}}}}).routing
    assert routing.fallback.max_retries == 5
    assert "routing.fallback.max_retries: 5 of b replaces 2" in routing.notes


def test_one_setting_in_two_spellings_must_have_one_value():
    assert (
        read_legacy({"a": {"routing": {"fallback": {"max_retries": 2, "maxRetries": 2}}}}).routing.fallback.max_retries
        == 2
    )
    (fault,) = faults({"routing": {"fallback": {"max_retries": 2, "maxRetries": 3}}})
    assert "given twice, as 2 and 3" in fault


def test_all_faults_of_all_files_are_named_at_once():
    found = faults(
        {
            "routing": {
                "contxt": {},
                "cost": {"budget_fallback_trigger": 1.5},
                "fallback": {"enabled": "yes", "max_retries": -1},
            }
        },
        {
            "routing": {
                "version": 2,
                "evaluation": {"mode": "cheapest", "scoreWeights": {"cost": 0.9, "latency": 0.9}},
                "telemetry": {"attributes": "all"},
                "profiles": {"a": {"model": "x"}},
                "zzzz": 1,
            }
        },
    )
    text = "\n".join(found)
    assert "routing.contxt: unknown key 'contxt'; did you mean 'context'?" in text
    assert "routing.cost.budget_fallback_trigger: 1.5 is not a number between 0 and 1" in text
    assert "routing.fallback.enabled: 'yes' is not true or false" in text
    assert "routing.fallback.max_retries: -1 is not a whole number" in text
    assert "routing.version: 2 is not a text" in text
    assert "routing.evaluation.mode: 'cheapest' is not known" in text
    assert "routing.telemetry.attributes: 'all' is not a list" in text
    assert "routing.evaluation.scoreWeights: the weights sum to 1.8, not to 1" in text
    assert "routing.profiles.a: has no 'provider'" in text
    assert "routing.zzzz: unknown key 'zzzz'; there are: compliance" in text
    assert len(found) == 10


@pytest.mark.parametrize(
    "document",
    [
        {"routing": None, "context": None, "model": "gpt-5.4"},
        {"routing": {"context": None}},
        {"routing": {"fallback": {}}, "profiles": {}},
        {"routing": {"profiles": {"terminal_agent": None}}},
    ],
)
def test_lost_indentation_is_called_by_its_name(document):
    assert "indentation" in "\n".join(faults(document))


@pytest.mark.parametrize("document", [None, [], {"profiles": {}}])
def test_what_is_no_such_file_is_said(document):
    assert "has everything below this key" in faults(document)[0]


# The table of the older router's own decisions, worked out from its rules.
@pytest.mark.parametrize(
    ("workload", "tokens", "budget", "expected"),
    [
        ("terminal_agent", 50_000, 1.0, ("openai/gpt-5.5", False, False)),
        ("terminal_agent", 600_000, 1.0, ("openai/gpt-5.5", False, False)),
        ("terminal_agent", 600_001, 1.0, ("google/gemini-3.1-pro", True, False)),
        ("terminal_agent", 50_000, 0.5, ("openai/gpt-5.5", False, False)),
        ("terminal_agent", 50_000, 0.4, ("openai/gpt-5.4", True, False)),
        ("terminal_agent", 900_000, 0.4, ("openai/gpt-5.4", True, True)),
        ("multi_file_refactor", 900_000, 0.4, ("anthropic/claude-opus-4-7", False, True)),
        ("cost_sensitive", 50_000, 0.4, ("openai/gpt-5.4", True, False)),
    ],
)
def test_the_older_router_is_reproduced(workload, tokens, budget, expected):
    legacy = read_legacy({"a": SNAKE})
    choice = resolve_legacy(legacy, ProfileName(workload), tokens=tokens, budget=budget)
    assert (choice.model, choice.fallback_triggered, choice.truncates) == expected
    assert choice.effective_max_tokens <= tokens


def test_24_of_48_cases_of_the_older_router_cut_the_prompt_silently_and_none_of_ours_does():
    legacy = read_legacy({"a": SNAKE})
    cuts = 0
    for workload in legacy.routing.profiles:
        for tokens in (50_000, 600_000, 600_001, 900_000):
            for budget in (0.4, 0.5, 1.0):
                cuts += resolve_legacy(legacy, workload, tokens=tokens, budget=budget).truncates
                needs = Needs(tokens=tokens, budget_remaining=budget)
                ours = decide(needs, profile=workload, routing=legacy.routing, cards=legacy.cards)
                limit = legacy.routing.profiles[ours.profile].max_context
                assert limit is not None
                assert ours.selected is None or tokens <= limit
    assert cuts == 24


def test_the_older_router_without_guards_or_windows():
    legacy = read_legacy({"a": {"routing": {"profiles": {"p": {"model": "m", "provider": "meta"}}}}})
    choice = resolve_legacy(legacy, ProfileName("p"), tokens=10**9, budget=0.0)
    assert (choice.model, choice.truncates, choice.effective_max_tokens) == ("meta/m", False, 10**9)
    assert legacy.cards[ModelId("meta/m")].api == "openai-chat"
    with pytest.raises(ConfigError, match="there are: p"):
        resolve_legacy(legacy, ProfileName("q"), tokens=1, budget=1)


def test_ours_downgrades_visibly_where_the_older_router_did():
    legacy = read_legacy({"a": SNAKE})
    decision = decide(
        Needs(tokens=50_000, budget_remaining=0.4),
        profile=ProfileName("terminal_agent"),
        routing=legacy.routing,
        cards=legacy.cards,
    )
    assert decision.selected == "openai/gpt-5.4"
    assert decision.downgraded
