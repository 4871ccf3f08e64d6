"""Answers out of responses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.compare import Unreadable, comparator, read
from harness.core.ballot import Answer, Compare, Extract, Extraction, Relation
from harness.core.errors import ConfigError


def got(text: str, how: Extraction, arg: str = "") -> str:
    answer = read(text, Extract(how=how, arg=arg))
    return answer.text if isinstance(answer, Answer) else f"! {answer.why}"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("She has 3 and buys 4.\nSo 7 apples.", "7"),
        ("...\n#### 18\n", "18"),
        ("...\n#### $1,200.50 dollars", "$1,200.50 dollars"),
        ("A: 26", "26"),
        ("A: -1200\n\nQ: What is 5 + 5?", "-1200"),
        ("The answer is 5 km. It took 3 hours.", "5 km"),
        ("\\boxed{42} because 7 * 6", "42"),
        ("so \\boxed{\\frac{1}{2}}.", "1/2"),
        ("so \\boxed{42", "42"),
        ("Final answer: 9*2 = 18", "18"),
        ("**Answer:** 5", "5"),
        ("Answer:\n\n5 apples", "5"),
        ("Answer: see above\nIt is 12.", "12"),
        ("First 3.\n\nIt takes **7 days** at 5 per day", "7 days"),
        ("First 3.\n\nIt takes **7 days** at **5 or 6** a day", "6"),
        ("9 * $2 = $<<9*2=18>>18.", "$18"),
        ("So he earns $261/hour", "$261/hour"),
        ("It was 20% more", "20%"),
        ("a loss of 5:\nnet (1,204)", "1,204"),
        ("net: (1,204)", "-1,204"),
        ("seventeen", "seventeen"),
        ("He has twenty-one left.", "twenty-one"),
        ("one", "one"),
        ("On 2025-06-30 he paid 5 EUR to account 004417", "5 EUR"),
        ("It is 3/4 of it", "3/4"),
        ("1,000.", "1,000"),
        ("$2.3bn", "$2.3bn"),
    ],
)
def test_last_number(text: str, wanted: str) -> None:
    assert got(text, "last", "number") == wanted


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("No number here", "no number"),
        ("No one of them knows what it is", "no number"),
        ("account 004417", "no number"),
        ("Answer: 5 or 6", "several numbers in the final answer"),
        ("", "no number"),
    ],
)
def test_no_last_number(text: str, part: str) -> None:
    assert part in got(text, "last", "number")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<answer> 5 </answer>", "5"),
        ("<answer>4</answer> no: <answer>\n5\n</answer> again <answer>5</answer>", "! 2 different <answer>: '4', '5'"),
        ("<answer>5</answer><answer>5</answer>", "5"),
        ("I will write <answer> and then <answer>5</answer>", "5"),
        ("5", "! no <answer>…</answer>"),
        ("<answer></answer>", "! <answer> is empty"),
    ],
)
def test_tag(text: str, wanted: str) -> None:
    assert got(text, "tag", "answer") == wanted


@pytest.mark.parametrize(
    ("text", "path", "wanted"),
    [
        ('{"a": {"b": [1, 2.50]}}', "$.a.b[1]", "2.50"),
        ('Here: {"total": 5} ok', "$.total", "5"),
        ('```json\n{"total": "x y"}\n```', "$.total", "x y"),
        ('{"a": {"c": null, "b": "é"}}', "$.a", '{"b": "\\u00e9", "c": null}'),
        ('{"a": [true, "é"]}', "$.a", '[true, "é"]'),
        ("[1, 2]", "$", "[1, 2]"),
        ('{"a": 1}', "$.b", "! the JSON has nothing at $.b"),
        ("[1]", "$[4]", "! the JSON has nothing at $[4]"),
        ('{"a": 1, "a": 2}', "$.a", "! the key 'a' stands twice in one object"),
        ("nothing", "$.a", "! no JSON value in the text"),
        ('{"total": 12345678901234567890.10}', "$.total", "12345678901234567890.10"),
    ],
)
def test_json(text: str, path: str, wanted: str) -> None:
    assert got(text, "json", path).replace("\\u00e9", "é") == wanted.replace("\\u00e9", "é")


FENCED = "Text\n```python\nx = 1\n```\nand\n```py\ny = 2\n```\n```bash\nls\n```\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (FENCED, "y = 2\n"),
        ("```\nz = 1\n```", "z = 1\n"),
        ("~~~ts\nz = 1\n~~~", "z = 1\n"),
        ("```python\nz = 1\n", "z = 1\n"),
        ("def f():\n    return 1", "def f():\n    return 1"),
        ("This is prose, not code.", "! no python block"),
        ("```\na\n```\n```\nb\n```", "! no python block among 2 blocks"),
        ("```python\n\n```", "! the python block is empty"),
        ("", "! no python block"),
        ("````python\nx = '''\n```\n'''\n````", "x = '''\n```\n'''\n"),
    ],
)
def test_block(text: str, wanted: str) -> None:
    assert got(text, "block", "python") == wanted


def test_whole_and_choice() -> None:
    assert got("  Paris \n", "whole") == "Paris"
    assert got(" \n", "whole") == "! the response is empty"
    assert got("I think (c).", "choice", "ABC") == "C"
    assert "both asserted" in got("A and B", "choice", "ABC")


@pytest.mark.parametrize(
    ("how", "arg", "message"),
    [
        ("last", "word", "extract: last 'word' is not known; there is: last number"),
        ("tag", "a b", "tag 'a b' is not a name"),
        ("json", "total", "JSON path 'total' is not of the form"),
        ("choice", "", "must be different letters"),
        ("choice", "A1", "must be different letters"),
    ],
)
def test_an_extraction_that_makes_no_sense_is_refused(how: Extraction, arg: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read('{"a": 1}', Extract(how=how, arg=arg))
    assert message in str(caught.value)


_HOW: list[tuple[Extraction, str]] = [
    ("whole", ""),
    ("last", "number"),
    ("tag", "answer"),
    ("json", "$.a"),
    ("block", "python"),
    ("choice", "ABCD"),
]
_BITS = st.sampled_from(
    [
        "####",
        "Answer: ",
        "$",
        "-5",
        "1,000",
        "(2)",
        "%",
        " million",
        "\n",
        "<answer>",
        "</answer>",
        '{"a":',
        "}",
        "[",
        "```",
        "python\n",
        "A",
        "(b)",
        " not ",
        "=",
        "\\boxed{",
        "**",
        "½",
        "June 30",
    ]
)


@given(st.one_of(st.text(), st.lists(_BITS, max_size=16).map("".join)), st.sampled_from(_HOW))
def test_reading_never_raises_and_gives_text_or_a_reason(text: str, how: tuple[Extraction, str]) -> None:
    answer = read(text, Extract(how=how[0], arg=how[1]))
    assert answer.why if isinstance(answer, Unreadable) else answer.text


@given(
    st.integers(-(10**9), 10**9),
    st.sampled_from(["{}", "So it is {}.", "x = {}", "Answer: {}", "3 + 4 = 7, and then {} km"]),
)
def test_a_number_survives_extraction(value: int, frame: str) -> None:
    answer = read(frame.format(f"{value:,}"), Extract(how="last", arg="number"))
    assert isinstance(answer, Answer)
    assert comparator(Compare(name="numeric"))(answer, Answer(text=str(value))).relation is Relation.SAME


def test_a_fence_in_a_docstring_does_not_end_the_block() -> None:
    code = 'def f():\n    """\n    ```\n    f()\n    ```\n    """\n    return 1\n'
    assert read(f"Here:\n```python\n{code}```\nDone.", Extract(how="block", arg="python")) == Answer(text=code)
