"""Anthropic messages, from the server's side. Pure."""

import json
from collections.abc import Iterator

from harness.core.hashing import Json
from harness.core.request import Role
from harness.core.response import Finish
from harness.evals.solvers.dialects.nouns import Asked, Body, Dialect, Frame, Said
from harness.evals.solvers.dialects.reading import (
    as_dict,
    as_list,
    joined,
    model_name,
    role_of,
    sampling_of,
    text_of,
    tool_of,
)
from harness.evals.solvers.tool_text import written_call, written_result


def _read_messages(body: Body) -> Asked:
    system: tuple[Role, str] = ("system", text_of(body.get("system") or ""))
    turns = [
        (role_of(as_dict(each).get("role")), _blocks(as_dict(each).get("content")))
        for each in as_list(body.get("messages"))
    ]
    tools = [tool_of(as_dict(tool), "input_schema") for tool in as_list(body.get("tools"))]
    return Asked(
        messages=joined([system, *turns], tools, body.get("tool_choice")),
        sampling=sampling_of(body, "max_tokens"),
        stream=body.get("stream") is True,
        model=model_name(body),
    )


def _blocks(content: Json) -> str:
    """Text, calls and results of one message."""
    if isinstance(content, str):
        return content
    parts = []
    for block in map(as_dict, as_list(content)):
        match block.get("type"):
            case "tool_use":
                parts.append(written_call(str(block.get("name")), json.dumps(block.get("input") or {})))
            case "tool_result":
                parts.append(written_result(str(block.get("tool_use_id")), text_of(block.get("content") or "")))
            case _:
                parts.append(text_of([block]))
    return "\n".join(filter(None, parts))


_STOP_REASONS = {Finish.LENGTH: "max_tokens", Finish.REFUSAL: "refusal", Finish.CONTENT_FILTER: "refusal"}


def _anthropic_blocks(said: Said) -> list[dict[str, Json]]:
    calls = [
        {"type": "tool_use", "id": name, "name": call.name, "input": call.arguments} for name, call in said.call_ids()
    ]
    text = [{"type": "text", "text": said.text}] if said.text or not calls else []
    return [*text, *calls]


def _anthropic_usage(said: Said) -> dict[str, Json]:
    usage = said.usage
    return {
        "input_tokens": usage.input,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation_input_tokens": usage.cache_write,
        "output_tokens": usage.generated,
    }


def _anthropic_stop(said: Said) -> str:
    return "tool_use" if said.calls else _STOP_REASONS.get(said.finish, "end_turn")


def _anthropic_body(said: Said) -> dict[str, Json]:
    return {
        "id": f"msg_{said.id}",
        "type": "message",
        "role": "assistant",
        "model": said.model,
        "content": _anthropic_blocks(said),
        "stop_reason": _anthropic_stop(said),
        "stop_sequence": None,
        "usage": _anthropic_usage(said),
    }


def _anthropic_frames(said: Said) -> Iterator[Frame]:
    begun = {**_anthropic_body(said), "content": [], "stop_reason": None}
    yield "message_start", {"type": "message_start", "message": begun}
    for index, block in enumerate(_anthropic_blocks(said)):
        text = block["type"] == "text"
        empty = {**block, "text": ""} if text else {**block, "input": {}}
        delta = (
            {"type": "text_delta", "text": block["text"]}
            if text
            else {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        )
        yield "content_block_start", {"type": "content_block_start", "index": index, "content_block": empty}
        yield "content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}
        yield "content_block_stop", {"type": "content_block_stop", "index": index}
    ended = {"stop_reason": _anthropic_stop(said), "stop_sequence": None}
    yield "message_delta", {"type": "message_delta", "delta": ended, "usage": _anthropic_usage(said)}
    yield "message_stop", {"type": "message_stop"}


def _anthropic_error(kind: str, message: str) -> Json:
    return {"type": "error", "error": {"type": kind, "message": message}}


MESSAGES = Dialect(
    path="/messages", read=_read_messages, body=_anthropic_body, frames=_anthropic_frames, error=_anthropic_error
)
