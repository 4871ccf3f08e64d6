"""Decisions: every filter in its order, fallbacks without loss, the budget downgrade, and reasons for all of it."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.card import Card, Context
from harness.core.errors import ConfigError
from harness.core.ids import CandidateId, ModelId, ProfileName, TaskClass, TraceId
from harness.core.money import Price, Rates
from harness.core.request import Message, Request, Sampling, user_request
from harness.routing import (
    NO_MODEL,
    BudgetGuard,
    Cell,
    Choice,
    ComplianceGuard,
    ContextGuard,
    Fallback,
    Guards,
    Matrix,
    Needs,
    Profile,
    Routing,
    Weights,
    decide,
    explain,
    request_needs,
    to_json,
    wider,
)

CLASS = TaskClass("finance.calculation")


def card(
    name, *, price="1", window=100_000, reliable=None, output=None, supports=("tools",), compliance=(), status="active"
) -> Card:
    rates = None if price is None else Rates(input=Decimal(price), output=Decimal(price))
    return Card(
        id=ModelId(name),
        api="openai-chat",
        model=name,
        family=name.partition("/")[0],
        context=Context(max=window, reliable=reliable, output=output),
        supports=frozenset(supports),
        compliance=frozenset(compliance),
        status=status,
        price=None if rates is None else Price(rates=rates, as_of="2026-11-20", source="test"),
    )


def cards(*made) -> dict[ModelId, Card]:
    return {each.id: each for each in made}


def routing(*profiles, guards=None, fallback=None) -> Routing:
    made = {each.name: each for each in profiles or (Profile(name=ProfileName("default")),)}
    return Routing(profiles=made, default=next(iter(made)), guards=guards or Guards(), fallback=fallback or Fallback())


def profile(name="default", **fields) -> Profile:
    return Profile(name=ProfileName(name), **fields)


def matrix(*cells, choice=None) -> Matrix:
    choices = {} if choice is None else {CLASS: Choice(candidate=CandidateId(choice), why="promoted")}
    made = tuple(
        Cell(
            task_class=CLASS,
            candidate=CandidateId(name),
            n_tasks=50,
            quality=lo + 0.05,
            quality_lo=lo,
            quality_hi=lo + 0.1,
            p95_latency_s=p95,
        )
        for name, lo, p95 in cells
    )
    return Matrix(version=7, cells=made, choices=choices)


def stages(decision, model) -> list[str]:
    return [reason.stage for each in decision.rejected if each.model == model for reason in each.reasons]


def test_the_cheaper_of_two_equal_models_is_selected_and_the_other_is_its_fallback():
    decision = decide(Needs(tokens=1000), routing=routing(), cards=cards(card("a/dear", price="9"), card("b/cheap")))
    assert decision.selected == "b/cheap"
    assert decision.fallbacks == ("a/dear",)
    assert decision.estimated_cost_usd == Decimal("0.001")
    assert decision.why == "b/cheap by profile 'default'"


@pytest.mark.parametrize(
    ("made", "needs", "stage"),
    [
        (card("a/a", status="degraded"), Needs(), "status"),
        (card("a/a", status="offline"), Needs(), "status"),
        (card("a/a", supports=()), Needs(capabilities=frozenset({"tools"})), "capability"),
        (card("a/a"), Needs(compliance=frozenset({"pii_safe"})), "compliance"),
        (card("a/a", window=1000), Needs(tokens=900, response_tokens=101), "context"),
        (card("a/a", reliable=500), Needs(tokens=501), "context"),
        (card("a/a", output=50), Needs(response_tokens=51), "context"),
        (card("a/a", price="1000"), Needs(tokens=1000, max_cost_usd=Decimal("0.99")), "budget"),
        (card("a/a", price=None), Needs(max_cost_usd=Decimal(1)), "budget"),
    ],
)
def test_each_filter_refuses_with_its_reason(made, needs, stage):
    decision = decide(needs, routing=routing(), cards=cards(made))
    assert decision.selected is None
    assert stages(decision, "a/a") == [stage]
    assert decision.estimated_cost_usd == 0
    assert decision.fallbacks == ()
    assert decision.why.startswith(NO_MODEL)


def test_the_bounds_themselves_pass():
    made = card("a/a", window=1000, reliable=900, output=100, price="1000")
    needs = Needs(tokens=900, response_tokens=100, max_cost_usd=Decimal(1))
    assert decide(needs, routing=routing(), cards=cards(made)).selected == "a/a"


def test_every_reason_is_given_and_not_only_the_first():
    made = card("a/a", supports=(), window=10, status="offline")
    needs = Needs(tokens=11, capabilities=frozenset({"vision"}))
    decision = decide(needs, routing=routing(), cards=cards(made), open_breakers={ModelId("a/a")})
    assert stages(decision, "a/a") == ["status", "breaker", "capability", "context"]


def test_no_models_at_all_is_a_decision_too():
    decision = decide(Needs(), routing=routing(), cards={})
    assert "the registry has no models" in decision.why
    assert explain(decision)[0] == f"rejected: {NO_MODEL}"
    assert to_json(decision)["rejection"] == NO_MODEL


def test_a_candidate_without_a_card_is_refused_by_name():
    decision = decide(Needs(), routing=routing(profile(candidates=(ModelId("x/gone"),))), cards=cards(card("a/a")))
    assert stages(decision, "x/gone") == ["card"]
    assert decision.selected is None


def test_a_profile_may_allow_degraded_models():
    allowed = routing(profile(statuses=frozenset({"active", "degraded"})))
    assert decide(Needs(), routing=allowed, cards=cards(card("a/a", status="degraded"))).selected == "a/a"


def test_a_profile_narrows_the_window_and_keeps_room_for_the_reply():
    narrow = routing(profile(max_context=1000, response_tokens=200))
    assert decide(Needs(tokens=800), routing=narrow, cards=cards(card("a/a"))).selected == "a/a"
    assert stages(decide(Needs(tokens=801), routing=narrow, cards=cards(card("a/a"))), "a/a") == ["context"]


def test_the_context_guard_speaks_for_cards_that_state_no_reliable_length():
    guarded = routing(guards=Guards(context=ContextGuard(above=600_000)))
    made = cards(card("a/quiet", window=1_000_000), card("b/stated", window=1_000_000, reliable=900_000))
    at = decide(Needs(tokens=600_000), routing=guarded, cards=made)
    above = decide(Needs(tokens=600_001), routing=guarded, cards=made)
    assert at.rejected == ()
    assert stages(above, "a/quiet") == ["context"]
    assert above.selected == "b/stated"


def test_an_unknown_window_is_let_through_and_said():
    decision = decide(Needs(tokens=10), routing=routing(), cards=cards(card("a/a", window=None)))
    assert decision.selected == "a/a"
    assert "was not checked" in decision.notes[0]


def test_approval_by_name_counts_as_the_flag():
    guards = Guards(compliance=ComplianceGuard(approved=frozenset({"mini", "b/full"})))
    made = cards(card("a/mini"), card("b/full"), card("c/other"))
    decision = decide(Needs(compliance=frozenset({"pii_safe"})), routing=routing(guards=guards), cards=made)
    assert {decision.selected, *decision.fallbacks} == {"a/mini", "b/full"}
    other = decide(Needs(compliance=frozenset({"gdpr_compliant"})), routing=routing(guards=guards), cards=made)
    assert other.selected is None


def test_a_guard_that_does_not_block_lets_through_and_says_so():
    guards = Guards(compliance=ComplianceGuard(block=False))
    decision = decide(
        Needs(compliance=frozenset({"pii_safe"})), routing=routing(guards=guards), cards=cards(card("a/a"))
    )
    assert decision.selected == "a/a"
    assert decision.notes == ("a/a: not approved for 'pii_safe', used because the guard does not block",)


def test_latency_bounds_refuse_what_was_measured_and_mention_what_was_not():
    made = cards(card("a/slow"), card("b/unknown"), card("c/fast"))
    needs = Needs(max_latency_s=2.0)
    measured = {ModelId("a/slow"): 2.5, ModelId("c/fast"): 2.0}
    decision = decide(needs, routing=routing(), cards=made, latency_s=measured)
    assert stages(decision, "a/slow") == ["latency"]
    assert decision.selected == "c/fast"
    assert decision.estimated_latency_s == 2.0
    assert any("b/unknown: latency was not measured" in note for note in decision.notes)


def test_quality_is_judged_by_its_lower_bound_and_the_absence_of_evidence_by_the_profile():
    made = cards(card("a/good"), card("b/bad"), card("c/unknown"))
    evidence = matrix(("a/good", 0.7, 1.0), ("b/bad", 0.69, 1.0))
    needs = Needs(task_class=CLASS)
    lenient = decide(needs, routing=routing(profile(quality_floor=0.7)), cards=made, matrix=evidence)
    strict = decide(
        needs, routing=routing(profile(quality_floor=0.7, unmeasured="refuse")), cards=made, matrix=evidence
    )
    assert stages(lenient, "b/bad") == ["quality"]
    assert stages(lenient, "c/unknown") == []
    assert stages(strict, "c/unknown") == ["quality"]
    assert strict.matrix_version == 7


def test_the_promoted_choice_goes_first_when_it_can_serve():
    made = cards(card("a/cheap"), card("b/chosen", price="50"))
    evidence = matrix(("a/cheap", 0.8, 1.0), ("b/chosen", 0.8, 5.0), choice="b/chosen")
    needs = Needs(task_class=CLASS)
    assert decide(needs, routing=routing(), cards=made, matrix=evidence).selected == "b/chosen"
    free = routing(profile(follow_matrix=False))
    assert decide(needs, routing=free, cards=made, matrix=evidence).selected == "a/cheap"
    broken = decide(needs, routing=routing(), cards=made, matrix=evidence, open_breakers={ModelId("b/chosen")})
    assert broken.selected == "a/cheap"
    assert "is not among the models that can serve" in broken.notes[0]


def test_a_profile_gives_its_class_to_requests_without_one():
    made = cards(card("a/a"))
    classed = routing(profile(task_class=CLASS, rationale="sums"))
    decision = decide(Needs(), routing=classed, cards=made, matrix=matrix(("a/a", 0.9, 1.0)))
    assert decision.task_class == CLASS
    assert decision.scored[0].quality_lo == 0.9
    assert decision.why == "a/a by profile 'default': sums"
    own = decide(Needs(task_class=TaskClass("other")), routing=classed, cards=made)
    assert own.task_class == "other"


def test_fallbacks_lose_no_capability():
    made = cards(
        card("a/first", price="0.1"),
        card("b/no-tools", supports=()),
        card("c/better"),
        card("d/weak"),
        card("e/unknown"),
    )
    evidence = matrix(
        ("a/first", 0.7, 1.0), ("b/no-tools", 0.7, 1.0), ("c/better", 0.8, 1.0), ("d/weak", 0.6, 1.0), choice="a/first"
    )
    decision = decide(Needs(task_class=CLASS), routing=routing(), cards=made, matrix=evidence)
    assert decision.selected == "a/first"
    assert decision.fallbacks == ("c/better",)
    assert {each.model for each in decision.not_fallback} == {"b/no-tools", "d/weak", "e/unknown"}


def test_fallbacks_are_bounded_and_can_be_switched_off():
    made = cards(*(card(f"v/{letter}") for letter in "abcdefg"))
    few = decide(Needs(), routing=routing(profile(max_candidates=3)), cards=made)
    none = decide(Needs(), routing=routing(fallback=Fallback(enabled=False)), cards=made)
    assert len(few.fallbacks) == 2
    assert few.not_fallback[0].reasons[0].stage == "rank"
    assert none.fallbacks == ()
    assert none.selected == "v/a"


def test_after_an_overflow_only_larger_windows_are_tried():
    made = cards(
        card("a/a", window=1000, price="0.1"),
        card("b/b", window=900),
        card("c/c", window=2000),
        card("d/d", window=None),
    )
    decision = decide(Needs(tokens=100), routing=routing(), cards=made)
    assert decision.selected == "a/a"
    assert wider(decision, ModelId("a/a"), made) == ("c/c",)
    assert wider(decision, ModelId("d/d"), made) == ()


BUDGET = (
    profile("rich", on_budget=ProfileName("thrifty"), candidates=(ModelId("a/dear"),)),
    profile("thrifty", on_budget=ProfileName("thrifty"), candidates=(ModelId("b/cheap"),)),
)


@pytest.mark.parametrize(
    ("asked", "left", "critical", "used"),
    [
        ("rich", 0.19, False, "thrifty"),
        ("rich", 0.2, False, "rich"),
        ("rich", None, False, "rich"),
        ("rich", 0.0, True, "rich"),
        ("thrifty", 0.0, False, "thrifty"),
    ],
)
def test_the_budget_downgrade_is_its_own_visible_path(asked, left, critical, used):
    table = routing(*BUDGET, guards=Guards(budget=BudgetGuard(below=0.2)))
    made = cards(card("a/dear"), card("b/cheap"))
    decision = decide(
        Needs(budget_remaining=left, critical=critical), profile=ProfileName(asked), routing=table, cards=made
    )
    assert decision.profile == used
    assert decision.asked_profile == asked
    assert decision.downgraded is (asked != used)
    assert any("budget downgrade" in note for note in decision.notes) is (asked != used)
    assert any("critical" in note for note in decision.notes) is critical
    if decision.downgraded:
        assert "profile: thrifty (downgraded from rich)" in explain(decision)


def test_an_unknown_profile_is_an_error_with_the_nearest_name():
    with pytest.raises(ConfigError, match="did you mean 'thrifty'"):
        decide(Needs(), profile=ProfileName("thrify"), routing=routing(*BUDGET), cards={})
    with pytest.raises(ConfigError, match="there are: rich, thrifty"):
        decide(Needs(), profile=ProfileName("xxxxxx"), routing=routing(*BUDGET), cards={})


def test_the_explanation_names_every_fact_and_its_json_is_json():
    made = cards(card("a/a"), card("b/off", status="offline"), card("c/c", price=None, supports=()))
    decision = decide(
        Needs(task_class=CLASS, tokens=10),
        routing=routing(profile(rationale="the usual")),
        cards=made,
        matrix=matrix(("a/a", 0.9, 1.5)),
    )
    lines = "\n".join(explain(decision))
    for fact in (
        "selected: a/a",
        "fallbacks: none",
        "rationale: the usual",
        "quality ≥ 0.900",
        "p95 1.5 s",
        "price unknown, latency not measured, quality not measured",
        "refused b/off at status",
        "no fallback c/c",
        "matrix version 7",
    ):
        assert fact in lines
    value = json.loads(json.dumps(to_json(decision)))
    assert value["selected"] == "a/a"
    assert value["rejection"] is None
    assert value["downgraded"] is False
    assert value["rejected"][0]["reasons"][0]["stage"] == "status"


def test_a_request_states_its_own_needs():
    request = Request(
        messages=(Message(role="user", content="x" * 1000),),
        sampling=Sampling(max_tokens=77),
        task_class=CLASS,
        trace_id=TraceId("t"),
        json_schema={"type": "object"},
    )
    needs = request_needs(request)
    assert needs.tokens >= 1000
    assert needs.response_tokens == 77
    assert needs.capabilities == {"json_schema"}
    assert request_needs(user_request("x", trace_id=TraceId("t"))).capabilities == frozenset()


def test_weights_change_the_order():
    made = cards(card("a/cheap", price="1"), card("b/fast", price="2"))
    latencies = {ModelId("a/cheap"): 8.0, ModelId("b/fast"): 1.0}
    thrifty = routing(profile(weights=Weights(cost=1, latency=0, quality=0)))
    hasty = routing(profile(weights=Weights(cost=0, latency=1, quality=0)))
    assert decide(Needs(tokens=9), routing=thrifty, cards=made, latency_s=latencies).selected == "a/cheap"
    assert decide(Needs(tokens=9), routing=hasty, cards=made, latency_s=latencies).selected == "b/fast"
    assert Weights().total == pytest.approx(1)


def test_a_routing_without_configuration_uses_every_card():
    decision = decide(Needs(), routing=Routing.single(), cards=cards(card("a/a"), card("b/b")))
    assert (decision.selected, decision.fallbacks) == ("a/a", ("b/b",))


CARDS = st.builds(
    card,
    st.sampled_from(["a/a", "b/b", "c/c", "d/d"]),
    price=st.sampled_from([None, "0", "1", "9"]),
    window=st.sampled_from([None, 100, 1000]),
    supports=st.sets(st.sampled_from(["tools", "vision", "json_schema"])),
    compliance=st.sets(st.sampled_from(["pii_safe"])),
    status=st.sampled_from(["active", "degraded", "offline"]),
)
NEEDS = st.builds(
    Needs,
    task_class=st.just(CLASS),
    tokens=st.integers(0, 1200),
    capabilities=st.frozensets(st.sampled_from(["tools", "vision"])),
    compliance=st.frozensets(st.just("pii_safe")),
)


@given(st.lists(CARDS, unique_by=lambda each: each.id), NEEDS, st.lists(st.floats(0, 0.9), min_size=4, max_size=4))
def test_every_model_is_accounted_for_and_no_fallback_is_less_capable(made, needs, bounds):
    table = cards(*made)
    evidence = matrix(*((name, lo, 1.0) for name, lo in zip(["a/a", "b/b", "c/c", "d/d"], bounds, strict=True)))
    decision = decide(needs, routing=routing(), cards=table, matrix=evidence)
    assert {each.model for each in decision.scored} | {each.model for each in decision.rejected} == set(table)
    assert all(0 <= each.score <= 1 for each in decision.scored)
    if decision.selected is None:
        return
    first = table[decision.selected]
    lower = {each.model: each.quality_lo or 0 for each in decision.scored}
    for model in (decision.selected, *decision.fallbacks):
        other = table[model]
        assert other.status == "active"
        assert needs.capabilities <= other.supports
        assert needs.compliance <= other.compliance
        assert other.context.max is None or needs.tokens <= other.context.max
        assert first.supports <= other.supports
        assert lower[model] >= lower[decision.selected]
