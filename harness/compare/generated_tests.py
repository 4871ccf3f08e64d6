"""Tests that models wrote for a function, read out of their replies. Pure: nothing of a reply is ever executed here.

What counts is an ``assert`` about calls of the function with literal arguments. Its calls are inputs: programs can be
compared by what they return for them, whatever the assert expects. It is a test when it also is an expression of a
small language: literals, comparisons, arithmetic with small numbers, and a few functions that cannot do harm. The
sandbox computes it on recorded outputs; an expression of any other kind is dropped here, since whoever writes tests
runs them against the programs of others.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from harness.compare.code import parses, tree_of
from harness.compare.fences import blocks
from harness.compare.folding import fold
from harness.compare.judge import Prompt
from harness.compare.text import unfenced

REPLY_MAX = 50_000
"""Characters of a reply that are looked at."""
ASSERT_MAX = 1_000
"""Characters of one assert."""
CALL_MAX = 500
"""Characters of one call."""
ASSERTS_MAX = 64
"""Asserts of one reply; what a model writes beyond is not looked at."""
INPUTS_MAX = TESTS_MAX = 128
"""Of all replies together; each reply has its turn, one after the other."""
LINES_MAX = 20
"""Of one assert in a text that is not Python as a whole."""
DEPTH_MAX, NODES_MAX = 20, 400
OUTPUT = "_"
"""How the expression of a test calls for a recorded output: ``_(3)`` is what was returned for input 3."""
FUNCTIONS = frozenset(
    {"abs", "bool", "dict", "float", "frozenset", "int", "isinstance", "len", "list", "max", "min", "round", "set"}
    | {"sorted", "str", "sum", "tuple", "type"}
)
"""What an expression may call. With the arguments that are let through, none of them does anything but compute."""
KEYWORDS = frozenset({"reverse", "abs_tol", "rel_tol", "default"})
FACTOR_MAX = 1_000
"""Largest number to multiply with: what is multiplied may be a list."""

_RULES = """You write tests for a function that others implement. You are shown the task that they were given. Do not \
solve it, and do not write the function: write assertions of what a right implementation returns."""
_TASK = """Write up to {count} assertions for the function `{name}` of the task above, one per line, in one Python \
code block:

assert {name}(…) == …

Only literals as arguments and as expected values; for floats `assert abs({name}(…) - …) < 1e-6`. Cover usual cases \
and the edges that the task speaks of. Leave out what the task does not define, and what you are not sure of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedTest:
    """One assertion about the outputs of a function."""

    source: str
    """As it was written, in one line; hostile text."""
    expression: str
    """What has to be true, with each call replaced by its recorded output: ``_(0) == 'a'``."""
    weight: int
    """In how many replies it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedTests:
    """What models wrote for one function."""

    entry_point: str
    inputs: tuple[str, ...] = ()
    """Different calls of the function, in Python; ``arguments_of`` takes one apart. Hostile text."""
    tests: tuple[GeneratedTest, ...] = ()
    """Different tests, each about some of the inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """An assert, as far as it can be used."""

    source: str
    node: ast.expr
    calls: tuple[str, ...]
    is_test: bool


def prompt_for_tests(question: str, entry_point: str, *, count: int) -> Prompt:
    """What a model is told that is to write tests for the function of *question*."""
    task = _TASK.format(name=entry_point, count=count)
    return Prompt(rules=_RULES, material=f"BEGIN TASK\n{question}\nEND TASK\n\n{task}")


def read_tests(replies: Sequence[str], entry_point: str) -> GeneratedTests:
    """The inputs and tests in *replies*, without repetitions.

    A test weighs as many as there are replies that have it, not as often as one of them repeats it. Where there are
    too many, each reply in turn gives its next one.
    """
    read = [tuple(_asserts_of(reply, entry_point)) for reply in replies]
    in_turn = [each for turn in zip_longest(*read) for each in turn if each is not None]
    inputs = tuple(dict.fromkeys(call for each in in_turn for call in each.calls))[:INPUTS_MAX]
    places = {call: place for place, call in enumerate(inputs)}
    usable = {each.source: each.node for each in in_turn if each.is_test and all(call in places for call in each.calls)}
    written = [{each.source for each in asserts} for asserts in read]
    tests = tuple(
        GeneratedTest(
            source=source,
            expression=_Placed(entry_point, places).expression(node),
            weight=sum(source in sources for sources in written),
        )
        for source, node in list(usable.items())[:TESTS_MAX]
    )
    return GeneratedTests(entry_point=entry_point, inputs=inputs, tests=tests)


def arguments_of(call: str) -> tuple[tuple[object, ...], dict[str, object]]:
    """Positional and named arguments of an input."""
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call), "an input is a call"
    named = {word.arg: ast.literal_eval(word.value) for word in node.keywords if word.arg is not None}
    return tuple(map(ast.literal_eval, node.args)), named


def common_function(programs: Sequence[str], question: str) -> str | None:
    """The function that *programs* were asked for; None when that cannot be told.

    It is one that all of them define that can be read at all; of several the one that *question* names first.
    """
    defined = [_functions(text if parses(text) else unfenced(text)) for text in programs]
    known = [names for names in defined if names]
    common = [name for name in known[0] if all(name in names for names in known)] if known else []
    if len(common) == 1:
        return common[0]
    named = [name for name in re.findall(r"\w+", question) if name in common]
    return named[0] if named else None


def _functions(source: str) -> tuple[str, ...]:
    """Of the top level, in order."""
    tree = tree_of(source)
    return tuple(node.name for node in tree.body if isinstance(node, ast.FunctionDef)) if tree else ()


# --- the asserts of a reply -----------------------------------------------------------------------------------------


def _asserts_of(reply: str, entry_point: str) -> Iterator[_Read]:
    text = reply[:REPLY_MAX]
    pieces = [block.body for block in blocks(text)] or [text]
    found = 0
    for node in (node for piece in pieces for node in _asserts(piece)):
        read = _read(node, entry_point)
        if read is not None:
            yield read
            found += 1
        if found == ASSERTS_MAX:
            return


def _asserts(piece: str) -> Iterator[ast.Assert]:
    """Of a piece of Python; of any other text those that can be read by themselves."""
    tree = tree_of(piece)
    if tree is not None:
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.Assert))
        return
    lines = piece.splitlines()
    starts = [number for number, line in enumerate(lines) if line.lstrip().startswith("assert")]
    for number in starts[: 2 * ASSERTS_MAX]:
        alone = _alone(lines[number : number + LINES_MAX])
        if alone is not None:
            yield alone


def _alone(lines: Sequence[str]) -> ast.Assert | None:
    """The assert that begins with the first of *lines*."""
    text = ""
    for line in lines:
        text = f"{text}\n{line}" if text else line.strip()
        if len(text) > ASSERT_MAX:
            return None
        tree = tree_of(text)
        if tree is not None:
            return tree.body[0] if len(tree.body) == 1 and isinstance(tree.body[0], ast.Assert) else None
    return None


def _read(node: ast.Assert, entry_point: str) -> _Read | None:
    """None for an assert that is too large, or says nothing of the function."""
    if not _small(node.test):
        return None
    # Spelled anew: what was worked out is written as it would have been.
    test = ast.parse(ast.unparse(fold(node.test)), mode="eval").body
    calls = [each for each in ast.walk(test) if _is_call_of(each, entry_point)]
    spelled = {ast.unparse(each): _literal(each) for each in calls}
    inputs = tuple(text for text, literal in spelled.items() if literal and len(text) <= CALL_MAX)
    source = ast.unparse(ast.Assert(test=test))
    if not inputs or len(source) > ASSERT_MAX:
        return None
    is_test = len(inputs) == len(spelled) and _harmless(test, entry_point)
    return _Read(source=source, node=test, calls=inputs, is_test=is_test)


def _small(node: ast.AST) -> bool:
    level, count = [node], 0
    for _ in range(DEPTH_MAX):
        count += len(level)
        level = [child for each in level for child in ast.iter_child_nodes(each)]
        if not level or count > NODES_MAX:
            break
    return not level and count <= NODES_MAX


def _is_call_of(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _literal(call: ast.AST) -> bool:
    """Whether all arguments of *call* are literals."""
    assert isinstance(call, ast.Call), "it was chosen as one"
    if any(word.arg is None for word in call.keywords):
        return False
    try:
        for value in (*call.args, *(word.value for word in call.keywords)):
            ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError):
        return False
    return True


class _Placed(ast.NodeTransformer):
    """Puts recorded outputs in the place of calls."""

    def __init__(self, entry_point: str, places: dict[str, int]) -> None:
        self._entry_point, self._places = entry_point, places

    def expression(self, node: ast.expr) -> str:
        # From its text: a node may be part of another test too.
        return ast.unparse(self.visit(ast.parse(ast.unparse(node), mode="eval")))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if _is_call_of(node, self._entry_point):
            place = ast.Constant(value=self._places[ast.unparse(node)])
            return ast.Call(func=ast.Name(id=OUTPUT), args=[place], keywords=[])
        return self.generic_visit(node)


# --- what an expression may do --------------------------------------------------------------------------------------


def _harmless(node: ast.expr, entry_point: str) -> bool:
    """Whether *node* can be computed without doing, or costing, anything worth mention."""
    match node:
        case ast.Constant():
            return True
        case ast.Call():
            return _is_call_of(node, entry_point) or _harmless_call(node, entry_point)
        case ast.Name(id=name):
            return name in FUNCTIONS
        case ast.BinOp(left=left, op=op, right=right) if not _harmless_sum(left, op, right):
            return False
        case ast.List() | ast.Tuple() | ast.Set() | ast.Dict() | ast.UnaryOp() | ast.BoolOp() | ast.BinOp():
            pass
        case ast.Compare() | ast.Subscript() | ast.Slice():
            pass
        case _:
            return False
    inside = (each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr))
    return all(_harmless(each, entry_point) for each in inside)


def _harmless_sum(left: ast.expr, op: ast.operator, right: ast.expr) -> bool:
    """Powers and shifts are folded or not there; what is multiplied stays of a reasonable size."""
    if isinstance(op, ast.Add | ast.Sub | ast.Div | ast.FloorDiv):
        return True
    if isinstance(op, ast.Mod):
        return not isinstance(left, ast.Constant) or isinstance(left.value, int | float)
    if not isinstance(op, ast.Mult):
        return False
    return any(_is_factor(one) and isinstance(other, ast.Call) for one, other in ((left, right), (right, left)))


def _is_factor(node: ast.expr) -> bool:
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, int | float) and abs(value) <= FACTOR_MAX


def _harmless_call(node: ast.Call, entry_point: str) -> bool:
    match node.func:
        case ast.Name(id=name) if name in FUNCTIONS:
            pass
        case ast.Attribute(value=ast.Name(id="math"), attr="isclose"):
            name = "isclose"
        case _:
            return False
    if any(word.arg not in KEYWORDS for word in node.keywords) or (name == "type" and len(node.args) != 1):
        return False
    if name == "round" and not all(_is_places(each) for each in node.args[1:]):
        return False
    return all(_harmless(each, entry_point) for each in (*node.args, *(word.value for word in node.keywords)))


def _is_places(node: ast.expr) -> bool:
    """Of decimals: rounding to the left of the point takes a power of ten."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and 0 <= node.value <= 20
