"""Scripts are read whole or refused line by line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import FaultsError
from harness.core.money import Usage
from harness.core.response import Finish
from harness.wire.script_rows import ScriptRow, parse_rows

GOOD = """\ufeff{"when": "6 × 7", "text": "42", "usage": {"input": 5, "output": 2, "reasoning": 9}, "latency_s": 0.5, "comment": "right"}

{"texts": ["a", "b"], "finish": "length"}
{"fault": "throttled", "retry_after_s": 2}
{"when": "x", "text": "No.", "fault": "refused"}
{"text": "", "finish": "content_filter"}\r
"""


def test_a_script():
    assert parse_rows(GOOD, name="careful.jsonl") == (
        ScriptRow(when="6 × 7", texts=("42",), usage=Usage(input=5, output=2, reasoning=9), latency_s=0.5),
        ScriptRow(texts=("a", "b"), finish=Finish.LENGTH),
        ScriptRow(fault="throttled", retry_after_s=2.0),
        ScriptRow(when="x", texts=("No.",), fault="refused"),
        ScriptRow(texts=("",), finish=Finish.CONTENT_FILTER),
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"text": "a", "wen": "b"}', "s.jsonl:1: wen: no such key; there are: when, text, texts, finish"),
        ('{"text": 42}', "s.jsonl:1: text: 42 is not a text"),
        ('{"texts": []}', "s.jsonl:1: texts: [] is not a list of one text or more"),
        ('{"texts": ["a", 1]}', "s.jsonl:1: texts: ['a', 1] is not a list"),
        ('{"text": "a", "finish": "stopped"}', "s.jsonl:1: finish: 'stopped' is not a finish; there are: stop, length"),
        ('{"text": "a", "finish": ["stop"]}', "finish: ['stop'] is not a finish"),
        ('{"fault": "slow"}', "s.jsonl:1: fault: 'slow' is not a fault; there are: throttled, overloaded, hang"),
        ('{"text": "a", "usage": {"in": 1}}', "usage: {'in': 1} is not token counts by name, each 0 or more; there are: input"),
        ('{"text": "a", "usage": {"input": -1}}', "usage: {'input': -1} is not"),
        ('{"text": "a", "usage": {"input": true}}', "usage: {'input': True} is not"),
        ('{"text": "a", "usage": 3}', "usage: 3 is not"),
        ('{"text": "a", "latency_s": -1}', "latency_s: -1 is not a number of seconds, 0 or more"),
        ('{"text": "a", "latency_s": NaN}', "latency_s: nan is not a number"),
        ('{"text": "a", "latency_s": "1"}', "latency_s: '1' is not a number"),
        ('{"fault": "throttled", "retry_after_s": null}', "retry_after_s: None is not"),
        ('{"text": "a", "when": null}', "when: None is not a text"),
        ('{"text": "a", "comment": 1}', "comment: 1 is not a text"),
        ('{"when": "a"}', "s.jsonl:1: the row has no answer; give it text, texts or fault"),
        ('{"text": "a", "texts": ["b"]}', "s.jsonl:1: the row has text and texts"),
        ('{"text": ""}', "the text is empty; a model that stops without a word is the fault 'empty'"),
        ('{"texts": ["a", ""]}', "the text is empty"),
        ('{"text": "a"', "s.jsonl:1: '{\"text\": \"a\"' is not a row: Expecting"),
        ('{"text": "a", "text": "b"}', "given twice: text"),
        ('["a"]', 's.jsonl:1: \'["a"]\' is not a row; a row is an object: {"text": "42"}'),
        ("x" * 200, "…"),
        ("[" * 100_000, "is not a row"),
        ("", 's.jsonl: the script has no row; a row is {"text": "42"}'),
    ],
)  # fmt: skip
def test_a_fault_says_where_what_and_what_would_have_worked(line, problem):
    with pytest.raises(FaultsError) as caught:
        parse_rows(line, name="s.jsonl")
    assert problem in str(caught.value)


def test_all_faults_are_told_at_once():
    with pytest.raises(FaultsError) as caught:
        parse_rows('{"text": 1, "x": 2}\n\n{"text": "fine"}\nnonsense', name="s.jsonl")
    assert [(fault.file, fault.place) for fault in caught.value.faults] == [
        ("s.jsonl:1", "text"),
        ("s.jsonl:1", "x"),
        ("s.jsonl:4", ""),
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("when", "text", "texts", "finish", "usage", "latency_s", "fault", "retry_after_s", "comment", "other")


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), json_values), min_size=1, max_size=3))
def test_a_script_is_read_or_refused(rows):
    text = "\n".join(json.dumps(row) for row in rows)
    try:
        read = parse_rows(text, name="s")
    except FaultsError:
        return
    assert len(read) == len(rows)
