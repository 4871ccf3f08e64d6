"""Types of fields that several files share, and the base of all their models."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from harness.compare import comparator
from harness.compare.behaviour import SameOutputs
from harness.content.documents import json_value
from harness.content.faults import nearest, show
from harness.core.ballot import Compare, Extract
from harness.core.errors import ConfigError
from harness.core.hashing import Json

MODEL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9@][A-Za-z0-9._:@+-]*)+")
RESERVED: Final = frozenset({"builtin", "consensus", "route"})
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CLASS: Final = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*")
_DATE: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


class Spec(BaseModel):
    """A section of a file: unknown keys and wrong types are faults, nothing is coerced."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
        defer_build=True,  # a command that reads one file pays for that file's models only
    )


def _float(value: Json) -> Json:
    return float(value) if isinstance(value, Decimal) else value


def _money(value: Json) -> Decimal:
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, int) and not isinstance(value, bool):
        number = Decimal(value)
    else:
        raise ValueError(f"{show(value)} is not a number")  # noqa: TRY004 -- pydantic collects ValueErrors
    if abs(number.adjusted()) > 15:
        raise ValueError(f"{show(value)} is out of range")
    if number < 0:
        raise ValueError(f"{show(value)} is below 0")
    return number


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[Json], str]:
    def check(value: Json) -> str:
        if not isinstance(value, str) or len(value) > 200 or not pattern.fullmatch(value):
            raise ValueError(f"{show(value)} is not {what}")
        return value

    return check


def plain_name(name: str) -> bool:
    """Whether *name* can be the key of a policy, profile or schedule."""
    return _NAME.fullmatch(name) is not None


def plain_class(name: str) -> bool:
    """Whether *name* can be a class of work."""
    return len(name) <= 200 and _CLASS.fullmatch(name) is not None


def model_id(value: Json) -> str:
    """*value* as the id of a model; ValueError otherwise."""
    text = _matching(MODEL_ID, "a model id of the form 'vendor/name'")(value)
    if text.partition("/")[0] in RESERVED:
        raise ValueError(f"{text!r} begins with a reserved word; models are 'vendor/name'")
    return text


Number = Annotated[float, BeforeValidator(_float)]
"""A finite float; YAML's decimals are turned into one."""

Share = Annotated[float, BeforeValidator(_float), Field(ge=0, le=1)]
Seconds = Annotated[float, BeforeValidator(_float), Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]

Money = Annotated[Decimal, PlainValidator(_money)]
"""USD, not negative, every digit as written."""

ModelName = Annotated[str, PlainValidator(model_id)]

Member = Annotated[
    str, PlainValidator(_matching(re.compile(r"(?!(builtin|consensus|route)/)[^\s,]+"), "the id of a model"))
]
"""Of a panel: also the name of a model that only imported runs know, in any spelling without blanks and commas."""

Candidate = Annotated[
    str, PlainValidator(_matching(re.compile(r"[^\s,]+"), "a candidate: 'vendor/name', 'consensus/policy', …"))
]
Name = Annotated[str, PlainValidator(_matching(_NAME, "a name of letters, digits, dots, dashes and underscores"))]
ClassName = Annotated[str, PlainValidator(_matching(_CLASS, "a task class like 'finance.calculation'"))]
IsoDate = Annotated[str, PlainValidator(_matching(_DATE, "a date like 2026-11-20"))]

Capabilities = list[Literal["tools", "vision", "json_schema"]]
Flag = Annotated[str, PlainValidator(_matching(re.compile(r"[a-z][a-z0-9_]*"), "a flag like 'pii_safe'"))]


def parse_extract(value: Json) -> Extract:
    """How an answer is read: ``whole`` or one of ``{last: number}``, ``{tag: answer}``, ``{json: $.total}``, ….

    Raises ValueError.
    """
    if value == "whole":
        return Extract()
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(f"{show(value)} is no way to read an answer; there are: {_FORMS}")
    how, arg = next(iter(value.items()))
    if how not in _ARGUMENTS:
        raise ValueError(f"{show(how)} is no way to read an answer; {nearest(str(how), _ARGUMENTS)} As in: {_FORMS}")
    repeated = how == "choice" and isinstance(arg, str) and len(set(arg)) < len(arg)
    if not isinstance(arg, str) or not _ARGUMENTS[how].fullmatch(arg) or repeated:
        raise ValueError(f"{how}: {show(arg)} does not fit; as in {{{how}: {_EXAMPLES[how]}}}")
    return Extract(how=how, arg=arg)


_ARGUMENTS: Final = {
    "last": re.compile(r"number"),
    "tag": re.compile(r"[A-Za-z_][\w.-]*"),
    "json": re.compile(r"\$.*"),
    "block": re.compile(r"[A-Za-z0-9_+#-]+"),
    "choice": re.compile(r"[A-Za-z0-9]{2,}"),
}
_EXAMPLES: Final = {"last": "number", "tag": "answer", "json": "$.total", "block": "python", "choice": "ABCD"}
_FORMS: Final = " | ".join(("whole", *(f"{{{how}: {arg}}}" for how, arg in _EXAMPLES.items())))


def parse_compare(value: Json) -> Compare:
    """Which comparator judges answers against what is expected: it asks no model. Raises ValueError."""
    spec = parse_panel_compare(value)
    judge = comparator(spec)
    if judge.needs == "judgement" or isinstance(judge, SameOutputs):
        raise ValueError(f"compare: {spec.name!r} asks a model: it compares the answers of a panel, and grades none")
    return spec


def parse_panel_compare(value: Json) -> Compare:
    """Which comparator: ``{name: numeric, tolerance: 0}``, or only its name. Raises ValueError."""
    section: Any = {"name": value} if isinstance(value, str) else value
    if not isinstance(section, dict) or not isinstance(section.get("name"), str):
        raise ValueError(f"{show(value)} names no comparator; as in {{name: numeric, tolerance: 0}}")  # noqa: TRY004 -- see above
    options = {key: json_value(item) for key, item in section.items() if key != "name"}
    spec = Compare(name=section["name"], options=options)
    try:
        comparator(spec)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    return spec


ExtractField = Annotated[Extract, PlainValidator(parse_extract)]
CompareField = Annotated[Compare, PlainValidator(parse_compare)]
PanelCompareField = Annotated[Compare, PlainValidator(parse_panel_compare)]
