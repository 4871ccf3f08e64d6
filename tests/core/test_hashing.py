"""One spelling per value: equal values hash alike, in any order and in any process; different ones do not."""

import json
import os
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.hashing import canonical, digest, plain

TEXT = st.text(max_size=20)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


class Colour(StrEnum):
    RED = "red"


class Level(Enum):
    HIGH = 3


@dataclass(frozen=True, slots=True)
class Point:
    y: int
    x: Decimal
    tags: frozenset[str] = frozenset()
    inner: "Point | None" = None


def reordered(value: object) -> object:
    """The same value with every mapping filled from its other end, in another type of mapping."""
    if isinstance(value, Mapping):
        return OrderedDict((key, reordered(item)) for key, item in reversed(list(value.items())))
    if isinstance(value, list):
        return tuple(map(reordered, value))
    return value


@settings(deadline=None)
@given(VALUES)
def test_the_order_of_keys_and_the_kind_of_container_do_not_matter(value):
    assert digest(reordered(value)) == digest(value)
    assert canonical(MappingProxyType({"v": value})) == canonical({"v": value})


@settings(deadline=None)
@given(VALUES, VALUES)
def test_two_values_have_one_hash_only_if_they_are_one_json_value(a, b):
    same = json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
    assert (digest(a) == digest(b)) == same


@settings(deadline=None)
@given(VALUES)
def test_canonical_is_json_without_blanks_and_reads_back(value):
    spelled = canonical(value)
    text = spelled.decode("utf-8", errors="surrogatepass")
    assert json.loads(text) == value
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@given(st.lists(st.text(max_size=5) | st.integers(), max_size=8))
def test_sets_have_no_order(items):
    assert plain(set(items)) == plain(frozenset(reversed(items)))
    assert digest(set(items)) == digest(frozenset(items))


def test_nouns_become_what_their_fields_are():
    point = Point(1, Decimal("1.50"), frozenset("ba"), Point(2, Decimal(0)))
    inner = {"y": 2, "x": "0", "tags": [], "inner": None}
    assert plain(point) == {"y": 1, "x": "1.50", "tags": ["a", "b"], "inner": inner}
    assert digest(point) == digest({"x": "1.50", "tags": ("a", "b"), "inner": inner, "y": 1})
    assert plain([Colour.RED, Level.HIGH, (True, 1, "1")]) == ["red", 3, [True, 1, "1"]]


def test_every_other_sequence_is_a_list():
    assert canonical([range(3), b"\x01\xff", bytearray(1)]) == b"[[0,1,2],[1,255],[0]]"


def test_decimals_keep_every_digit():
    assert canonical(Decimal("0.10000000000000000000000001")) == b'"0.10000000000000000000000001"'
    assert digest(Decimal("1.0")) != digest(Decimal("1.00"))


def test_subclasses_of_text_and_numbers_are_spelled_like_them():
    class Name(str):
        __slots__ = ()

    class Count(int):
        pass

    assert canonical([Name("x"), Count(3)]) == canonical(["x", 3])


def test_texts_that_are_no_utf_8_hash_too():
    assert digest("\ud800") != digest("\ud801")


@pytest.mark.parametrize("value", [object(), Path("x"), PurePosixPath("x"), Point, {"deep": [object()]}])
def test_what_has_only_a_repr_is_refused(value):
    with pytest.raises(TypeError, match="no canonical JSON for"):
        digest(value)


def test_numbers_that_are_not_json_are_refused():
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="not JSON compliant"):
            canonical(value)


def test_the_hash_is_the_same_in_another_process():
    """Whatever the seed of Python's own hashes, which decides the order of sets."""
    value = "{'set': {'a', 'b', 'c', 'd'}, 'n': 1.5, 'none': None}"
    script = f"from harness.core.hashing import digest; print(digest({value}))"
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {digest({"n": 1.5, "none": None, "set": {"a", "b", "c", "d"}})}
