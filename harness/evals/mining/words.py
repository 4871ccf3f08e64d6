"""Names and strings in Python source and in texts about it. Pure: parses, never runs."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

_WORD: Final = re.compile(r"[^\W\d]\w*")
_STRING_LEAST: Final = 6
"""Characters from which on a string says something of its own."""


def words(text: str) -> frozenset[str]:
    """Everything in *text* that could be an identifier."""
    return frozenset(_WORD.findall(text))


def parsed(text: str) -> ast.Module | None:
    """The syntax tree of *text*; None when this Python cannot read it."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def strings(text: str) -> frozenset[str]:
    """String constants of a module that are long enough to be recognised, docstrings left out."""
    tree = parsed(text)
    if tree is None:
        return frozenset()
    found = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    documented = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, _DOCUMENTED)}
    return frozenset(each for each in found - documented if len(each.strip()) >= _STRING_LEAST)


_DOCUMENTED: Final = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_Defined = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def signatures(module: str, text: str) -> dict[str, str]:
    """What a module defines at its top and in its classes: qualified name to how it is written."""
    tree = parsed(text)
    return {} if tree is None else dict(_signatures(module, tree.body))


def _signatures(prefix: str, body: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield f"{prefix}.{node.name}", _call(f"{prefix}.{node.name}", node)
            case ast.ClassDef():
                yield f"{prefix}.{node.name}", f"class {prefix}.{node.name}"
                yield from _signatures(f"{prefix}.{node.name}", node.body)
            case ast.Assign() | ast.AnnAssign():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield f"{prefix}.{target.id}", f"{prefix}.{target.id}"
            case ast.If() | ast.Try():
                yield from _signatures(prefix, [*node.body, *node.orelse])
            case _:
                pass


def _call(name: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """A function as its caller sees it; without annotations, which a test does not need."""
    arguments = node.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
        if argument is not None:
            argument.annotation = None
    prefix = "await " if isinstance(node, ast.AsyncFunctionDef) else ""
    return f"{prefix}{name}({ast.unparse(arguments)})"


def defined_names(text: str) -> frozenset[str]:
    """Names that a module brings into being anywhere: definitions, parameters, variables, attributes."""
    tree = parsed(text)
    return frozenset() if tree is None else frozenset(_defined(tree))


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr
            case _:
                pass


def used_names(text: str) -> frozenset[str]:
    """Names that a test module takes from elsewhere: imports, attributes, keywords, calls."""
    tree = parsed(text)
    if tree is None:
        return words(text)
    return frozenset(_used(tree))


def _used(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom():
                yield from (node.module or "").split(".")
                yield from (alias.name for alias in node.names)
            case ast.Import():
                yield from (part for alias in node.names for part in alias.name.split("."))
            case ast.Attribute():
                yield node.attr
            case ast.keyword(arg=str(name)):
                yield name
            case ast.Name():
                yield node.id
            case ast.Constant(value=str(text)) if text.isidentifier():
                yield text
            case _:
                pass


def module_name(path: str, roots: Iterable[str]) -> str:
    """The import name of the file *path*, seen from the nearest of *roots*.

    >>> module_name("src/tally/money.py", [".", "src"]), module_name("a/__init__.py", ["."])
    ('tally.money', 'a')
    """
    inside = [path.removeprefix(f"{root}/") for root in roots if root != "." and path.startswith(f"{root}/")]
    shortest = min((*inside, path), key=len)
    return shortest.removesuffix(".pyi").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def known_words(texts: Mapping[str, str]) -> frozenset[str]:
    """Every word of a tree, its paths included."""
    return frozenset(word for path, text in texts.items() for word in (*_WORD.findall(path), *_WORD.findall(text)))
