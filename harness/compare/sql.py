"""A normal form of one SQL statement: case of keywords, blanks, and the order of conditions joined by AND."""

import re
from collections.abc import Sequence

_TOKEN = re.compile(
    r"""(?P<blank>\s+)|(?P<text>'(?:[^'\\]|'')*')|(?P<quoted>"(?:[^"]|"")*"|`[^`]*`)"""
    r"""|(?P<word>[^\W\d]\w*)|(?P<number>\d+(?:\.\d+)?)|(?P<sign><>|<=|>=|!=|\|\||::|[-+*/%=<>(),.;?@:])"""
)
_END = frozenset(
    {"group", "order", "limit", "having", "returning", "union", "except", "intersect", "offset", "window", "for"}
)
_STICKY = frozenset({"or", "between", "case", "(", ")", "select", "not", ";"})


def sql_key(text: str) -> tuple[str, ...] | None:
    """The tokens of *text*, or None for what cannot be taken apart: comments, escapes.

    Unquoted words are case-folded. In a WHERE of plain conditions joined by AND, these are sorted, and
    ``2 = b`` is ``b = 2``.
    """
    tokens: list[str] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return None
        at = found.end()
        if found[0] in {"-", "*"} and tokens[-1:] == [{"-": "-", "*": "/"}[found[0]]]:
            return None  # a comment begins
        if found.lastgroup == "blank":
            continue
        tokens.append(found[0].casefold() if found.lastgroup == "word" else found[0])
    while tokens and tokens[-1] == ";":
        tokens.pop()
    return tuple(_sorted(_one_spelling(tokens))) if tokens else None


def _one_spelling(tokens: Sequence[str]) -> list[str]:
    """Without INNER before JOIN and ASC, which say what holds anyway; ``!=`` as ``<>``."""
    kept: list[str] = []
    for item, following in zip(tokens, [*tokens[1:], ""], strict=True):
        needless = (item == "inner" and following == "join") or (
            item == "asc" and "by" in kept and kept[-1] not in {"by", ","} and following in {"", ",", ")", "limit"}
        )
        if not needless:
            kept.append("<>" if item == "!=" else item)
    return kept


def _sorted(tokens: Sequence[str]) -> list[str]:
    """*tokens* with the conditions of its only WHERE in order."""
    if tokens.count("where") != 1:
        return list(tokens)
    start = tokens.index("where") + 1
    end = next((place for place in range(start, len(tokens)) if tokens[place] in _END), len(tokens))
    inside = tokens[start:end]
    if _STICKY.intersection(inside):
        return list(tokens)
    conditions: list[list[str]] = [[]]
    for item in inside:
        if item == "and":
            conditions.append([])
        else:
            conditions[-1].append(item)
    conditions = [_turned(condition) for condition in conditions]
    joined = [item for condition in sorted(conditions) for item in ("and", *condition)]
    return [*tokens[:start], *joined[1:], *tokens[end:]]


def _turned(condition: list[str]) -> list[str]:
    """An equality with a number or text on its left, turned round."""
    turnable = len(condition) == 3 and condition[1] in {"=", "<>"} and not condition[0][:1].isalpha()
    return [condition[2], condition[1], condition[0]] if turnable and condition[2][:1].isalpha() else condition
