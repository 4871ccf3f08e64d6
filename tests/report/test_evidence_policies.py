"""What simple rules would have done: worked cases, and how the rules relate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.ballot import BallotKind
from harness.core.ids import ModelId
from harness.core.outcome import QuorumFacts
from harness.report.evidence_policies import alternatives
from tests.report.evidence_cases import A, B, C, D, outcome, said, silent

LATE = "not waited for: the others had decided"


def endings(result, panel=(A, B, C), tiebreaker=None):
    rows = alternatives(result, panel=panel, tiebreaker=tiebreaker)
    return [(row["ending"], row["answer"]) for row in rows]


def test_all_agree():
    result = outcome([said(A, "1"), said(B, "1"), said(C, "1")], (A, B, C), served=True)
    assert endings(result) == [("served", "1")] * 4


def test_two_against_one():
    result = outcome([said(A, "2"), said(B, "1"), said(C, "1")], (B, C), (A,), served=True)
    assert endings(result) == [("served", "1"), ("not served", None), ("served", "1"), ("served", "2")]
    assert endings(result, tiebreaker=B)[3] == ("served", "1")


def test_all_differ():
    result = outcome([said(A, "1"), said(B, "2"), said(C, "3")], (A,), (B,), (C,), served=False)
    assert endings(result) == [("not served", None)] * 3 + [("served", "1")]


def test_two_pairs_of_which_the_first_in_the_panel_counts():
    ballots = [said(A, "1"), said(B, "2"), said(C, "2"), said(D, "1")]
    result = outcome(ballots, (A, D), (B, C), served=False)
    assert endings(result, (A, B, C, D))[:3] == [("served", "2"), ("not served", None), ("not served", None)]


def test_a_failed_member_is_no_vote():
    result = outcome([said(A, "1"), said(B, "1"), silent(C)], (A, B), served=True)
    assert endings(result) == [("served", "1"), ("not served", None), ("served", "1"), ("served", "1")]
    assert endings(result, tiebreaker=C)[3] == ("not served", None)


def test_who_was_not_waited_for_might_have_changed_it():
    late = silent(C, BallotKind.MISSING, LATE)
    result = outcome([said(A, "1"), said(B, "2"), late], (A,), (B,), served=False)
    assert endings(result) == [("unknown", None), ("not served", None), ("unknown", None), ("served", "1")]
    result = outcome([said(A, "1"), said(B, "1"), late], (A, B), served=True)
    assert endings(result, tiebreaker=C) == [("served", "1"), ("unknown", None), ("served", "1"), ("unknown", None)]


def test_who_was_never_asked_might_have_changed_it():
    result = outcome([said(A, "1"), said(B, "1")], (A, B), served=True)
    assert endings(result)[1] == ("unknown", None)
    assert endings(result, panel=None)[1] == ("unknown", None)
    nobody = outcome([], served=False)
    assert [ending for ending, _ in endings(nobody)] == ["unknown"] * 4


def test_nobody_can_be_asked():
    nobody = outcome([silent(A), silent(B), silent(C)], served=False)
    assert [ending for ending, _ in endings(nobody)] == ["not served"] * 4
    nobody = outcome([], served=False, quorum=QuorumFacts(declared=0, called=0, valid=0))
    assert [ending for ending, _ in endings(nobody, panel=None)] == [
        "not served",
        "not served",
        "not served",
        "unknown",
    ]


def test_one_voice_is_no_agreement():
    result = outcome([said(A, "1")], (A,), served=True)
    assert endings(result, panel=(A,)) == [("not served", None), ("not served", None), ("served", "1"), ("served", "1")]


def test_a_tiebreak_from_outside_has_no_vote_and_one_from_the_panel_has():
    ballots = [said(A, "1"), said(B, "2"), said(C, "1", role="tiebreak")]
    result = outcome(ballots, (A, C), (B,), served=True)
    assert endings(result, panel=(A, B), tiebreaker=C)[0] == ("not served", None)
    assert endings(result, panel=None)[0] == ("unknown", None), "it may be a member, or not"
    assert endings(result, panel=(A, B, C), tiebreaker=C)[0] == ("served", "1")


@given(st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=1, max_size=7))
def test_the_rules_are_nested(votes: list[int | None]) -> None:
    names = [ModelId(f"m/{place}") for place in range(len(votes))]
    ballots = [silent(name) if vote is None else said(name, str(vote)) for name, vote in zip(names, votes, strict=True)]
    by_vote = {vote: [n for n, v in zip(names, votes, strict=True) if v == vote] for vote in votes if vote is not None}
    groups = sorted(by_vote.values(), key=len, reverse=True)
    two, unanimous, plurality, single = alternatives(
        outcome(ballots, *groups, served=False), panel=names, tiebreaker=None
    )
    if unanimous["ending"] == "served":
        assert two["group"] == plurality["group"] == single["group"] == unanimous["group"] == 0
    if two["ending"] == "served":
        assert len(groups[two["group"]]) >= 2
    if plurality["ending"] == "served":
        assert all(len(groups[0]) > len(group) for group in groups[1:])
    assert "unknown" not in {row["ending"] for row in (two, unanimous, plurality, single)}, "all were heard"


@pytest.mark.parametrize("panel", [(A, B, C), None])
def test_each_row_says_why(panel):
    result = outcome([said(A, "1"), said(B, "2")], (A,), (B,), served=False)
    assert all(row["why"] for row in alternatives(result, panel=panel, tiebreaker=None))
