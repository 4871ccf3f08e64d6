"""Small sums of constants, worked out in the syntax tree: ``27 ** 3`` and ``[0] * 5`` are written like literals."""

import ast
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

_Number: TypeAlias = int | float
NUMBER_MAX = 10**30
EXPONENT_MAX = 64
BASE_MAX = 1_000
LENGTH_MAX = 1_000
"""Characters and nodes that sums may add to one tree."""

_OPERATORS: Mapping[type[ast.operator], Callable[[_Number, _Number], _Number]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
        ast.FloorDiv: operator.floordiv,
        ast.Mod: operator.mod,
    }
)


def fold(node: ast.expr) -> ast.expr:
    """*node*, in which sums of small constants stand as their value; it is changed in place."""
    folded: ast.expr = _Fold().visit(node)
    return folded


class _Fold(ast.NodeTransformer):
    def __init__(self) -> None:
        self._room = LENGTH_MAX

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        left, right = _number(node.left), _number(node.right)
        if left is not None and right is not None:
            value = _sum(left, node.op, right)
            return node if value is None else ast.Constant(value=value)
        if isinstance(node.op, ast.Mult):
            return self._repeated(node.left, right) or self._repeated(node.right, left) or node
        return node

    def _repeated(self, what: ast.expr, times: _Number | None) -> ast.expr | None:
        if not isinstance(times, int) or not isinstance(what, ast.Constant | ast.List | ast.Tuple):
            return None
        size = max(0, times) * _size(what)
        if size > self._room:
            return None
        self._room -= size
        match what:
            case ast.Constant(value=str() | bytes() as text):
                return ast.Constant(value=text * times)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return type(what)(elts=items * times, ctx=ast.Load())
            case _:
                return None


def _size(what: ast.expr) -> int:
    """Characters, or nodes with all that is in them: what is repeated may hold something repeated."""
    match what:
        case ast.Constant(value=str() | bytes() as text):
            return len(text)
        case _:
            return sum(1 for _ in ast.walk(what))


def _number(node: ast.expr) -> _Number | None:
    match node:
        case ast.Constant(value=int() | float() as value) if abs(value) <= NUMBER_MAX:
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _number(operand)
            return None if inner is None else -inner
        case _:
            return None


def _sum(left: _Number, op: ast.operator, right: _Number) -> _Number | None:
    if isinstance(op, ast.Pow):
        small = abs(left) <= BASE_MAX and isinstance(right, int) and 0 <= right <= EXPONENT_MAX
        return left**right if small else None
    work = _OPERATORS.get(type(op))
    try:
        return None if work is None else work(left, right)
    except (ArithmeticError, ValueError):
        return None
