"""Printing: results to stdout, progress and remarks to stderr, never both kinds on one stream."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.cli.options import Options
from harness.core.hashing import plain

WIDTH = 100


@dataclass(slots=True)
class Output:
    """Where a command prints."""

    options: Options
    _out: Console = field(init=False)
    _err: Console = field(init=False)

    def __post_init__(self) -> None:
        self._out = _console(self.options, stderr=False)
        self._err = _console(self.options, stderr=True)

    def json(self, value: object) -> None:
        """The machine-readable result: one JSON document."""
        sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, allow_nan=False, indent=2) + "\n")

    def line(self, text: str = "", *, style: str = "") -> None:
        """One line for people. *text* is shown as it is: it may come from a model."""
        if not self.options.json:
            self._out.print(visible(text), style=style, markup=False, highlight=False, soft_wrap=True)

    def title(self, text: str) -> None:
        """A heading."""
        self.line()
        self.line(text, style="bold")

    def remark(self, text: str) -> None:
        """Something on the side, to stderr."""
        if not self.options.quiet:
            self._err.print(visible(text), markup=False, highlight=False, soft_wrap=True)

    def error(self, text: str) -> None:
        """Why it did not work, to stderr; also with ``--quiet``."""
        sys.stderr.write(visible(text) + "\n")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[str] = ()) -> None:
        """A table that fits 100 columns. Names in *right* are aligned to the right."""
        if self.options.json:
            return
        table = Table(box=None, pad_edge=False, header_style="dim", show_edge=False)
        for place, column in enumerate(columns):
            justify: Literal["left", "right"] = "right" if column in right else "left"
            table.add_column(column, justify=justify, overflow="fold", no_wrap=place == 0 or column in right)
        for row in rows:
            table.add_row(*(escape(visible("–" if cell is None else str(cell))) for cell in row))
        self._out.print(table)

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


def _harmless(char: str) -> bool:
    return char in "\n\t" or (
        char.isprintable() and not "\u202a" <= char <= "\u202e" and not "\u2066" <= char <= "\u2069"
    )


def _console(options: Options, *, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDTH
    return Console(stderr=stderr, no_color=not options.color, width=width, highlight=False)
