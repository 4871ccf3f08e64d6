"""Ballots into groups."""

from dataclasses import dataclass
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from harness.compare import Grouping, comparator, group
from harness.compare.text import is_redacted
from harness.core.ballot import Answer, Ballot, BallotKind, Compare, Judgement, Relation
from harness.core.ids import ModelId
from harness.guard import redactor

NUMERIC = comparator(Compare(name="numeric"))


def ballot(model: str, text: str | None) -> Ballot:
    if text is None:
        return Ballot(model=ModelId(model), kind=BallotKind.REFUSED)
    return Ballot(model=ModelId(model), kind=BallotKind.ANSWERED, answer=Answer(text=text))


def shape(found: Grouping) -> list[list[str]]:
    return [[member.model for member in members] for members in found.groups]


def test_groups_are_largest_first_and_members_in_panel_order() -> None:
    found = group(
        [ballot("a", "1"), ballot("b", "2"), ballot("c", None), ballot("d", "2.0"), ballot("e", "3")], NUMERIC
    )
    assert shape(found) == [["b", "d"], ["a"], ["e"]]
    assert found.unknown == ()


def test_pairs_the_comparator_cannot_tell_are_named() -> None:
    found = group([ballot("a", "5%"), ballot("b", "5"), ballot("c", "7")], NUMERIC)
    assert shape(found) == [["a"], ["b"], ["c"]]
    assert [(pair.a, pair.b) for pair in found.unknown] == [("a", "b")]
    assert "may or may not" in found.unknown[0].why


def test_empty_answers_are_each_alone() -> None:
    found = group([ballot("a", ""), ballot("b", "")], comparator(Compare(name="exact")))
    assert shape(found) == [["a"], ["b"]]
    assert group([], NUMERIC) == Grouping()


def test_a_ballot_must_agree_with_every_member() -> None:
    close = comparator(Compare(name="numeric", options={"tolerance": 1}))
    found = group([ballot("a", "1"), ballot("b", "2"), ballot("c", "3")], close)
    assert shape(found) == [["a", "b"], ["c"]]


@dataclass(frozen=True)
class Counting:
    """Counts how often it is asked."""

    asked: list[int]
    name: str = "counting"
    version: str = "1"
    needs: Literal["text", "execution"] = "text"

    def __call__(self, a: Answer, b: Answer, /) -> Judgement:
        self.asked.append(1)
        return Judgement(relation=Relation.SAME if a.text == b.text else Relation.DIFFERENT, why="counted")


def test_equal_answers_are_judged_once() -> None:
    judge = Counting(asked=[])
    assert [len(members) for members in group([ballot(f"m{n}", str(n % 2)) for n in range(60)], judge).groups] == [
        30,
        30,
    ]
    assert len(judge.asked) <= 3


_TEXTS = st.sampled_from(
    ["1", "1.0", "2", "3", "1.4", "5%", "5", "0.05", "five", "", "1 KB", "1000 bytes", "1024 bytes", "n/a", "$5"]
)
_BALLOTS = st.lists(st.one_of(st.none(), _TEXTS), max_size=9).map(
    lambda texts: [ballot(f"m{n}", text) for n, text in enumerate(texts)]
)
_JUDGES = st.sampled_from(
    [
        NUMERIC,
        comparator(Compare(name="numeric", options={"tolerance": "0.5"})),
        comparator(Compare(name="exact")),
        comparator(Compare(name="value")),
    ]
)


@given(_BALLOTS, _JUDGES, st.randoms())
def test_groups_partition_the_valid_ballots_whatever_the_order(ballots, judge, rng) -> None:
    found = group(ballots, judge)
    members = [member for group_ in found.groups for member in group_]
    assert sorted(member.model for member in members) == sorted(item.model for item in ballots if item.valid)
    assert [len(group_) for group_ in found.groups] == sorted(map(len, found.groups), reverse=True)
    for group_ in found.groups:
        for a in group_:
            for b in group_:
                assert a is b or judge(a.answer, b.answer).relation is Relation.SAME
    shuffled = list(ballots)
    rng.shuffle(shuffled)
    again = group(shuffled, judge)
    assert {frozenset(item.model for item in group_) for group_ in again.groups} == {
        frozenset(item.model for item in group_) for group_ in found.groups
    }
    assert {frozenset(pair[:2]) for pair in again.unknown} == {frozenset(pair[:2]) for pair in found.unknown}


def test_two_redacted_secrets_are_not_one_answer() -> None:
    for name in ("exact", "fuzzy"):
        voters = [ballot(model, "it is [redacted:api-key]") for model in "ab"]
        found = group(voters, comparator(Compare(name=name)))
        assert shape(found) == [["a"], ["b"]]
        assert "redacted" in found.unknown[0].why
    apart = group([ballot("a", "[redacted:jwt]"), ballot("b", "no")], comparator(Compare(name="exact")))
    assert apart.unknown == (), "different without what was redacted is different"


def test_the_mark_of_a_redacted_secret_is_the_guards() -> None:
    secret = "sk-" + "a1B2" * 8
    assert is_redacted(redactor({"KEY": "0123456789"})("0123456789"))
    assert is_redacted(redactor()(secret))
    assert not is_redacted(secret)
