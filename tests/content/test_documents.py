"""Files become plain values, and whatever hides something is refused with its line."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.content import documents
from harness.content.documents import json_value, parse_json, parse_yaml, read_lines, read_section, read_text
from harness.core.errors import ConfigError, FaultsError


def test_yaml_becomes_plain_values():
    text = """
a: text
b: 12
c: 0.10
d: [true, False, null, ~]
e: 2026-11-20
f: "12"
g: yes
h: -0x10
i: 1_000
j: 1e3
k: {l: -3}
m:
1: one
"""
    assert parse_yaml(text, file="f") == {
        "a": "text",
        "b": 12,
        "c": Decimal("0.10"),
        "d": [True, False, None, None],
        "e": "2026-11-20",
        "f": "12",
        "g": "yes",
        "h": -16,
        "i": 1000,
        "j": Decimal("1e3"),
        "k": {"l": -3},
        "m": None,
        "1": "one",
    }
    assert str(parse_yaml("c: 0.10", file="f")["c"]) == "0.10"
    assert parse_yaml("", file="f") is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_no_digit_of_a_number_is_lost(number):
    assert parse_yaml(f"x: {number:f}", file="f")["x"] == number
    assert Decimal(str(parse_json(f'{{"x": {number:f}}}'.encode())["x"])) == number
    assert Decimal(str(json_value([{"x": number}])[0]["x"])) == number


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("a: 1\nb: {c: 1, c: 2}\n", "b.c", "duplicate key 'c', first on line 2"),
        ("a: &x 1\n", "a", "anchor 'x'"),
        ("a: 1\n<<: {b: 2}\n", "", "merge keys are not read"),
        ("? [1, 2]\n: 3\n", "", "a key must be a plain text"),
        ("a: !!python/name:os.system x\n", "a", "tag '.*' is not read"),
        ("a: !secret x\n", "a", "tag '!secret' is not read"),
        ("a: .inf\n", "a", "'.inf' is neither"),
        ('a: "\\ud800"\n', "a", "is neither a text"),
        ("a: .nan\n", "a", "'.nan' is neither"),
        ("a: " + "9" * 5000, "a", "is neither a text nor a number"),
        ("a: [1, 2\nb: 3\n", "line 2, column 2", "expected"),
        ("a: b: c\n", "line 1, column 5", "mapping values are not allowed here"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1", "."),
        ("a: \x07\n", "", "is not YAML"),
        ("- " * 5000, "", "nested too deeply"),
        ("{a: " * 5000, "", "nested too deeply"),
    ],
)
def test_what_hides_something_or_cannot_be_read_is_a_fault_with_its_place(text, place, problem):
    with pytest.raises(FaultsError, match=problem) as caught:
        parse_yaml(text, file="some.yaml")
    assert caught.value.faults[0].place == place
    assert caught.value.faults[0].file == "some.yaml"


def test_all_duplicates_are_named_at_once_and_a_lost_indentation_is_suspected():
    with pytest.raises(FaultsError) as caught:
        parse_yaml("routing:\nmodel: a\nmodel: b\nx: 1\nx: 2\n", file="f")
    assert [fault.place for fault in caught.value.faults] == ["model", "x"]
    assert "is the indentation lost? 'routing' has no value" in str(caught.value)


def test_a_bomb_of_aliases_is_refused_at_once():
    bomb = "a: &a [x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(FaultsError, match="anchors and aliases are not read"):
        parse_yaml(bomb, file="f")


@pytest.mark.parametrize(
    ("body", "problem"),
    [(b"", "is empty"), (b"- 1\n", "stands where keys are expected"), (b"\xff", "byte 0 is not UTF-8")],
)
def test_the_top_of_a_file_must_be_keys(tmp_path, body, problem):
    (tmp_path / "f.yaml").write_bytes(body)
    with pytest.raises(ConfigError, match=problem):
        read_section(tmp_path / "f.yaml")


def test_missing_folders_and_huge_files(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        read_text(tmp_path / "gone")
    with pytest.raises(ConfigError, match="is no file"):
        read_text(tmp_path)
    (tmp_path / "big").write_bytes(b"x" * 11)
    with pytest.raises(ConfigError, match="11 bytes are more than the 10"):
        read_text(tmp_path / "big", limit_bytes=10)
    with pytest.raises(ConfigError, match="cannot be read: File name too long"):
        read_text(tmp_path / ("x" * 5000))
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_section(tmp_path / "bom") == {"a": 1}


def test_lines_are_numbered_and_bounded(tmp_path, monkeypatch):
    path = tmp_path / "l.jsonl"
    path.write_bytes(b"{}\n\n  \n[1]")
    assert list(read_lines(path)) == [(1, b"{}\n"), (4, b"[1]")]
    with pytest.raises(ConfigError, match="no such file"):
        list(read_lines(tmp_path / "gone"))
    path.write_bytes(b"x" * (documents.LINE_BYTES + 1))
    with pytest.raises(ConfigError, match="line 1 is longer"):
        list(read_lines(path))
    with path.open("ab") as file:
        file.truncate(documents.LINES_BYTES + 1)
    with pytest.raises(ConfigError, match="are more than"):
        list(read_lines(path))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "is not JSON: .* at column 2"),
        (b'{"a": 1, "a": 2}', "key 'a' is given twice"),
        (b"[NaN]", "NaN is no JSON number"),
        (b'"\xff"', "byte 1 is not UTF-8"),
        (b'"\\ud800"', "half of a surrogate pair"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_bad_line_is_a_value_error_in_words(line, problem):
    with pytest.raises(ValueError, match=problem):
        parse_json(line)


def test_a_number_that_no_float_holds_keeps_its_digits_as_text():
    assert parse_json(b"[1e999, 12345678901234567890.12, 0.1, 3]") == ["1e999", "12345678901234567890.12", 0.1, 3]
    assert parse_json(b'"\\u00e9\\ud83d\\ude00"') == "é😀"
