"""Three ways of talking: what an agent sends becomes the same messages, what it gets is what its client expects."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.money import Usage
from harness.core.request import Message, Sampling
from harness.core.response import Finish
from harness.evals.solvers.dialects import CHAT, DIALECTS, MESSAGES, RESPONSES, BadRequest, Said
from harness.evals.solvers.tool_text import ToolCall

TOOL = {"type": "object", "properties": {"command": {"type": "string"}}}
CALLED = '<tool_call>\n{"name": "bash", "arguments": {"command": "ls"}}\n</tool_call>'
RESULT = '<tool_result id="c1">\na.py\n</tool_result>'
CHAT_BODY = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Fix it."}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "a.py"},
    ],
    "tools": [{"type": "function", "function": {"name": "bash", "description": "Run", "parameters": TOOL}}],
    "temperature": 0,
    "max_tokens": 100,
    "stop": "END",
    "stream": True,
}  # fmt: skip
MESSAGES_BODY = {
    "model": "m",
    "system": [{"type": "text", "text": "Be brief."}],
    "messages": [
        {"role": "user", "content": "Fix it."},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "tool_use", "id": "c1", "name": "bash", "input": {"command": "ls"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "a.py"}]}]},
    ],
    "tools": [{"name": "bash", "description": "Run", "input_schema": TOOL}],
    "temperature": 0,
    "max_tokens": 100,
    "stop_sequences": ["END"],
    "stream": True,
}  # fmt: skip
RESPONSES_BODY = {
    "model": "m",
    "instructions": "Be brief.",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "Fix it."}]},
        {"type": "reasoning", "summary": []},
        {"type": "function_call", "call_id": "c1", "name": "bash", "arguments": '{"command": "ls"}'},
        {"type": "function_call_output", "call_id": "c1", "output": "a.py"},
    ],
    "tools": [{"type": "function", "name": "bash", "description": "Run", "parameters": TOOL}, {"type": "web_search"}],
    "temperature": 0,
    "max_output_tokens": 100,
    "stop": ["END"],
    "stream": True,
}
SAID = Said(
    text="I look.",
    calls=(ToolCall(name="bash", arguments={"command": "ls"}),),
    usage=Usage(input=10, cache_read=3, output=5),
    model="m",
)


@pytest.mark.parametrize(("dialect", "body"), [(CHAT, CHAT_BODY), (MESSAGES, MESSAGES_BODY), (RESPONSES, RESPONSES_BODY)], ids=["chat", "messages", "responses"])  # fmt: skip
def test_all_three_ask_the_same(dialect, body):
    asked = dialect.read(body)
    system, *rest = asked.messages
    assert system.role == "system"
    assert system.content.startswith("Be brief.\n\nYou have these tools")
    assert rest == [
        Message(role="user", content="Fix it."),
        Message(role="assistant", content=CALLED),
        Message(role="user", content=RESULT),
    ]
    assert asked.sampling == Sampling(temperature=0, max_tokens=100, stop=("END",))
    assert (asked.stream, asked.model, asked.schema) == (True, "m", None)


def test_plain_requests_need_little():
    assert CHAT.read({"messages": [{"role": "user", "content": "hi"}]}).messages == (
        Message(role="user", content="hi"),
    )
    assert RESPONSES.read({"input": "hi"}).messages == (Message(role="user", content="hi"),)
    assert MESSAGES.read({"messages": [{"role": "user", "content": "hi"}]}).stream is False


def test_messages_of_one_role_are_joined_and_tools_can_be_forbidden():
    turns = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    asked = CHAT.read({"messages": turns, "tools": CHAT_BODY["tools"], "tool_choice": "none"})
    assert asked.messages == (Message(role="user", content="a\n\nb"),)
    forced = CHAT.read({"messages": turns, "tools": CHAT_BODY["tools"], "tool_choice": {"type": "function"}})
    assert "at least one call" in forced.messages[0].content


def test_schemas_are_passed_on():
    schema = {"type": "object"}
    chat = CHAT.read({"messages": [{"role": "user", "content": "a"}], "response_format": {"type": "json_schema", "json_schema": {"schema": schema}}})  # fmt: skip
    responses = RESPONSES.read({"input": "a", "text": {"format": {"type": "json_schema", "schema": schema}}})
    assert chat.schema == responses.schema == schema


@pytest.mark.parametrize(
    ("dialect", "body", "why"),
    [
        (CHAT, {}, "the last message must be the user's"),
        (CHAT, {"messages": [{"role": "assistant", "content": "a"}]}, "the last message"),
        (CHAT, {"messages": [{"role": "robot", "content": "a"}]}, "no role 'robot'"),
        (CHAT, {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "only text is passed on"),
        (MESSAGES, {"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "not 'image'"),
        (RESPONSES, {"input": [{"type": "computer_call"}]}, "not 'computer_call'"),
    ],
)
def test_what_cannot_be_passed_on_is_said(dialect, body, why):
    with pytest.raises(BadRequest, match=why):
        dialect.read(body)


def test_a_chat_completion():
    body = CHAT.body(SAID)
    choice = body["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] == "I look."
    (call,) = choice["message"]["tool_calls"]
    assert (call["function"]["name"], json.loads(call["function"]["arguments"])) == ("bash", {"command": "ls"})
    assert (body["usage"]["prompt_tokens"], body["usage"]["completion_tokens"]) == (13, 5)
    assert CHAT.body(Said(text="x", finish=Finish.LENGTH))["choices"][0]["finish_reason"] == "length"
    assert CHAT.body(Said(text="x"))["choices"][0]["message"] == {"role": "assistant", "content": "x"}


def test_an_anthropic_message():
    body = MESSAGES.body(SAID)
    assert body["stop_reason"] == "tool_use"
    assert [block["type"] for block in body["content"]] == ["text", "tool_use"]
    assert body["usage"] == {"input_tokens": 10, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 0, "output_tokens": 5}  # fmt: skip
    assert MESSAGES.body(Said(text="", finish=Finish.REFUSAL))["stop_reason"] == "refusal"
    assert MESSAGES.body(Said(text=""))["content"] == [{"type": "text", "text": ""}]


def test_a_response():
    body = RESPONSES.body(SAID)
    assert [item["type"] for item in body["output"]] == ["message", "function_call"]
    assert body["status"] == "completed"
    cut = RESPONSES.body(Said(text="x", finish=Finish.LENGTH))
    assert (cut["status"], cut["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})


def test_a_burst_of_chunks_adds_up_to_the_completion():
    *chunks, (_, end) = CHAT.frames(SAID)
    assert end == "[DONE]"
    (delta,) = [
        chunk["choices"][0]["delta"] for _, chunk in chunks if chunk["choices"] and chunk["choices"][0]["delta"]
    ]
    assert delta["tool_calls"][0]["index"] == 0
    assert delta["content"] == "I look."
    assert chunks[-1][1]["usage"]["total_tokens"] == 18


def test_a_burst_of_anthropic_events():
    events = list(MESSAGES.frames(SAID))
    assert all(name == data["type"] for name, data in events)
    assert [name for name, _ in events] == ["message_start", *["content_block_start", "content_block_delta", "content_block_stop"] * 2, "message_delta", "message_stop"]  # fmt: skip
    parts = [data["delta"] for name, data in events if name == "content_block_delta"]
    assert parts[0] == {"type": "text_delta", "text": "I look."}
    assert json.loads(parts[1]["partial_json"]) == {"command": "ls"}


def test_a_burst_of_response_events():
    events = list(RESPONSES.frames(SAID))
    assert [data["sequence_number"] for _, data in events] == list(range(len(events)))
    assert (events[0][0], events[-1][0]) == ("response.created", "response.completed")
    assert events[-1][1]["response"]["output"] == RESPONSES.body(SAID)["output"]
    cut = list(RESPONSES.frames(Said(text="x", finish=Finish.LENGTH)))
    assert cut[-1][0] == "response.incomplete"


def test_errors():
    assert CHAT.error("permission_error", "no")["error"]["code"] == "permission_error"
    assert MESSAGES.error("permission_error", "no") == {"type": "error", "error": {"type": "permission_error", "message": "no"}}  # fmt: skip


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["user", "tool", "function_call", "tool_use"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["role", "content", "type", "text", "messages", "input", "tools", "function", "tool_calls", "stop"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["messages", "input", "tools", "system", "model", "stop", "text"]), anything), st.sampled_from(DIALECTS))  # fmt: skip
def test_no_body_breaks_the_reader(body, dialect):
    try:
        asked = dialect.read(body)
    except BadRequest:
        return
    assert asked.messages[-1].role == "user"
