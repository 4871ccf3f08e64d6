"""Renames local variables in the order of their appearance, and drops docstrings."""

import ast
from collections.abc import Iterable

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_REFLECTIVE = frozenset({"locals", "vars", "eval", "exec", "globals", "dir"})


def rename_locals(tree: ast.Module) -> ast.Module:
    """*tree* itself, changed: locals of functions and comprehensions become ``·1``, ``·2``, …

    Parameters, global names, attributes and names in a class body stay. A tree that looks at its own names
    (``locals``, ``eval``) is left alone but for its docstrings.
    """
    for node in ast.walk(tree):
        _drop_docstring(node)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if not names & _REFLECTIVE:
        _Renamer().visit(tree)
    return tree


def _drop_docstring(node: ast.AST) -> None:
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or not node.body:
        return
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        node.body[:1] = [] if len(node.body) > 1 else [ast.Pass()]


class _Renamer(ast.NodeTransformer):
    """Keeps a stack of scopes; each maps its own names to new ones, or to themselves."""

    def __init__(self) -> None:
        self._scopes: list[tuple[bool, dict[str, str]]] = []
        """Whether it is a class body, whose names no inner scope sees; and the names."""
        self._count = 0

    def _open(self, kept: Iterable[str], local: Iterable[str], *, body: bool = False) -> None:
        scope = {name: name for name in kept}
        for name in local:
            self._count += 1
            scope[name] = f"·{self._count}"
        self._scopes.append((body, scope))

    def _named(self, name: str) -> str:
        innermost = len(self._scopes) - 1
        for depth, (body, scope) in reversed(list(enumerate(self._scopes))):
            if name in scope and not (body and depth < innermost):
                return scope[name]
        return name

    def _visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._named(node.id)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        if node.name is not None:
            node.name = self._named(node.name)
        return self.generic_visit(node)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        node.names = [self._named(name) for name in node.names]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.name = self._named(node.name)
        self._visit_all([*node.decorator_list, node.returns])
        self._signature(node.args)
        self._open(*_names(node))
        self._visit_all(node.body)
        self._scopes.pop()
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._signature(node.args)
        self._open(*_names(node))
        self.visit(node.body)
        self._scopes.pop()
        return node

    def _signature(self, args: ast.arguments) -> None:
        """Defaults and annotations belong to the scope around the function."""
        self._visit_all([*args.defaults, *args.kw_defaults, *(argument.annotation for argument in _arguments(args))])

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self._named(node.name)
        self._visit_all([*node.decorator_list, *node.bases, *node.keywords])
        self._open(_bound(node.body), (), body=True)
        self._visit_all(node.body)
        self._scopes.pop()
        return node

    def _comprehension(self, node: Comprehension) -> ast.AST:
        first = node.generators[0]
        self.visit(first.iter)
        targets = (name for generator in node.generators for name in _stored(generator.target))
        self._open((), dict.fromkeys(targets))
        for generator in node.generators:
            self._visit_all([generator.target, *([] if generator is first else [generator.iter]), *generator.ifs])
        self._visit_all([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self._scopes.pop()
        return node

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self._comprehension(node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        return self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return self._comprehension(node)


def _arguments(args: ast.arguments) -> list[ast.arg]:
    several = [args.vararg, args.kwarg]
    return [
        *args.posonlyargs,
        *args.args,
        *args.kwonlyargs,
        *(argument for argument in several if argument is not None),
    ]


def _names(node: Function) -> tuple[set[str], list[str]]:
    """Names of a function that stay, and its locals in the order in which they are bound."""
    kept = {argument.arg for argument in _arguments(node.args)}
    body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
    inside = list(_own(body))
    shared = {name for item in inside if isinstance(item, ast.Nonlocal) for name in item.names}
    outer = {name for item in inside if isinstance(item, ast.Global) for name in item.names}
    imported = {
        (alias.asname or alias.name).split(".")[0]
        for item in inside
        if isinstance(item, ast.Import | ast.ImportFrom)
        for alias in item.names
    }
    defined = {item.name for item in inside if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    matched = {name for item in inside for name in _captured(item)}
    stays = kept | imported | defined | matched | outer
    return stays, [name for name in dict.fromkeys(_stored_in(inside)) if name not in shared and name not in stays]


def _captured(node: ast.AST) -> tuple[str, ...]:
    """Names that a ``match`` pattern binds."""
    name = (
        node.name
        if isinstance(node, ast.MatchAs | ast.MatchStar)
        else node.rest
        if isinstance(node, ast.MatchMapping)
        else None
    )
    return (name,) if name else ()


def _bound(body: Iterable[ast.AST]) -> set[str]:
    inside = list(_own(body))
    defined = {item.name for item in inside if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    return defined | set(_stored_in(inside))


def _own(nodes: Iterable[ast.AST]) -> Iterable[ast.AST]:
    """All nodes of a scope in source order, without those of the scopes inside it (their walrus targets excepted)."""
    for node in nodes:
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            yield from (inner.target for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))
            continue
        yield from _own(ast.iter_child_nodes(node))


def _stored_in(nodes: Iterable[ast.AST]) -> Iterable[str]:
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            yield node.id
        elif isinstance(node, ast.ExceptHandler) and node.name is not None:
            yield node.name


def _stored(target: ast.AST) -> Iterable[str]:
    return (node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
