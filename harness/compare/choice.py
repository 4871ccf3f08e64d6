"""The comparator ``choice``: the same option of a list."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

from harness.compare.options import Options
from harness.compare.text import normal, shown, words
from harness.core.ballot import Answer, Judgement, Relation
from harness.core.errors import ConfigError

LETTERS = "ABCDE"
MARKS_MAX = 5
"""So many of the last marks are looked behind, then the whole text."""
_MARKED = re.compile(
    r"(?:\bfinal\s+answer|\b(?:correct\s+)?(?:answer|option|choice))\s*(?:is|:|=)[\s:]*|\\boxed\s*(?=\{)|####\s*"
    r"|\b(?:actually|correction|wait|on second thought)\b[,:]?",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"(?:\bnot|n['’]t(?:\s+be)?|\bneither|\bnor|\bnever|\brather\s+than|\binstead\s+of|\bexcept|\bunlike|\bexclud(?:e|es|ing)|\beliminat(?:e|es|ing)"
    r"|\brule[sd]?\s+out|\brather\s+than)\s+(?:an?\s+|the\s+)?(?:option\s+|choice\s+|answer\s+)?[\"'(*\[]*$",
    re.IGNORECASE,
)
_WRONG = re.compile(
    r"[\"')*\].:]*\s+(?:is|are|was|would\s+be|looks|seems)\s+(?:clearly\s+|obviously\s+|also\s+)?(?:wrong|incorrect|not|false|ruled|eliminated|excluded)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The option that a text asserts."""

    letter: str = ""
    """Empty when there is none, or more than one."""
    why: str = ""


def letters_of(text: str) -> tuple[str, ...]:
    """``ABCD`` as letters. Raises ConfigError unless they are different single letters."""
    letters = tuple(text.upper())
    if (
        not letters
        or len(set(letters)) < len(letters)
        or not all(letter.isascii() and letter.isalpha() for letter in letters)
    ):
        raise ConfigError(f"choice: the letters are {text!r}; they must be different letters, as in 'ABCD'")
    return letters


def read_choice(text: str, options: Mapping[str, str]) -> Chosen:
    """The one option of *options* (letter to its text, which may be empty) that *text* asserts.

    Behind the last mark of a final answer where there is one. ``(B), not (C)`` is B; two asserted is none.
    """
    marks = list(_MARKED.finditer(text))[-MARKS_MAX:]
    for part in [text[mark.end() :] for mark in reversed(marks)] + [text]:
        asserted = _asserted(part, options)
        if len(asserted) == 1:
            return Chosen(letter=asserted[0])
        if asserted:
            return Chosen(why=f"{' and '.join(asserted)} are both asserted in {shown(part)}")
    return Chosen(why=f"no option asserted in {shown(text)}")


def _asserted(part: str, options: Mapping[str, str]) -> list[str]:
    """The letters asserted in *part*, in the order of the options."""
    bare = normal(part).strip(" .,;:!?()[]{}*_`\"'$")
    if len(bare) == 1 and bare.upper() in options:
        return [bare.upper()]
    by_text = [letter for letter, name in options.items() if name and words(name) == words(bare)]
    if by_text:
        return by_text
    letters = "".join(options)
    found: set[str] = set()
    for match in _mentions(letters).finditer(part):
        letter = match["letter"].upper()
        if (
            letter not in found
            and not _NOT.search(part[max(0, match.start() - 60) : match.start("letter")])
            and not _WRONG.match(part, match.end("letter"))
        ):
            found.add(letter)
    found |= {letter for letter, name in options.items() if name and letter not in found and _says(part, name)}
    return [letter for letter in options if letter in found]


def _mentions(letters: str) -> re.Pattern[str]:
    """``(b)``, ``b)``, ``**B**``, ``option B``, ``B.``, ``B and``: not the article in "A dog"."""
    both = re.escape(letters + letters.lower())
    return re.compile(
        rf"(?<![\w'’°/])(?P<letter>(?<=[(\[{{*_`])[{both}](?=[)\]}}*_`.:])|[{both}](?=\))"
        rf"|[{letters}](?![.:]?[\\/])(?=\s*(?:[.,;:!?\]*_]|$)|\s+(?:and|or|is|was|because|since|not|but|seems|looks|would)\b)"
        rf"|(?:(?<=[Oo]ption )|(?<=[Cc]hoice )|(?<=\bis )|(?<=[Cc]hoose )|(?<=[Pp]ick ))[{letters}](?!\w)"
        rf"|(?:(?<=[Oo]ption )|(?<=[Cc]hoice ))[{both}](?!\w))"
    )


def _says(part: str, name: str) -> bool:
    """Whether *part* names an option by its text, and does not deny it."""
    for match in re.finditer(rf"(?<!\w){re.escape(normal(name))}(?!\w)", normal(part), re.IGNORECASE):
        before, after = normal(part)[max(0, match.start() - 60) : match.start()], normal(part)[match.end() :]
        if not _NOT.search(before) and not _WRONG.match(after):
            return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Same when both assert the same one option. Two options asserted are unreadable."""

    options: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(LETTERS, ""))
    """Letter to the option's text; an empty text is never matched."""
    name: str = "choice"
    version: str = "2"
    needs: Literal["text", "execution"] = "text"

    @classmethod
    def build(cls, options: Options) -> Self:
        """From a policy or suite: ``letters: ABCD``, or ``options: {A: Paris, B: Rome}``."""
        letters, table = options.texts("letters"), options.table("options")
        if not table:
            return cls(options=dict.fromkeys(letters_of("".join(letters) or LETTERS), ""))
        letters_of("".join(map(str, table)))
        return cls(options={str(letter).upper(): str(name) for letter, name in table.items()})

    def __call__(self, a: Answer, b: Answer, /) -> Judgement:
        """UNKNOWN when one of them asserts no option, or several."""
        left, right = read_choice(a.text, self.options), read_choice(b.text, self.options)
        if not left.letter or not right.letter:
            return Judgement(relation=Relation.UNKNOWN, why=left.why or right.why)
        if left.letter == right.letter:
            return Judgement(relation=Relation.SAME, why=f"both choose {left.letter}")
        return Judgement(relation=Relation.DIFFERENT, why=f"{left.letter} against {right.letter}")
