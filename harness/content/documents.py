"""Files as plain values: YAML 1.2 and JSON Lines, with caps on size and without the parts that hide things.

A YAML file becomes dicts, lists, strings, integers, Decimals, booleans and None. Decimals are made from the text of
the number, never through a float; dates stay text. Duplicate keys, anchors, aliases, merge keys and tags are refused:
whoever reviews the file must see what the machine sees.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from harness.content.faults import Faults, join, show
from harness.core.errors import ConfigError
from harness.core.hashing import Json

YAML_BYTES: Final = 1 << 20
TEXT_BYTES: Final = 8 << 20
LINES_BYTES: Final = 512 << 20
LINE_BYTES: Final = 8 << 20

_TAG: Final = "tag:yaml.org,2002:"


def read_bytes(path: Path, *, limit_bytes: int) -> bytes:
    """The content of *path*. Raises ConfigError when it is missing, unreadable or larger than *limit_bytes*."""
    try:
        if not path.is_file():
            raise ConfigError(f"{path}: {'is no file' if path.exists() else 'no such file'}")
        size = path.stat().st_size
        if size > limit_bytes:
            raise ConfigError(f"{path}: {size} bytes are more than the {limit_bytes} that are read")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def read_text(path: Path, *, limit_bytes: int = TEXT_BYTES) -> str:
    """The same as UTF-8 text, a byte order mark dropped."""
    try:
        return read_bytes(path, limit_bytes=limit_bytes).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8") from error


def read_yaml(path: Path) -> Json:
    """The value of a YAML (or JSON) file. Raises ConfigError or FaultsError with line and column."""
    return parse_yaml(read_text(path, limit_bytes=YAML_BYTES), file=str(path))


def read_section(path: Path) -> Mapping[str, Json]:
    """The same for a file whose top must be keys."""
    value = read_yaml(path)
    if not isinstance(value, Mapping):
        faults = Faults(str(path))
        faults.add("", "is empty" if value is None else f"{show(value)} stands where keys are expected")
        faults.done()
    return dict(value)


def parse_yaml(text: str, *, file: str) -> Json:
    """The value of YAML *text*; *file* is its name in faults."""
    faults = Faults(file)
    value: Json = None
    try:
        root = YAML(typ="safe", pure=True).compose(text)
        value = None if root is None else _Builder(faults).build(root, "")
    except MarkedYAMLError as error:
        faults.add(_mark(error), str(error.problem or error.context or "is not YAML"))
    except YAMLError as error:
        faults.add("", f"is not YAML: {' '.join(str(error).split())}")
    except RecursionError:
        faults.add("", "is nested too deeply")
    faults.done()
    return value


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Line number and content of each line that is not blank. Raises ConfigError on missing, huge or overlong."""
    if not path.is_file():
        raise ConfigError(f"{path}: no such file")
    if path.stat().st_size > LINES_BYTES:
        raise ConfigError(f"{path}: {path.stat().st_size} bytes are more than the {LINES_BYTES} that are read")
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LINE_BYTES + 1):
            number += 1
            if len(line) > LINE_BYTES:
                raise ConfigError(f"{path}: line {number} is longer than {LINE_BYTES} bytes")
            if line.strip():
                yield number, line


def parse_json(line: bytes) -> Json:
    """One JSON value. Raises ValueError in words: bad syntax, a key given twice, NaN, or too deep."""
    try:
        value = json.loads(line, object_pairs_hook=_unique, parse_float=_exact, parse_constant=_no_constant)
        if b"\\u" in line:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError("holds half of a surrogate pair") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at column {error.colno}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    return value


def json_value(value: Json) -> Json:
    """*value* with every Decimal as a float that prints the same, or else as its text: no digit is lost."""
    if isinstance(value, Decimal):
        return _exact(str(value))
    if isinstance(value, Mapping):
        return {key: json_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [json_value(item) for item in value]
    return value


def _exact(text: str) -> float | str:
    number = float(text)
    return number if Decimal(repr(number)) == Decimal(text) else text


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"key {key!r} is given twice")
        found[key] = value
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _mark(error: MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""


class _Builder:
    """Turns YAML nodes into plain values and notes what it refuses."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def build(self, node: Node, place: str) -> Json:
        if node.anchor is not None:
            self._refuse(
                node, place, f"anchor {show(node.anchor)}: anchors and aliases are not read; write the value out"
            )
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        if isinstance(node, SequenceNode):
            return [self.build(item, join(place, [index])) for index, item in enumerate(node.value)]
        return self._scalar(node, place)

    def _mapping(self, node: MappingNode, place: str) -> dict[str, Json]:
        found: dict[str, Json] = {}
        lines: dict[str, int] = {}
        for key, item in node.value:
            if not isinstance(key, ScalarNode) or key.tag == f"{_TAG}merge":
                self._refuse(key, place, "a key must be a plain text; merge keys are not read")
                continue
            here = join(place, [key.value])
            if key.value in found:
                self._refuse(key, here, f"duplicate key {key.value!r}, first on line {lines[key.value]}{_lost(found)}")
            lines.setdefault(key.value, key.start_mark.line + 1)
            found[key.value] = self.build(item, here)
        return found

    def _scalar(self, node: Node, place: str) -> Json:
        kind = str(node.tag).removeprefix(_TAG)
        try:
            return _SCALARS[kind](node.value)
        except KeyError:
            self._refuse(node, place, f"tag {show(str(node.tag))} is not read")
        except (ValueError, InvalidOperation):
            self._refuse(node, place, f"{show(node.value)} is neither a text nor a number that can be read")
        return None

    def _refuse(self, node: Node, place: str, problem: str) -> None:
        self._faults.add(place, f"{problem} (line {node.start_mark.line + 1})")


def _lost(found: Mapping[str, Json]) -> str:
    """A hint: keys that repeat below a key without a value are what a lost indentation looks like."""
    empty = [key for key, value in found.items() if value is None]
    return f"; is the indentation lost? {empty[0]!r} has no value" if empty else ""


def _integer(text: str) -> int:
    digits = text.replace("_", "").lower()
    unsigned = digits.lstrip("+-")
    base = {"0x": 16, "0o": 8, "0b": 2}.get(unsigned[:2], 10)
    return int(digits, base)


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace("_", ""))


def _whole_text(text: str) -> str:
    text.encode()  # half of a surrogate pair can be escaped into a file, and sent nowhere
    return text


def _boolean(text: str) -> bool:
    return text.lower() == "true"


_SCALARS: Final[Mapping[str, Any]] = {
    "str": _whole_text,
    "int": _integer,
    "float": _decimal,
    "bool": _boolean,
    "null": lambda _text: None,
    "timestamp": str,
}
