r"""Exact algebra: whether ``2\sqrt{2}`` is ``\sqrt{8}`` and ``(x+1)^2`` is ``x^2+2x+1``. What is in doubt is not read.

A sum is a polynomial with rational coefficients over letters, pi and square roots of primes. Roots of different
primes, their products and powers of pi are independent of each other over the rationals, so equal sums have equal
terms. A quotient is compared by multiplying crosswise, which is sound where what stands below the line is the same
or a constant that is not 0.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from harness.compare.digits import Locale, ascii_digits, read_digits
from harness.core.ballot import Relation

TEXT_MAX: Final = 300
TERMS_MAX: Final = 200
POWER_MAX: Final = 64
ROOT_MAX: Final = 10**9
SIZE_MAX: Final = 10**60

_Term = tuple[tuple[str, int], ...]
"""Powers by name, in order: letters, ``π``, and ``√2``, ``√3``, … to the power of 1."""
_Sum = Mapping[_Term, Fraction]
_ONE: Final[_Sum] = {(): Fraction(1)}
_TOKEN = re.compile(
    r"(?P<number>\d[\d.,]*(?<![.,])|\.\d+)|(?P<root>√)|(?P<pi>π)|(?P<letter>[A-Za-z])|(?P<sign>[-+*/^(){}])"
)
_LATEX = (
    (re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)(?!\d)"), r"((\1)/(\2))"),
    (re.compile(r"\\(?:left|right)\b|\\[,;:! ]"), ""),
    (re.compile(r"\\(?:cdot|times)\b|[×·⋅]"), "*"),
    (re.compile(r"\\div\b|÷"), "/"),
    (re.compile(r"\\sqrt\s*(\d)(?!\d)"), r"√(\1)"),
    (re.compile(r"\\sqrt\b(?!\s*\[)|\bsqrt(?=\s*\()|√(?=\s*[\d({])"), "√"),
    (re.compile(r"\\pi\b|(?<![A-Za-z\\])pi\b"), "π"),
    (re.compile(r"\*\*"), "^"),
    (re.compile(r"[−–]"), "-"),
)
_FRAC = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ROOT = re.compile(r"√\s*\{([^{}]*)\}")
_HALLMARK = re.compile(
    r"[√π^*]|[A-Za-z\d)]\s*\(|\)\s*/|/\s*\(|(?<![^\s\d])[A-Za-z]\s[-+]\s|\s[-+]\s\d*[A-Za-z](?![^\s])"
)
_POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_RAISED = re.compile(r"[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_DELIMITED = re.compile(r"\$(?P<dollars>[^$]+)\$|\\[(\[](?P<brackets>.+)\\[)\]]", re.DOTALL)
_STRONG = re.compile(r"[√π^(\\*]")
_ASSIGNED = re.compile(r"\s*(?P<name>[A-Za-z])\s*=(?!=)(?P<rest>[^=]+)")


class _NotReadError(ValueError):
    """The text is no sum that this file can judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A quotient of two sums; what is below is not 0."""

    above: _Sum
    below: _Sum
    marked: bool
    """It is written as algebra, and not only as a number."""
    name: str = ""
    """``y`` of ``y = 2x + 1``."""

    @property
    def letters(self) -> frozenset[str]:
        """Its unknowns."""
        return frozenset(
            name for sum_ in (self.above, self.below) for term in sum_ for name, _ in term if name.isascii()
        )


def read_expression(text: str, locale: Locale) -> Expression | None:
    """*text* as algebra; None for prose, functions, several numbers, and all that can be read in two ways."""
    if len(text) > TEXT_MAX:
        return None
    plain = ascii_digits(_RAISED.sub(lambda found: f"^({found[0].translate(_POWERS)})", text)).strip().rstrip(".")
    plain = _DELIMITED.sub(lambda found: found["dollars"] or found["brackets"], plain)
    named = _ASSIGNED.fullmatch(plain)
    plain = _without_latex(named["rest"] if named else plain)
    try:
        above, below = _Reader(plain, locale).whole()
    except _NotReadError:
        return None
    return Expression(
        above=above, below=below, marked=bool(_HALLMARK.search(plain)), name=named["name"] if named else ""
    )


def relation(a: Expression, b: Expression) -> Relation:
    """UNKNOWN where both hold only under conditions, speak of other letters, or letters may be constants."""
    if a.name and b.name and a.name != b.name:
        return Relation.UNKNOWN
    constant = not (a.letters | b.letters)
    if a.name != b.name and not constant:
        return Relation.UNKNOWN
    if _times(a.above, b.below) != _times(b.above, a.below):
        clear = a.letters == b.letters and not a.letters & set("eij")
        return Relation.DIFFERENT if clear else Relation.UNKNOWN
    both = _constant(a.below) and _constant(b.below)
    return Relation.SAME if both or _proportional(a.below, b.below) else Relation.UNKNOWN


def judge(a: str, b: str, locale: Locale) -> Relation | None:
    """SAME or DIFFERENT: what algebra says of two texts; None where one is no algebra, neither is more than a number,
    or they may or may not be equal.

    ``**`` and ``^`` are never taken for each other: in a program they are two operators.
    """
    if ("**" in a and "^" in b) or ("^" in a and "**" in b):
        return None
    left, right = read_expression(a, locale), read_expression(b, locale)
    if left is None or right is None or not (left.marked or right.marked):
        return None
    try:
        said = relation(left, right)
    except _NotReadError:
        return None
    return None if said is Relation.UNKNOWN else said


def _without_latex(text: str) -> str:
    for pattern, plain in _LATEX:
        text = pattern.sub(plain, text)
    once = _ROOT.sub(r"√(\1)", _FRAC.sub(r"((\1)/(\2))", text))
    while once != text:  # each round takes braces away
        text, once = once, _ROOT.sub(r"√(\1)", _FRAC.sub(r"((\1)/(\2))", once))
    return text


def _constant(sum_: _Sum) -> bool:
    return not any(name.isascii() for term in sum_ for name, _ in term)


def _proportional(a: _Sum, b: _Sum) -> bool:
    if a.keys() != b.keys():
        return False
    return len({a[term] / b[term] for term in a}) == 1


def _plus(a: _Sum, b: _Sum, sign: int = 1) -> _Sum:
    made = dict(a)
    for term, factor in b.items():
        made[term] = made.get(term, Fraction(0)) + sign * factor
    return {term: factor for term, factor in made.items() if factor}


def _times(a: _Sum, b: _Sum) -> _Sum:
    made: dict[_Term, Fraction] = {}
    if len(a) * len(b) > TERMS_MAX:
        raise _NotReadError
    for one, left in a.items():
        for other, right in b.items():
            term, factor = _joined(one, other)
            made[term] = made.get(term, Fraction(0)) + left * right * factor
    if any(max(abs(factor.numerator), factor.denominator) > SIZE_MAX for factor in made.values()):
        raise _NotReadError
    return {term: factor for term, factor in made.items() if factor}


def _joined(a: _Term, b: _Term) -> tuple[_Term, int]:
    """The product of two terms, and what comes out of the roots: √2 times √2 is 2."""
    powers, factor = dict(a), 1
    for name, power in b:
        total = powers.pop(name, 0) + power
        if name[0] == "√":
            factor *= int(name[1:]) ** (total // 2)
            total %= 2
        if total:
            powers[name] = total
    return tuple(sorted(powers.items())), factor


_Quotient = tuple[_Sum, _Sum]


class _Reader:
    """Reads a sum from left to right. ``1/2x`` and ``2^3^2`` mean two things and are not read."""

    def __init__(self, text: str, locale: Locale) -> None:
        self._locale: Locale = locale
        self._strong = _STRONG.search(text) is not None
        self._tokens: list[tuple[str, str, bool]] = []
        """Kind, text, and whether a blank stands before it."""
        self._at = 0
        place = 0
        while (gap := re.compile(r"\s*").match(text, place)) is not None and gap.end() < len(text):
            found = _TOKEN.match(text, gap.end())
            if found is None or found.lastgroup is None:
                raise _NotReadError
            self._tokens.append((found.lastgroup, found[0], gap.end() > place))
            place = found.end()

    def whole(self) -> _Quotient:
        """The text as one quotient."""
        if not self._tokens:
            raise _NotReadError
        made = self._sum(0)
        if self._at < len(self._tokens):
            raise _NotReadError
        return made

    def _peek(self) -> tuple[str, str, bool]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "", False)

    def _sum(self, depth: int) -> _Quotient:
        if depth > 20:
            raise _NotReadError
        made: _Quotient = ({}, _ONE)
        sign = self._signed()
        while True:
            above, below = self._product(depth)
            made = _plus(_times(made[0], below), _times(above, made[1]), sign), _times(made[1], below)
            if self._peek()[1] not in {"+", "-"}:
                return made
            sign = self._signed()

    def _signed(self) -> int:
        """1 or -1 for one sign, or none."""
        taken = self._peek()[1]
        if taken not in {"+", "-"}:
            return 1
        self._at += 1
        return -1 if taken == "-" else 1

    def _product(self, depth: int) -> _Quotient:
        made, divided = self._power(depth), False
        while True:
            kind, text, blank = self._peek()
            if text in {"*", "/"}:
                self._at += 1
                other = self._power(depth)
                divided = divided or text == "/"
                made = _multiplied(made, other if text == "*" else _inverted(other))
            elif kind in {"letter", "root", "pi"} or text == "(":
                if divided or self._called(text, blank=blank):
                    raise _NotReadError
                made = _multiplied(made, self._power(depth))
            else:
                return made

    def _called(self, text: str, *, blank: bool) -> bool:
        """Whether ``f(`` may be a function, ``1.5(2)`` an uncertain figure, and letters side by side a word."""
        before = self._tokens[self._at - 1]
        words = before[0] == "letter" and self._peek()[0] == "letter"
        following = [token for _, token, _ in self._tokens[self._at + 1 : self._at + 3]]
        uncertain = before[0] == "number" and following[1:] == [")"]
        function = before[1] in set("fghFGHP")
        return (text == "(" and (function or uncertain or (blank and before[0] == "letter"))) or (
            words and (blank or not self._strong)
        )

    def _power(self, depth: int) -> _Quotient:
        base = self._atom(depth)
        if self._peek()[1] != "^":
            return base
        self._at += 1
        if self._peek()[1] in {"{", "("}:
            exponent = _rational(self._bracket(depth))
        else:
            sign = self._signed()
            kind, text, _ = self._peek()
            if kind != "number" or not text.isdigit():
                raise _NotReadError
            self._at += 1
            exponent = sign * Fraction(int(text)) if len(text) < 4 else Fraction(POWER_MAX + 1)
        if self._peek()[1] == "^":
            raise _NotReadError
        return _raised(base, exponent)

    def _atom(self, depth: int) -> _Quotient:
        kind, text, _ = self._peek()
        if text in {"(", "{"}:
            return self._bracket(depth)
        self._at += 1
        if kind == "number":
            values = read_digits(text, self._locale)
            if len(values) != 1 or values[0] > SIZE_MAX:
                raise _NotReadError
            return {(): values[0]} if values[0] else {}, _ONE
        if kind in {"pi", "letter"}:
            return {((text, 1),): Fraction(1)}, _ONE
        if kind != "root":
            raise _NotReadError
        following = self._peek()
        if following[0] != "number" and following[1] != "(":
            raise _NotReadError
        return _rooted(_rational(self._atom(depth)))

    def _bracket(self, depth: int) -> _Quotient:
        closing = {"(": ")", "{": "}"}[self._peek()[1]]
        self._at += 1
        made = self._sum(depth + 1)
        if self._peek()[1] != closing:
            raise _NotReadError
        self._at += 1
        return made


def _multiplied(a: _Quotient, b: _Quotient) -> _Quotient:
    return _times(a[0], b[0]), _times(a[1], b[1])


def _inverted(quotient: _Quotient) -> _Quotient:
    if not quotient[0]:
        raise _NotReadError
    return quotient[1], quotient[0]


def _rational(quotient: _Quotient) -> Fraction:
    above, below = quotient
    if above.keys() - {()} or below.keys() - {()}:
        raise _NotReadError
    return above.get((), Fraction(0)) / below[()]


def _raised(base: _Quotient, exponent: Fraction) -> _Quotient:
    if exponent == Fraction(1, 2):
        return _rooted(_rational(base))
    if exponent.denominator > 1 or abs(exponent) > POWER_MAX or (not exponent and not (_constant(base[0]) and base[0])):
        raise _NotReadError
    if exponent < 0:
        base, exponent = _inverted(base), -exponent
    made: _Quotient = (_ONE, _ONE)
    for _ in range(int(exponent)):
        made = _multiplied(made, base)
    return made


def _rooted(value: Fraction) -> _Quotient:
    """The root of a/b is that of ab, over b; whole squares come out of it."""
    inside = value.numerator * value.denominator
    if inside < 0 or inside > ROOT_MAX:
        raise _NotReadError
    if not inside:
        return {}, _ONE
    outside, primes, prime = 1, [], 2
    while prime * prime <= inside:
        while inside % (prime * prime) == 0:
            inside //= prime * prime
            outside *= prime
        if inside % prime == 0:
            inside //= prime
            primes.append(prime)
        prime += 1
    primes += [inside] if inside > 1 else []
    term = tuple(sorted((f"√{prime}", 1) for prime in primes))
    return {term: Fraction(outside, value.denominator)}, _ONE
