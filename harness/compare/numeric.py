"""The comparator ``numeric``: the same quantity, with exact arithmetic."""

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from typing import Literal, Self, cast

from harness.compare import algebra
from harness.compare.digits import LOCALES, Locale
from harness.compare.guard_words import FILLERS, NUMBER_GUARDS
from harness.compare.marks import final_segment, without_sums
from harness.compare.options import Options
from harness.compare.prose import Numeral, Scan, prepare, scan, stated_locale
from harness.compare.quantity import Quantity
from harness.compare.text import shown
from harness.core.ballot import Answer, Judgement, Relation

_PUNCTUATION = ".,;:#*_`|()[]\"'\\"
TEXT_MAX = 20_000
"""Longer answers are not read as numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """The one quantity of an answer."""

    readings: tuple[Quantity, ...]
    spelled: str
    """As it stands in the text."""
    around: tuple[str, ...]
    """The words about it, in order, without those that add nothing."""
    before: int = 0
    """How many words stand before it."""
    bracketed: bool = False
    """It stands alone in brackets, which may be an accountant's minus."""


def read_amount(text: str, locale: Locale) -> Amount | str:
    """The one quantity that *text* states, or why there is none.

    An explicit final answer (``#### 18``) counts alone, and the result of a calculation instead of its parts.
    """
    if len(text) > TEXT_MAX:
        return f"an answer of {len(text)} characters is not one quantity"
    if re.match(r"\s*\{\s*\"", text):
        return f"{shown(text)} is a JSON object; extract the place that counts"
    text, stated = stated_locale(text)
    segment = final_segment(text)
    prepared = without_sums(prepare(text if segment is None else segment))
    found = scan(prepared, stated or locale)
    if not found.numerals and not found.opaque:
        found = scan(prepared, stated or locale, in_words=True)
    if not found.numerals:
        return f"no quantity in {shown(text)}"
    if len(found.numerals) > 1 and (whole := _compound(found)) is not None:
        return Amount(readings=(whole,), spelled=found.text.strip(), around=())
    if not _one(found):
        several = ", ".join(dict.fromkeys(str(numeral.readings[0]) for numeral in found.numerals[:4]))
        return f"several quantities in {shown(text)}: {several}"
    around = tuple(
        word for word in (*found.words, *found.opaque) if word.casefold() not in FILLERS and word.strip(_PUNCTUATION)
    )
    first = found.numerals[0]
    return Amount(
        readings=first.readings,
        spelled=found.text[first.start : first.end],
        around=around,
        before=first.before,
        bracketed=_bracketed(found, first),
    )


def _bracketed(found: Scan, numeral: Numeral) -> bool:
    return found.text[: numeral.start].rstrip().endswith("(") and found.text[numeral.end :].lstrip().startswith(")")


def _compound(found: Scan) -> Quantity | None:
    """``1 h 30 min``: parts in ever smaller units with nothing between them; None where it is anything else."""
    parts = [numeral.readings[0] for numeral in found.numerals]
    alone = not found.words and not found.opaque and all(len(numeral.readings) == 1 for numeral in found.numerals)
    one_kind = {part.dimension for part in parts} in ({"time"}, {"length"}, {"mass"}, {"month"})
    smaller = all(
        a.factor > b.factor and 0 <= b.value < a.factor and a.written.denominator == 1 for a, b in pairwise(parts)
    )
    gaps = (found.text[a.end : b.start] for a, b in pairwise(found.numerals))
    if (
        not alone
        or not one_kind
        or not smaller
        or parts[0].written < 0
        or any(gap.strip() not in {"", ","} for gap in gaps)
    ):
        return None
    total = sum((part.value for part in parts), Fraction(0))
    return Quantity(written=total / parts[-1].factor, dimension=parts[-1].dimension, factor=parts[-1].factor)


def _one(found: Scan) -> bool:
    """Whether the numbers are one that is said again, in brackets or in another sentence: not ``5 of 5``."""
    pairs = list(pairwise(found.numerals))
    gaps = (found.text[a.end : b.start] for a, b in pairs)
    return all(a.readings == b.readings for a, b in pairs) and all(re.search(r"[(.;\n]", gap) for gap in gaps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeric:
    """Same when equal within the tolerance, in unit and in currency. Identifiers and dates are no numbers."""

    tolerance: Fraction = Fraction(0)
    """Absolute, in the finer of the two units as written."""
    relative_tolerance: Fraction = Fraction(0)
    """Of the larger of the two."""
    locale: Locale = "en"
    """How ``1.234`` and ``1,234`` are read; under ``auto`` both ways, and UNKNOWN where that matters."""
    currency: Literal["required", "optional", "ignore"] = "optional"
    """``optional``: a currency on one side only does not count against it."""
    unit: Literal["required", "optional", "ignore"] = "optional"
    """``optional``: a bare number is taken to be in the other's unit; never for percent."""
    algebra: bool = True
    """Whether ``2\\sqrt{2}`` is read as what it is worth, and ``(x+1)^2`` compared term by term."""
    name: str = "numeric"
    version: str = "2"
    needs: Literal["text", "execution"] = "text"

    @classmethod
    def build(cls, options: Options) -> Self:
        """From a policy or suite."""
        stated = ("required", "optional", "ignore")
        return cls(
            tolerance=options.amount("tolerance", default="0"),
            relative_tolerance=options.amount("relative_tolerance", default="0"),
            locale=cast("Locale", options.word("locale", LOCALES, default="en")),
            currency=cast(
                "Literal['required', 'optional', 'ignore']", options.word("currency", stated, default="optional")
            ),
            unit=cast("Literal['required', 'optional', 'ignore']", options.word("unit", stated, default="optional")),
            algebra=options.flag("algebra", default=True),
        )

    def __call__(self, a: Answer, b: Answer, /) -> Judgement:
        """UNKNOWN when an answer is not one quantity, or when its reading is open and matters."""
        said = self.as_algebra(a.text, b.text)
        if said is not None:
            return said
        left, right = read_amount(a.text, self.locale), read_amount(b.text, self.locale)
        if isinstance(left, str) or isinstance(right, str):
            return Judgement(relation=Relation.UNKNOWN, why=left if isinstance(left, str) else str(right))
        return self.judge(left, right)

    def as_algebra(self, a: str, b: str) -> Judgement | None:
        """What exact algebra says; None for what is none, and where a tolerance or a required unit decides."""
        if not self.algebra or self.unit == "required" or self.currency == "required":
            return None
        found = algebra.judge(a, b, self.locale)
        if found is None or (found is Relation.DIFFERENT and (self.tolerance or self.relative_tolerance)):
            return None
        how = "is equal to" if found is Relation.SAME else "is not equal to"
        return _verdict(found, f"{shown(a)} {how} {shown(b)}, term by term")

    def judge(self, a: Amount, b: Amount) -> Judgement:
        """Judge two quantities and the words around them."""
        if a == b and not self._lacking(a.readings[0]):
            return Judgement(relation=Relation.SAME, why=f"both are {a.readings[0]}")
        verdicts = [self._pair(left, right) for left, right in product(a.readings, b.readings)]
        if len({verdict.relation for verdict in verdicts}) > 1:
            said = "; ".join(dict.fromkeys(verdict.why for verdict in verdicts))
            return Judgement(relation=Relation.UNKNOWN, why=f"it depends on how they are read: {said}")
        verdict = verdicts[0]
        if verdict.relation is not Relation.SAME or (doubt := _context(a, b)) is None:
            return verdict
        return Judgement(relation=Relation.UNKNOWN, why=f"{verdict.why}, but {doubt}")

    def _lacking(self, quantity: Quantity) -> str:
        """What the options require and *quantity* does not say."""
        if self.currency == "required" and not quantity.currency:
            return "currency"
        return "unit" if self.unit == "required" and not quantity.dimension else ""

    def _pair(self, a: Quantity, b: Quantity) -> Judgement:
        lacking = self._lacking(a) or self._lacking(b)
        if lacking:
            silent = a if self._lacking(a) else b
            alike = a.bare and b.bare
            return _verdict(Relation.UNKNOWN if alike else Relation.DIFFERENT, f"{silent} states no {lacking}")
        if self.currency != "ignore" and a.currency and b.currency and a.currency != b.currency:
            return _verdict(Relation.DIFFERENT, f"{a} and {b} are in different currencies")
        if self.unit == "ignore":
            return self._numbers(a, b, converted=False)
        if _convertible(a.dimension, b.dimension):
            return self._numbers(a, b, converted=a.bare == b.bare)
        if {"percent", "basis"} & {a.dimension, b.dimension} and (a.bare or b.bare):
            return self._percent(*((a, b) if b.bare else (b, a)))
        if a.bare or b.bare:
            return self._numbers(a, b, converted=False)
        if a.currency and b.currency and "" in {a.dimension, b.dimension}:
            return _verdict(Relation.UNKNOWN, f"{a} and {b}: a rate against an amount")
        return _verdict(Relation.DIFFERENT, f"{a} and {b} are of different kinds")

    def _percent(self, share: Quantity, bare: Quantity) -> Judgement:
        """5 % is 0.05; whether 5 means 5 % nobody can tell."""
        if self._near(share.value / 100, bare.value, share.factor / 100):
            return _verdict(Relation.SAME, f"{share} is {bare}")
        if self._near(share.written, bare.written, Fraction(1)):
            return _verdict(Relation.UNKNOWN, f"{bare} may or may not mean {share}")
        return _verdict(Relation.DIFFERENT, f"{share} is not {bare}")

    def _numbers(self, a: Quantity, b: Quantity, *, converted: bool) -> Judgement:
        left, right = (a.value, b.value) if converted else (a.written, b.written)
        unit = min(a.factor, b.factor) if converted else Fraction(1)
        if left == right:
            return _verdict(Relation.SAME, f"both are {a}" if str(a) == str(b) else f"{a} is {b}")
        if self._near(left, right, unit):
            return _verdict(Relation.SAME, f"{a} is {b} within the tolerance")
        return _verdict(Relation.DIFFERENT, f"{a} is not {b}")

    def _near(self, a: Fraction, b: Fraction, unit: Fraction) -> bool:
        """Whether *a* and *b*, both in base units, are equal within the tolerance, stated in *unit*."""
        return abs(a - b) <= max(self.tolerance * unit, self.relative_tolerance * max(abs(a), abs(b)))


def _verdict(relation: Relation, why: str) -> Judgement:
    return Judgement(relation=relation, why=why)


def _convertible(a: str, b: str) -> bool:
    """One dimension; or basis points, which are hundredths of a percent and of a percentage point."""
    return a == b or ("basis" in {a, b} and {a, b} <= {"basis", "percent", "point"})


def _context(a: Amount, b: Amount) -> str | None:
    """Why the words about two equal quantities leave a doubt; None when they do not."""
    if a.around == b.around and a.around and a.bracketed != b.bracketed:
        return "one of them stands in brackets, which may mean a minus"
    if a.around == b.around:
        signs = {word for word in a.around if not word[0].isalpha()} if a.before != b.before else set()
        return f"{', '.join(sorted(signs))} stands on the other side" if signs else None
    if not a.around or not b.around:
        guards = sorted(NUMBER_GUARDS.intersection(word.casefold() for word in a.around + b.around))
        odd = [word for word in a.around + b.around if not word[0].isalpha() or any(map(str.isdigit, word))]
        bare, other = (a, b) if not a.around else (b, a)
        if guards or odd:
            return f"one of them says {', '.join(guards or odd)}"
        if bare.readings[0].bare or not other.readings[0].bare:
            return None
        return f"the words {' '.join(other.around)!r} may be its unit"
    return f"they speak of {' '.join(a.around)[:60]!r} and of {' '.join(b.around)[:60]!r}"
