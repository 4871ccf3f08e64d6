"""``harness compare``: what a comparator thinks of two answers, and why."""

import json
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.runtime import read_text
from harness.compare import comparator
from harness.core.ballot import Answer, Compare, Relation
from harness.core.errors import ConfigError
from harness.core.hashing import Json


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    # An answer may begin with a minus sign: "-5" is no option.
    app.command(name="compare", context_settings={"ignore_unknown_options": True})(compare)


def compare(
    ctx: typer.Context,
    a: Annotated[str, typer.Argument(metavar="A", help="One answer.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The other.")],
    as_: Annotated[str, typer.Option("--as", metavar="NAME", help="The comparator.")],
    context: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON file with the comparator's options.")
    ] = None,
) -> int:
    """Whether two answers mean the same, and why."""
    at: Context = ctx.obj
    judge = comparator(Compare(name=as_, options=_options(context)))
    if judge.needs == "execution":
        raise ConfigError(f"--as {as_!r}: compares behaviour, which needs tests: use harness ask --tests FILE")
    said = judge(Answer(text=a), Answer(text=b))
    if at.options.json:
        at.output.json(
            {"relation": said.relation.value, "why": said.why, "comparator": f"{judge.name}@{judge.version}"}
        )
    else:
        at.output.line(f"{said.relation.value}: {said.why}" if said.why else said.relation.value, style="bold")
    return {Relation.SAME: Exit.DONE, Relation.DIFFERENT: Exit.NO, Relation.UNKNOWN: Exit.NO_DATA}[said.relation]


def _options(path: Path | None) -> dict[str, Json]:
    if path is None:
        return {}
    try:
        options = json.loads(read_text(path))
    except ValueError as error:
        raise ConfigError(f"{path}: is not JSON: {error}") from error
    if not isinstance(options, dict):
        raise ConfigError(f"{path}: holds {type(options).__name__}; the comparator's options are a JSON object")
    return options
