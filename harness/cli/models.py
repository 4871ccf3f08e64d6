"""``harness models``: what the registry knows, and whether a model answers."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.runtime import dollars, environ, home_of, seconds, shortened, unique_name
from harness.content import load_cards, load_registry
from harness.core.card import Card
from harness.core.errors import ConfigError
from harness.core.hashing import Json, plain
from harness.core.ids import CandidateId, ModelId, TraceId
from harness.core.outcome import Outcome
from harness.core.request import Message, Request, Sampling
from harness.engine import Question, open_session
from harness.transport import SystemClock

PROBE = "Answer with the single word: ready"


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    models = typer.Typer(help="The models of the registry.", invoke_without_command=True)
    models.callback()(_default)
    models.command(name="list")(list_)
    models.command(name="show")(show)
    models.command(name="check")(check)
    app.add_typer(models, name="models")


def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise typer.Exit(list_(ctx))


def list_(ctx: typer.Context) -> int:
    """Every card: family, status, price, and whether its key is set."""
    at: Context = ctx.obj
    cards = load_cards(home_of(at.options))
    if at.options.json:
        at.output.json([card_json(card) for card in cards.values()])
        return Exit.DONE
    columns = ["model", "api", "status", "context", "in / out per M tokens", "as of", "key"]
    at.output.table(columns, [_row(card) for card in cards.values()], right=["context"])
    return Exit.DONE


def show(ctx: typer.Context, model: Annotated[str, typer.Argument(help="Its id.")]) -> int:
    """All that is known of one model."""
    at: Context = ctx.obj
    card = _card(load_cards(home_of(at.options)), model)
    fields = card_json(card)
    if at.options.json:
        at.output.json(fields)
    else:
        at.output.table(["", ""], [[name, value] for name, value in fields.items() if value not in (None, [], {})])
    return Exit.DONE


def check(
    ctx: typer.Context, models: Annotated[list[str] | None, typer.Argument(help="All when none is named.")] = None
) -> int:
    """Ask each model one tiny question; costs a fraction of a cent each."""
    at: Context = ctx.obj
    home = home_of(at.options)
    registry = load_registry(home)
    names = [_card(registry.cards, name).id for name in models] if models else list(registry.cards)

    async def go() -> list[Outcome]:
        name = unique_name("check", SystemClock())
        async with open_session(home, registry, journal_name=name, environ=environ()) as session:
            request = Request(
                messages=(Message(role="user", content=PROBE),),
                sampling=Sampling(max_tokens=1000),
                trace_id=TraceId(name),
            )
            question = Question(request=request, purpose="check")
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(session.engine.ask(question, CandidateId(model))) for model in names]
            return [task.result() for task in tasks]

    outcomes = asyncio.run(go())
    if at.options.json:
        at.output.json([_checked(outcome) for outcome in outcomes])
    else:
        rows = [
            [
                each.policy,
                "answers" if each.served else each.reason,
                shortened(each.text if each.served else each.detail),
                seconds(each.latency_s),
                dollars(each.cost_usd),
            ]
            for each in outcomes
        ]
        at.output.table(["model", "", "said", "latency", "cost"], rows, right=["latency", "cost"])
    return Exit.DONE if all(outcome.served for outcome in outcomes) else Exit.NO


def card_json(card: Card) -> dict[str, Json]:
    """A card as JSON, with ``key_set``: whether its environment variable is there. Never the key."""
    fields = plain(card)
    assert isinstance(fields, dict), "a dataclass becomes an object"
    return {**fields, "key_set": _key_set(card)}


def _checked(outcome: Outcome) -> dict[str, Json]:
    return {
        "model": outcome.policy,
        "served": outcome.served,
        "reason": outcome.reason.value if outcome.reason else None,
        "detail": outcome.detail,
        "latency_s": outcome.latency_s,
        "cost_usd": None if outcome.cost_usd is None else float(outcome.cost_usd),
    }


def _row(card: Card) -> list[object]:
    price = "unknown"
    if card.price is not None:
        price = f"${card.price.rates.input:f} / ${card.price.rates.output:f}"
    key = {None: "none needed", True: "set", False: f"{card.key_env} is not set"}[_key_set(card)]
    context = f"{card.context.max:,}" if card.context.max else "–"
    return [card.id, card.api, card.status, context, price, card.price.as_of if card.price else "–", key]


def _key_set(card: Card) -> bool | None:
    return None if card.key_env is None else bool(environ().get(card.key_env))


def _card(cards: Mapping[ModelId, Card], name: str) -> Card:
    if ModelId(name) not in cards:
        raise ConfigError(f"registry/models.yaml: no model {name!r}; there are: {', '.join(cards)}")
    return cards[ModelId(name)]
