"""``harness route explain``: a routing decision and its reasons, dry."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.runtime import home_of, split_names
from harness.content import load_cards, load_matrix, load_route_config, load_routing
from harness.core.card import Capability
from harness.core.errors import ConfigError
from harness.core.ids import GENERAL, ProfileName, TaskClass
from harness.routing import Needs, decide, explain, to_json

CAPABILITIES: tuple[Capability, ...] = ("tools", "vision", "json_schema")


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    route = typer.Typer(help="Which model a request would go to, and why: explain.", invoke_without_command=True)
    route.callback()(_default)
    route.command(name="explain")(explain_)
    app.add_typer(route, name="route")


def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise typer.Exit(explain_(ctx))


def explain_(
    ctx: typer.Context,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of registry/routing.yaml; its default one otherwise.")
    ] = None,
    task_class: Annotated[str, typer.Option(metavar="C", help="What kind of work.")] = GENERAL,
    tokens: Annotated[int, typer.Option(min=0, metavar="N", help="Of the prompt.")] = 0,
    needs: Annotated[str, typer.Option(metavar="WORDS", help="Any of: tools,vision,json_schema.")] = "",
    compliance: Annotated[str, typer.Option(metavar="FLAGS", help="The model must carry them: pii_safe, …")] = "",
    budget: Annotated[
        float | None, typer.Option(min=0, max=1, metavar="SHARE", help="Of the budget that is left.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Another routing file, ours or one of the older formats.")
    ] = None,
) -> int:
    """Where a request would go, and why not elsewhere. No call is made."""
    at: Context = ctx.obj
    home = home_of(at.options)
    cards = load_cards(home)
    routing = load_routing(home)
    if config is not None:
        legacy = load_route_config([config])
        routing, cards = legacy.routing, {**legacy.cards, **cards}
    decision = decide(
        Needs(
            task_class=TaskClass(task_class),
            tokens=tokens,
            capabilities=frozenset(_capability(name) for name in split_names(needs)),
            compliance=frozenset(split_names(compliance)),
            budget_remaining=budget,
        ),
        profile=ProfileName(profile) if profile else None,
        routing=routing,
        cards=cards,
        matrix=load_matrix(home),
    )
    if at.options.json:
        at.output.json(to_json(decision))
    else:
        first, *lines = explain(decision)
        at.output.line(first, style="bold")
        for line in lines:
            at.output.prose(line)
    return Exit.DONE if decision.selected else Exit.NO


def _capability(name: str) -> Capability:
    for known in CAPABILITIES:
        if name == known:
            return known
    raise ConfigError(f"--needs: no capability {name!r}; there are: {', '.join(CAPABILITIES)}")
