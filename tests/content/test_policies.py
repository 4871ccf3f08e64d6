"""Policies: panels that can vote, rules that can be met, and every fault at once."""

import pytest

from harness.content import load_policies
from harness.core.errors import FaultsError
from harness.core.policy import Quorum


def faults(folder, text) -> dict[str, str]:
    folder.write("registry/policies.yaml", text)
    with pytest.raises(FaultsError) as caught:
        load_policies(folder.home)
    return {fault.place: fault.problem for fault in caught.value.faults}


def one(folder, **fields) -> dict[str, str]:
    """The faults of one policy whose fields are overridden."""
    entry = {"panel": "[a/a, b/b]", "rule": "{quorum: 2}", **fields}
    lines = "".join(f"    {key}: {value}\n" for key, value in entry.items() if value is not None)
    return faults(folder, f"policies:\n  p:\n{lines}")


def test_the_least_policy_may_name_models_without_a_card_in_any_spelling(folder):
    folder.write(
        "registry/policies.yaml", "policies:\n  p: {panel: [gpt-4-1106, 6B_verification], rule: {quorum: 2}}\n"
    )
    (policy,) = load_policies(folder.home).values()
    assert policy.panel == ("gpt-4-1106", "6B_verification")
    assert policy.rule == Quorum(k=2)
    assert (policy.compare.name, policy.extract.how, policy.order) == ("exact", "whole", "all_at_once")


def test_no_file_means_no_policies(folder):
    assert load_policies(folder.home) == {}


@pytest.mark.parametrize(
    ("field", "value", "place", "problem"),
    [
        ("panel", "[a/a, a/a]", "panel", "'a/a' is in the panel twice"),
        ("panel", "[a/a]", "panel", "a panel is two models or more"),
        ("panel", "[]", "panel", "a panel is two models or more"),
        ("panel", "[a/a, consensus/p]", "panel[1]", "is not the id of a model"),
        ("panel", "a/a", "panel", "is not a list"),
        ("rule", "{quorum: 3}", "", "quorum: 3 is larger than the panel of 2"),
        ("rule", "{risk_limit: 0.1, fallback: {quorum: 3}}", "", "quorum: 3 is larger than the panel of 2"),
        ("panel", "[a/a, b/b, c/c, d/d]", "", "quorum: 2 of 4 asked at once"),
        ("panel", "[a/a, b/b, c/c, d/d]", "", "3 or more, or order: cheap_first or accurate_first"),
        ("rule", "{quorum: 1}", "rule", "one survivor is never consensus"),
        ("rule", "{quorum: two}", "rule", "'two' is not a whole number"),
        ("rule", "{quorum: true}", "rule", "True is not a whole number"),
        ("rule", "{quorom: 2}", "rule", "did you mean 'quorum'?"),
        ("rule", "{quorum: 2, unanimous: true}", "rule", "is not one rule"),
        ("rule", "{fallback: {quorum: 2}}", "rule", "is not one rule"),
        ("rule", "{unanimous: false}", "rule", "unanimous: False is not true"),
        ("rule", "{risk_limit: 1}", "rule", "risk_limit: 1 is not between 0 and 1"),
        ("rule", "{risk_limit: 0}", "rule", "is not between 0 and 1"),
        ("rule", "{risk_limit: 0.01, fallback: 2}", "rule", "2 is not one rule"),
        ("rule", "majority", "rule", "'majority' is no rule"),
        ("rule", None, "rule", "is missing"),
        ("tiebreak", "{modle: a/a}", "tiebreak.modle", "did you mean 'model'?"),
        ("tiebreak", "{model: a/a, mode: loud}", "tiebreak.mode", "there are: blind, judge"),
        ("compare", "judge", "compare", "option 'model' is None"),
        ("on_divergence", "ignore", "on_divergence", "there are: review, refuse, serve_best"),
        ("order", "cheap-first", "order", "did you mean 'cheap_first'?"),
        ("deadline_s", "0", "deadline_s", "is not above 0"),
        ("deadline_s", "soon", "deadline_s", "'soon' is not a number"),
        ("grace_s", "-1", "grace_s", "is below 0"),
        ("max_cost_usd", "0", "max_cost_usd", "0 allows no call at all"),
        ("max_cost_usd", "-0.1", "max_cost_usd", "-0.1 is below 0"),
        ("task_class", "Finance Stuff", "task_class", "is not a task class"),
        ("extract", "{lats: number}", "extract", "did you mean 'last'?"),
        ("extract", "{last: word}", "extract", "as in {last: number}"),
        ("extract", "{choice: ABCA}", "extract", "as in {choice: ABCD}"),
        ("extract", "all", "extract", "'all' is no way to read an answer"),
        ("compare", "{name: numerc}", "compare", "no comparator 'numerc'"),
        ("compare", "{name: numeric, tolerence: 1}", "compare", "tolerence"),
        ("compare", "{tolerance: 1}", "compare", "names no comparator"),
        ("compare", "7", "compare", "names no comparator"),
        ("quorum", "2", "quorum", "unknown key 'quorum'"),
    ],
)
def test_a_fault_has_its_place_and_says_what_works(folder, field, value, place, problem):
    found = one(folder, **{field: value})
    assert problem in found[f"policies.p.{place}" if place else "policies.p"]


@pytest.mark.parametrize(
    "fields",
    [
        "panel: [a/a, b/b, c/c]",
        "panel: [a/a, b/b, c/c, d/d], tiebreak: {model: d/d}",
        "panel: [a/a, b/b, c/c, d/d], order: cheap_first",
        "panel: [a/a, b/b, c/c, d/d], order: accurate_first",
    ],
)
def test_two_alike_are_a_quorum_where_no_other_two_can_contradict_them_at_once(folder, fields):
    folder.write("registry/policies.yaml", f"policies:\n  p: {{rule: {{quorum: 2}}, {fields}}}\n")
    assert load_policies(folder.home)


def test_a_fallback_is_held_to_the_same(folder):
    found = one(folder, panel="[a/a, b/b, c/c, d/d]", rule="{risk_limit: 0.01, fallback: {quorum: 2}}")
    assert "two groups of 2 that contradict each other" in found["policies.p"]


def test_faults_of_all_policies_come_together(folder):
    found = faults(
        folder,
        "policies:\n  'a b': {panel: [a/a, b/b], rule: {quorum: 2}}\n  c: {panel: [a/a], rule: {quorum: 1}}\n  d: 7\n",
    )
    assert set(found) == {"policies.a b", "policies.c.panel", "policies.c.rule", "policies.d"}


def test_a_comparator_can_be_given_by_its_name_alone(folder):
    folder.write(
        "registry/policies.yaml", "policies:\n  p: {panel: [a/a, b/b], rule: {unanimous: true}, compare: numeric}\n"
    )
    (policy,) = load_policies(folder.home).values()
    assert policy.compare.name == "numeric"
