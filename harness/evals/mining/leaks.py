"""Does a statement tell the solution? And which names must it tell? Pure: texts in, findings out."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from harness.evals.mining.draft import Draft
from harness.evals.mining.words import defined_names, known_words, module_name, signatures, strings, used_names, words
from harness.evals.patches import unified_diff

_PLAIN: Final = re.compile(r"[a-z]+")
_CODE: Final = re.compile(r"`+[^`]*`+|^(?: {4}|\t).*$", re.MULTILINE)
_LINE_LEAST: Final = 20
"""Characters from which on a line of code in a statement is a quotation."""
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """How much of its solution a statement gives away."""

    score: float
    """Share of what the solution newly names or says that is in the statement, in [0, 1]; 0: nothing."""
    found: tuple[str, ...]
    """The names, strings and lines of the solution that are in the statement, the first few."""


def interface_of(draft: Draft, base: Mapping[str, str]) -> tuple[str, ...]:
    """Names that the hidden tests use and that are not in the *base*, each as it is written in the solution.

    New modules come first, then what they define; what the solution spells out nowhere at the top of a module, such as
    a keyword argument, is given as the bare name.
    """
    known = known_words(base)
    used = {name for path in draft.tests for name in used_names(_text(draft.hidden[path]))}
    sources = {path: text for path, text in draft.reference.items() if text is not None and path.endswith(".py")}
    new = used - known
    found: dict[str, str] = {}
    for path, text in sorted(sources.items()):
        module = module_name(path, draft.layout.roots)
        if path not in base and module.rpartition(".")[2] in used:
            found[f"module {module}"] = f"module {module}"
        for name, written in signatures(module, text).items():
            last = name.rpartition(".")[2]
            if last in new or (path not in base and last in used):
                found.setdefault(last, written)
    stated = {word for written in found.values() for word in words(written)}
    bare = sorted((new - stated) & {name for text in sources.values() for name in defined_names(text)})
    return (*found.values(), *bare)


def leak_of(statement: str, draft: Draft, base: Mapping[str, str], interface: Iterable[str]) -> Leak:
    """What of the solution of *draft* is in *statement* but neither in the *base* nor in the *interface*.

    A plain lower-case word counts only where it is set as code: a statement may say "round" when the solution does.
    """
    allowed = known_words(base) | {word for line in interface for word in words(line)}
    sources = [text for path, text in draft.reference.items() if text is not None and path.endswith(".py")]
    names = {name for text in sources for name in words(_code_of(text))} - allowed
    said = {text for source in sources for text in strings(source)} - {
        text for source in base.values() for text in strings(source)
    }  # fmt: skip
    lines = _added_lines(draft, base)
    as_code = words("\n".join(_CODE.findall(statement)))
    in_text = words(statement)
    told = [name for name in sorted(names & in_text) if not _PLAIN.fullmatch(name) or name in as_code]
    told += sorted(text for text in said if text in statement)
    told += sorted(line for line in lines if line in statement)
    size = len(names) + len(said) + len(lines)
    return Leak(score=round(len(told) / size, 4) if size else 0.0, found=tuple(told[:_SHOWN]))


def _code_of(source: str) -> str:
    """*source* without its comments and strings, roughly: what is left holds its identifiers."""
    without = re.sub(r"(?s)(\"\"\"|''').*?\1|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", " ", source)
    return re.sub(r"#.*", " ", without)


def _added_lines(draft: Draft, base: Mapping[str, str]) -> frozenset[str]:
    old = {path: base[path] for path in draft.reference if path in base}
    new = {path: text for path, text in draft.reference.items() if text is not None}
    added = (line[1:].strip() for line in unified_diff(old, new).splitlines() if line[:1] == "+" and line[:3] != "+++")
    return frozenset(line for line in added if len(line) >= _LINE_LEAST)


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "replace")
