import pytest

from coinbook.money import Money, parse_amount
from coinbook.statements import read_statement


@pytest.mark.parametrize(
    ("text", "minor"),
    [("1.15", 115), ("19.99", 1999), ("-0.29", -29), ("0.07", 7), ("90071992547409.93", 9007199254740993), ("+4.35", 435)],
)
def test_exact(text, minor):
    assert parse_amount(text, "EUR") == Money(minor, "EUR")


@pytest.mark.parametrize(("text", "minor"), [("1,234.50", 123450), ("-12,345,678.00", -1234567800), ("1,000", 100000)])
def test_separators(text, minor):
    assert parse_amount(text, "EUR") == Money(minor, "EUR")


@pytest.mark.parametrize("text", ["(417.30)", "(1,417.30)"])
def test_parentheses(text):
    assert parse_amount(text, "EUR").minor in (-41730, -141730)


def test_other_currencies():
    assert parse_amount("12.0", "JPY") == Money(12, "JPY")
    assert parse_amount("0.001", "KWD") == Money(1, "KWD")


@pytest.mark.parametrize(("text", "currency"), [("1.005", "EUR"), ("12.5", "JPY"), ("12.50", "JPY"), ("0.0001", "KWD")])
def test_too_many_decimals(text, currency):
    with pytest.raises(ValueError):
        parse_amount(text, currency)


@pytest.mark.parametrize("text", ["1,23", "12,34.5", "1,2345", ",5", "(-1)", "nan", "1e3", "inf"])
def test_refused(text):
    with pytest.raises(ValueError):
        parse_amount(text, "EUR")


def test_still_refused():
    for text in ("", " ", "12 EUR", "1.2.3", "ten"):
        with pytest.raises(ValueError):
            parse_amount(text, "EUR")


def test_white_space_around():
    assert parse_amount("\t1,234.50 ", "EUR") == Money(123450, "EUR")


def test_statement_with_separators():
    text = 'date,amount,currency,text,reference\n2025-03-04,"1,250.15",EUR,Nordwind,\n'
    assert read_statement(text)[0].amount == Money(125015, "EUR")
