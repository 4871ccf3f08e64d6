"""Token counts: disjoint, never negative, and equal to the vendor's total or said not to be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.money import Usage
from harness.wire import HTTP_FAMILIES
from harness.wire.tally import INCOMPLETE, INCONSISTENT, Counts, Tally, tally

CHAT = HTTP_FAMILIES["openai-chat"].tally
RESPONSES = HTTP_FAMILIES["openai-responses"].tally
ANTHROPIC = HTTP_FAMILIES["anthropic"].tally
GEMINI = HTTP_FAMILIES["gemini"].tally


@pytest.mark.parametrize(
    ("usage", "expected", "notes"),
    [
        # DeepSeek, Moonshot and LiteLLM name their cache counts differently
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 5,
                "total_tokens": 105,
                "prompt_cache_hit_tokens": 64,
                "prompt_cache_miss_tokens": 36,
            },
            Usage(input=36, cache_read=64, output=5),
            (),
        ),
        (
            {"prompt_tokens": 100, "completion_tokens": 5, "cached_tokens": 64},
            Usage(input=36, cache_read=64, output=5),
            (),
        ),
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 5,
                "total_tokens": 105,
                "cache_read_input_tokens": 60,
                "cache_creation_input_tokens": 30,
                "prompt_tokens_details": {"cached_tokens": 60, "cache_creation_tokens": 30},
            },
            Usage(input=10, cache_read=60, cache_write=30, output=5),
            (),
        ),
        # xAI: reasoning beside the completion, as its total shows
        (
            {
                "prompt_tokens": 37,
                "completion_tokens": 530,
                "total_tokens": 800,
                "completion_tokens_details": {"reasoning_tokens": 233},
            },
            Usage(input=37, output=530, reasoning=233),
            (),
        ),
        # more reasoning than completion can only be beside it
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 300}},
            Usage(input=10, output=5, reasoning=300),
            (INCONSISTENT,),
        ),
        # a proxy that puts Anthropic's counts under OpenAI's names
        (
            {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 1119, "cached_tokens": 1111},
            Usage(input=3, cache_read=1111, output=5),
            (),
        ),
        ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 99}, Usage(input=10, output=5), (INCONSISTENT,)),
        ({"total_tokens": 99}, None, (INCOMPLETE,)),
        ({"prompt_tokens": 10}, None, (INCOMPLETE,)),
        ({"completion_tokens": 10}, None, (INCOMPLETE,)),
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, None, (INCOMPLETE,)),
        ({"prompt_tokens": 20, "total_tokens": 10}, None, (INCOMPLETE,)),
        ({"prompt_tokens": -1, "completion_tokens": True, "total_tokens": "many"}, None, ()),
        ({"prompt_tokens": 10**13, "completion_tokens": 1}, None, (INCOMPLETE,)),
        ({}, None, ()),
        (
            {"input_tokens": 7, "output_tokens": 2, "billed_units": {"input_tokens": 7, "output_tokens": 2}},
            Usage(input=7, output=2),
            (),
        ),
    ],
)
def test_chat(usage, expected, notes):
    assert CHAT(usage) == Tally(usage=expected, notes=notes)


@pytest.mark.parametrize(
    ("usage", "expected", "notes"),
    [
        ({"input_tokens": 3, "output_tokens": 9, "cache_creation_input_tokens": 418, "cache_read_input_tokens": 1111}, Usage(input=3, cache_read=1111, cache_write=418, output=9), ()),
        ({"input_tokens": 3, "output_tokens": 9, "output_tokens_details": {"thinking_tokens": 4}}, Usage(input=3, output=5, reasoning=4), ()),
        ({"input_tokens": 3, "output_tokens": 9, "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}}, Usage(input=3, cache_write=30, output=9), ("cache_write_1h",)),
        ({"input_tokens": 3, "output_tokens": 9, "cache_creation_input_tokens": 11, "cache_creation": {"ephemeral_5m_input_tokens": 10}}, Usage(input=3, cache_write=11, output=9), (INCONSISTENT,)),
        ({"input_tokens": 3}, None, (INCOMPLETE,)),
    ],
)  # fmt: skip
def test_anthropic(usage, expected, notes):
    assert ANTHROPIC(usage) == Tally(usage=expected, notes=notes)


@pytest.mark.parametrize(
    ("usage", "expected", "notes"),
    [
        ({"promptTokenCount": 9, "candidatesTokenCount": 9, "thoughtsTokenCount": 34, "totalTokenCount": 52}, Usage(input=9, output=9, reasoning=34), ()),
        ({"promptTokenCount": 9, "candidatesTokenCount": 43, "thoughtsTokenCount": 34, "totalTokenCount": 52}, Usage(input=9, output=9, reasoning=34), ()),
        ({"promptTokenCount": 9, "toolUsePromptTokenCount": 5, "candidatesTokenCount": 1, "totalTokenCount": 15}, Usage(input=14, output=1), ()),
        ({"promptTokenCount": 9, "totalTokenCount": 9}, Usage(input=9), ()),
        ({"trafficType": "ON_DEMAND"}, None, ()),
    ],
)  # fmt: skip
def test_gemini(usage, expected, notes):
    assert GEMINI(usage) == Tally(usage=expected, notes=notes)


def test_responses():
    usage = {
        "input_tokens": 4020,
        "input_tokens_details": {"cached_tokens": 4000, "cache_write_tokens": 12},
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 40},
        "total_tokens": 4070,
    }
    assert RESPONSES(usage).usage == Usage(input=8, cache_read=4000, cache_write=12, output=10, reasoning=40)


numbers = st.integers(min_value=0, max_value=10_000)


@given(
    counts=st.builds(
        Counts,
        prompt=st.none() | numbers,
        output=st.none() | numbers,
        cache_read=numbers,
        cache_write=numbers,
        reasoning=numbers,
        total=st.none() | numbers,
    ),
    cache=st.booleans(),
    reasoning=st.booleans(),
)
def test_no_count_is_negative_and_a_total_is_met_or_missed_aloud(counts, cache, reasoning):
    found = tally(counts, cache_inside=cache, reasoning_inside=reasoning)
    if found.usage is None:
        return
    parts = (
        found.usage.input,
        found.usage.cache_read,
        found.usage.cache_write,
        found.usage.output,
        found.usage.reasoning,
    )
    assert min(parts) >= 0
    if counts.total is not None and not found.notes:
        assert found.usage.total == counts.total
