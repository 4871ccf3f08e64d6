"""Figures as people and programs read them."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from tests.bench.measure import QUIET, Figure

PACKAGES = ("aiohttp", "duckdb", "httpx", "httpx-aiohttp", "pydantic")
HEAD = ("figure", "measured", "target", "met", "rounds", "others' load", "what")


def terminal(figures: Sequence[Figure]) -> str:
    """A table in columns."""
    rows = [HEAD, *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def markdown(figures: Sequence[Figure], argv: Sequence[str]) -> str:
    """The page of a run: facts of the machine, the table, and how to take it again."""
    table = [HEAD, ("---",) * len(HEAD), *map(_row, figures)]
    lines = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table)
    return f"""# How fast

Ratios of two things that were measured in turn on one core, round by round: the figure is the median of the rounds'
ratios. They are what one machine gave on one day, not promises; absolute times differ from machine to machine, and the
same machine gives others when it is busy. `rounds` is the smallest and the largest ratio; `others' load` is the share of
the processors that other processes used before each round, on average (above {100 * QUIET:.0f} % a figure is noisy).

{lines}

Taken on {datetime.now(UTC):%Y-%m-%d}: {_machine()}.

Again: `{_command(argv)}` (`make bench` prints the table without writing it; `--only NAME` takes one figure,
`--quick` a fifth of the work). It needs a C compiler for `stub.c`, the model server that costs almost nothing. The stub
runs on the second core, everything that is measured on the first. Exit code 3: a target was missed.
"""


def as_json(figures: Sequence[Figure]) -> str:
    """Everything, rounds and loads included."""
    rows = [
        {
            "name": each.name,
            "value": each.value,
            "unit": each.unit,
            "at_most": each.at_most,
            "at_least": each.at_least,
            "met": each.met,
            "rounds": list(each.rounds),
            "load": list(each.load),
            "detail": each.detail,
        }
        for each in figures
    ]
    return json.dumps({"machine": _machine(), "figures": rows}, indent=2, ensure_ascii=False)


def _row(each: Figure) -> tuple[str, ...]:
    spread = f"{min(each.rounds):.3g} … {max(each.rounds):.3g}" if len(each.rounds) > 1 else "–"
    load = f"{100 * sum(each.load) / len(each.load):.0f} %" if each.load else "–"
    met = {True: "yes", False: "NO", None: "–"}[each.met]
    return each.name, each.shown, each.target, met, spread, load, each.detail


def _machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}, {packages}"


def _command(argv: Sequence[str]) -> str:
    return " ".join((".venv/bin/python -m tests.bench", *argv))
