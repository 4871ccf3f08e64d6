"""Finds a JSON value in a response, and a place in it. Numbers stay exact; duplicate keys are unreadable."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from harness.core.errors import ConfigError
from harness.core.hashing import Json

DEPTH_MAX = 64
NUMBER_MAX = 1000
"""Digits of an integer; longer ones are not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A JSON value; ``value`` may be ``None``, which is JSON's null. Fractions are Decimals, texts are in NFC."""

    value: Json


class _Unfit(ValueError):
    """JSON that has no one meaning."""


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for key, value in pairs:
        normal = unicodedata.normalize("NFC", key)
        if normal in made:
            raise _Unfit(f"the key {normal!r} stands twice in one object")
        made[normal] = value
    return made


def _integer(digits: str) -> int:
    if len(digits) > NUMBER_MAX:
        raise _Unfit(f"a number of {len(digits)} digits")
    return int(digits)


def _constant(word: str) -> NoReturn:
    raise _Unfit(f"{word} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Decimal, parse_int=_integer, parse_constant=_constant
)


def find_document(text: str) -> Found | str:
    """The JSON value of *text*: all of it, its last fenced block that is JSON, or the last object or list in prose.

    Otherwise the reason: none there, duplicate keys, too deep, or not JSON.
    """
    for part in (
        text.strip(),
        *reversed(re.findall(r"```(?:json\w*)?[ \t]*\n(.*?)```", text, re.DOTALL | re.IGNORECASE)),
    ):
        found = _whole(part.strip())
        if found is not None:
            return found
    return _in_prose(text)


def _whole(text: str) -> Found | str | None:
    try:
        return _checked(_DECODER.decode(text))
    except _Unfit as unfit:
        return str(unfit)
    except (ValueError, RecursionError):
        return None


def _in_prose(text: str) -> Found | str:
    """The last outermost object or list that stands in *text*."""
    last: Found | str = "no JSON value in the text"
    at, tries = 0, 0
    while (start := _opening(text, at)) >= 0 and tries < 200:
        tries += 1
        try:
            value, at = _DECODER.raw_decode(text, start)
            last = _checked(value)
        except _Unfit as unfit:
            return str(unfit)
        except (ValueError, RecursionError):
            at = start + 1
    return last


def _opening(text: str, at: int) -> int:
    found = re.compile(r"[{\[]").search(text, at)
    return found.start() if found else -1


def _checked(value: Json) -> Found | str:
    return f"JSON nested more than {DEPTH_MAX} deep" if _deep(value, DEPTH_MAX) else Found(value=_normal(value))


def _deep(value: Json, left: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return left == 0 or any(_deep(item, left - 1) for item in inside)


def _normal(value: Json) -> Json:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_normal(item) for item in value]
    return {key: _normal(item) for key, item in value.items()} if isinstance(value, dict) else value


Path = tuple[str | int, ...]
"""A place in a JSON value: keys, places in lists, and ``*`` for each of them."""
_STEP = re.compile(r"\.(?P<key>[^.\[\]]+)|\[(?P<index>\d{1,9}|\*)\]")


def steps(path: str) -> Path:
    """``$.a.b[0]`` as ``("a", "b", 0)``; ``[*]`` is ``"*"``. Raises ConfigError for anything else."""
    body = path.removeprefix("$")
    found = list(_STEP.finditer(body))
    if not path.startswith("$") or "".join(match[0] for match in found) != body:
        raise ConfigError(f"JSON path {path!r} is not of the form $.name[0].other")
    return tuple(_step(match["key"], match["index"]) for match in found)


def _step(key: str | None, index: str | None) -> str | int:
    if key is not None:
        return key
    return int(index) if index and index != "*" else "*"


def at_path(value: Json, path: str) -> Found | None:
    """What stands at *path*; None when nothing does."""
    for step in steps(path):
        listed = isinstance(step, int) and isinstance(value, list) and step < len(value)
        if not listed and not (isinstance(step, str) and isinstance(value, Mapping) and step in value):
            return None
        value = value[step]
    return Found(value=value)


def spelled(value: Json) -> str:
    """*value* as text: a string as it is, everything else as JSON with its exact numbers."""
    return value if isinstance(value, str) else as_json(value)


def as_json(value: Json) -> str:
    """JSON with sorted keys, and Decimals digit by digit."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(as_json, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)}: {as_json(item)}' for key, item in sorted(value.items()))}}}"
    return json.dumps(value, ensure_ascii=False)
