"""Text as comparators see it. Nothing here strips signs, digits, operators or look-alike letters."""

import re
import unicodedata

_FENCE = re.compile(r"```[^\n`]*\n(?P<body>.*?)\n?[ \t]*```", re.DOTALL)

_REDACTED = re.compile(r"\[redacted:[^\]\n]{1,200}\]")


def is_redacted(text: str) -> bool:
    """Whether a secret was taken out of *text*: what :mod:`harness.guard` leaves in its place stands there."""
    return _REDACTED.search(text) is not None


def normal(text: str) -> str:
    """*text* in Unicode NFC with every run of white space as one blank and none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def shown(text: str) -> str:
    """*text* as it is quoted in a reason: one line of at most 60 characters."""
    line = normal(text)
    return repr(line if len(line) <= 60 else line[:57] + "...")


def unfenced(text: str) -> str:
    """The body of the only fenced block of *text*, or *text* itself."""
    blocks = _FENCE.findall(text)
    return str(blocks[0]) if len(blocks) == 1 else text


def words(text: str) -> tuple[str, ...]:
    """The words of *text*, case-folded, with apostrophes kept inside: ``isn't``."""
    return tuple(re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.casefold().replace("’", "'")))


_QUOTED = re.compile(r"\"[^\"\n]*\"|(?<!\w)'[^'\n]*'(?!\w)|`[^`\n]*`")
_INDENTED = re.compile(r"\n[ \t]+(?=\S)")


def same_layout(a: str, b: str) -> bool:
    """Whether two texts whose words are equal have the same blanks where they count: in quotes and as indentation."""
    if a == b:
        return True
    left, right = (unicodedata.normalize("NFC", text) for text in (a, b))
    if _QUOTED.findall(left) != _QUOTED.findall(right) and [normal(x) for x in _QUOTED.findall(left)] == [
        normal(x) for x in _QUOTED.findall(right)
    ]:
        return False
    if _INDENTED.search(left) is None and _INDENTED.search(right) is None:
        return True
    return _indents(left) == _indents(right)


def _indents(text: str) -> list[tuple[int, str]]:
    """Indentation and words of each line but blank ones."""
    lines = [line.expandtabs() for line in text.strip("\n").splitlines() if line.strip()]
    least = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    return [(len(line) - len(line.lstrip()) - least, normal(line)) for line in lines]
