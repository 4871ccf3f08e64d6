"""The version of a policy changes with everything that can change an outcome."""

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.ballot import Compare, Extract
from harness.core.ids import ModelId, PolicyName, TaskClass
from harness.core.policy import Policy, Quorum, RiskLimit, Rule, Tiebreak, Unanimous

A, B, C = map(ModelId, ("v/a", "v/b", "v/c"))
ONE = Policy(name=PolicyName("p"), panel=(A, B), rule=Quorum(k=2), tiebreak=Tiebreak(model=C))

OTHER: dict[str, Any] = {
    "name": PolicyName("q"),
    "panel": (B, A),
    "task_class": TaskClass("finance"),
    "extract": Extract(how="last", arg="number"),
    "compare": Compare(name="exact", options={"case": "fold"}),
    "rule": Quorum(k=3),
    "tiebreak": Tiebreak(model=C, mode="judge"),
    "on_divergence": "refuse",
    "order": "cheap_first",
    "deadline_s": 59.9,
    "grace_s": 4.0,
    "max_cost_usd": Decimal("0.5"),
}


def test_the_table_above_knows_every_field():
    assert set(OTHER) == {field.name for field in fields(Policy)}


@pytest.mark.parametrize("field", OTHER)
def test_every_field_changes_the_version(field):
    changed = replace(ONE, **{field: OTHER[field]})
    assert changed != ONE
    assert changed.version != ONE.version


@given(st.sets(st.sampled_from(sorted(OTHER)), min_size=1))
def test_any_change_is_seen_and_undone(names):
    changed = replace(ONE, **{name: OTHER[name] for name in names})
    assert changed.version != ONE.version
    assert replace(changed, **{name: getattr(ONE, name) for name in names}).version == ONE.version


def test_rules_of_one_shape_are_told_apart():
    rules: list[Rule] = [
        Quorum(k=2),
        Unanimous(),
        RiskLimit(alpha=0.01),
        RiskLimit(alpha=0.02),
        RiskLimit(alpha=0.01, fallback=Quorum(k=2)),
        RiskLimit(alpha=0.01, fallback=Unanimous()),
    ]
    assert len({replace(ONE, rule=rule).version for rule in rules}) == len(rules)


def test_a_version_is_short_and_repeatable():
    assert replace(ONE).version == ONE.version
    assert len(ONE.version) == 12
    assert int(ONE.version, 16) >= 0


def test_members_are_the_panel_and_a_tiebreaker_from_outside():
    assert ONE.members == (A, B, C)
    assert replace(ONE, tiebreak=None).members == (A, B)
    assert replace(ONE, tiebreak=Tiebreak(model=B)).members == (A, B), "nobody is a member twice"
