"""What holds for every comparator: symmetric, reflexive where it can read, never an exception."""
# ruff: noqa: SIM905 - lists of words read better as words

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.compare import COMPARATORS, comparator
from harness.compare.digits import read_digits
from harness.compare.number_words import read_words
from harness.core.ballot import Answer, Compare, Relation

_BITS = st.sampled_from(
    ["1", "0", "2.5", "1,234", "-", "−", "$", "€", " km", " m", "%", " million", "k", " ", " not", " at most", "Alice", " owes ", "Bob", "(", ")",
     "=", "/", "\n", "A", "b)", "B", '{"a": 1}', "[2, 1]", "x = 1", "def f(a):\n    b = a\n    return b", "select 1", "é", "е", "½", "1e9", "minus ",
     "twenty-", "one", " hundred", "####", "yes", "no", "10.0.0.0/8", "::1", "June ", "2025", "-06-30", "'", "\u202f", "<", ">=", "per hour", "/h", "²", "USD"]
)  # fmt: skip
_TEXT = st.one_of(st.text(max_size=40), st.lists(_BITS, max_size=8).map("".join))
_TEXTUAL = sorted(set(COMPARATORS) - {"tests", "judge"})


@pytest.mark.parametrize("name", _TEXTUAL)
def test_judging_is_symmetric_and_never_raises(name: str) -> None:
    judge = comparator(Compare(name=name, options={"locale": "auto"} if name in {"numeric", "value"} else {}))

    @given(_TEXT, _TEXT)
    def check(a: str, b: str) -> None:
        one, other = judge(Answer(text=a), Answer(text=b)), judge(Answer(text=b), Answer(text=a))
        assert one.relation is other.relation
        assert one.why
        assert other.why

    check()


@pytest.mark.parametrize("name", _TEXTUAL)
def test_an_answer_is_never_different_from_itself(name: str) -> None:
    judge = comparator(Compare(name=name))

    @given(_TEXT)
    def check(text: str) -> None:
        relation = judge(Answer(text=text), Answer(text=text)).relation
        assert relation is not Relation.DIFFERENT
        if name in {"exact", "fuzzy"} and text.strip():
            assert relation is Relation.SAME

    check()


_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()


def spelled(value: int) -> str:
    """Another way round: from the number to its words."""
    for scale, word in ((10**9, "billion"), (10**6, "million"), (1000, "thousand")):
        if value >= scale:
            rest = value % scale
            return f"{spelled(value // scale)} {word}" + (f" {spelled(rest)}" if rest else "")
    if value >= 100:
        return f"{_ONES[value // 100]} hundred" + (f" and {spelled(value % 100)}" if value % 100 else "")
    if value >= 20:
        return _TENS[value // 10] + (f"-{_ONES[value % 10]}" if value % 10 else "")
    return _ONES[value]


@given(st.integers(0, 10**12 - 1))
def test_number_words_are_read_back(value: int) -> None:
    words = spelled(value).split()
    assert read_words(words) == (value, len(words))
    assert read_words([*words, "apples"]) == (value, len(words))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("apples", (0, 0)), ("", (0, 0)), ("twenty two", (22, 2)), ("twenty twelve", (20, 1)), ("two-three", (0, 0)), ("twenty-zero", (0, 0)),
     ("hundred", (0, 0)), ("two hundred and", (200, 2)), ("two hundred and zero", (200, 2)), ("one thousand two thousand", (1000, 2)),
     ("one million and five", (1_000_005, 4)), ("zero hundred", (0, 1)), ("one thousand and", (1000, 2)), ("thirty hundred", (3000, 2)), ("five six", (5, 1)),
     ("one million thirty hundred", (1_000_000, 2))],
)  # fmt: skip
def test_odd_number_words(text: str, wanted: tuple[int, int]) -> None:
    assert read_words(text.split()) == wanted


@given(st.integers(0, 10**12))
def test_every_grouping_of_an_integer_is_that_integer(value: int) -> None:
    for mark in ",.'_":
        grouped = f"{value:,}".replace(",", mark)
        if grouped.count(mark) > 1:
            assert read_digits(grouped, "auto") == (Fraction(value),)
    assert read_digits(str(value), "de") == (Fraction(value),)


@pytest.mark.parametrize("text", ["5.", "1,2'3.5", "007", "1.2,3.4", "1_2", "1" * 1001])
def test_malformed_digits_are_no_number(text: str) -> None:
    assert read_digits(text, "auto") == ()
