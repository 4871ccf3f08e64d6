r"""Where a text says that its final answer comes now: ``#### 18``, ``Answer: …``, ``\boxed{…}``."""

import re

_MARK = re.compile(
    r"####[ \t]*|\\boxed\s*\{"
    r"|(?:\bfinal\s+answer|\banswer)\*{0,2}\s*(?:is\b|[:=])\s*:?\*{0,2}[ \t]*|^[ \t]*\*{0,2}A:\*{0,2}[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_ARITHMETIC = frozenset("0123456789 \t.,'()+*/×÷·^%$€£¥−–-")
_OPERATORS = frozenset("+*/×÷·^−–-xX")


def final_segment(text: str) -> str | None:
    """What stands behind the last explicit mark of *text*, up to the end of its line or sentence; None without one."""
    marks = list(_MARK.finditer(text))
    if not marks:
        return None
    last = marks[-1]
    rest = text[last.end() :]
    if last[0].lstrip().startswith("\\boxed"):
        return _braced(rest)
    line = rest.lstrip().split("\n", 1)[0] if rest[:1] in {"\n", ""} else rest.split("\n", 1)[0]
    return _SENTENCE_END.split(line, maxsplit=1)[0].strip()


def _braced(text: str) -> str:
    """*text* up to the brace that closes the one before it."""
    depth = 1
    for place, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            return text[:place].strip()
    return text.strip()


def without_sums(text: str) -> str:
    """*text* with ``9 * 2 =`` taken out before each result. ``limit 9 =`` stays: that is no calculation."""
    kept, last = [], 0
    for sign in re.finditer(r"(?<![<>!=])=(?!=)", text):
        left = sign.start()
        while left > last and (text[left - 1] in _ARITHMETIC or _times(text, left - 1)):
            left -= 1
        while left < sign.start() and left > 0 and (text[left - 1].isalnum() or text[left - 1] == "_"):
            left += 1
        part = text[left : sign.start()].strip()
        if any(letter.isdigit() for letter in part) and any(letter in _OPERATORS for letter in part[1:]):
            kept.append(text[last:left])
            last = sign.end()
    return " ".join([*kept, text[last:]])


def _times(text: str, at: int) -> bool:
    """Whether the ``x`` at *at* stands alone, as a sign of multiplication."""
    return text[at] in "xX" and not (text[at - 1 : at].isalpha() or text[at + 1 : at + 2].isalpha())
