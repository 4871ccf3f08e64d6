"""Every event reads back as it was written."""

import dataclasses
import json
import re
import types
import typing
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.core.event import KINDS, Call
from harness.core.hashing import Json
from harness.core.response import Response
from harness.journal.codec import decode, encode

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)

PLAIN = {
    str: st.text(max_size=12),
    int: st.integers(-(2**62), 2**62),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    type(None): st.none(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    Json: JSON,
}


def values(shape) -> st.SearchStrategy:
    """Values of a type as the nouns spell it."""
    if isinstance(shape, typing.NewType):
        return values(shape.__supertype__)
    if shape in PLAIN:
        return PLAIN[shape]
    origin, args = typing.get_origin(shape), typing.get_args(shape)
    if origin is typing.Literal:
        return st.sampled_from(args)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([values(arg) for arg in args])
    if origin is tuple:
        return st.lists(values(args[0]), max_size=2).map(tuple)
    if origin is Mapping:
        return st.dictionaries(values(args[0]), values(args[1]), max_size=2)
    if issubclass(shape, Enum):
        return st.sampled_from(list(shape))
    assert dataclasses.is_dataclass(shape), shape
    kind: typing.Any = shape
    return st.builds(kind, **{name: values(hint) for name, hint in typing.get_type_hints(kind).items()})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_every_event_reads_back_equal(kind, data):
    event = data.draw(values(kind))
    body = encode(event)
    assert b"\n" not in body
    assert isinstance(json.loads(body), dict)
    assert decode(KINDS[kind], body) == event


def test_money_keeps_every_digit(call):
    event = dataclasses.replace(
        call(1), reply=dataclasses.replace(call(1).reply, cost_usd=Decimal("0.1000000000000000000000000001"))
    )
    read = decode("call", encode(event))
    assert isinstance(read, Call)
    assert str(read.reply.cost_usd) == "0.1000000000000000000000000001"


def test_half_a_character_becomes_the_replacement_character(call):
    event = call(1, text="a\ud800b \ud83d\ude00", prompt="p\udfff")
    read = decode("call", encode(event))
    assert isinstance(read, Call)
    assert isinstance(read.reply, Response)
    assert read.request is not None
    assert read.reply.text == "a\ufffdb \U0001f600"
    assert read.request.messages[0].content == "p\ufffd"


def test_infinity_beside_half_a_character_reads_back(call):
    event = dataclasses.replace(
        call(1), reply=dataclasses.replace(call(1).reply, text="\ud800", latency_s=float("inf"))
    )
    read = decode("call", encode(event))
    assert isinstance(read, Call)
    assert read.reply.latency_s == float("inf")


def test_fields_of_a_newer_version_are_passed_over(call):
    body = encode(call(1))[:-1] + b',"later":{"x":1}}'
    assert decode("call", body) == call(1)


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("nonsense", b"{}", "'nonsense' is not known to this version; there are: budget, call,"),
        ("review", b"{}", "verdict_id"),
        ("review", b"[1]", "body"),
        ("review", b"null", "its body is null"),
        ("review", b'{"verdict_id":', "body"),
    ],
)
def test_what_cannot_be_read_says_why(kind, body, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        decode(kind, body)
