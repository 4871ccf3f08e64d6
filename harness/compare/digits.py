"""Reads the digits of a number: separators by locale, fractions, exponents. Exact, and bounded in size."""

import re
import unicodedata
from fractions import Fraction
from typing import Literal, get_args

Locale = Literal["en", "de", "fr", "ch", "auto"]
LOCALES: tuple[str, ...] = get_args(Locale)

DIGITS_MAX = 1000
"""Longer runs of digits are not numbers: nobody means them, and they cost time."""
EXPONENT_MAX = 999

_DECIMAL_MARK = {"en": ".", "de": ",", "fr": ",", "ch": "."}
_THOUSANDS_MARK = {"en": ",", "de": "."}
_GROUPED = {
    ",": re.compile(r"[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d\d)+,\d{3}"),  # 1,234,567 and 12,34,567
    ".": re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+"),
    "'": re.compile(r"[1-9]\d{0,2}(?:'\d{3})+"),
    "_": re.compile(r"[1-9]\d{0,2}(?:_\d{3})+"),
}
_PLAIN = re.compile(r"0|[1-9]\d*")


def ascii_digits(text: str) -> str:
    """*text* with the decimal digits of any script as ``0`` to ``9``; its length does not change."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.decimal(letter)) if unicodedata.category(letter) == "Nd" else letter for letter in text
    )


def read_digits(body: str, locale: Locale) -> tuple[Fraction, ...]:
    """The values that *body*, a string of digits with ``. , ' _``, may have in *locale*.

    None for what is no number: leading zeros, versions, dates, malformed groups, more than ``DIGITS_MAX``
    characters. Two where the locale is ``auto`` and both ``1.234`` = 1234 and ``1.234`` = 1 + 234/1000 hold.
    """
    if len(body) > DIGITS_MAX:
        return ()
    marks = [letter for letter in body if not letter.isdigit()]
    if not marks:
        return (Fraction(int(body)),) if _PLAIN.fullmatch(body) else ()
    last, kinds = marks[-1], set(marks)
    if len(kinds) > 1:
        return _split(body, last) if last in ",." and marks.count(last) == 1 else ()
    if last in "'_" or len(marks) > 1:
        return _grouped(body, last)
    return _single(body, last, locale)


def _grouped(body: str, mark: str) -> tuple[Fraction, ...]:
    return (Fraction(int(body.replace(mark, ""))),) if _GROUPED[mark].fullmatch(body) else ()


def _split(body: str, mark: str) -> tuple[Fraction, ...]:
    """*body* with its decimal mark, the whole part grouped or plain."""
    whole, _, part = body.partition(mark)
    others = {letter for letter in whole if not letter.isdigit()}
    if len(others) > 1 or not part:
        return ()
    values = _grouped(whole, others.pop()) if others else _plain(whole)
    return tuple(value + Fraction(int(part), 10 ** len(part)) for value in values)


def _plain(whole: str) -> tuple[Fraction, ...]:
    return (Fraction(int(whole or "0")),) if _PLAIN.fullmatch(whole or "0") else ()


def _single(body: str, mark: str, locale: Locale) -> tuple[Fraction, ...]:
    """One ``.`` or ``,``: thousands or decimals."""
    decimal, thousands = _split(body, mark), _grouped(body, mark)
    if locale == "auto" or (mark not in (_DECIMAL_MARK[locale], _THOUSANDS_MARK.get(locale))):
        return tuple(dict.fromkeys(thousands + decimal))
    return decimal if mark == _DECIMAL_MARK[locale] else thousands


def scaled(value: Fraction, exponent: str) -> Fraction | None:
    """*value* times ten to the *exponent* (``e3``, ``E-2``, or nothing); None when that is out of bounds."""
    power = int(exponent[1:6]) if exponent else 0
    if abs(power) > EXPONENT_MAX or len(exponent) > 5:
        return None
    return value * Fraction(10) ** power
