import csv
import io
from datetime import date

import pytest

from coinbook.export import to_csv, write_export
from coinbook.journal import Entry, Posting
from coinbook.money import money


def rows(text="Rent", reference="R-3", account="expenses:rent"):
    entry = Entry(date(2025, 3, 1), text, (Posting(account, money("900", "EUR")), Posting("assets:bank", money("-900", "EUR"))), reference)
    return list(csv.reader(io.StringIO(to_csv([entry]), newline="")))


@pytest.mark.parametrize(
    "text",
    ['=HYPERLINK("http://evil.example")', "+1", "-1+1|cmd", "@SUM(A1)", "\t=1", " =1", "\r\n=1", "\u00a0=1", "\x00=1", "\x1f -1"],
    ids=["equals", "plus", "minus", "at", "tab", "blank", "line-break", "no-break-space", "nul", "control"],
)
def test_formulas_become_text(text):
    assert rows(text=text)[1][1] == "'" + text
    assert rows(reference=text)[1][2] == "'" + text


def test_accounts_too():
    assert rows(account="=1+1")[1][3] == "'=1+1"


@pytest.mark.parametrize(
    "text",
    ["Rent", "a=b", "1-1", "", "  ", "'=1", "ä@b", "5 % off - today"],
    ids=["word", "inside", "digits", "empty", "blanks", "quoted", "letter", "sentence"],
)
def test_harmless_texts_stay(text):
    assert rows(text=text)[1][1] == text


def test_amounts_stay_numbers():
    assert [row[4] for row in rows()[1:]] == ["900.00", "-900.00"]


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", "/etc/x", ".hidden", "-rf", "a\x00b", "märz", "a b", "x\n"],
    ids=["empty", "dot", "dots", "up", "slash", "backslash", "absolute", "hidden", "option", "nul", "umlaut", "blank", "newline"],
)
def test_names_that_are_not_plain(tmp_path, name):
    (tmp_path / "out" / "a").mkdir(parents=True)
    with pytest.raises(ValueError):
        write_export(tmp_path / "out", name, [])
    assert not list(tmp_path.rglob("*.csv"))


@pytest.mark.parametrize("name", ["march", "2025-03", "q1_final.v2", "a..b"])
def test_plain_names(tmp_path, name):
    assert write_export(tmp_path, name, []) == tmp_path / f"{name}.csv"
    assert (tmp_path / f"{name}.csv").exists()
