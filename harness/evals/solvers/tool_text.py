"""Tools of an agent, put in words. Pure.

A request of this house holds messages and nothing else, the same for a model, a panel and a route. An agent that calls
tools is therefore served by text: its tools are described in the system message, a call is written as
``<tool_call>{"name": …, "arguments": {…}}</tool_call>``, and what a tool gave comes back as a user's message. It works
with every family of models, and calls can be compared like any other text; a vendor's own tool protocol is not used.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.core.hashing import Json

_OPEN = re.compile(r"<tool_call>\s*")
_CLOSE = re.compile(r"\s*</tool_call>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """What an agent offers to do for a model."""

    name: str
    description: str = ""
    schema: Json = None
    """Of its arguments, as JSON schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """What a model wants done."""

    name: str
    arguments: Mapping[str, Json]


def instructions(tools: Sequence[Tool], *, required: bool) -> str:
    """What a model is told of *tools*; empty without any."""
    if not tools:
        return ""
    listed = "\n".join(
        json.dumps({"name": tool.name, "description": tool.description, "parameters": tool.schema}, ensure_ascii=False)
        for tool in tools
    )
    end = "Every reply must hold at least one call." if required else "Without a call, your reply is the final answer."
    return (
        f"You have these tools, one JSON object a line:\n{listed}\n\nTo use one, write\n"
        '<tool_call>\n{"name": "…", "arguments": {…}}\n</tool_call>\n'
        f"and stop after your last call; the results come with the next message. {end}"
    )


def written_call(name: str, arguments: str) -> str:
    """A call of an earlier turn, as the model would write it. *arguments*: a JSON object as text."""
    try:
        given = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        given = arguments
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': given}, ensure_ascii=False)}\n</tool_call>"


def written_result(call_id: str, text: str) -> str:
    """What a tool gave."""
    return f'<tool_result id="{call_id}">\n{text}\n</tool_result>'


def read_calls(text: str) -> tuple[str, tuple[ToolCall, ...]]:
    """What is said around the calls in *text*, and the calls. What is no call stays text."""
    said: list[str] = []
    calls: list[ToolCall] = []
    at = 0
    for match in _OPEN.finditer(text):
        if match.start() < at:
            continue  # inside the arguments of a call
        found = _call_at(text, match.end())
        if found is not None:
            said.append(text[at : match.start()])
            call, at = found
            calls.append(call)
    said.append(text[at:])
    return "".join(said).strip(), tuple(calls)


def _call_at(text: str, start: int) -> tuple[ToolCall, int] | None:
    """The call that begins at *start* and the place behind it."""
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    arguments = value.get("arguments", {})
    if not isinstance(arguments, dict):
        return None
    closed = _CLOSE.match(text, end)
    return ToolCall(name=value["name"], arguments=arguments), closed.end() if closed else end
