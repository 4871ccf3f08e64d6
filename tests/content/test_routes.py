"""routing.yaml in its own format and in the two older ones, each as it was published."""

import json
import re
from pathlib import Path

import pytest

from harness.content import load_route_config, load_routing
from harness.core.card import Card
from harness.core.errors import ConfigError, FaultsError
from harness.core.ids import ModelId, ProfileName
from harness.routing import Needs, Weights, decide

BACKGROUND = Path(__file__).parents[2].parent / "shared" / "background"

FULL = """
default: thrifty
profiles:
  careful:
    candidates: [a/a, b/b]
    rationale: Sums.
    task_class: finance.calculation
    weights: {cost: 0.1, latency: 0.2, quality: 0.7}
    quality_floor: 0.7
    unmeasured: refuse
    follow_matrix: false
    statuses: [active, degraded]
    needs: [tools]
    compliance: [pii_safe]
    response_tokens: 2048
    max_context: 200000
    max_candidates: 3
    on_budget: thrifty
  thrifty:
guards:
  context: {above: 600000}
  budget: {below: 0.2}
  compliance: {flag: pii_safe, approved: [a/a], block: false}
fallback: {enabled: true, max_retries: 1, breaker: {failures: 2, cooldown_s: 1.5, error_rate: 0.15}}
"""


def background(prefix) -> str:
    found = sorted(BACKGROUND.glob(f"{prefix}*"))
    if not found:
        pytest.skip(f"no background article {prefix} beside the checkout")
    return found[0].read_text()


def faults(folder, text) -> dict[str, str]:
    folder.write("registry/routing.yaml", text)
    with pytest.raises(FaultsError) as caught:
        load_routing(folder.home)
    return {fault.place: fault.problem for fault in caught.value.faults}


def test_everything_that_can_be_said(folder):
    folder.write("registry/routing.yaml", FULL)
    routing = load_routing(folder.home)
    careful, thrifty = routing.profiles.values()
    assert routing.default == "thrifty"
    assert careful.weights == Weights(cost=0.1, latency=0.2, quality=0.7)
    assert (careful.candidates, careful.on_budget, careful.unmeasured) == (("a/a", "b/b"), "thrifty", "refuse")
    assert careful.statuses == {"active", "degraded"}
    assert careful.capabilities == {"tools"}
    assert (careful.quality_floor, careful.response_tokens, careful.max_context) == (0.7, 2048, 200_000)
    assert (careful.max_candidates, careful.follow_matrix, careful.task_class) == (3, False, "finance.calculation")
    assert thrifty.candidates == ()
    assert routing.guards.compliance is not None
    assert not routing.guards.compliance.block
    assert (routing.fallback.breaker.failures, routing.fallback.breaker.error_rate) == (2, 0.15)


def test_no_file_means_one_profile_over_every_card(folder):
    assert list(load_routing(folder.home).profiles) == ["default"]


def test_the_least_file(folder):
    folder.write("registry/routing.yaml", "profiles: {only: {}}\n")
    routing = load_routing(folder.home)
    assert (routing.default, routing.guards.context, routing.guards.compliance) == ("only", None, None)


def test_all_faults_come_together(folder):
    found = faults(
        folder,
        """default: carefull
profiles:
  careful:
    weights: {cost: 0.5, latency: 0.4}
    candidates: [a/a, a/a]
    on_budget: gone
    statuses: []
  other: {quality_flor: 0.5}
  third: {on_budget: carful}
  bad name: {max_candidates: 0}
guards: {budget: {below: 20}, contxt: {}}
fallback: {breaker: {error_rate: 0}}
""",
    )
    assert found["profiles.careful.weights"] == "the weights sum to 0.9, not to 1"
    assert found["profiles.careful.candidates"] == "'a/a' is named twice"
    assert "profiles.careful.statuses" in found
    assert "did you mean 'quality_floor'?" in found["profiles.other.quality_flor"]
    assert "did you mean 'careful'?" in found["profiles.third.on_budget"]
    assert "profiles.bad name" in found
    assert found["guards.budget.below"] == "20 is above 1"
    assert found["guards.contxt"] == "unknown key 'contxt'; did you mean 'context'?"
    assert "fallback.breaker.error_rate" in found
    assert "default" in found


def test_no_profiles(folder):
    assert "profiles" in faults(folder, "profiles: {}\n")
    assert "profiles" in faults(folder, "profiles: [a]\n")


def test_the_published_yaml_loads_unchanged(tmp_path):
    block = re.search(r"^routing:\n(?:[ ].*\n)+", background("000"), re.MULTILINE)
    assert block is not None
    (tmp_path / "r.yaml").write_text(block[0])
    legacy = load_route_config([tmp_path / "r.yaml"])
    assert list(legacy.routing.profiles) == ["terminal_agent", "multi_file_refactor", "deep_research", "cost_sensitive"]
    assert legacy.routing.fallback.breaker.error_rate == 0.15
    assert legacy.cost_weights[ProfileName("terminal_agent")] == 0.8
    decision = decide(Needs(tokens=600_001), routing=legacy.routing, cards=legacy.cards)
    assert decision.selected is None


def test_the_published_json_loads_unchanged(tmp_path):
    text = background("002")
    block = text[text.index('{\n  "routing"') : text.index("\n}\n", text.index('{\n  "routing"')) + 3]
    (tmp_path / "r.json").write_text(block)
    routing = load_route_config([tmp_path / "r.json"]).routing
    assert routing.profiles[ProfileName("default")].weights == Weights(cost=0.3, latency=0.4, quality=0.3)
    made = {
        ModelId(name): Card(id=ModelId(name), api="openai-chat", model=name, family="x")
        for name in ("openai/gpt-4o-mini", "meta/llama")
    }
    decision = decide(Needs(compliance=frozenset({"pii_safe"})), routing=routing, cards=made)
    assert (decision.selected, decision.fallbacks) == ("openai/gpt-4o-mini", ())


def test_the_flattened_yaml_is_refused_with_its_reason(tmp_path):
    text = background("001")
    start = text.rindex("routing:\ncontext:")
    (tmp_path / "r.yaml").write_text(text[start : text.index("fallback:", start)])
    with pytest.raises(FaultsError) as caught:
        load_route_config([tmp_path / "r.yaml"])
    assert "duplicate key 'model'" in str(caught.value)
    assert "is the indentation lost? 'routing' has no value" in str(caught.value)


OLDER = {"routing": {"fallback": {"maxRetries": 3}, "compliance": {"piiSafeModels": ["x"]}}}


def test_a_flattened_file_is_refused_even_without_duplicates(tmp_path):
    (tmp_path / "r.yaml").write_text("routing:\ncontext:\nreliability_threshold: 600000\n")
    with pytest.raises(FaultsError, match="indentation is lost"):
        load_route_config([tmp_path / "r.yaml"])


def test_an_older_file_may_stand_in_the_registry(folder):
    folder.write("registry/routing.yaml", json.dumps(OLDER))
    assert load_routing(folder.home).fallback.max_retries == 3


def test_older_files_go_together_and_ours_stands_alone(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(OLDER))
    (tmp_path / "b.json").write_text(json.dumps({"routing": {"fallback": {"max_retries": 4}}}))
    (tmp_path / "c.yaml").write_text("profiles: {only: {}}\n")
    routing = load_route_config([tmp_path / "a.json", tmp_path / "b.json"]).routing
    assert routing.fallback.max_retries == 4
    assert any("replaces 3" in note for note in routing.notes)
    with pytest.raises(ConfigError, match="only files of the older routing formats"):
        load_route_config([tmp_path / "a.json", tmp_path / "c.yaml"])
