"""``harness compare``: what a comparator thinks of two answers, and why."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.interrupts import run_async
from harness.cli.labels import dollars
from harness.cli.runtime import environ, home_of, read_text, unique_name
from harness.compare import ByJudge, comparator, without_redacted
from harness.content import load_registry
from harness.core.ballot import Answer, Comparator, Compare, Judgement, Relation
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.ids import ModelId, TraceId
from harness.core.request import user_request
from harness.engine import compare_two, directory_of, open_session, require_keys
from harness.transport import SystemClock


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
    model: Annotated[
        str | None, typer.Option(metavar="ID", help="With --as judge: who judges. Two paid calls.")
    ] = None,
    question: Annotated[str, typer.Option(metavar="TEXT", help="With --as judge: what was asked.")] = "",
) -> int:
    """Whether two answers mean the same, and why."""
    at: Context = ctx.obj
    judge = _comparator(as_, _options(context), model)
    one, other = Answer(text=a), Answer(text=b)
    paid: dict[str, Json] = {}
    if isinstance(judge, ByJudge):
        said, cost_usd = _judged(at, judge, (a, b), question)
        paid = {"model": judge.model, "cost_usd": None if cost_usd is None else float(cost_usd)}
    else:
        said, cost_usd = without_redacted(judge(one, other), one, other), None
    if at.options.json:
        named = f"{judge.name}@{judge.version}"
        at.output.json({"relation": said.relation.value, "why": said.why, "comparator": named, **paid})
    else:
        at.output.line(f"{said.relation.value}: {said.why}" if said.why else said.relation.value, style="bold")
        if paid:
            at.output.line(f"judged by {paid['model']} · {dollars(cost_usd)}", style="dim")
    return {Relation.SAME: Exit.DONE, Relation.DIFFERENT: Exit.NO, Relation.UNKNOWN: Exit.NO_DATA}[said.relation]


def _comparator(name: str, options: dict[str, Json], model: str | None) -> Comparator:
    """The comparator of the flags. Raises ConfigError for one that they cannot feed."""
    if model is not None and name != "judge":
        raise ConfigError(f"--model {model}: it goes with --as judge; {name!r} asks no model")
    if name == "judge" and model is None and "model" not in options:
        raise ConfigError("--as judge: which model judges? Give --model ID; harness models lists them")
    judge = comparator(Compare(name=name, options=options if model is None else {**options, "model": model}))
    if judge.needs == "execution":
        raise ConfigError(f"--as {name!r}: compares behaviour, which needs tests: use harness ask --tests FILE")
    return judge


def _judged(at: Context, judge: ByJudge, answers: tuple[str, str], question: str) -> tuple[Judgement, Decimal | None]:
    """What the judge says in both orders, and what it cost."""
    home = home_of(at.options)
    registry = load_registry(home)
    card = directory_of(registry).card(ModelId(judge.model))
    require_keys([card], environ())

    async def go() -> tuple[Judgement, Decimal | None]:
        name = unique_name("compare", SystemClock())
        async with open_session(home, registry, journal_name=name, environ=environ()) as session:
            request = user_request(question, trace_id=TraceId(name))
            return await compare_two(session.engine.calls, card, request, *answers)

    return run_async(go())


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
