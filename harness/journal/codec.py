"""Events as JSON bytes and back. One adapter per class of event, built when it is first needed."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from harness.core.event import KINDS, Event


@cache
def _adapters() -> Mapping[str, TypeAdapter[Event | None]]:
    """By kind. Each is built by pydantic when it is first used."""
    # Unions with None, because only then may the spelling of infinities be chosen: null would not read back.
    config = ConfigDict(ser_json_inf_nan="strings", defer_build=True)
    shapes: Mapping[str, Any] = {name: event | None for event, name in KINDS.items()}
    return {name: TypeAdapter(shape, config=config) for name, shape in shapes.items()}


def encode(event: Event) -> bytes:
    """The fields of *event* as one JSON object.

    Decimals are their exact decimal strings. A lone surrogate, which has no UTF-8, becomes U+FFFD.
    """
    adapter = _adapters()[KINDS[type(event)]]
    try:
        return adapter.dump_json(event)
    except PydanticSerializationError:
        text = json.dumps(adapter.dump_python(event, mode="json"), ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def decode(kind: str, body: bytes) -> Event:
    """The event that :func:`encode` wrote. Raises ValueError for an unknown kind or a body of another shape."""
    known = _adapters().get(kind)
    if known is None:
        kinds = ", ".join(sorted(_adapters()))
        raise ValueError(f"event kind {kind!r} is not known to this version; there are: {kinds}")
    try:
        event = known.validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise ValueError(f"{kind} cannot be read: {place or 'body'}: {fault['msg']}") from error
    if event is None:
        raise ValueError(f"{kind} cannot be read: its body is null")
    return event
