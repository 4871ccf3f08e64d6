"""A home folder in a temporary place: scripted models, policies and suites as a test needs them, and runs over them."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from harness.content import Home, load_registry, load_suite
from harness.core.errors import SandboxError
from harness.core.event import Call, Event, GradeGiven
from harness.core.execution import Isolation
from harness.core.ids import CandidateId, RunId
from harness.core.money import sum_known
from harness.core.suite import Suite
from harness.core.trial import Grade, Graded, TrialKey
from harness.evals.importing import ImportOptions, import_outputs
from harness.evals.plan import Plan, make_plan
from harness.evals.recorded import import_plan, read_outputs
from harness.evals.run import RunResult
from harness.evals.running import RunOptions, run_suite
from harness.journal import journal_path, read
from harness.sandbox import open_sandbox

_E = TypeVar("_E", bound=Event)
PRICE = {"input": 10, "output": 100, "as_of": "2026-11-20", "source": "test"}
Row = dict[str, Any]


def make_home(
    root: Path, models: Mapping[str, Sequence[Row]], *, policies: Mapping[str, Row] | None = None, **card: Any
) -> Home:
    """Models ``v/<name>`` that answer from rows of a script; *card* changes every card."""
    usual = {"api": "scripted", "family": "f", "context": {"output": 100}, "price": PRICE}
    cards = [{"id": f"v/{name}", **usual, "file": f"{name}.jsonl", **card} for name in models]
    write(root / "registry" / "models.yaml", json.dumps({"models": cards}))  # JSON is YAML
    write(root / "registry" / "policies.yaml", json.dumps({"policies": policies or {}}))
    for name, rows in models.items():
        script(root, name, rows)
    return Home(root=root, why="--home", state=root / ".harness")


def script(root: Path, name: str, rows: Sequence[Row]) -> None:
    """What model ``v/<name>`` says from now on."""
    write(root / "registry" / f"{name}.jsonl", lines(rows))


def make_suite(home: Home, cases: Iterable[Row], name: str = "sums", **fields: Any) -> Suite:
    head = {"kind": "answer", "extract": {"last": "number"}, "compare": "numeric", "min_isolation": "none", **fields}
    write(home.suites / name / "suite.yaml", json.dumps(head))
    write(home.suites / name / "cases.jsonl", lines(cases))
    return load_suite(home, name)


def sums(count: int) -> list[Row]:
    """``What is <n> + 1?``"""
    return [{"id": f"t{n}", "prompt": f"What is {n} + 1?", "expected": n + 1} for n in range(count)]


def right(count: int) -> list[Row]:
    """The script of a model that knows."""
    return [{"when": f"What is {n} + 1?", "text": f"{n} + 1 = {n + 1}"} for n in range(count)]


def wrong() -> list[Row]:
    return [{"text": "It is -1."}]


def plan_of(home: Home, suite: str, models: str, **options: Any) -> Plan:
    return make_plan(load_suite(home, suite), [CandidateId(name) for name in models.split(",")], **options)


def carry_out(home: Home, plan: Plan, **options: Any) -> tuple[RunId, RunResult]:
    """The run, at its end."""
    usual = {"environ": {}, "isolation": Isolation.NONE} if plan.suite.kind == "answer" else {"environ": {}}
    return asyncio.run(run_suite(home, load_registry(home), plan, RunOptions(**{**usual, **options})))


def run(home: Home, suite: str, models: str, **options: Any) -> tuple[RunId, RunResult]:
    return carry_out(home, plan_of(home, suite, models), **options)


def take_in(home: Home, suite: Suite, outputs: Iterable[Row], *, name: str = "", grade: bool = True):
    """An import of *outputs*."""
    path = write(home.root / "outputs.jsonl", lines(outputs))
    return take_in_file(home, suite, path, name=name, grade=grade)


def take_in_file(
    home: Home, suite: Suite, path: Path, *, name: str = "", grade: bool = True
) -> tuple[RunId, RunResult]:
    read_in = read_outputs(path, suite)
    plan = import_plan(suite, read_in, name=name)
    return asyncio.run(import_outputs(home, plan, read_in, ImportOptions(name=name, grade=grade)))


def cost_usd(result: RunResult) -> Decimal | None:
    return sum_known(totals.cost_usd for totals in result.totals.values())


def paid_usd(home: Home, run_id: str) -> Decimal | None:
    """What the calls on record have cost."""
    return sum_known(call.reply.cost_usd for call in events(home, run_id, Call))


def journal(home: Home, run_id: str) -> Path:
    return journal_path(home.state / "journal", run_id)


def events(home: Home, run_id: str, kind: type[_E]) -> list[_E]:
    """The events of one kind, in the order of the journal."""
    return [line.event for line in read(journal(home, run_id)) if isinstance(line.event, kind)]


def graded(home: Home, run_id: str) -> dict[TrialKey, Graded]:
    """The last grade of each trial."""
    return {event.graded.key: event.graded for event in events(home, run_id, GradeGiven)}


def grades(home: Home, run_id: str) -> dict[tuple[str, str], Grade]:
    """By task and candidate, of runs with one epoch."""
    return {(key.task_id, key.candidate): each.grade for key, each in graded(home, run_id).items()}


def needs_sandbox(level: Isolation = Isolation.STANDARD) -> None:
    """Skips the test where no sandbox of *level* can be had."""
    try:
        open_sandbox(level)
    except SandboxError as error:
        pytest.skip(f"no sandbox of level {level.value} here: {error}")


def lines(rows: Iterable[Row]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
