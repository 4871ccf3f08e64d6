"""Tools in words: what is written is read again, and what is no call stays text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evals.solvers.tool_text import (
    Tool,
    ToolCall,
    instructions,
    read_calls,
    written_call,
    written_result,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.text(min_size=1, max_size=10), st.dictionaries(st.text(max_size=8), json_values, max_size=4))
def test_a_written_call_is_read_again(name, arguments):
    text = f"I look.\n{written_call(name, json.dumps(arguments))}"
    assert read_calls(text) == ("I look.", (ToolCall(name=name, arguments=arguments),))


def test_the_end_tag_inside_an_argument_ends_nothing():
    arguments = {"command": "echo '</tool_call>' '<tool_call>{}'"}
    said, calls = read_calls(written_call("bash", json.dumps(arguments)) + "\nafter")
    assert (said, calls) == ("after", (ToolCall(name="bash", arguments=arguments),))


def test_several_calls_and_a_missing_end():
    text = '<tool_call>{"name": "a"}</tool_call> and <tool_call>\n{"name": "b", "arguments": {"x": "1\n2"}}'
    said, calls = read_calls(text)
    assert said == "and"
    assert [(call.name, dict(call.arguments)) for call in calls] == [("a", {}), ("b", {"x": "1\n2"})]


@pytest.mark.parametrize(
    "text",
    ["no call", "<tool_call>", "<tool_call>{", '<tool_call>{"name": 1}', "<tool_call>[]</tool_call>", '<tool_call>{"name": "a", "arguments": "x"}', "<tool_call>" + "[" * 100_000],
    ids=range(7),
)  # fmt: skip
def test_what_is_no_call_stays_text(text):
    assert read_calls(text) == (text, ())


def test_what_a_model_is_told():
    tool = Tool(name="bash", description="Run a command", schema={"type": "object"})
    told = instructions([tool], required=True)
    assert '{"name": "bash", "description": "Run a command", "parameters": {"type": "object"}}' in told
    assert "at least one call" in told
    assert "final answer" in instructions([tool], required=False)
    assert instructions([], required=True) == ""


def test_arguments_that_are_no_json_are_shown_as_they_are():
    assert '"arguments": "{broken"' in written_call("bash", "{broken")
    assert written_result("c1", "out") == '<tool_result id="c1">\nout\n</tool_result>'
