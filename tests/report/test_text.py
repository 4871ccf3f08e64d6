"""Hostile text becomes visible, short, and stays what it was otherwise."""

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.text import compare_lines, cut, no_formula, short, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢 😀\n\tx", "plain é 漢 😀\n\tx"),
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("\x1b]8;;http://evil\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x1b\\x", "x"),
        ("\x1bPq#0\x1b\\x\x1bc", "x"),
        ("a\r\nb\rc", "a\nb\\u000dc"),
        ("nul\x00", "nul\\u0000"),
        ("\u202eoverride\u2066", "\\u202eoverride\\u2066"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\ud800", "\\ud800"),
        ("line\u2028sep", "line\\u2028sep"),
        ("tag\U000e0041", "tag\\ue0041"),
    ],
)
def test_visible(text: str, shown: str):
    assert visible(text) == shown


@given(st.text(st.characters(codec=None), max_size=60))
def test_nothing_unseen_is_left(text: str):
    shown = visible(text)
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} and c not in "\n\t"]
    assert not [
        c
        for c in shown
        if unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    ]
    shown.encode("utf-8")


@given(st.text(max_size=300), st.integers(10, 80))
def test_short_is_one_line_of_that_length(text: str, chars_max: int):
    line = short(text, chars_max)
    assert len(line) <= chars_max
    assert "\n" not in line


def test_short_keeps_both_ends():
    assert short("abcdefghijklmnopqrstuvwxyz", 10) == "abcdef…xyz"
    assert short("x" * 5_000_000 + "end").endswith("end")
    assert short("  a \n b ") == "a b"


@given(st.text(st.characters(codec=None), max_size=50), st.integers(1, 40))
def test_cut_counts_every_byte(text: str, bytes_max: int):
    data = text.encode("utf-8", errors="surrogatepass")
    found = cut(text, bytes_max)
    kept = found.text.encode("utf-8", errors="surrogatepass")
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert len(kept) + found.bytes_cut == len(data)
    assert len(kept) <= bytes_max or found.bytes_cut == 0


def test_compare_lines():
    kinds = [(line.kind, line.text) for line in compare_lines("one\ntwo\n@three", "one\n2\n@three")]
    assert kinds == [
        ("place", "@@ -1,3 +1,3 @@"),
        ("same", " one"),
        ("removed", "-two"),
        ("added", "+2"),
        ("same", " @three"),
    ]
    assert compare_lines("same", "same") == []


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", "\t1", "\r=1", "\n1", " =1", "\u00a0@x", "＝1", "＋1", "－1", "＠x"]
)
def test_no_spreadsheet_finds_a_formula(text):
    assert no_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "1", "a=1", " a", "'=1", "1-2", "(=1)", "−1"])
def test_what_is_no_formula_stays(text):
    assert no_formula(text) == text
