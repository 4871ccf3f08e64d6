"""JSON voted on field by field."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.compare import comparator, group
from harness.compare.fields import FIELDS_MAX, ByField
from harness.core.ballot import Answer, Ballot, BallotKind, Compare, Merged, Unmerged
from harness.core.errors import ConfigError
from harness.core.ids import ModelId


def by_field(**options) -> ByField:
    made = comparator(Compare(name="json", options={"vote": "fields", **options}))
    assert isinstance(made, ByField)
    return made


def ballots(*answers: object) -> list[Ballot]:
    texts = [each if isinstance(each, str) else json.dumps(each) for each in answers]
    return [
        Ballot(model=ModelId(model), kind=BallotKind.ANSWERED, answer=Answer(text=text))
        for model, text in zip("abcdefgh", texts, strict=False)
    ]


def merge(*answers: object, needed: int = 2, **options) -> Merged | Unmerged:
    return by_field(**options).merge(ballots(*answers), needed)


def test_every_field_has_its_own_majority_and_its_own_authors() -> None:
    found = merge({"x": 1, "y": {"z": "q"}}, {"x": 2, "y": {"z": "q"}}, {"x": 1, "y": {"z": "p"}})
    assert isinstance(found, Merged)
    assert json.loads(found.answer.text) == {"x": 1, "y": {"z": "q"}}
    assert [(each.field, each.models) for each in found.fields] == [("$.x", ("a", "c")), ("$.y.z", ("a", "b"))]


def test_what_is_contested_is_named_with_what_was_said() -> None:
    found = merge({"x": 1, "y": 1}, {"x": 2, "y": 1}, {"x": 3})
    assert found == Unmerged(why="no agreement on $.x (1 × 1 against 1 × 2 against 1 × 3)", votes=1)
    many = merge({str(key): 1 for key in range(7)}, {str(key): 2 for key in range(7)})
    assert isinstance(many, Unmerged)
    assert many.why.endswith(" and 2 more")


@pytest.mark.parametrize(
    ("answers", "merged"),
    [
        (({"x": None}, {"x": False}, {"x": None}), {"x": None}),
        (({"x": 1, "y": 2}, {"x": 1}, {"x": 1}), {"x": 1}),
        (({"x": 1, "y": 2}, {"x": 1, "y": None}, {"x": 1, "y": 2}), {"x": 1, "y": 2}),
        (({"x": True, "y": 0}, {"x": 1, "y": 1}, {"x": True, "y": 1}), {"x": True, "y": 1}),
        (({"x": {}}, {"x": {}}, {"x": {"y": 1}}), {"x": {}}),
        (({"x": 5}, {"x": {"y": 1}}, {"x": {"y": 1}}), {"x": {"y": 1}}),
        ((7, 8, 7), 7),
        (([1, 2], [1, 2], [2, 1]), [1, 2]),
    ],
)
def test_absence_null_and_false_stay_three_things(answers, merged) -> None:
    found = merge(*answers)
    assert isinstance(found, Merged)
    assert json.loads(found.answer.text) == merged


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (({"x": None}, {"x": False}, {}), "absent"),
        (('{"x": 1, "x": 1}', '{"x": 1, "x": 1}', {"x": 1}), "no agreement on $.x"),
        (({"x": 1}, {"x": 1}, {"x": 2}, {"x": 2}), "2 × 1 against 2 × 2"),
        (({"x": 1, "y": 1}, {"x": 1, "z": 1}, {"y": 1, "z": 1}), "stand together in nobody's answer"),
        (("none", "none", "none"), "0 fields"),
        (({"x": "[redacted:api-key]"},) * 3, "no agreement on $.x"),
        (({str(key): 1 for key in range(FIELDS_MAX + 1)},) * 2, f"{FIELDS_MAX + 1} fields"),
    ],
)
def test_what_cannot_be_put_together_is_not(answers, why) -> None:
    found = merge(*answers)
    assert isinstance(found, Unmerged)
    assert why in found.why


def test_sets_tolerances_and_ignored_places_keep_their_meaning() -> None:
    answers = ({"t": ["a", "b"], "n": 1.0, "why": "x", "k": 1}, {"t": ["b", "a"], "n": 1.05, "why": "y", "k": 2})
    found = merge(*answers, {"t": ["c"], "n": 3, "why": "z", "k": 1}, sets=["$.t"], tolerance=0.1, ignore=["$.why"])
    assert isinstance(found, Merged)
    assert json.loads(found.answer.text) == {"t": ["a", "b"], "n": 1.0, "k": 1}


def test_declared_fields_are_all_that_is_voted_on() -> None:
    options = {"fields": ["$.total", "$.to"]}
    answers = ({"total": 5, "to": {"a": 1}, "x": 1}, {"total": 5, "to": {"a": 2}, "x": 2}, {"total": 6, "to": {"a": 2}})
    found = merge(*answers, **options)
    assert isinstance(found, Merged)
    assert json.loads(found.answer.text) == {"total": 5, "to": {"a": 2}}
    assert [each.field for each in found.fields] == ["$.to", "$.total"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (["$.a", "$.a.b"], r"field \$.a.b lies in \$.a"),
        (["$.a[*]"], "no place in objects"),
        (["$.a[0].b"], "no place in objects"),
        (["$"], "no place in objects"),
        (["a"], "not of the form"),
    ],
)
def test_a_field_is_a_place_in_objects(fields, why) -> None:
    with pytest.raises(ConfigError, match=why):
        by_field(fields=fields)


def test_fields_without_a_vote_by_fields_are_an_unknown_option() -> None:
    with pytest.raises(ConfigError, match="no option 'fields'"):
        comparator(Compare(name="json", options={"fields": ["$.a"]}))


def test_only_a_vote_by_fields_puts_answers_together() -> None:
    voters = ballots({"x": 1}, {"x": 1})
    assert group(voters, comparator(Compare(name="json"))).merge is None
    merged = group(voters, by_field()).merge
    assert merged is not None
    assert isinstance(merged(2), Merged)
    silent = Ballot(model=ModelId("s"), kind=BallotKind.REFUSED)
    assert by_field().merge([silent, *voters], 2) == merged(2)


_VALUES = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 2, "a"]),
    lambda inner: st.dictionaries(st.sampled_from("xyz"), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=6,
)


@given(st.lists(_VALUES, min_size=2, max_size=5), st.integers(2, 4), st.randoms(use_true_random=False))
def test_merging_does_not_depend_on_the_order_and_never_makes_a_field_up(answers, needed, random) -> None:
    judge, voters = by_field(), ballots(*answers)
    found = judge.merge(voters, needed)
    again = list(voters)
    random.shuffle(again)
    other = judge.merge(again, needed)
    assert type(found) is type(other)
    if isinstance(found, Merged) and isinstance(other, Merged):
        assert found.answer == other.answer
        assert all(len(each.models) >= needed for each in found.fields)
        value = json.loads(found.answer.text)
        assert judge(Answer(text=found.answer.text), Answer(text=json.dumps(value))).relation.value == "same"


@given(_VALUES, st.integers(2, 5))
def test_what_all_say_is_what_is_put_together(answer, count) -> None:
    found = by_field().merge(ballots(*[json.dumps(answer)] * count), count)
    assert isinstance(found, Merged)
    assert json.loads(found.answer.text) == answer


@given(st.lists(st.dictionaries(st.sampled_from("xy"), st.integers(0, 2)), min_size=2, max_size=4), st.integers(0, 3))
def test_one_more_ballot_that_says_the_merged_answer_changes_nothing(answers, needed) -> None:
    needed = max(2, len(answers) // 2 + 1, needed)
    found = by_field().merge(ballots(*answers), needed)
    if isinstance(found, Merged):
        more = by_field().merge(ballots(*answers, found.answer.text), needed)
        assert isinstance(more, Merged)
        assert more.answer == found.answer
