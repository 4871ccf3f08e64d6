"""Collects every fault of a file, and says each in the words of the file's author."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from rapidfuzz.distance import OSA

from harness.core.errors import Fault, FaultsError
from harness.core.hashing import Json

_SHOWN_CHARACTERS: Final = 120
_LIKE: Final = 0.6
_Spec = TypeVar("_Spec", bound=BaseModel)


class Faults:
    """The faults of one file so far."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Fault] = []

    def add(self, place: str, problem: str) -> None:
        """Note one more; *place* is a dotted key, empty for the whole file."""
        self.found.append(Fault(file=self.file, place=place, problem=problem))

    def done(self) -> None:
        """Raise FaultsError if there were any."""
        if self.found:
            raise FaultsError(self.found)

    def check(self, spec: type[_Spec], value: Json, place: str = "") -> _Spec | None:
        """*value* as *spec*, or None after its faults were noted."""
        try:
            return spec.model_validate(value)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                self.add(join(place, details["loc"]), _problem(details, spec))
        return None


def join(place: str, loc: Iterable[str | int]) -> str:
    """A dotted place.

    >>> join("models[3]", ("price", "tiers", 0, "above"))
    'models[3].price.tiers[0].above'
    """
    for part in loc:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
    return place


def show(value: object) -> str:
    """*value* as its author wrote it, short enough for one line."""
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}… ({len(text)} characters)"


def nearest(name: str, known: Iterable[str]) -> str:
    """What *name* may have meant, or all there is.

    >>> nearest("modle", ["id", "model"])
    "did you mean 'model'?"
    >>> nearest("zebra", ["id", "model"])
    'there are: id, model'
    """
    names = sorted(known)
    found = max(names, key=lambda known_name: _likeness(name, known_name), default="")
    if _likeness(name, found)[0] >= _LIKE:
        return f"did you mean {found!r}?"
    return f"there are: {', '.join(names) or 'none'}"


def _likeness(written: str, meant: str) -> tuple[float, int]:
    """Share of letters that need no edit, where swapping two neighbours is one edit; then the same length."""
    return OSA.normalized_similarity(written, meant), -abs(len(written) - len(meant))


_TYPES: Final[Mapping[str, str]] = {
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a section of keys",
    "model_type": "a section of keys",
}

_BOUNDS: Final[Mapping[str, tuple[str, str]]] = {
    "greater_than": ("gt", "is not above"),
    "greater_than_equal": ("ge", "is below"),
    "less_than": ("lt", "is not below"),
    "less_than_equal": ("le", "is above"),
}


def _problem(details: ErrorDetails, spec: type[BaseModel]) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        key = str(details["loc"][-1])
        return f"unknown key {key!r}; {nearest(key, _keys(spec, details['loc'][:-1]))}"
    if kind == "literal_error":
        return f"{show(value)} is not known; {_choices(value, context)}"
    if kind == "value_error":
        return str(context["error"])
    if kind in _TYPES:
        return f"{show(value)} is not {_TYPES[kind]}"
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"{show(value)} {words} {context[name]}"
    return f"{show(value)}: {details['msg']}"


def _choices(value: object, context: Mapping[str, Any]) -> str:
    expected = str(context.get("expected", ""))
    known = re.findall(r"'([^']*)'", expected) or [expected]
    hint = nearest(str(value), known)
    everything = f"there are: {', '.join(known)}"
    return everything if hint.startswith("there") else f"{hint} {everything}"


def _keys(spec: type[BaseModel], loc: Iterable[str | int]) -> Iterable[str]:
    """The keys allowed at *loc*, found by walking the annotations."""
    here: Any = spec
    for part in loc:
        model = _model(here)
        fields = model.model_fields if model is not None else {}
        here = fields[str(part)].annotation if str(part) in fields else _inner(here)
    model = _model(here)
    return model.model_fields if model is not None else ()


def _model(annotation: Any) -> type[BaseModel] | None:
    """The model that *annotation* is, or is optionally."""
    options = get_args(annotation) or (annotation,)
    found = (option for option in options if isinstance(option, type) and issubclass(option, BaseModel))
    is_container = get_origin(annotation) in (list, dict)
    return None if is_container else next(found, None)


def _inner(annotation: Any) -> Any:
    """The type of the items of a list or of the values of a mapping."""
    arguments = get_args(annotation)
    return arguments[-1] if arguments else annotation
