"""``harness doctor``: what works here, and what would help."""

import asyncio
import sys
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.provenance import harness_version
from harness.cli.runtime import environ, home_of
from harness.content import Registry, load_registry
from harness.core.hashing import Json, plain
from harness.core.ports import Clock
from harness.sandbox import Probe, probe
from harness.transport import SystemClock

PACKAGES = ("duckdb", "httpx", "httpx-aiohttp", "aiohttp", "pydantic", "pytest", "rapidfuzz", "jinja2", "datasets")
STALE_DAYS = 60
"""Prices older than this are pointed at."""


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="doctor")(doctor)


def doctor(
    ctx: typer.Context,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Also attack the sandbox to see whether it holds.")
    ] = False,
) -> int:
    """Home folder, versions, sandbox level, keys (names only), age of prices."""
    at: Context = ctx.obj
    home = home_of(at.options)
    registry = load_registry(home)
    probes = asyncio.run(probe(attack=sandbox))
    found: dict[str, Json] = {
        "harness": harness_version(),
        "python": sys.version.split()[0],
        "home": {"path": str(home.root), "why": home.why, "state": str(home.state)},
        "packages": {name: _version(name) for name in PACKAGES},
        "sandbox": [_probe_json(each) for each in probes],
        "level": next((each.isolation.value for each in probes if each.works), None),
        "keys": _keys(registry),
        "prices": _prices(registry, SystemClock()),
    }
    if at.options.json:
        at.output.json(found)
    else:
        _print(at, found, probes)
    isolated = any(each.works and each.isolation.value != "none" for each in probes)
    return Exit.DONE if isolated else Exit.NO


def _print(at: Context, found: dict[str, Json], probes: tuple[Probe, ...]) -> None:
    out = at.output
    out.line(f"harness {found['harness']} · Python {found['python']}", style="bold")
    out.line(f"home: {found['home']['path']} ({found['home']['why']}); state in {found['home']['state']}")
    out.line(" · ".join(f"{name} {number or 'missing'}" for name, number in found["packages"].items()))
    out.title("sandbox")
    out.table(
        ["backend", "level", "", ""],
        [[p.backend, p.isolation.value, "works" if p.works else "no", p.why] for p in probes],
    )
    for each in probes:
        if each.self_tests:
            rows = [["ok" if test.passed else "FAILED", test.name, test.why] for test in each.self_tests]
            out.title(f"self-test of {each.backend}")
            out.table(["", "probe", ""], rows)
    out.title("keys")
    out.table(["variable", ""], [[name, "set" if is_set else "not set"] for name, is_set in found["keys"].items()])
    out.title("prices")
    rows = [
        [model, facts["as_of"] or "–", facts["source"] or "–", facts["remark"]]
        for model, facts in found["prices"].items()
    ]
    out.table(["model", "as of", "source", ""], rows)


def _keys(registry: Registry) -> dict[str, Json]:
    names = sorted({card.key_env for card in registry.cards.values() if card.key_env})
    return {name: bool(environ().get(name)) for name in names}


def _prices(registry: Registry, clock: Clock) -> dict[str, Json]:
    today = clock.now().date()
    prices: dict[str, Json] = {}
    for card in registry.cards.values():
        if card.price is None:
            prices[card.id] = {"as_of": None, "source": None, "remark": "unknown: costs cannot be stated or limited"}
            continue
        age = (today - date.fromisoformat(card.price.as_of)).days
        remark = f"{age} days old: check it" if age > STALE_DAYS else ""
        prices[card.id] = {"as_of": card.price.as_of, "source": card.price.source, "remark": remark}
    return prices


def _probe_json(found: Probe) -> dict[str, Json]:
    fields = plain(found)
    assert isinstance(fields, dict), "a dataclass becomes an object"
    return fields


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
