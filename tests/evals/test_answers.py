"""An answer against what is expected: never a success by default."""

import pytest

from harness.compare import comparator
from harness.core.ballot import Compare, Extract
from harness.core.trial import Grade
from harness.evals.answers import expected_text, judge_answer

NUMBER = Extract(how="last", arg="number")
NUMERIC = comparator(Compare(name="numeric"))
EXACT = comparator(Compare(name="exact"))
VALUE = comparator(Compare(name="json"))


@pytest.mark.parametrize(
    ("text", "expected", "grade", "answer", "detail"),
    [
        ("So it is 42.", 42, Grade.RESOLVED, "42", ""),
        ("So it is 42.0", "42", Grade.RESOLVED, "42.0", ""),
        ("So it is -42.", 42, Grade.NOT_RESOLVED, "-42", "expected '42', got '-42': "),
        ("I do not know.", 42, Grade.FORMAT_FAILURE, None, "no number in 'I do not know.'"),
        ("", 42, Grade.EMPTY, None, "no text"),
        (" \n\t", 42, Grade.EMPTY, None, "no text"),
        ("42", None, Grade.INFRA_ERROR, None, "nobody knows the right answer"),
        ("", None, Grade.INFRA_ERROR, None, "nobody knows the right answer"),
    ],
)
def test_numbers(text, expected, grade, answer, detail):
    judged = judge_answer(text, expected, extract=NUMBER, judge=NUMERIC)
    assert (judged.grade, judged.answer) == (grade, answer)
    assert detail in judged.detail
    assert judged.flags == ()


def test_what_the_comparator_cannot_tell_is_no_success_and_is_flagged():
    judged = judge_answer("an IBAN", "42", extract=Extract(), judge=NUMERIC)
    assert (judged.grade, judged.flags, judged.answer) == (Grade.NOT_RESOLVED, ("comparator_unknown",), "an IBAN")


@pytest.mark.parametrize("expected", [0, False, "", [], {}])
def test_a_falsy_expectation_is_an_expectation(expected):
    judged = judge_answer("something else", expected, extract=Extract(), judge=EXACT)
    assert judged.grade is Grade.NOT_RESOLVED


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("as it is", "as it is"),
        (7, "7"),
        (0.1, "0.1"),
        (True, "true"),
        ({"b": "ü", "a": [1, None]}, '{"a": [1, null], "b": "ü"}'),
    ],
)
def test_expected_values_as_one_would_write_them(expected, text):
    assert expected_text(expected) == text


def test_structures_are_compared_as_structures():
    judged = judge_answer(
        'Here: {"items": [1, 2], "total": 3.0}',
        {"total": 3, "items": [1, 2]},
        extract=Extract(how="json", arg="$"),
        judge=VALUE,
    )
    assert judged.grade is Grade.RESOLVED, judged.detail
