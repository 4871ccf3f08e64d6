from datetime import date

import pytest

from coinbook.errors import StatementError
from coinbook.money import Money, parse_amount

HEADER = "Buchungstag;Betrag;Währung;Verwendungszweck;Referenz\r\n"
ROW = '28.02.2026;-1.086,42;EUR;"Stadtwerke Ulm\r\nAbschlag Februar";MREF 0093\r\n'


def german(data):
    from coinbook.statements import GERMAN, read_statement

    return read_statement(data, GERMAN)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_bytes(encoding):
    (line,) = german((HEADER + ROW).encode(encoding))
    assert line.day == date(2026, 2, 28)
    assert line.amount == Money(-108642, "EUR")
    assert line.text.split() == ["Stadtwerke", "Ulm", "Abschlag", "Februar"]
    assert line.reference == "MREF 0093"


def test_line_breaks_stay_in_the_text():
    (line,) = german(HEADER + ROW)
    assert "\n" in line.text


def test_text_with_a_mark():
    assert len(german("\ufeff" + HEADER + ROW)) == 1


def test_plain_files_may_have_a_mark():
    from coinbook.statements import read_statement

    data = "date,amount,currency,text,reference\n2025-03-01,-900.00,EUR,Rent,R-3\n".encode("utf-8-sig")
    assert read_statement(data)[0].amount == Money(-90000, "EUR")


def test_short_rows_and_rows_after_a_line_break():
    data = HEADER + ROW + "01.03.2026;900,00-;EUR;Miete\r\n" + "02.03.2026;viel;EUR;?;\r\n"
    with pytest.raises(StatementError, match="row 4"):
        german(data)
    lines = german(data.rsplit("02.03", 1)[0])
    assert lines[1].amount == Money(-90000, "EUR")
    assert lines[1].reference == ""


def test_own_format():
    from coinbook.statements import StatementFormat, read_statement

    fmt = StatementFormat(delimiter="\t", currency="JPY", columns={"text": "memo"}, date_format="%d/%m/%y")
    data = "date\tamount\tmemo\treference\n03/04/25\t1,250\tTea\t7\n"
    (line,) = read_statement(data, fmt)
    assert (line.day, line.amount, line.text) == (date(2025, 4, 3), Money(1250, "JPY"), "Tea")


def test_missing_columns_are_named_as_the_bank_does():
    with pytest.raises(StatementError, match="Betrag"):
        german("Buchungstag;Währung;Verwendungszweck;Referenz\r\n")


@pytest.mark.parametrize(("text", "minor"), [("1.086,42", 108642), ("1.234", 123400), ("900,00-", -90000), ("(5,10)", -510), ("+7", 700)])
def test_german_amounts(text, minor):
    assert parse_amount(text, "EUR", decimal=",", thousands=".") == Money(minor, "EUR")


@pytest.mark.parametrize("text", ["1.23", "1,086.42", "-5,00-", "(5,00-)", "(-5,00)", "5,005", "--5", "-", "1D5", "1T000"])
def test_german_typos(text):
    with pytest.raises(ValueError):
        parse_amount(text, "EUR", decimal=",", thousands=".")


def test_trailing_minus_in_plain_amounts():
    assert parse_amount("900.00-", "EUR") == Money(-90000, "EUR")
    assert parse_amount("1,234.50", "EUR") == Money(123450, "EUR")


def test_other_separators():
    assert parse_amount("1'234.50", "CHF", thousands="'") == Money(123450, "CHF")
    with pytest.raises(ValueError):
        parse_amount("1,234.50", "CHF", thousands="'")
