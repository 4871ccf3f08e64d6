"""The comparator ``code``: equal programs after parsing, whatever their layout, comments and local names."""

import ast
import re
import warnings
from dataclasses import dataclass
from typing import Literal, Self, cast

from harness.compare.forms import one_form
from harness.compare.options import Options
from harness.compare.scopes import rename_locals
from harness.compare.sql import sql_key
from harness.compare.text import normal, unfenced
from harness.core.ballot import Answer, Judgement, Relation

Language = Literal["python", "sql", "auto"]
SOURCE_MAX = 200_000
NESTING_MAX = 100
_SQL = re.compile(r"\s*(?:select|insert|update|delete|with)\b", re.IGNORECASE)


def parses(source: str) -> bool:
    """Whether *source* is Python."""
    return tree_of(source) is not None


def tree_of(source: str) -> ast.Module | None:
    """*source* as a tree; None for what is not Python, or too long or too deep to be looked at."""
    if len(source) > SOURCE_MAX:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree if _shallow(tree) else None


def _shallow(tree: ast.AST) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(NESTING_MAX):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Same when equal without comments and docstrings and with local variables renamed in order.

    Names of functions, parameters, attributes and globals count: callers see them.
    """

    language: Language = "auto"
    name: str = "code"
    version: str = "3"
    needs: Literal["text", "execution"] = "text"

    @classmethod
    def build(cls, options: Options) -> Self:
        """From a policy or suite."""
        return cls(language=cast("Language", options.word("language", ("python", "sql", "auto"), default="auto")))

    def __call__(self, a: Answer, b: Answer, /) -> Judgement:
        """DIFFERENT when the programs differ in one leaf; UNKNOWN for other differences: only execution tells."""
        left, right = _source(a.text), _source(b.text)
        if not left.strip() or not right.strip():
            return _verdict(Relation.UNKNOWN, "an empty answer agrees with nothing")
        if self.language == "sql" or (self.language == "auto" and _SQL.match(left) and _SQL.match(right)):
            return _sql(left, right)
        return _python(left, right)


def _source(text: str) -> str:
    """*text* without the fence around it. What is code as it stands is taken so: a fence in it is in a docstring."""
    return text if _SQL.match(text) or parses(text) else unfenced(text)


def _verdict(relation: Relation, why: str) -> Judgement:
    return Judgement(relation=relation, why=why)


def _sql(a: str, b: str) -> Judgement:
    left, right = sql_key(a), sql_key(b)
    if left is None or right is None:
        return _verdict(Relation.UNKNOWN, "one of them is not SQL that can be taken apart")
    if left == right:
        return _verdict(Relation.SAME, "the same tokens, case and order of AND apart")
    return _verdict(Relation.DIFFERENT, "the statements differ")


def _python(a: str, b: str) -> Judgement:
    left, right = tree_of(a), tree_of(b)
    if left is None or right is None:
        if normal(a) == normal(b):
            return _verdict(Relation.UNKNOWN, "the same text, but it is not Python")
        return _verdict(Relation.UNKNOWN, "one of them is not Python")
    one, other = _leaves(one_form(rename_locals(left))), _leaves(one_form(rename_locals(right)))
    if one == other and normal(a) != normal(b) and _words_only(left):
        return _verdict(Relation.UNKNOWN, "names and operators only: a command of a shell reads like that, too")
    if one == other:
        return _verdict(Relation.SAME, "the same program, comments and local names apart")
    changed = [(x, y) for x, y in zip(one, other, strict=False) if x != y]
    if len(one) == len(other) and len(changed) == 1:
        return _verdict(Relation.DIFFERENT, f"they differ in one place: {changed[0][0]} against {changed[0][1]}")
    return _verdict(Relation.UNKNOWN, "the programs are written differently; only execution can tell")


def _words_only(tree: ast.Module) -> bool:
    """Whether it is one expression of names, such as ``rm -rf /tmp/x``, in which a blank may count."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return False
    kinds = ast.Name | ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop | ast.expr_context
    inside = list(ast.walk(tree.body[0].value))
    return any(isinstance(node, ast.BinOp) for node in inside) and all(isinstance(node, kinds) for node in inside)


def _leaves(node: object) -> list[str]:
    """The tree as a flat list: brackets for structure, and one entry per operator, name or constant."""
    if isinstance(node, ast.AST):
        inside = [
            leaf
            for name, value in ast.iter_fields(node)
            if name not in {"ctx", "type_comment", "kind"}
            for leaf in _leaves(value)
        ]
        return [type(node).__name__, "(", *inside, ")"] if node._fields else [type(node).__name__]
    if isinstance(node, list):
        return ["[", *(leaf for item in node for leaf in _leaves(item)), "]"]
    return [hex(node) if isinstance(node, int) and abs(node) > 10**18 else f"{node!r}"]
