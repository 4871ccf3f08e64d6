"""Answers made to keep the event loop busy."""

import pytest

from harness.compare import Unreadable, comparator, read
from harness.compare.extract import TEXT_MAX
from harness.core.ballot import Answer, Compare, Extract, Relation


def test_an_answer_of_megabytes_is_not_read():
    huge = "**a" * TEXT_MAX
    for how, arg in [("whole", ""), ("last", "number"), ("tag", "x"), ("json", "$"), ("block", "python")]:
        answer = read(huge, Extract(how=how, arg=arg))
        assert isinstance(answer, Unreadable)
        assert "1000000" in answer.why


def test_a_long_answer_is_read():
    text = "thinking… " * 50_000 + "\n#### 42"
    assert read(text, Extract(how="last", arg="number")) == Answer(text="42")


@pytest.mark.parametrize(("part", "letter"), [("**a**", "A"), ("(b) ", "B"), ("A and ", "A"), ("not (c) ", None)])
def test_mentions_by_the_hundred_thousand_are_read(part, letter):
    answer = read(part * 20_000, Extract(how="choice", arg="ABCD"))
    assert isinstance(answer, Unreadable) if letter is None else answer == Answer(text=letter)


def test_the_choice_is_what_it_was():
    choice = comparator(Compare(name="choice"))
    same = choice(Answer(text="Not (a). A is wrong. I pick B; B because of b)."), Answer(text="(B)"))
    assert same.relation is Relation.SAME
    both = choice(Answer(text="A. Then again: B."), Answer(text="B"))
    assert both.relation is Relation.UNKNOWN
