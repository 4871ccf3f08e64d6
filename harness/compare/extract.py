"""Reads an answer out of the text of a response, as the policy or suite says."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness.compare.choice import letters_of, read_choice
from harness.compare.code import parses
from harness.compare.documents import at_path, find_document, spelled
from harness.compare.fences import blocks
from harness.compare.marks import final_segment, without_sums
from harness.compare.prose import Scan, prepare, scan
from harness.compare.text import shown
from harness.core.ballot import Answer, Extract, Extraction
from harness.core.errors import ConfigError

TEXT_MAX = 1_000_000
"""Characters of a response that are read: twice what the longest replies that vendors sell can hold."""
LINE_MAX = 4_000
"""Characters of a line, or of a text in words, that are searched for a number."""
_BOLD = re.compile(r"\*\*(?P<inside>[^*\n]+)\*\*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A response that holds no answer of the wanted form."""

    why: str


def read(text: str, extract: Extract) -> Answer | Unreadable:
    """The answer in *text*. Raises ConfigError for an extraction whose argument makes no sense."""
    if len(text) > TEXT_MAX:
        return Unreadable(why=f"{len(text)} characters: no answer is longer than {TEXT_MAX}")
    return _HOW[extract.how](text, extract.arg)


def _whole(text: str, _arg: str) -> Answer | Unreadable:
    return Answer(text=text.strip()) if text.strip() else Unreadable(why="the response is empty")


def _last(text: str, arg: str) -> Answer | Unreadable:
    if arg != "number":
        raise ConfigError(f"extract: last {arg!r} is not known; there is: last number")
    segment = final_segment(text)
    if segment is not None:
        marked = _numerals(without_sums(prepare(segment[:LINE_MAX])))
        if marked.numerals:
            return _only(marked, segment)
    bold = _BOLD.findall(text.strip().rpartition("\n")[2])
    if bold and len((marked := _numerals(prepare(bold[-1]))).numerals) == 1:
        return _only(marked, bold[-1])
    found = _last_line_with(text)
    if not found.numerals:
        return Unreadable(why=f"no number in {shown(text)}")
    return _slice(found, -1)


def _last_line_with(text: str) -> Scan:
    """The last line that holds a number in digits; the whole text where none does."""
    for line in reversed(text.splitlines()):
        if any(map(str.isdigit, line)) and (found := scan(prepare(line[-LINE_MAX:]), "auto")).numerals:
            return found
    return _numerals(prepare(text[-LINE_MAX:]))


def _numerals(prepared: str) -> Scan:
    """Numbers in digits; in words only where there are no digits at all."""
    found = scan(prepared, "auto")
    if found.numerals or found.opaque:
        return found
    spelled_out = scan(prepared, "auto", in_words=True)
    lone = len(spelled_out.numerals) == 1 and spelled_out.text[spelled_out.numerals[0].start :].casefold().startswith(
        "one"
    )
    return found if lone and len(spelled_out.words) > 3 else spelled_out


def _only(found: Scan, segment: str) -> Answer | Unreadable:
    if len({numeral.readings for numeral in found.numerals}) > 1:
        return Unreadable(why=f"several numbers in the final answer {shown(segment)}")
    return _slice(found, 0)


def _slice(found: Scan, index: int) -> Answer:
    numeral = found.numerals[index]
    return Answer(text=found.text[numeral.start : numeral.end])


def _tag(text: str, name: str) -> Answer | Unreadable:
    if not re.fullmatch(r"[A-Za-z_][\w.-]*", name):
        raise ConfigError(f"extract: tag {name!r} is not a name of letters, digits, '.', '-' and '_'")
    found = re.findall(rf"<{re.escape(name)}>((?:(?!<{re.escape(name)}>).)*?)</{re.escape(name)}>", text, re.DOTALL)
    bodies = list(dict.fromkeys(body.strip() for body in found))
    if not bodies:
        return Unreadable(why=f"no <{name}>…</{name}>")
    if len(bodies) > 1:
        return Unreadable(why=f"{len(bodies)} different <{name}>: {shown(bodies[0])}, {shown(bodies[1])}")
    return Answer(text=bodies[0]) if bodies[0] else Unreadable(why=f"<{name}> is empty")


def _json(text: str, path: str) -> Answer | Unreadable:
    document = find_document(text)
    if isinstance(document, str):
        return Unreadable(why=document)
    value = at_path(document.value, path)
    if value is None:
        return Unreadable(why=f"the JSON has nothing at {path}")
    return Answer(text=spelled(value.value))


def _block(text: str, language: str) -> Answer | Unreadable:
    found = blocks(text)
    wanted = {language.casefold(), *_ALIASES.get(language.casefold(), ())}
    named = [block.body for block in found if block.language in wanted]
    if named or len(found) == 1:
        body = named[-1] if named else found[0].body
        return Answer(text=body) if body.strip() else Unreadable(why=f"the {language} block is empty")
    if not found and text.strip() and parses(text):
        return Answer(text=text)
    return Unreadable(why=f"no {language} block" + (f" among {len(found)} blocks" if found else ""))


_ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"python": ("py", "python3"), "javascript": ("js",), "typescript": ("ts",), "bash": ("sh", "shell")}
)


def _choice(text: str, arg: str) -> Answer | Unreadable:
    letters = letters_of(arg)
    chosen = read_choice(text, dict.fromkeys(letters, ""))
    return Answer(text=chosen.letter) if chosen.letter else Unreadable(why=chosen.why)


_HOW: Mapping[Extraction, Callable[[str, str], Answer | Unreadable]] = MappingProxyType(
    {"whole": _whole, "last": _last, "tag": _tag, "json": _json, "block": _block, "choice": _choice}
)
