"""The workload of a repo suite, as ``harness suites show`` prints it."""

from collections.abc import Mapping
from typing import Any

from harness.cli.context import Context
from harness.cli.labels import NOTHING, counted, percent
from harness.content.task_states import task_states
from harness.core.hashing import Json, plain
from harness.core.suite import Suite
from harness.evals.mining import TIERS, read_record
from harness.evals.mining.record import FILE
from harness.evals.mining.workload import Workload, flake_rate, workload_of


def read_workload(suite: Suite) -> Workload:
    """What the suite's folder tells of its tasks."""
    path = suite.folder / FILE
    record = read_record(path) if path.is_file() else None
    folder = suite.folder / "tasks"
    states: Mapping[str, str] = (
        task_states(folder) if folder.is_dir() else {task.id: str(task.meta.get("state")) for task in suite.tasks}
    )
    return workload_of(suite, states, record)


def workload_json(workload: Workload) -> Json:
    """The same for scripts."""
    return plain(workload)


def workload_facts(workload: Workload) -> list[tuple[str, object]]:
    """Names and counts; what nobody knows is left out."""
    facts = [
        ("states", _counts(workload.states)),
        ("areas", _counts(workload.areas)),
        ("sizes", _counts(workload.sizes)),
        ("statements", f"{_counts(workload.sources)}; {_tiers(workload)}"),
        ("fixes of", f"{workload.oldest} to {workload.newest}" if workload.oldest else ""),
        ("coverage", _coverage(workload)),
        ("unsteady", _unsteady(workload)),
        ("seen by", _counts(workload.exposed) or "no model yet"),
    ]
    return [(name, value) for name, value in facts if value]


def print_tiers(at: Context, workload: Workload) -> None:
    """What the letters mean, of those there are."""
    known = [f"{name} {text}" for name, text in TIERS.items() if name in workload.tiers]
    if known:
        at.output.line()
        at.output.prose("tiers of statements: " + "; ".join(known))


def task_row(task: Any) -> list[object]:
    """One line of the table of tasks."""
    rate = flake_rate(task)
    return [
        task.id,
        task.meta.get("state", "draft"),
        task.meta.get("area") or NOTHING,
        task.meta.get("tier") or NOTHING,
        len(task.repo.f2p),
        len(task.repo.p2p),
        NOTHING if rate is None else percent(rate),
    ]


TASK_COLUMNS = ("task", "state", "area", "tier", "f2p", "p2p", "flaky")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items())


def _tiers(workload: Workload) -> str:
    leaks = f"; {workload.leaking} tell something of the solution" if workload.leaking else ""
    return "tiers " + _counts(workload.tiers) + leaks


def _coverage(workload: Workload) -> str:
    if not workload.recent:
        return ""
    share = percent(workload.covered / workload.recent)
    return f"{workload.covered} of the last {workload.recent} commits that change source ({share})"


def _unsteady(workload: Workload) -> str:
    return (
        f"{counted(workload.flaky_tests, 'flaky test')} left out; "
        f"{counted(workload.known_failures, 'test')} known to fail here whatever is done"
    )
