"""Numbers in English words: ``seventeen``, ``one hundred and twenty-three thousand``."""
# ruff: noqa: SIM905 - lists of words read better as words

from collections.abc import Mapping, Sequence
from types import MappingProxyType

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_UNITS: Mapping[str, int] = MappingProxyType({word: value for value, word in enumerate(_SMALL)})
_TENS_OF: Mapping[str, int] = MappingProxyType({word: 10 * value for value, word in enumerate(_TENS, start=2)})
_BIG: Mapping[str, int] = MappingProxyType({"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12})


def is_number_word(word: str) -> bool:
    """Whether *word*, case-folded, can start a number."""
    first = word.partition("-")[0]
    return first in _UNITS or first in _TENS_OF


def read_words(words: Sequence[str]) -> tuple[int, int]:
    """The number at the start of *words* (case-folded), and how many of them it takes; ``(0, 0)`` for none."""
    total, taken = 0, 0
    while taken < len(words):
        start = taken + (1 if taken and words[taken] == "and" else 0)
        value, used = _below_thousand(words[start:])
        if not used:
            break
        end = start + used
        scale = _BIG.get(words[end], 1) if end < len(words) else 1
        if taken and (total % 1000 or value >= 1000 or (scale > 1 and value * scale >= _lowest(total))):
            break
        total += value * scale
        taken = end + (scale > 1)
        if scale == 1:
            break
    return total, taken


def _lowest(total: int) -> int:
    """The lowest scale in *total*: what follows must be smaller."""
    return next(scale for scale in (10**12, 10**9, 10**6, 10**3) if total % scale == 0)


def _below_thousand(words: Sequence[str]) -> tuple[int, int]:
    """``one hundred and twenty-three``: value and words taken."""
    value, used = _below_hundred(words)
    if not used or not 0 < value < 100 or words[used : used + 1] != ["hundred"]:
        return value, used
    value, used = value * 100, used + 1
    start = used + (words[used : used + 1] == ["and"])
    rest, more = _below_hundred(words[start:])
    return (value + rest, start + more) if more and rest else (value, used)


def _below_hundred(words: Sequence[str]) -> tuple[int, int]:
    if not words:
        return 0, 0
    tens, dash, unit = words[0].partition("-")
    if dash:
        both = tens in _TENS_OF and 0 < _UNITS.get(unit, 0) < 10
        return (_TENS_OF[tens] + _UNITS[unit], 1) if both else (0, 0)
    if tens in _UNITS:
        return _UNITS[tens], 1
    if tens not in _TENS_OF:
        return 0, 0
    following = _UNITS.get(words[1], 0) if len(words) > 1 else 0
    return (_TENS_OF[tens] + following, 2) if 0 < following < 10 else (_TENS_OF[tens], 1)
