"""Finds the quantities in a text, and the words that are left around them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from harness.compare.digits import Locale, ascii_digits
from harness.compare.number_words import is_number_word, read_words
from harness.compare.quantity import Number, Quantity, read_number, read_tail, readings
from harness.compare.units import CODES, SYMBOLS

_ANNOTATION = re.compile(r"<<[^<>\n]*>>")
_MATH = re.compile(r"(?<![\w$])\$(?=[^\s$])([^$\n]{0,200}?)(?<=[^\s$\\])\$(?![\d\w])")
_LATEX = (
    (re.compile(r"\\[dt]?frac\s*\{\s*([-−]?\d+)\s*\}\s*\{\s*(\d+)\s*\}"), r" \1/\2 "),
    (re.compile(r"\\(?:text|mathrm|textbf|mathbf)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\([%$€£])"), r"\1"),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"\\[,;:! ]|\\[()\[\]]|\\left|\\right"), " "),
    (re.compile(r"(\d)\s*(?:[×x*]|\\times|\\cdot)\s*10\s*(?:\^|\*\*)\s*\{?\s*([+-]?\d{1,4})\s*\}?(?!\d)"), r"\1e\2"),
)
_SPELLED = (
    (re.compile(r"(?<!\w)(?:PT)?(\d{1,4}) ?[hH] ?(\d{1,2}) ?(?:m|M|min)(?!\w)"), r"\1 h \2 min"),
    (re.compile(r"\A\s*half an? (?=(?:million|billion|trillion|dozen|hour|day)\b)", re.IGNORECASE), "0.5 "),
    (re.compile(r"\A\s*an? (?=(?:hundred|thousand|million|billion|trillion|dozen)\b)", re.IGNORECASE), "1 "),
    (re.compile(r"\A\s*one and a half (?=\w)", re.IGNORECASE), "1.5 "),
    (re.compile(r"\A\s*(?:one|a)[ -]half[\s.]*\Z", re.IGNORECASE), "1/2"),
    (re.compile(r"\A\s*(?:one|a)[ -]third[\s.]*\Z", re.IGNORECASE), "1/3"),
    (re.compile(r"\A\s*two[ -]thirds[\s.]*\Z", re.IGNORECASE), "2/3"),
)
_VULGAR = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8"}
_SPACED = re.compile(r"(?<![\w.,'])[1-9]\d{0,2}(?:[ \u00a0\u2009\u202f]\d{3})+(?![\w'])(?:,\d+)?(?!\w)")
_IN_BRACKETS = re.compile(
    r"(?P<before>(?:^|[:=]|\b[A-Z]{3}|[$€£¥])[ \t]*)"
    r"\((?P<inside>[ \t]?(?:[A-Z]{3}[ \t]|[$€£¥])?[\d.,']{0,1000}\d"
    r"(?:[ \t]?(?:%|[$€£¥]|[A-Z]{3}|bn|mn|[kmMbB](?!\w)))?[ \t]?)\)"
    r"(?=(?:[ \t]{0,4}[A-Za-z%€£]{1,20}){0,2}[ \t]{0,4}[.,;]?[ \t]{0,4}$)",
    re.MULTILINE,
)
_LOCALE_TAG = re.compile(r"\((?P<tag>en|de|fr)(?:[-_][A-Z]{2})?\)")
_LOCALES: dict[str, Locale] = {"en": "en", "de": "de", "fr": "fr"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeral:
    """One quantity where it stands."""

    start: int
    end: int
    """In the prepared text."""
    readings: tuple[Quantity, ...]
    """What it can mean; more than one where a separator or a letter is ambiguous."""
    before: int = 0
    """How many words that are no numbers stand before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A text taken apart."""

    text: str
    """Prepared: the text that positions refer to."""
    numerals: tuple[Numeral, ...]
    opaque: tuple[str, ...]
    """Words with digits that are no numbers: identifiers, dates, versions, addresses."""
    words: tuple[str, ...]
    """All other words, case-folded but for symbols such as mW; signs of comparison among them."""


def prepare(text: str) -> str:
    """*text* with ASCII digits, without calculator annotations and LaTeX around numbers, losses in brackets signed."""
    text = ascii_digits(_ANNOTATION.sub("", text).replace("’", "'"))
    text = _MATH.sub(r" \1 ", text)
    for pattern, plain in _SPELLED:
        text = pattern.sub(plain, text)
    for pattern, plain in _LATEX:
        text = pattern.sub(plain, text)
    for sign, plain in _VULGAR.items():
        text = text.replace(sign, f" {plain}")
    return _IN_BRACKETS.sub(r"\g<before>-\g<inside> ", text)


def stated_locale(text: str) -> tuple[str, Locale | None]:
    """*text* without a note such as ``(fr-FR)``, and the locale of the note."""
    found = _LOCALE_TAG.search(text)
    return (text, None) if found is None else (_LOCALE_TAG.sub(" ", text), _LOCALES[found["tag"]])


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    core: str
    """Without punctuation around it."""
    closed: bool
    """Punctuation follows: what comes next does not belong to it."""
    opened: bool


_WORD = re.compile(r"(?P<head>[\"“‘'*_`|\[{(,;:]*)(?P<core>\S*?)(?P<tail>[\"”'*_`|\]}),.;:!?]*)(?=\s|$)")


def _split(text: str) -> list[_Word]:
    found = []
    for match in re.finditer(r"\S+", text):
        parts = _WORD.match(text, match.start(), match.end())
        assert parts is not None, "the core may be empty"
        found.append(
            _Word(
                parts.start("core"),
                parts.end("core"),
                parts["core"],
                parts["tail"].strip("*_`\"”'") != "",
                parts["head"].strip("*_`\"“‘'") != "",
            )
        )
    return found


def scan(prepared: str, locale: Locale, *, in_words: bool = False) -> Scan:
    """Take a :func:`prepare`-d text apart. *in_words*: numbers in words count as well."""
    text = _join_groups(prepared, locale)
    words = _split(_split_labels(text))
    walk = _Walk(text, words, locale, in_words=in_words)
    walk.run()
    return Scan(text=text, numerals=tuple(walk.numerals), opaque=tuple(walk.opaque), words=tuple(walk.words))


def _join_groups(text: str, locale: Locale) -> str:
    """``1 234,56`` as ``1'234,56`` where the blanks must group digits."""

    def joined(found: re.Match[str]) -> str:
        blanks = re.sub(r"[ \u00a0\u2009\u202f]", "'", found[0])
        around = text[: found.start()].rstrip()[-1:] + text[found.end() :].lstrip()[:1]
        alone = not text[: found.start()].strip() and not text[found.end() :].strip(" .%€$£")
        sure = locale == "fr" or " " not in found[0] or "," in found[0] or alone or re.search(r"[€$£¥]", around)
        return blanks if sure else found[0]

    return _SPACED.sub(joined, text)


def _split_labels(text: str) -> str:
    """A blank after ``total:`` and around ``=`` between words, so that what follows stands alone; same length."""
    return re.sub(r"(?<=[^\W\d])[:=](?=[-−(\d$€£¥])|(?<![<>!=])=(?!=)", " ", text)


_MONTH = re.compile(
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?:[a-z]{0,6})?(?:-[A-Z][a-z]{2,8})?|(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
)


def _one_case(word: str) -> str:
    """*word* case-folded, unless capitals inside it may tell it from another: mW and MW, userId."""
    return word if len(word) <= CASE_MAX and word[1:] != word[1:].casefold() else word.casefold()


CASE_MAX = 3
"""Letters of a unit or symbol whose capitals count."""
_DASHES = frozenset("-−–")
_COMPARE = re.compile(r"(?P<sign>[~≈<>≤≥±!]=?|==)(?P<rest>.*)")


class _Walk:
    """Goes over the words once, from left to right."""

    def __init__(self, text: str, words: Sequence[_Word], locale: Locale, *, in_words: bool) -> None:
        self._text, self._all, self._locale, self._in_words = text, words, locale, in_words
        self.numerals: list[Numeral] = []
        self.opaque: list[str] = []
        self.words: list[str] = []
        self._date = -1

    def run(self) -> None:
        at = 0
        while at < len(self._all):
            at = self._step(at)

    def _step(self, at: int) -> int:
        word = self._all[at]
        sign = _COMPARE.fullmatch(word.core)
        if sign is not None and any(letter.isdigit() for letter in word.core):
            self.words.append(sign["sign"])
            word = _Word(word.start + len(sign["sign"]), word.end, sign["rest"], word.closed, word.opened)
        prefix = self._prefix(at, word)
        if prefix is not None:
            return prefix
        if any(letter.isdigit() for letter in word.core):
            return self._number(at, word, start=word.start, signs=(1,), currency="")
        if self._in_words and is_number_word(word.core.casefold()):
            return self._in_letters(at, start=word.start, signs=(1,))
        if word.core:
            self.words.append(_one_case(word.core))
        return at + 1

    def _prefix(self, at: int, word: _Word) -> int | None:
        """``minus``, ``USD``, ``- `` before a number; None when no number follows."""
        signs: tuple[int, ...] = (1,)
        currency, start, ahead = "", word.start, at
        while ahead < len(self._all) - 1 and ahead < at + 3:
            core = self._all[ahead].core if ahead > at else word.core
            if core.casefold() in {"minus", "negative"} or (core in _DASHES and self._opens(ahead)):
                signs = (-signs[0],)
            elif core in _DASHES and ahead == 0:
                signs = (1, -1)
            elif (core in CODES or core in SYMBOLS) and not currency:
                currency = SYMBOLS.get(core, core)
            else:
                break
            ahead += 1
        if ahead == at:
            return None
        following = self._all[ahead]
        if any(letter.isdigit() for letter in following.core):
            return self._number(ahead, following, start=start, signs=signs, currency=currency)
        if self._in_words and is_number_word(following.core.casefold()):
            return self._in_letters(ahead, start=start, signs=signs)
        return None

    def _opens(self, at: int) -> bool:
        """Whether a dash at *at* is a sign: no operator between two numbers, and no bullet of a list."""
        return self._text[: self._all[at].start].rstrip()[-1:] in {":", "=", "("}

    def _number(self, at: int, word: _Word, *, start: int, signs: Sequence[int], currency: str) -> int:
        number = None if self._dated(at) else read_number(word.core, self._locale)
        if number is None or (currency and number.currency not in {"", currency}):
            self.opaque.append(self._text[start : word.end])
            return at + 1
        mixed = self._mixed(at, number)
        values = number.values if mixed is None else (mixed,)
        signed = tuple(sign * value for sign in signs for value in values)
        number = replace(number, values=signed, currency=currency or number.currency)
        return self._finish(at if mixed is None else at + 1, start, number)

    def _mixed(self, at: int, number: Number) -> Fraction | None:
        """``1 3/4``."""
        if at + 1 >= len(self._all) or self._all[at].closed or number.attached or len(number.values) > 1:
            return None
        following = self._all[at + 1].core
        whole = number.values[0]
        part = read_number(following, "en") if re.fullmatch(r"\d+/\d+", following) else None
        if part is None or whole.denominator > 1 or not part.values[0] < 1 or not whole:
            return None
        return whole + (part.values[0] if whole > 0 else -part.values[0])

    def _finish(self, at: int, start: int, number: Number) -> int:
        """Take what follows word *at* into the number that ends there."""
        pieces = [(piece, at) for piece in number.attached] + self._following(at)
        tail = read_tail([piece for piece, _ in pieces], currency=number.currency, attached=len(number.attached))
        last = pieces[tail.taken - 1][1] if tail.taken else at
        half = (
            tail.taken < len(pieces)
            and pieces[tail.taken][1] == last
            and (last > at or tail.taken < len(number.attached))
        )
        if half:
            self.opaque.append(self._text[start : self._all[last].end])
            return last + 1
        found = readings(number.values, tail)
        self.numerals.append(
            Numeral(start=start, end=self._all[last].end, readings=found, before=len(self.words) + len(self.opaque))
        )
        return last + 1

    def _following(self, at: int) -> list[tuple[str, int]]:
        """The words that may belong to the number, with their places: up to punctuation, or all of one bracket."""
        if self._all[at].closed:
            return []
        found: list[tuple[str, int]] = []
        inside = False
        for place in range(at + 1, min(at + 6, len(self._all))):
            following = self._all[place]
            if following.opened and found:
                break
            inside = inside or following.opened
            found.extend((piece, place) for piece in re.findall(r"[^/]+|/", following.core))
            if following.closed:
                break
        return found if not inside or self._whole([piece for piece, _ in found]) else []

    def _whole(self, words: Sequence[str]) -> bool:
        """Whether all *words* of a bracket are units: ``(USD millions)``."""
        return read_tail(words, currency="").taken == len(words)

    def _in_letters(self, at: int, *, start: int, signs: Sequence[int]) -> int:
        run = []
        for word in self._all[at : at + 24]:
            run.append(word.core.casefold())
            if word.closed:
                break
        value, taken = read_words(run)
        if not taken:
            self.words.append(run[0])
            return at + 1
        last = at + taken - 1
        return self._finish(last, start, Number(values=tuple(Fraction(sign * value) for sign in signs)))

    def _dated(self, at: int) -> bool:
        """Whether the number is part of a date: beside the name of a month, or after such a number."""
        near = [self._all[place].core for place in (at - 1, at + 1) if 0 <= place < len(self._all)]
        if self._all[at].closed:
            near = near[: at > 0]
        dated = any(_MONTH.fullmatch(word) for word in near) or (at > 0 and self._date == at - 1)
        if dated and self._all[at].core.isdigit():
            self._date = at
            return True
        return False
