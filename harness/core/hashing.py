"""One spelling per JSON value, so that equal values have equal hashes on every machine."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A JSON value; whoever reads it checks its type."""

_SCALARS = frozenset({str, int, float, bool, type(None)})
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def plain(value: object) -> object:
    """*value* as dicts, lists, strings, numbers, booleans and None.

    Dataclasses become objects with their field names, enums their value, Decimals their exact decimal
    string, sets sorted lists. Raises TypeError for anything else: a hash must not depend on a ``repr``.
    """
    if type(value) in _SCALARS:  # first, because nearly everything ends here; their subclasses take the long way
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _names(type(value))}
    return _plain_rarity(value)


def _plain_rarity(value: object) -> object:
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted((plain(item) for item in value), key=repr)
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    raise TypeError(f"no canonical JSON for {type(value).__name__}: {value!r}")


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass; kept, since there are few classes and they are asked for at every call."""
    return tuple(field.name for field in fields(kind))


def canonical(value: object) -> bytes:
    """*value* as UTF-8 JSON with sorted keys and no white space.

    >>> canonical({"b": 1, "a": [True, None]})
    b'{"a":[true,null],"b":1}'
    """
    return _CANONICAL.encode(plain(value)).encode("utf-8", errors="surrogatepass")


def digest(value: object) -> str:
    """The SHA-256 of :func:`canonical`, as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()
