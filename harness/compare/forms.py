"""One form for programs that differ only in how a choice or a result is written."""

import ast
from typing import Final

_OPPOSITE: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {ast.Is: ast.IsNot, ast.In: ast.NotIn}


def one_form(tree: ast.Module) -> ast.Module:
    """*tree* itself, changed.

    ``if not x: A else: B`` stands as ``if x: B else: A``; what follows an ``if`` that returns, in its ``else``; two
    returns under one ``if`` as one of a conditional expression; ``not (a in b)`` as ``a not in b``. ``not (a == b)``
    and ``a != b`` stay: a class may define both.
    """
    changed: ast.Module = _Former().visit(tree)
    return changed


class _Former(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, _block(block))
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=ast.Compare(left=left, ops=[op], comparators=[right])):
                opposite = _OPPOSITE.get(type(op))
                return node if opposite is None else ast.Compare(left=left, ops=[opposite()], comparators=[right])
            case _:
                return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        return _choice(node.test, node.body, node.orelse)


def _choice(test: ast.expr, yes: ast.expr, no: ast.expr) -> ast.IfExp:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _choice(test.operand, no, yes)
    return ast.IfExp(test=test, body=yes, orelse=no)


def _block(statements: list[ast.stmt]) -> list[ast.stmt]:
    """*statements* in one form, those inside them being so already; from the end, for each may take in the rest."""
    made: list[ast.stmt] = []
    for statement in reversed(statements):
        if not isinstance(statement, ast.If):
            made = [statement, *made]
            continue
        taken = bool(made) and not statement.orelse and _leaves(statement.body)
        orelse = _block(made) if taken else statement.orelse
        whole = _returned(statement.test, statement.body, orelse)
        made = [whole] if taken else [whole, *made]
    return made


def _leaves(body: list[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Return | ast.Raise)


def _returned(test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]) -> ast.stmt:
    while orelse and isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, body, orelse = test.operand, orelse, body
    match body, orelse:
        case [ast.Return(value=ast.expr() as yes)], [ast.Return(value=ast.expr() as no)]:
            return ast.Return(value=_choice(test, yes, no))
        case _:
            return ast.If(test=test, body=body, orelse=orelse)
