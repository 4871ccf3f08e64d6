"""Runs the command line inside the test's process, and keeps what it printed and how it ended."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.cli.main import run

A, B = "scripted/quick", "scripted/careful"
VAT = "The net price of a licence is 1,234.50 EUR and the VAT rate is 17 %."
"""Beginning of a prompt that the scripted models know."""
AGREED = "A customer buys for 2,480.00 EUR net plus 17 % VAT. What is the gross amount?"
NOT_SERVED = "A loan of 30,000.00 EUR at a nominal 4.2 % a year is repaid in 60 equal monthly instalments"


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def told(self) -> str:
        """The one line on stderr."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


def call(*argv: str | Path) -> Said:
    """``harness *argv``."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(word) for word in argv])
    return Said(int(code), out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Folder:
    """A home folder."""

    root: Path

    def call(self, *argv: str | Path) -> Said:
        """``harness --home <this> *argv``."""
        return call("--home", self.root, *argv)

    def json(self, *argv: str | Path) -> Any:
        """The JSON of a command that has to end well."""
        said = self.call(*argv, "--json")
        assert said.code == 0, said.err + said.out
        return said.json
