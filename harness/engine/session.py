"""Everything an engine needs, opened in one place and closed in the right order."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from harness.content import Home, Registry
from harness.core.card import Card
from harness.core.errors import ConfigError
from harness.core.ids import ModelId
from harness.core.ports import Clock
from harness.core.response import Reply
from harness.engine.asking import Engine
from harness.engine.calls import Calls
from harness.engine.candidates import directory_of
from harness.engine.routes import Router
from harness.guard import redactor
from harness.journal import Capture, FileJournal, journal_path, open_journal
from harness.transport import BreakerState, Deadlines, Ledger, SystemClock, Transport, open_transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An open engine and the record it writes."""

    engine: Engine
    journal: FileJournal
    transport: Transport
    ledger: Ledger
    clock: Clock


@asynccontextmanager
async def open_session(
    home: Home,
    registry: Registry,
    *,
    journal_name: str,
    environ: Mapping[str, str],
    recorded: Mapping[str, Reply] | None = None,
    max_cost_usd: Decimal | None = None,
    spent_usd: Decimal = Decimal(0),
    capture: Capture = "full",
    deadlines: Deadlines | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Session]:
    """An engine over the models, policies and profiles of *registry*.

    Args:
        home: Where the state lies.
        registry: What can be asked.
        journal_name: Of the file everything is written to; one writer at a time.
        environ: Where keys are looked up. None of their values is ever written.
        recorded: Replies of an earlier session by call key: they are not paid again.
        max_cost_usd: Hard limit on everything this journal's calls cost.
        spent_usd: What earlier sessions of the journal have spent of it.
        capture: ``hashes`` keeps prompts and outputs out of the journal; it cannot be resumed then.
        deadlines: Of each call; None: the usual ones.
        clock: None: the machine's.
    """
    clock = clock or SystemClock()
    ledger = Ledger(limit_usd=max_cost_usd, spent_usd=spent_usd)
    path = journal_path(home.state / "journal", journal_name)
    redact = redactor({card.key_env: environ.get(card.key_env) for card in registry.cards.values() if card.key_env})
    async with (
        open_transport(environ=environ, ledger=ledger, clock=clock, deadlines=deadlines) as transport,
        open_journal(path, clock=clock, redact=redact, capture=capture) as journal,
    ):
        directory = directory_of(registry)
        calls = Calls(
            caller=transport,
            journal=journal,
            bound_usd=transport.bound_usd,
            recorded=recorded or {},
            limited=max_cost_usd is not None,
        )

        def open_breakers() -> Collection[ModelId]:
            return [card.id for card in registry.cards.values() if transport.breaker_state(card) is BreakerState.OPEN]

        router = Router(
            routing=registry.routing, cards=registry.cards, matrix=registry.matrix, open_breakers=open_breakers
        )
        engine = Engine(directory=directory, calls=calls, journal=journal, clock=clock, router=router)
        yield Session(engine=engine, journal=journal, transport=transport, ledger=ledger, clock=clock)


def require_keys(cards: Collection[Card], environ: Mapping[str, str]) -> None:
    """Raise ConfigError before anything is paid when *cards* cannot be asked.

    Names every environment variable that is not set, and every file of a scripted model that is not there.
    """
    missing = sorted({card.key_env for card in cards if card.key_env and not environ.get(card.key_env)})
    if missing:
        models = ", ".join(card.id for card in cards if card.key_env in missing)
        raise ConfigError(f"environment: {', '.join(missing)} is not set; needed for {models}")
    lost = [card for card in cards if card.file is not None and not Path(card.file).is_file()]
    if lost:
        raise ConfigError(
            "\n".join(f"registry/models.yaml: {card.id}: file: {card.file}: no such file" for card in lost)
        )
