"""Which files of a repository a single request shows, and what of the others it is told. Pure.

Every Python file is read as a tree (names, signatures, imports). Files are ranked by how much of the statement's
vocabulary they hold (Okapi BM25 over identifiers, paths and words, k1 = 1.2, b = 0.75; names count more than text),
then by what they import and by what imports them. The best are shown whole within the budget, of the rest their names
and signatures.

BM25: S. Robertson, H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, equation 3.15.
"""

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

BYTES_PER_TOKEN = 3
"""Of source code, at the least: a budget in tokens is held with room to spare."""
OUTLINE_SHARE = 0.15
"""Of the budget, for the names and signatures of files that are not shown."""
PARSED_BYTES = 1 << 20
"""Larger files are ranked by their text alone."""
_K1, _B = 1.2, 0.75
_NAME_WEIGHT, _PATH_WEIGHT = 4, 6
_WHOLE_NAME = 3.0
"""A name that the statement spells out counts for so many of its words."""
_NEIGHBOUR = 0.25
"""Of a file's score that goes to each file it imports or is imported by."""
_WORD = re.compile(r"[A-Za-z][a-z]+|[A-Z]+(?![a-z])|[^\W\d_]+")
_IDENTIFIER = re.compile(r"[^\W\d]\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """What one Python file defines and imports."""

    names: tuple[str, ...] = ()
    """Of functions, classes, methods and module variables."""
    signatures: tuple[str, ...] = ()
    """One line each, indented by depth."""
    imports: tuple[str, ...] = ()
    """Dotted; relative ones as they resolve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a single request shows of a repository."""

    files: Mapping[str, str]
    """Whole, best first."""
    outline: str = ""
    """Names and signatures of others."""


def choose(statement: str, tree: Mapping[str, str], budget_tokens: int) -> Shown:
    """The files of *tree* that *statement* is about, whole, and an outline of others, within *budget_tokens*.

    A file that does not fit is passed over for the next that does, and outlined.
    """
    ranked = rank(statement, tree)
    budget = budget_tokens * BYTES_PER_TOKEN
    files = _packed(ranked, tree, budget)
    if len(files) == len(tree):
        return Shown(files=files)
    for_outline = int(budget * OUTLINE_SHARE)
    files = _packed(ranked, tree, budget - for_outline)
    return Shown(files=files, outline=_outline([path for path in ranked if path not in files], tree, for_outline))


def _packed(ranked: Sequence[str], tree: Mapping[str, str], budget: int) -> dict[str, str]:
    shown: dict[str, str] = {}
    left = budget
    for path in ranked:
        size = len(tree[path].encode("utf-8", "replace"))
        if size <= left:
            shown[path] = tree[path]
            left -= size
    return shown


def rank(statement: str, tree: Mapping[str, str]) -> list[str]:
    """The paths of *tree*, the most relevant first.

    What the statement names by its path or file name comes first, then the other Python sources, tests, the rest;
    within each by score, then by size.
    """
    modules = {path: module_of(path, text) for path, text in tree.items() if path.endswith(".py")}
    scores = _spread(_scores(statement, tree, modules), modules)
    return sorted(tree, key=lambda path: (_kind(path, statement), -round(scores[path], 6), len(tree[path]), path))


def module_of(path: str, text: str) -> Module:
    """What the Python file *text* at *path* defines; nothing for one that cannot be parsed."""
    if len(text) > PARSED_BYTES:
        return Module()
    try:
        body = ast.parse(text).body
        found = tuple(_definitions(body, 0))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Module()
    return Module(
        names=tuple(name for name, _ in found),
        signatures=tuple(line for _, line in found if line),
        imports=tuple(dict.fromkeys(_imports(body, path))),
    )


# --- reading --------------------------------------------------------------------------------------------------------


def _definitions(body: Sequence[ast.stmt], depth: int) -> Iterator[tuple[str, str]]:
    """Name and signature of each definition; a variable has no line."""
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name, f"{'  ' * depth}def {node.name}({_arguments(node.args)}){_returns(node)}"
            case ast.ClassDef():
                bases = ", ".join(ast.unparse(base) for base in node.bases)
                yield node.name, f"{'  ' * depth}class {node.name}{f'({bases})' if bases else ''}"
                yield from _definitions(node.body, depth + 1)
            case ast.Assign(targets=targets):
                yield from ((target.id, "") for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name, f"{'  ' * depth}{name}: {ast.unparse(node.annotation)}" if depth else ""
            case _:
                pass


def _arguments(arguments: ast.arguments) -> str:
    text = ast.unparse(arguments)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _returns(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return f" -> {ast.unparse(node.returns)}" if node.returns else ""


def _imports(body: Sequence[ast.stmt], path: str) -> Iterator[str]:
    """Every module that is imported anywhere at the top level, and every name taken out of one."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = ".".join(filter(None, (_above(path, node.level), node.module)))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _above(path: str, level: int) -> str:
    """The package that *level* dots mean in the file at *path*."""
    return ".".join(PurePosixPath(path).parts[:-level]) if level else ""


# --- ranking --------------------------------------------------------------------------------------------------------


def words(text: str) -> list[str]:
    """The words of *text*, those inside ``snake_case`` and ``CamelCase`` names each, without their plural ``s``."""
    return [word.lower().removesuffix("s") for word in _WORD.findall(text) if len(word) > 1]


def _kind(path: str, statement: str) -> int:
    name = PurePosixPath(path).name
    if path in statement or (name != "__init__.py" and re.search(rf"(?<![\w/.-]){re.escape(name)}(?!\w)", statement)):
        return 0
    if not path.endswith(".py"):
        return 3
    return 2 if _is_test(path) else 1


def _is_test(path: str) -> bool:
    *folders, name = PurePosixPath(path).parts
    return bool({"test", "tests", "testing"} & set(folders)) or name.startswith("test_") or name == "conftest.py"


def _scores(statement: str, tree: Mapping[str, str], modules: Mapping[str, Module]) -> dict[str, float]:
    documents = {path: _document(path, text, modules.get(path)) for path, text in tree.items()}
    lengths = {path: sum(document.values()) for path, document in documents.items()}
    mean = sum(lengths.values()) / max(len(lengths), 1) or 1.0
    asked = set(words(statement))
    holders = Counter(word for document in documents.values() for word in asked & document.keys())
    rarity = {word: math.log(1 + (len(tree) - count + 0.5) / (count + 0.5)) for word, count in holders.items()}
    spelled = set(_IDENTIFIER.findall(statement))
    found: dict[str, float] = {}
    for path, document in documents.items():
        norm = _K1 * (1 - _B + _B * lengths[path] / mean)
        score = sum(
            rarity[word] * document[word] * (_K1 + 1) / (document[word] + norm) for word in asked & document.keys()
        )
        named = spelled & set(modules[path].names) if path in modules else set()
        found[path] = score + sum(
            _WHOLE_NAME * max((rarity.get(word, 0.0) for word in words(name)), default=0.0) for name in named
        )
    return found


def _document(path: str, text: str, module: Module | None) -> Counter[str]:
    document = Counter(words(text[:PARSED_BYTES]))
    for word in words(path):
        document[word] += _PATH_WEIGHT
    for name in module.names if module else ():
        for word in words(name):
            document[word] += _NAME_WEIGHT
    return document


def _spread(scores: Mapping[str, float], modules: Mapping[str, Module]) -> dict[str, float]:
    """*scores* with a part of the best neighbour's in the import graph."""
    by_name = {name: path for path in modules for name in _dotted(path)}
    near: dict[str, set[str]] = {path: set() for path in scores}
    for path, module in modules.items():
        if _is_test(path):
            continue
        for name in module.imports:
            other = by_name.get(name)
            if other is not None and other != path:
                near[path].add(other)
                near[other].add(path)
    return {
        path: score + _NEIGHBOUR * max((scores[other] for other in near[path]), default=0.0)
        for path, score in scores.items()
    }


def _dotted(path: str) -> Iterator[str]:
    """The names under which the file at *path* may be imported, whatever folder is on the import path."""
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    yield from (".".join(parts[start:]) for start in range(len(parts)))


# --- showing --------------------------------------------------------------------------------------------------------


def _outline(paths: Sequence[str], tree: Mapping[str, str], budget: int) -> str:
    """Names and signatures of *paths*, in their order, to *budget* bytes; tests are only named."""
    lines: list[str] = []
    left = budget
    for path in paths:
        module = Module() if _is_test(path) or not path.endswith(".py") else module_of(path, tree[path])
        block = [path, *(f"  {signature}" for signature in module.signatures)]
        size = sum(len(line.encode("utf-8", "replace")) + 1 for line in block)
        if size > left:
            block, size = block[:1], len(path.encode("utf-8", "replace")) + 1
        if size <= left:
            lines += block
            left -= size
    return "\n".join(lines)
