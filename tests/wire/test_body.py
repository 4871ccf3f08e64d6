"""JSON from strangers is read or refused, never an exception."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire import body
from harness.wire.body import Unreadable


@given(st.binary() | st.text())
def test_anything_can_be_parsed_or_is_said_to_be_unreadable(content):
    value = body.parse(content)
    if isinstance(value, Unreadable):
        assert value.why


def test_fractions_stay_what_was_written():
    assert body.parse(b'{"cost": 0.1000000000000000055511151231}') == {
        "cost": Decimal("0.1000000000000000055511151231")
    }
    assert body.parse("[NaN, Infinity, 1e99999999999999999999]") == [None, None, None]


@pytest.mark.parametrize(
    ("content", "cut"),
    [
        ('{"a": ', True),
        (b"  [1,", True),
        ("<html>", False),
        ("", False),
        (b"\xff", False),
        ("[" * 200_000, True),
        ("9" * 5000, False),
    ],
)
def test_a_cut_body_is_told_from_another_kind_of_page(content, cut):
    value = body.parse(content)
    assert isinstance(value, Unreadable)
    assert value.cut is cut


@pytest.mark.parametrize(
    ("value", "expected"),
    [(7, 7), (Decimal("7.0"), 7), (0, 0), (-1, None), (True, None), (Decimal("7.5"), None), ("7", None), (None, None), (10**13, None), (Decimal("1e999999"), None)],
)  # fmt: skip
def test_counts(value, expected):
    assert body.count(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("0.000102"), Decimal("0.000102")),
        ("0.0015", Decimal("0.0015")),
        (0, Decimal(0)),
        (2, Decimal(2)),
        ("free", None),
        (True, None),
        (None, None),
        (Decimal(-1), None),
        ("NaN", None),
        ("Infinity", None),
        ("1e-9999", None),
    ],
)
def test_money(value, expected):
    assert body.money(value) == expected


def test_readers_give_nothing_for_the_wrong_kind():
    assert (body.mapping([1]), body.items({"a": 1}), body.first([1]), body.first("x"), body.word(3), body.name("")) == (
        {},
        (),
        {},
        {},
        "",
        None,
    )


def test_only_text_parts_are_text():
    parts = [
        {"type": "thinking", "thinking": [{"text": "no"}]},
        {"type": "text", "text": "4"},
        "x",
        {"type": "text"},
        {"type": "text", "text": "2"},
    ]
    assert body.joined(parts) == "42"
    assert body.joined(None) == ""


@pytest.mark.parametrize(
    ("text", "yes"),
    [("{}", True), ('{"a": NaN}', False), ("[]", False), ("{", False), ("", False), ('{"a":' * 100_000, False)],
)
def test_objects_by_the_letter(text, yes):
    assert body.is_object(text) is yes


def test_values_are_written_back():
    assert json.loads(body.dumped({"a": Decimal("0.5"), "b": [1, None]})) == {"a": 0.5, "b": [1, None]}
    assert body.dumped({"a": Decimal("1e999")}) == ""


@given(st.text(st.characters(exclude_categories=())))
def test_whole_text_can_be_written(text):
    assert body.whole(text).encode("utf-8") is not None


def test_halves_are_joined():
    assert body.whole("a\ud83d" + "\ude00b") == "a😀b"
    assert body.whole("a\ud83d b") == "a\ufffd b"
