"""Names and options: what is wrong is named, with what would have worked."""

import pytest

from harness.compare import COMPARATORS, comparator
from harness.core.ballot import Answer, Compare, Relation
from harness.core.errors import ConfigError


@pytest.mark.parametrize("name", sorted(COMPARATORS))
def test_every_name_makes_a_comparator_of_that_name(name: str) -> None:
    made = comparator(Compare(name=name, options={"model": "v/j"} if name == "judge" else {}))
    assert made.name == name
    assert made.version
    assert made.needs == {"tests": "execution", "judge": "judgement"}.get(name, "text")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("fuzy", {}, "no comparator 'fuzy'; there are: choice, code, exact, fuzzy, json, judge, numeric, tests, value"),
        ("exact", {"caseless": True}, "comparator 'exact' has no option 'caseless'; there are: aliases, casefold"),
        ("tests", {"x": 1}, "comparator 'tests' has no option 'x'; there are: tests"),
        ("tests", {"tests": "mine"}, "option 'tests' is 'mine'; it must be one of given, generated"),
        ("tests", {"tests": "generated", "function": "a b"}, "'function' is 'a b'; it must be the name of a function"),
        ("tests", {"function": "f"}, "comparator 'tests' has no option 'function'"),
        ("exact", {"casefold": 1}, "option 'casefold' is 1; it must be true or false"),
        ("numeric", {"locale": "us"}, "option 'locale' is 'us'; it must be one of en, de, fr, ch, auto"),
        ("numeric", {"tolerance": -1}, "option 'tolerance' is -1; it must be a number of at least 0"),
        ("numeric", {"tolerance": True}, "it must be a number of at least 0"),
        ("numeric", {"tolerance": "NaN"}, "it must be a number of at least 0"),
        ("numeric", {"tolerance": "1e9999999"}, "it must be a number of at least 0"),
        ("numeric", {"tolerance": "little"}, "it must be a number of at least 0"),
        ("fuzzy", {"threshold": 101}, "it must be a number from 0 to 100"),
        ("fuzzy", {"threshold": 50}, "low is 60 and must not exceed threshold 50"),
        ("json", {"sets": 5}, "option 'sets' is 5; it must be a list of texts"),
        ("json", {"sets": [5]}, "it must be a list of texts"),
        ("json", {"sets": "tags"}, "JSON path 'tags' is not of the form $.name[0].other"),
        ("json", {"ignore": "$.a..b"}, "JSON path '$.a..b'"),
        ("choice", {"options": ["A"]}, "it must be an object of names and values"),
        ("choice", {"letters": "AA"}, "must be different letters"),
        ("choice", {"options": {"A1": "x"}}, "must be different letters"),
        ("exact", {"aliases": {"US": 5}}, "option 'aliases' is 5; it must be a list of texts for 'US'"),
        ("value", {"aliases": {"US": [" "]}}, "it must be a list of texts for 'US'"),
        ("exact", {"aliases": {"US": ["a"], "UK": ["A"]}}, "an alias of one name, and is one of 'US' and 'UK'"),
        ("numeric", {"algebra": "yes"}, "option 'algebra' is 'yes'; it must be true or false"),
        ("value", {"synonyms": {"allow": "permit"}}, "synonyms of 'allow' are 'permit'; they must be a list of texts"),
    ],
)
def test_what_is_wrong_is_named(name: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        comparator(Compare(name=name, options=options))
    assert message in str(caught.value)


def test_decimals_are_exact() -> None:
    judge = comparator(Compare(name="numeric", options={"tolerance": 0.1}))
    assert judge(Answer(text="0.3"), Answer(text="0.2")).relation is Relation.SAME
    assert judge(Answer(text="0.3000000001"), Answer(text="0.2")).relation is Relation.DIFFERENT
