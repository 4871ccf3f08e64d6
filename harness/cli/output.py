"""Printing: results to stdout, progress and remarks to stderr, never both kinds on one stream."""

import io
import json
import os
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console

from harness.cli.labels import NOTHING
from harness.cli.layout import Shape, table_lines, wrapped
from harness.cli.options import Options
from harness.core.hashing import plain
from harness.guard import Redactor, redactor

WIDTH = 100
"""Of prose everywhere, and of tables where no terminal says otherwise."""

_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)S?$", re.IGNORECASE)
"""Names of variables whose values are never printed."""


@dataclass(slots=True)
class Output:
    """Where a command prints."""

    options: Options
    _out: Console = field(init=False)
    _err: Console = field(init=False)
    _clean: Redactor = field(init=False)

    def __post_init__(self) -> None:
        self._out = _console(self.options, stderr=False)
        self._err = _console(self.options, stderr=True)
        self._clean = secrets_of(os.environ)

    def json(self, value: object) -> None:
        """The machine-readable result: one JSON document."""
        text = json.dumps(plain(value), ensure_ascii=False, allow_nan=False, indent=2)
        sys.stdout.write(spelled(self._clean.redact_json(text)) + "\n")

    def raw(self, text: str) -> None:
        """A result in a format of its own, as it is."""
        sys.stdout.write(self._clean(text).encode("utf-8", "backslashreplace").decode())

    def line(self, text: str = "", *, style: str = "") -> None:
        """Text for people, as it stands. It may come from a model: nothing in it drives the terminal."""
        if not self.options.json:
            self._out.print(visible(self._clean(text)), style=style, markup=False, highlight=False, soft_wrap=True)

    def prose(self, text: str, *, style: str = "", indent: str = "") -> None:
        """Sentences for people, wrapped at words."""
        for line in wrapped(text, min(WIDTH, self._out.width), indent=indent):
            self.line(line, style=style)

    def title(self, text: str) -> None:
        """A heading."""
        self.line()
        self.line(text, style="bold")

    def hint(self, text: str) -> None:
        """What to do next, to stderr, for people only."""
        if not self.options.json:
            self.remark(text)

    def remark(self, text: str) -> None:
        """Something on the side, to stderr."""
        if not self.options.quiet:
            self._err.print(visible(self._clean(text)), markup=False, highlight=False, soft_wrap=True)

    def error(self, text: str) -> None:
        """Why it did not work, to stderr; also with ``--quiet``."""
        sys.stderr.write(visible(self._clean(text)) + "\n")

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        right: Collection[str] = (),
        wrap: Collection[str] = (),
        cut: Collection[str] = (),
        ids: Collection[str] = (),
        head: bool = True,
    ) -> None:
        """A table. Columns in *right* stand to the right; those in *wrap* and *cut* give way, then those in *ids*."""
        if self.options.json:
            return
        cells = [[visible(NOTHING if cell is None else str(cell)) for cell in row] for row in rows]
        shape = Shape(right=frozenset(right), wrap=frozenset(wrap), cut=frozenset(cut), ids=frozenset(ids))
        names, *lines = table_lines(columns, cells, shape, self._out.width, head=head)
        if head:
            self.line(names, style="dim")
        for line in lines:
            self.line(line)

    def facts(self, pairs: Sequence[tuple[str, object]]) -> None:
        """Names and values, one pair per line."""
        self.table(["name", "value"], pairs, wrap=["value"], head=False)

    @property
    def width(self) -> int:
        """Of tables, in cells."""
        return self._out.width

    @property
    def progress(self) -> Console:
        """Where progress goes."""
        return self._err

    @property
    def shows_progress(self) -> bool:
        """Whether anybody looks."""
        return not self.options.quiet and self._err.is_terminal


def visible(text: str) -> str:
    r"""*text* with control characters and direction overrides spelled out: output of models must not drive a terminal.

    >>> visible("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return "".join(char if _harmless(char) else char.encode("unicode_escape").decode() for char in text)


def spelled(document: str) -> str:
    r"""The JSON *document* with what must not reach a terminal as JSON's own escapes: it means the same.

    Those are control characters beyond ASCII, direction overrides, and lone surrogates, which UTF-8 cannot carry.

    >>> spelled('["a\u202eb", "\u00fc"]')
    '["a\\u202eb", "\u00fc"]'
    """
    return "".join(char if _harmless(char) else _escape(char) for char in document)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))


def secrets_of(environ: Mapping[str, str]) -> Redactor:
    """What takes the values of *environ*'s keys out of a text, should one ever come so far."""
    return redactor({name: value for name, value in environ.items() if _SECRET.search(name)})


def _harmless(char: str) -> bool:
    return char in "\n\t" or (
        char.isprintable() and not "\u202a" <= char <= "\u202e" and not "\u2066" <= char <= "\u2069"
    )


def open_streams() -> None:
    """Let nothing that has to be printed stop a command: what a stream cannot say is spelled out."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class _Terminal(Console):
    """A console that leaves it to the face what a reader who has gone means."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _console(options: Options, *, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDTH
    return _Terminal(stderr=stderr, color_system="auto" if options.color else None, width=width, highlight=False)
