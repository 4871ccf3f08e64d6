"""A quantity: an exact number with its unit and currency, and how it is read from the words of a text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product

from harness.compare.digits import Locale, read_digits, scaled
from harness.compare.units import CODES, CURRENCY_WORDS, LETTER_SCALES, PHRASES, SCALES, SYMBOLS, Unit, unit_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One reading of one number in a text."""

    written: Fraction
    """The number with its scale word, in the unit it was written in."""
    dimension: str = ""
    """``time``, ``length``, ``percent``, ``length/time``, …; empty for a bare number."""
    factor: Fraction = Fraction(1)
    """Base units of the dimension per unit written."""
    currency: str = ""
    """ISO 4217 code; empty when none was stated."""
    zero: Fraction = Fraction(0)
    """Of the unit's scale; see :class:`harness.compare.units.Unit`."""

    @property
    def value(self) -> Fraction:
        """In the base unit of its dimension."""
        return (self.written + self.zero) * self.factor

    @property
    def bare(self) -> bool:
        """Without unit and currency."""
        return not self.dimension and not self.currency

    def __str__(self) -> str:
        number = _decimal(self.value)
        return " ".join(part for part in (self.currency, number, _BASE.get(self.dimension, self.dimension)) if part)


_BASE = {
    "time": "s",
    "length": "m",
    "mass": "g",
    "volume": "l",
    "month": "months",
    "basis": "percent",
    "byte": "bytes",
    "kelvin": "K",
    "energy": "J",
    "power": "W",
    "pressure": "Pa",
    "frequency": "Hz",
    "voltage": "V",
    "electric current": "A",
    "force": "N",
    "substance": "mol",
    "length/time": "m/s",
    "length^2": "m²",
    "point": "percentage points",
}


def _decimal(value: Fraction) -> str:
    """*value* for people: as a decimal where that is short and exact, otherwise as a fraction."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest > 1 or value.denominator > 10**9 or abs(value.numerator) > 10**30:
        text = f"{value.numerator}/{value.denominator}"
        return text if len(text) <= 60 else f"{text[:57]}..."
    places = next(count for count in range(31) if 10**count % value.denominator == 0)
    digits = f"{abs(value.numerator) * 10**places // value.denominator:0{places + 1}d}"
    number = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{number}" if value < 0 else number


_SYMBOL = "|".join(re.escape(symbol) for symbol in SYMBOLS)
_NUMBER = re.compile(
    rf"(?P<sign>[-−–+])?(?P<currency>{_SYMBOL}|[A-Z]{{3,4}}(?=[-−+\d.]))?(?P<inner>[-−–+])?"
    r"(?P<body>\d[\d.,'_]*(?<![.,'_])|\.\d+)"
    r"(?P<exponent>[eE][+-]?\d+)?(?:/(?P<below>\d+))?(?P<suffix>[^\d\s.,'_].*)?"
)
_SUFFIX_PART = re.compile(rf"{_SYMBOL}|[^\W\d_]+|[%‰¢]|°[CF]|/")
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_NEGATIVE = "-−–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """The digits of a number, before the words that follow them."""

    values: tuple[Fraction, ...]
    currency: str = ""
    attached: tuple[str, ...] = ()
    """Scale, unit and currency written without a blank."""


def read_number(core: str, locale: Locale) -> Number | None:
    """*core*, a word with ASCII digits and without punctuation around it, as a number; None when it is none."""
    found = _NUMBER.fullmatch(core)
    if found is None or (found["sign"] and found["inner"]):
        return None
    currency = found["currency"] or ""
    if currency and currency not in SYMBOLS and currency not in CODES:
        return None
    attached = tuple(_SUFFIX_PART.findall(found["suffix"] or ""))
    if "".join(attached) != (found["suffix"] or "") or attached[:1] in {(ordinal,) for ordinal in _ORDINALS}:
        return None
    values = _values(found, locale)
    return Number(values=values, currency=SYMBOLS.get(currency, currency), attached=attached) if values else None


def _values(found: re.Match[str], locale: Locale) -> tuple[Fraction, ...]:
    sign = -1 if (found["sign"] or found["inner"] or "+") in _NEGATIVE else 1
    below = read_digits(found["below"], "en") if found["below"] else (Fraction(1),)
    if below in {(), (Fraction(0),)} or (found["below"] and not found["body"].isdigit()):
        return ()
    values = (scaled(value, found["exponent"] or "") for value in read_digits(found["body"], locale))
    return tuple(sign * value / below[0] for value in values if value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What the words after a number say."""

    taken: int = 0
    """How many words belong to the number."""
    scale: int = 1
    units: tuple[Unit, ...] = (Unit(""),)
    part: Fraction = Fraction(1)
    """Of the currency: 1/100 for cents."""
    currency: str = ""
    pairs: tuple[tuple[int, Unit], ...] = ()
    """Scale and unit together, where a letter may be either; then they count instead of the two above."""


def read_tail(words: Sequence[str], *, currency: str, attached: int = 0) -> Tail:
    """Scale, currency and unit at the start of *words*, the first *attached* of them without a blank before."""
    scale, at = _scale(words, 0)
    tail = Tail(taken=at, scale=scale, currency=currency)
    known = bool(currency) or _currency(words[at + 1 : at + 2]) is not None
    if known or at < attached:
        tail = _letter_scale(tail, words, known=known)
    tail = _with_currency(tail, words)
    tail = _with_unit(tail, words) if not tail.pairs else tail
    return _with_rate(tail, words)


def _scale(words: Sequence[str], at: int) -> tuple[int, int]:
    scale = 1
    while at < len(words) and words[at].casefold() in SCALES:
        scale *= SCALES[words[at].casefold()]
        at += 1
    return scale, at


def _letter_scale(tail: Tail, words: Sequence[str], *, known: bool) -> Tail:
    """``5m``: millions beside a currency, otherwise metres or millions."""
    letter = words[tail.taken] if tail.taken < len(words) else ""
    if letter not in LETTER_SCALES:
        return tail
    if known:
        return replace(tail, taken=tail.taken + 1, scale=tail.scale * LETTER_SCALES[letter])
    units = unit_of(letter)
    pairs = ((tail.scale * LETTER_SCALES[letter], Unit("")), *((tail.scale, unit) for unit in units))
    return replace(tail, taken=tail.taken + 1, pairs=pairs)


def _currency(words: Sequence[str]) -> tuple[str, Fraction] | None:
    if not words:
        return None
    word = words[0]
    if word in CODES or word in SYMBOLS:
        return SYMBOLS.get(word, word), Fraction(1)
    return CURRENCY_WORDS.get(word.casefold())


def _with_currency(tail: Tail, words: Sequence[str]) -> Tail:
    stated = _currency(words[tail.taken : tail.taken + 1])
    if stated is None or (tail.currency and tail.currency != stated[0]):
        return tail
    scale, at = _scale(words, tail.taken + 1)
    return replace(tail, taken=at, currency=stated[0], part=stated[1], scale=tail.scale * scale)


def _with_unit(tail: Tail, words: Sequence[str]) -> Tail:
    at = tail.taken
    phrase = tuple(word.casefold() for word in words[at : at + 2])
    if len(phrase) == 2 and (phrase[0], phrase[1]) in PHRASES:
        return replace(tail, taken=at + 2, units=PHRASES[phrase[0], phrase[1]])
    power = {"square": 2, "sq": 2, "cubic": 3}.get(phrase[0], 1) if phrase else 1
    at += power > 1
    units = unit_of(words[at]) if at < len(words) else ()
    if not units or tail.currency:
        return tail
    if power > 1:
        units = tuple(Unit(f"{unit.dimension}^{power}", unit.factor**power) for unit in units)
    return replace(tail, taken=at + 1, units=units)


def _with_rate(tail: Tail, words: Sequence[str]) -> Tail:
    """``/h``, ``per hour``: a unit below the line. After ``/`` any word is one."""
    at = tail.taken
    if at + 1 >= len(words) or words[at].casefold() not in {"/", "per"}:
        return tail
    below = unit_of(words[at + 1]) or ((Unit(words[at + 1].casefold()),) if words[at] == "/" else ())
    if not below or tail.pairs:
        return tail
    units = tuple(
        Unit(f"{unit.dimension}/{base.dimension}", unit.factor / base.factor)
        for unit, base in product(tail.units, below)
    )
    return replace(tail, taken=at + 2, units=units)


def readings(values: Sequence[Fraction], tail: Tail) -> tuple[Quantity, ...]:
    """Every quantity that *values* followed by *tail* can mean; the usual case is one."""
    pairs = tail.pairs or tuple((tail.scale, unit) for unit in tail.units)
    return tuple(
        Quantity(
            written=value * scale,
            dimension=unit.dimension,
            factor=unit.factor * tail.part,
            zero=unit.zero,
            currency=tail.currency,
        )
        for value, (scale, unit) in product(values, pairs)
    )
