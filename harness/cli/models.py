"""``harness models``: what the registry knows, and whether a model answers."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.interrupts import run_async
from harness.cli.labels import counted, dollars_alike, seconds_alike, shortened
from harness.cli.litellm import Proposal, as_yaml, proposal_json, proposal_of
from harness.cli.runtime import environ, home_of, read_text, unique_name
from harness.cli.usage import nearest
from harness.content import load_cards, load_registry
from harness.core.card import Card
from harness.core.errors import ConfigError
from harness.core.hashing import Json, plain
from harness.core.ids import CandidateId, ModelId, TraceId
from harness.core.money import Price, Rates
from harness.core.outcome import Outcome
from harness.core.request import Message, Request, Sampling
from harness.engine import Question, open_session
from harness.transport import SystemClock

PROBE = "Answer with the single word: ready"


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    models = typer.Typer(help="The registry: list, show, check, import.", invoke_without_command=True)
    models.callback()(_default)
    models.command(name="list")(list_)
    models.command(name="show")(show)
    models.command(name="check")(check)
    models.command(name="import")(import_)
    app.add_typer(models, name="models")


def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise typer.Exit(list_(ctx))


def list_(ctx: typer.Context) -> int:
    """Every card: price, status, and whether its key is set."""
    at: Context = ctx.obj
    cards = load_cards(home_of(at.options))
    if at.options.json:
        at.output.json([card_json(card) for card in cards.values()])
        return Exit.DONE
    columns = ["model", "api", "status", "context", "$/M in", "$/M out", "as of", "key"]
    at.output.table(columns, [_row(card) for card in cards.values()], right=["context", "$/M in", "$/M out"])
    missing = sorted({card.key_env for card in cards.values() if card.key_env and not _key_set(card)})
    if missing:
        at.output.line()
        at.output.prose(f"environment variables that are not set: {', '.join(missing)}", style="dim")
    return Exit.DONE


def show(ctx: typer.Context, model: Annotated[str, typer.Argument(metavar="ID", help="As in: harness models.")]) -> int:
    """All that is known of one model."""
    at: Context = ctx.obj
    card = _card(load_cards(home_of(at.options)), model)
    if at.options.json:
        at.output.json(card_json(card))
        return Exit.DONE
    at.output.line(card.id, style="bold")
    at.output.facts([(name, value) for name, value in _facts(card) if value])
    return Exit.DONE


def check(
    ctx: typer.Context,
    models: Annotated[list[str] | None, typer.Argument(metavar="ID", help="All of the registry otherwise.")] = None,
) -> int:
    """Ask each model one tiny question; a fraction of a cent.

    Exit code 3 when one of them does not answer.
    """
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

    outcomes = run_async(go())
    if at.options.json:
        at.output.json([_checked(outcome) for outcome in outcomes])
    else:
        _print_checked(at, outcomes)
    return Exit.DONE if all(outcome.served for outcome in outcomes) else Exit.NO


def _print_checked(at: Context, outcomes: Sequence[Outcome]) -> None:
    latencies = seconds_alike([each.latency_s if each.served else None for each in outcomes])
    costs = dollars_alike([each.cost_usd for each in outcomes])
    rows = [
        [
            each.policy,
            "answers" if each.served else each.reason,
            latency,
            cost,
            shortened(each.text if each.served else each.detail, 200),
        ]
        for each, latency, cost in zip(outcomes, latencies, costs, strict=True)
    ]
    at.output.table(["model", "state", "latency", "cost", "said"], rows, right=["latency", "cost"], wrap=["said"])


def import_(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Whose format the file has: litellm.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="model_prices_and_context_window.json")],
    match: Annotated[str, typer.Option(metavar="PATTERN", help="Only ids like this, as in: 'openai/gpt-5*'.")] = "*",
) -> int:
    """Propose cards from a list of prices; writes nothing.

    The cards are printed as YAML, to be reviewed and put into registry/models.yaml. A price that the list does not
    know is left out, and never 0. What differs from the registry is told on stderr.
    """
    at: Context = ctx.obj
    if source != "litellm":
        raise ConfigError(f"models import: no source {source!r}; there are: litellm")
    clock = SystemClock()
    proposal = proposal_of(
        read_text(file), load_cards(home_of(at.options)), match=match, today=clock.now().date(), name=str(file)
    )
    if at.options.json:
        at.output.json(proposal_json(proposal))
    else:
        at.output.raw(as_yaml(proposal.cards))
        _print_proposal(at, proposal)
    return Exit.DONE if proposal.cards else Exit.NO


def _print_proposal(at: Context, proposal: Proposal) -> None:
    unpriced = sum(card.price is None for card in proposal.cards)
    at.output.hint(f"{counted(len(proposal.cards), 'card')} proposed, {unpriced} of them without a known price")
    for why, number in proposal.skipped.items():
        at.output.hint(f"{counted(number, 'entry')} left out: {why}")
    for line in proposal.differs:
        at.output.hint(f"differs from the registry: {line}")


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
    rates = card.price.rates if card.price else None
    return [
        card.id,
        card.api,
        card.status,
        f"{card.context.max:,}" if card.context.max else None,
        f"{rates.input:f}" if rates else "unknown",
        f"{rates.output:f}" if rates else "unknown",
        card.price.as_of if card.price else None,
        {None: "not needed", True: "set", False: "not set"}[_key_set(card)],
    ]


def _facts(card: Card) -> list[tuple[str, str]]:
    """What a card says, in words; what it does not say is empty."""
    key = {None: "none needed", True: f"{card.key_env} (set)", False: f"{card.key_env} (not set)"}[_key_set(card)]
    context = {"in all": card.context.max, "reliable": card.context.reliable, "output": card.context.output}
    limits = {
        "requests per minute": card.limits.requests_per_minute,
        "tokens per minute": card.limits.tokens_per_minute,
        "at once": card.limits.concurrency,
    }
    return [
        ("api", card.api),
        ("model", card.model),
        ("address", card.base_url or ""),
        ("key", key),
        ("family", card.family),
        ("status", card.status),
        ("context", ", ".join(f"{number:,} tokens {name}" for name, number in context.items() if number)),
        ("supports", ", ".join(sorted(card.supports))),
        ("rejects", ", ".join(sorted(card.rejects))),
        ("compliance", ", ".join(sorted(card.compliance))),
        ("limits", ", ".join(f"{number:,} {name}" for name, number in limits.items() if number)),
        *_price_facts(card.price),
        ("options", ", ".join(f"{name}: {value}" for name, value in card.options.items())),
        ("answers from", card.file or ""),
    ]


def _price_facts(price: Price | None) -> list[tuple[str, str]]:
    if price is None:
        return [("price", "unknown: costs cannot be stated, nor limited")]
    tiers = [(f"above {tier.above:,} tokens", _rates(tier.rates)) for tier in price.tiers]
    return [
        ("price", f"{_rates(price.rates)}, USD per million tokens"),
        *tiers,
        ("priced", f"{price.as_of}, {price.source}"),
    ]


def _rates(rates: Rates) -> str:
    named = {
        "input": rates.input,
        "output": rates.output,
        "cache read": rates.cache_read,
        "cache write": rates.cache_write,
    }
    return ", ".join(f"{name} {rate:f}" for name, rate in named.items() if rate is not None)


def _key_set(card: Card) -> bool | None:
    return None if card.key_env is None else bool(environ().get(card.key_env))


def _card(cards: Mapping[ModelId, Card], name: str) -> Card:
    if ModelId(name) not in cards:
        raise ConfigError(f"registry/models.yaml: no model {name!r}; {nearest(name, list(cards))}")
    return cards[ModelId(name)]
