"""The matrix proposes the cheapest candidate that is good enough, and never one without evidence."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.ids import CandidateId, TaskClass
from harness.routing import EMPTY, Cell, Objective, diff, gate, propose

BUGFIX = TaskClass("python.bugfix")


def cell(name, *, n=80, quality=0.8, spread=0.05, cost="0.01", p95=3.0, state="measured", task_class=BUGFIX) -> Cell:
    return Cell(
        task_class=task_class,
        candidate=CandidateId(name),
        n_tasks=n,
        quality=quality,
        quality_lo=quality - spread,
        quality_hi=min(1.0, quality + spread),
        cost_per_success_usd=None if cost is None else Decimal(cost),
        p95_latency_s=p95,
        state=state,
    )


def test_the_cheapest_within_the_margin_is_chosen():
    cells = [
        cell("a/dear", quality=0.80, cost="0.5"),
        cell("a/cheap", quality=0.78, cost="0.1"),
        cell("a/bad", quality=0.5, cost="0"),
    ]
    matrix = propose(cells, margin=0.03)
    assert matrix.choices[BUGFIX].candidate == "a/cheap"
    assert "0.1 USD per success" in matrix.choices[BUGFIX].why
    assert propose(cells, margin=0.01).choices[BUGFIX].candidate == "a/dear"


@pytest.mark.parametrize(("objective", "winner"), [("cost", "a/cheap"), ("latency", "a/fast"), ("quality", "a/good")])
def test_each_objective_has_its_own_winner(objective: Objective, winner):
    cells = [
        cell("a/cheap", quality=0.80, cost="0.1", p95=9.0),
        cell("a/fast", quality=0.80, cost="0.2", p95=1.0),
        cell("a/good", quality=0.82, cost="0.3", p95=8.0),
    ]
    assert propose(cells, objective=objective).choices[BUGFIX].candidate == winner


def test_an_unknown_figure_comes_after_every_known_one():
    cells = [cell("a/unknown", cost=None), cell("b/dear", cost="9")]
    assert propose(cells).choices[BUGFIX].candidate == "b/dear"
    alone = propose([cell("a/unknown", cost=None)])
    assert "no figure known" in alone.choices[BUGFIX].why


def test_insufficient_evidence_is_a_state_and_never_chosen():
    matrix = propose(
        [cell("a/few", n=19, quality=0.99, spread=0.0), cell("b/said", state="insufficient")], minimum_tasks=20
    )
    assert [each.state for each in matrix.cells] == ["insufficient", "insufficient"]
    assert matrix.choices == {}
    assert matrix.cell(BUGFIX, "a/few") is not None
    assert matrix.measured(BUGFIX, "a/few") is None
    assert matrix.measured(BUGFIX, "nobody") is None


@given(
    st.lists(
        st.builds(
            cell,
            st.sampled_from(["a/a", "b/b", "c/c", "d/d"]),
            n=st.integers(0, 60),
            quality=st.floats(0.1, 0.9),
            cost=st.one_of(st.none(), st.sampled_from(["0.1", "0.2", "3"])),
            task_class=st.sampled_from([BUGFIX, TaskClass("general")]),
        ),
        max_size=12,
        unique_by=lambda each: (each.task_class, each.candidate),
    ),
    st.floats(0, 0.2),
)
def test_a_choice_always_rests_on_evidence_within_the_margin(cells, margin):
    matrix = propose(cells, margin=margin)
    assert matrix == propose(reversed(cells), margin=margin)
    for name, choice in matrix.choices.items():
        chosen = matrix.measured(name, choice.candidate)
        assert chosen is not None
        assert chosen.n_tasks >= 20
        best = max(each.quality_lo for each in matrix.cells if each.task_class == name and each.state == "measured")
        assert chosen.quality_lo >= best - margin


def test_a_diff_names_what_changes_and_the_gate_lets_supported_changes_through():
    old = propose([cell("a/old", quality=0.80, cost="0.5"), cell("a/new", quality=0.5, cost="0.1")])
    new = propose([cell("a/old", quality=0.80, cost="0.5"), cell("a/new", quality=0.81, spread=0.02, cost="0.1")])
    (change,) = diff(old, new)
    assert (change.before, change.after, change.supported) == ("a/old", "a/new", True)
    assert "a/old → a/new" in str(change)
    assert gate(old, new).allowed
    assert diff(new, new) == ()


def test_the_gate_refuses_a_change_that_could_be_worse():
    old = propose([cell("a/old", quality=0.80, spread=0.1, cost="0.5")])
    new = propose(
        [cell("a/old", quality=0.80, spread=0.1, cost="0.5"), cell("a/new", quality=0.78, spread=0.08, cost="0.1")]
    )
    refused = gate(old, new)
    assert not refused.allowed
    assert "could be worse by more than the margin" in refused.reasons[0]


def test_the_gate_refuses_what_cannot_be_compared_and_what_loses_its_route():
    old = propose([cell("a/old")])
    assert "was not measured again" in gate(old, propose([cell("a/new")])).reasons[0]
    assert "would lose its route" in gate(old, propose([cell("a/old", n=3)])).reasons[0]


def test_the_gate_refuses_a_choice_without_a_measured_cell():
    from dataclasses import replace

    from harness.routing import Choice

    forged = replace(propose([]), choices={BUGFIX: Choice(candidate=CandidateId("a/b"), why="because")})
    assert "insufficient evidence" in gate(EMPTY, forged).reasons[0]


def test_a_first_choice_is_allowed_and_no_change_is_not():
    first = propose([cell("a/a")])
    assert gate(EMPTY, first).allowed
    assert str(diff(EMPTY, first)[0]).startswith("python.bugfix: none → a/a")
    assert not gate(first, first).allowed
    assert gate(first, propose([cell("a/a", n=90)])).allowed
