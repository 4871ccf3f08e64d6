"""``harness doctor``: what works here, and what would help."""

import sys
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.interrupts import run_async
from harness.cli.labels import counted
from harness.cli.provenance import harness_version
from harness.cli.runtime import environ, home_of
from harness.content import Home, Registry, load_registry, missing_files
from harness.core.errors import HarnessError
from harness.core.execution import Isolation
from harness.core.hashing import Json, plain
from harness.core.ports import Clock
from harness.sandbox import Probe, SelfTest, probe
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
        bool, typer.Option("--sandbox", help="Also attack the sandbox to see whether it holds; some seconds.")
    ] = False,
) -> int:
    """What works here: home, isolation, keys, prices.

    Names of keys are shown, never a value. Exit code 3 when nothing isolates here, 2 when the registry is faulty.
    """
    at: Context = ctx.obj
    home = home_of(at.options)
    registry, faults = _registry(home)
    probes = run_async(probe(attack=sandbox))
    found: dict[str, Json] = {
        "harness": harness_version(),
        "python": sys.version.split()[0],
        "home": {"path": str(home.root), "why": home.why, "state": str(home.state)},
        "packages": {name: _version(name) for name in PACKAGES},
        "sandbox": [_probe_json(each) for each in probes],
        "level": next((each.isolation.value for each in probes if each.works), None),
        "faults": faults,
        "keys": _keys(registry) if registry else {},
        "prices": _prices(registry, SystemClock()) if registry else {},
    }
    if at.options.json:
        at.output.json(found)
    else:
        _print(at, found, probes)
    if faults:
        return Exit.FIXABLE
    isolated = any(each.works and each.isolation.value != "none" for each in probes)
    return Exit.DONE if isolated else Exit.NO


def _registry(home: Home) -> tuple[Registry | None, list[str]]:
    """The registry, or what is wrong with it: a doctor does not fall ill with the patient."""
    try:
        registry = load_registry(home)
    except HarnessError as error:
        return None, str(error).splitlines()
    return registry, [str(fault) for fault in missing_files(registry.cards)]


def _print(at: Context, found: dict[str, Json], probes: tuple[Probe, ...]) -> None:
    out = at.output
    missing = [name for name, number in found["packages"].items() if number is None]
    out.facts(
        [
            ("harness", f"{found['harness']}, on Python {found['python']}"),
            ("home", f"{found['home']['path']} ({found['home']['why']})"),
            ("state", found["home"]["state"]),
            ("packages", f"missing: {', '.join(missing)}" if missing else "complete"),
        ]
    )
    _print_sandbox(at, probes)
    out.title("Registry")
    for fault in found["faults"]:
        out.line(fault, style="bold red")
    if not found["faults"]:
        out.line("no faults")
    _print_keys(at, found["keys"])
    _print_prices(at, found["prices"])


def _print_sandbox(at: Context, probes: tuple[Probe, ...]) -> None:
    at.output.title("Isolation of code under test")
    at.output.table(
        ["backend", "level", "here", "how, or why not"],
        [[each.backend, each.isolation.value, "works" if each.works else "no", _remark(each)] for each in probes],
        wrap=["how, or why not"],
    )
    for each in probes:
        _print_attacks(at, f"Attacks on {each.backend}", each.self_tests)
        _print_attacks(at, f"Attacks on {each.backend}, from forks of a warm interpreter", each.warm_self_tests)
    if not any(each.works and each.isolation.value != "none" for each in probes):
        at.output.line("nothing isolates here: only code that you trust can be run", style="bold red")
    elif not any(each.self_tests for each in probes):
        at.output.hint("next: harness doctor --sandbox attacks it, to see whether it holds")


def _remark(found: Probe) -> str:
    """How a backend works or why not, why it is not of a higher level, and whether it keeps interpreters warm."""
    higher = f"not {Isolation.STRICT.value}: {found.not_higher}" if found.not_higher else ""
    warm = f"warm interpreters: {found.warm}" if found.warm else ""
    return "; ".join(filter(None, (found.why, higher, warm)))


def _print_attacks(at: Context, title: str, tests: tuple[SelfTest, ...]) -> None:
    if tests:
        rows = [["held" if test.passed else "FAILED", test.name.replace("_", " "), test.why] for test in tests]
        at.output.title(title)
        at.output.table(["result", "attack", "remark"], rows, wrap=["remark"], head=False)


def _print_keys(at: Context, keys: dict[str, bool]) -> None:
    at.output.title("Keys")
    words = [f"{name} {'set' if is_set else 'not set'}" for name, is_set in keys.items()]
    at.output.prose(", ".join(words) or "none needed")


def _print_prices(at: Context, prices: dict[str, Json]) -> None:
    at.output.title("Prices")
    remarks = {model: facts["remark"] for model, facts in prices.items() if facts["remark"]}
    for model, remark in remarks.items():
        at.output.prose(f"{model}: {remark}", style="yellow")
    fine = len(prices) - len(remarks)
    if fine:
        at.output.line(f"{counted(fine, 'model')} priced within the last {STALE_DAYS} days")


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
