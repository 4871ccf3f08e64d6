"""OpenAI responses, from the server's side. Pure."""

import json
from collections.abc import Callable, Iterator

from harness.core.hashing import Json
from harness.core.request import Role
from harness.core.response import Finish
from harness.evals.solvers.dialects.nouns import Asked, BadRequest, Body, Dialect, Frame, Said
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


def _read_responses(body: Body) -> Asked:
    given = body.get("input")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else as_list(given)
    turns: list[tuple[Role, str]] = [("system", text_of(body.get("instructions") or ""))]
    turns += [turn for item in items if (turn := _item_turn(as_dict(item))) is not None]
    tools = [
        tool_of(as_dict(tool), "parameters")
        for tool in as_list(body.get("tools"))
        if as_dict(tool).get("type") == "function"
    ]
    form = as_dict(as_dict(body.get("text")).get("format"))
    return Asked(
        messages=joined(turns, tools, body.get("tool_choice")),
        sampling=sampling_of(body, "max_output_tokens"),
        schema=form["schema"] if isinstance(form.get("schema"), dict) else None,
        stream=body.get("stream") is True,
        model=model_name(body),
    )


def _item_turn(item: Body) -> tuple[Role, str] | None:
    match item.get("type", "message"):
        case "message":
            return role_of(item.get("role")), text_of(item.get("content"))
        case "function_call":
            return "assistant", written_call(str(item.get("name")), str(item.get("arguments") or "{}"))
        case "function_call_output":
            output = item.get("output")
            text = output if isinstance(output, str) else text_of(output)
            return "user", written_result(str(item.get("call_id")), text)
        case "reasoning":
            return None
        case other:
            raise BadRequest(f"only text and function calls are passed on to the model, not {other!r}")


def _response_items(said: Said) -> list[dict[str, Json]]:
    text = {"type": "output_text", "text": said.text, "annotations": []}
    message = {"type": "message", "id": f"msg_{said.id}", "status": "completed", "role": "assistant", "content": [text]}
    calls = [
        {
            "type": "function_call",
            "id": f"fc_{name}",
            "call_id": name,
            "name": call.name,
            "arguments": json.dumps(call.arguments),
            "status": "completed",
        }
        for name, call in said.call_ids()
    ]
    return [*([message] if said.text or not calls else []), *calls]


def _response_body(said: Said) -> dict[str, Json]:
    usage, cut = said.usage, said.finish is Finish.LENGTH
    return {
        "id": f"resp_{said.id}",
        "object": "response",
        "created_at": 0,
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "error": None,
        "model": said.model,
        "output": _response_items(said),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": usage.prompt,
            "input_tokens_details": {"cached_tokens": usage.cache_read},
            "output_tokens": usage.generated,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.prompt + usage.generated,
        },
    }


def _response_frames(said: Said) -> Iterator[Frame]:
    whole = _response_body(said)
    yield "response.created", {**whole, "status": "in_progress", "output": [], "usage": None}
    for index, item in enumerate(_response_items(said)):
        place = {"output_index": index, "item_id": item["id"]}
        yield "response.output_item.added", {"output_index": index, "item": item}
        if item["type"] == "message":
            yield "response.output_text.delta", {**place, "content_index": 0, "delta": said.text}
            yield "response.output_text.done", {**place, "content_index": 0, "text": said.text}
        else:
            yield "response.function_call_arguments.done", {**place, "arguments": item["arguments"]}
        yield "response.output_item.done", {"output_index": index, "item": item}
    yield "response.incomplete" if said.finish is Finish.LENGTH else "response.completed", whole


def _numbered(frames: Callable[[Said], Iterator[Frame]]) -> Callable[[Said], Iterator[Frame]]:
    """Frames of the responses API carry their own name and number."""

    def numbered(said: Said) -> Iterator[Frame]:
        for number, (name, data) in enumerate(frames(said)):
            wrapped = {"response": data} if data.get("object") == "response" else data
            yield name, {"type": name, "sequence_number": number, **wrapped}

    return numbered


RESPONSES = Dialect(
    path="/responses",
    read=_read_responses,
    body=_response_body,
    frames=_numbered(_response_frames),
    error=openai_error,
)
