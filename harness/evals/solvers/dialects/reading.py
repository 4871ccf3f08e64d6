"""What the three ways of talking have in common when a body is read. Pure."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from harness.core.hashing import Json
from harness.core.request import Message, Role, Sampling
from harness.evals.solvers.dialects.nouns import BadRequest, Body
from harness.evals.solvers.tool_text import Tool, instructions


def as_dict(value: Json) -> Body:
    return value if isinstance(value, dict) else {}


def as_list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else []


def as_number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def as_whole(*values: Json) -> int | None:
    found = [value for value in values if isinstance(value, int) and not isinstance(value, bool) and value > 0]
    return found[0] if found else None


def text_of(content: Json) -> str:
    """The text of *content*, a string or a list of parts. Raises BadRequest for an image and for all else."""
    if isinstance(content, str):
        return content
    parts = []
    for part in map(as_dict, as_list(content)):
        if isinstance(part.get("text"), str):
            parts.append(part["text"])
        elif part.get("type") not in ("thinking", "redacted_thinking", "reasoning"):
            raise BadRequest(f"only text is passed on to the model, not {part.get('type')!r}")
    return "\n".join(parts)


def sampling_of(body: Body, *max_tokens: str) -> Sampling:
    stop = body.get("stop", body.get("stop_sequences"))
    stops = [stop] if isinstance(stop, str) else [each for each in as_list(stop) if isinstance(each, str)]
    return Sampling(
        temperature=as_number(body.get("temperature")),
        top_p=as_number(body.get("top_p")),
        max_tokens=as_whole(*(body.get(name) for name in max_tokens)),
        seed=body["seed"] if isinstance(body.get("seed"), int) else None,
        stop=tuple(stops),
    )


def joined(turns: Sequence[tuple[Role, str]], tools: Sequence[Tool], choice: Json) -> tuple[Message, ...]:
    """Turns as messages: one system message with what is told of the tools, and roles that alternate."""
    name = choice if isinstance(choice, str) else as_dict(choice).get("type")
    told = instructions([] if name == "none" else tools, required=name in ("required", "any", "tool", "function"))
    system = "\n\n".join([*(text for role, text in turns if role == "system" and text), *([told] if told else [])])
    spoken = [(role, text) for role, text in turns if role != "system"]
    if not spoken or spoken[-1][0] != "user":
        raise BadRequest("the last message must be the user's or a tool's")
    messages = [
        Message(role=role, content="\n\n".join(text for _, text in group if text))
        for role, group in groupby(spoken, key=lambda turn: turn[0])
    ]
    return (*([Message(role="system", content=system)] if system else []), *messages)


ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "user",
    "function": "user",
}


def role_of(value: Json) -> Role:
    if not isinstance(value, str) or value not in ROLES:
        raise BadRequest(f"no role {value!r}; there are: {', '.join(ROLES)}")
    return ROLES[value]


def model_name(body: Body) -> str:
    return body["model"] if isinstance(body.get("model"), str) else ""


def tool_of(tool: Body, schema: str) -> Tool:
    """A tool whose arguments are described under the key *schema*."""
    return Tool(name=str(tool.get("name")), description=str(tool.get("description") or ""), schema=tool.get(schema))


def openai_error(kind: str, message: str) -> Json:
    """An error as OpenAI's addresses spell it."""
    return {"error": {"message": message, "type": kind, "code": kind, "param": None}}
