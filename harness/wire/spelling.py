"""How a family spells sampling parameters in its body, and which of them a model is not sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from harness.core.card import Card, Parameter
from harness.core.hashing import Json
from harness.core.request import Request
from harness.wire.body import Body, mapping

HttpApi = Literal["openai-chat", "openai-responses", "anthropic", "gemini"]
"""The families that speak HTTP."""

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """Where each parameter stands in the body. A parameter without a place does not exist in this family."""

    places: Mapping[Parameter, Path]
    schema: Callable[[Body], Json]
    """What stands at the place of ``json_schema``."""


def asked(request: Request) -> Mapping[Parameter, Json]:
    """The parameters that *request* sets, in the order of the core's list of them."""
    sampling = request.sampling
    values: Mapping[Parameter, Json] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "seed": sampling.seed,
        "stop": list(sampling.stop) or None,
        "json_schema": request.json_schema,
    }
    return {parameter: value for parameter, value in values.items() if value is not None}


def dropped(request: Request, card: Card, places: Mapping[Parameter, Path], options: Body) -> tuple[str, ...]:
    """The parameters that *request* sets and that are not sent.

    The family does not have them, the card rejects them, the model takes no schema, or the card's *options*
    (in the shape of the body) set another value at the same place.
    """
    return tuple(
        parameter
        for parameter in asked(request)
        if parameter not in places
        or parameter in card.rejects
        or (parameter == "json_schema" and "json_schema" not in card.supports)
        or _taken(options, places[parameter])
    )


def written(request: Request, card: Card, spelling: Spelling, options: Body) -> dict[str, Json]:
    """The part of the body that parameters and *options* make. Options win; objects are merged field by field."""
    left_out = dropped(request, card, spelling.places, options)
    body: dict[str, Json] = {}
    for parameter, value in asked(request).items():
        if parameter not in left_out:
            put = spelling.schema(value) if parameter == "json_schema" else value
            body = merged(body, _nested(spelling.places[parameter], put))
    return merged(body, options)


def merged(base: Body, over: Body) -> dict[str, Json]:
    """*base* with *over* put on top, object by object."""
    both = dict(base)
    for key, value in over.items():
        nested = isinstance(value, Mapping) and isinstance(both.get(key), Mapping)
        both[key] = merged(both[key], value) if nested else value
    return both


def _nested(path: Path, value: Json) -> Body:
    for key in reversed(path):
        value = {key: value}
    return mapping(value)


def _taken(options: Body, path: Path) -> bool:
    place: Json = options
    for key in path:
        if not isinstance(place, Mapping) or key not in place:
            return False
        place = place[key]
    return True
