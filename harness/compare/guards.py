"""Guards of the fuzzy comparator: differences that no similarity outweighs."""
# ruff: noqa: SIM905 - lists of words read better as words

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.compare.digits import ascii_digits
from harness.compare.guard_words import GUARDS
from harness.compare.text import normal
from harness.compare.units import CODES, CURRENCY_WORDS, PHRASES, SCALES, WORD_UNITS

_PROSE = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_HEAD, _TAIL = "\"“‘'«*`", "\"”’'»*`.,;:!"
ACRONYM_MAX = 3
"""A word of so few capitals that stands alone is another than in small letters: US and us."""
ARTICLE_BEFORE = 2
"""Letters of the word behind an article: in ``cp a b`` the a is a name."""
_PLAIN_NUMBER = re.compile(
    r"(?P<before>[-+(]*[$€£¥]?[-+]?)(?P<whole>\d+|[1-9]\d{0,2}(?:,\d{3})+)(?:\.(?P<part>\d*))?(?P<after>[%)]*)"
)
_EMPTY_WORDS = frozenset("the a an please so therefore thus hence".split())
_UNIT_WORDS = (
    frozenset(WORD_UNITS)
    | frozenset(SCALES)
    | frozenset(CURRENCY_WORDS)
    | frozenset(word for phrase in PHRASES for word in phrase)
)
_LOOK_ALIKE = str.maketrans(
    "аеорсухіјѕԁһԛԝАВЕКМНОРСТУХІЈЅαορνικτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧɑɡıℓ∕⁄‐‑‒–—−ꓸ․",
    "aeopcyxijsdhqwABEKMHOPCTYXIJSaopviktuxABEZHIKMNOPTYXagil//------..",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What counts in a text, each in the order of the text."""

    folded: str
    """As a reader's eye sees it: look-alike letters and invisible signs folded."""
    exact: tuple[str, ...]
    """Numbers, identifiers, paths, operators, hashes: every word that is not plain letters."""
    guards: tuple[str, ...]
    """Negations, quantifiers, bounds, signs, doubts."""
    units: tuple[str, ...]
    names: frozenset[str]
    """Words with capitals."""
    content: tuple[str, ...]
    """All words of letters, spelled in one way, without articles."""
    question: bool
    shouting: bool
    """All letters are capitals: they tell no name from a word."""


def profile(text: str) -> Profile:
    """Take *text* apart, once per answer."""
    exact, prose = [], []
    for chunk in normal(text).split(" "):
        core = chunk.lstrip(_HEAD).rstrip(_TAIL + "?")
        bare = core.strip("()[]")
        if _PROSE.fullmatch(bare):
            prose.append(bare)
        elif core:
            exact.append(_number(core))
    folded = [word.casefold().replace("’", "'") for word in prose]
    pieces = [piece for word in folded for piece in (word.split("-") if word not in GUARDS else [word])]
    return Profile(
        folded=_look(text),
        exact=tuple(exact),
        guards=tuple(word for word in pieces if word in GUARDS),
        units=tuple(
            word
            for word in [*pieces, *(code for code in prose if code in CODES)]
            if word in _UNIT_WORDS or word in CODES
        ),
        names=frozenset(word for word in prose if any(map(str.isupper, word))),
        content=tuple(
            _one_spelling(word)
            for word, following in zip(pieces, [*pieces, ""][1:], strict=True)
            if word not in _EMPTY_WORDS or (word == "a" and len(following) < ARTICLE_BEFORE)
        ),
        question="?" in text,
        shouting=text.isupper(),
    )


def _number(core: str) -> str:
    """``$1,000.00`` as ``$1000``; everything else as it is."""
    found = _PLAIN_NUMBER.fullmatch(ascii_digits(core))
    if found is None:
        return core
    part = (found["part"] or "").rstrip("0")
    return f"{found['before']}{found['whole'].replace(',', '')}{'.' + part if part else ''}{found['after']}"


def _look(text: str) -> str:
    visible = "".join(letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf")
    return normal(visible.translate(_LOOK_ALIKE)).casefold()


def _one_spelling(word: str) -> str:
    """British spelling as American: ``organise``, ``favourable``."""
    if len(word) < 6:
        return word
    word = re.sub(r"is(e|ed|es|ing|ation|ations)$", r"iz\1", word)
    return re.sub(r"our(s|ed|ing|able|ite|ites)?$", r"or\1", word)


def fired(a: Profile, b: Profile) -> str | None:
    """The first guard that separates the two, as a sentence; None when none does."""
    if a.exact != b.exact:
        return _differ("numbers or signs", a.exact, b.exact)
    if a.guards != b.guards:
        return _differ("negation, quantity or bound", a.guards, b.guards)
    if a.units != b.units:
        return _differ("units", a.units, b.units)
    if a.question != b.question:
        return "one of them is a question"
    lost = _lost_names(a, b) or _lost_names(b, a)
    if lost:
        return f"a name: {lost!r} is only on one side"
    if a.content != b.content and Counter(a.content) == Counter(b.content):
        return "the same words in another order: roles may be swapped"
    if a.content != b.content and a.folded == b.folded:
        return "letters that look alike and are not"
    return None


def _differ(what: str, a: Sequence[str], b: Sequence[str]) -> str:
    """Only the first difference is shown."""
    place = next((at for at, (left, right) in enumerate(zip(a, b, strict=False)) if left != right), min(len(a), len(b)))
    left, right = (repr(words[place]) if place < len(words) else "nothing" for words in (a, b))
    return f"{what}: {left} against {right}"


def _lost_names(a: Profile, b: Profile) -> str | None:
    """A capitalised word of *a* that *b* does not have: in capitals, where it is an acronym."""
    there = set(b.content)
    for name in sorted(a.names):
        plain = [_one_spelling(part) for part in name.casefold().replace("’", "'").split("-")]
        if any(part not in there and part not in _EMPTY_WORDS for part in plain):
            return name
        if len(name) == 1 and name not in b.names and name != "I" and not a.folded.startswith(f"{name.casefold()} "):
            return name
        loud = (a.shouting or b.shouting) and (len(a.content) > 1 or len(name) > ACRONYM_MAX)
        if _acronym(name) and name not in b.names and not loud:
            return name
    return None


def _acronym(word: str) -> bool:
    """``US``, ``iOS``: capitals that are not just the start of a word."""
    return any(map(str.isupper, word[1:]))
