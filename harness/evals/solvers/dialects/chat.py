"""OpenAI chat completions, from the server's side. Pure."""

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
    openai_error,
    role_of,
    sampling_of,
    text_of,
    tool_of,
)
from harness.evals.solvers.tool_text import written_call, written_result


def _read_chat(body: Body) -> Asked:
    turns = [_chat_turn(as_dict(message)) for message in as_list(body.get("messages"))]
    tools = [tool_of(as_dict(as_dict(tool).get("function")), "parameters") for tool in as_list(body.get("tools"))]
    schema = as_dict(as_dict(body.get("response_format")).get("json_schema")).get("schema")
    return Asked(
        messages=joined(turns, tools, body.get("tool_choice")),
        sampling=sampling_of(body, "max_completion_tokens", "max_tokens"),
        schema=schema if isinstance(schema, dict) else None,
        stream=body.get("stream") is True,
        model=model_name(body),
    )


def _chat_turn(message: Body) -> tuple[Role, str]:
    role, text = role_of(message.get("role")), text_of(message.get("content"))
    if message.get("role") == "tool":
        return role, written_result(str(message.get("tool_call_id")), text)
    functions = (as_dict(as_dict(call).get("function")) for call in as_list(message.get("tool_calls")))
    calls = (written_call(str(each.get("name")), str(each.get("arguments") or "{}")) for each in functions)
    return role, "\n".join(filter(None, (text, *calls)))


_CHAT_FINISH = {Finish.LENGTH: "length", Finish.REFUSAL: "content_filter", Finish.CONTENT_FILTER: "content_filter"}


def _chat_message(said: Said) -> dict[str, Json]:
    calls = [
        {"id": name, "type": "function", "function": {"name": call.name, "arguments": json.dumps(call.arguments)}}
        for name, call in said.call_ids()
    ]
    return {"role": "assistant", "content": said.text or None, **({"tool_calls": calls} if calls else {})}


def _chat_head(said: Said, kind: str) -> dict[str, Json]:
    return {"id": f"chatcmpl-{said.id}", "object": kind, "created": 0, "model": said.model}


def _chat_usage(said: Said) -> Json:
    usage = said.usage
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.generated,
        "total_tokens": usage.prompt + usage.generated,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
    }


def _chat_finish(said: Said) -> str:
    return "tool_calls" if said.calls else _CHAT_FINISH.get(said.finish, "stop")


def _chat_body(said: Said) -> Json:
    choice = {"index": 0, "message": _chat_message(said), "finish_reason": _chat_finish(said), "logprobs": None}
    return {**_chat_head(said, "chat.completion"), "choices": [choice], "usage": _chat_usage(said)}


def _chat_frames(said: Said) -> Iterator[Frame]:
    head = _chat_head(said, "chat.completion.chunk")
    delta = _chat_message(said)
    if "tool_calls" in delta:
        delta["tool_calls"] = [{"index": number, **call} for number, call in enumerate(delta["tool_calls"])]
    yield "", {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield "", {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": _chat_finish(said)}]}
    yield "", {**head, "choices": [], "usage": _chat_usage(said)}
    yield "", "[DONE]"


CHAT = Dialect(path="/chat/completions", read=_read_chat, body=_chat_body, frames=_chat_frames, error=openai_error)
