"""What a repo suite is made of: areas, sizes, where statements are from, how much of the recent work it covers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from harness.core.suite import Suite, Task
from harness.evals.mining.areas import changed_lines
from harness.evals.mining.record import Decision, Record

RECENT: Final = 100
"""Commits with a change of source that coverage looks back at."""
SIZES: Final = ((10, "to 10 lines"), (50, "to 50"), (200, "to 200"), (None, "more"))
_CHANGES_SOURCE: Final = frozenset({"source_only", "too_large", "duplicate_patch", "revert", "reverted", "same_tests"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Counts over a suite's tasks; of what nobody wrote down, ``unknown``."""

    areas: Mapping[str, int]
    classes: Mapping[str, int]
    sizes: Mapping[str, int]
    """By changed lines of the reference."""
    sources: Mapping[str, int]
    """Who wrote the statements."""
    tiers: Mapping[str, int]
    """How good the statements are; see ``mining.TIERS``."""
    leaking: int
    """Statements that tell something of their solution."""
    states: Mapping[str, int]
    """Retired tasks included."""
    oldest: str
    newest: str
    """Dates of the fixes; empty when unknown."""
    flaky_tests: int
    known_failures: int
    """Tests that fail here before and after, and do not count."""
    exposed: Mapping[str, int]
    """Tasks that each model has seen."""
    recent: int | None
    """Newest commits with a change of source that were looked at; None for a suite that was not mined."""
    covered: int
    """Of those, the ones that are tasks."""


def workload_of(suite: Suite, states: Mapping[str, str], record: Record | None) -> Workload:
    """The workload of *suite*; *states* of all its tasks, *record* of its mining."""
    tasks = suite.tasks
    dates = sorted(str(date)[:10] for task in tasks if (date := _meta(task).get("date")))
    validations = [_mapping(task.meta.get("validation")) for task in tasks]
    models = Counter(model for task in tasks for model in _models(task))
    newest = _newest(record)
    return Workload(
        areas=_counted(str(task.meta.get("area") or "unknown") for task in tasks),
        classes=_counted(task.task_class for task in tasks),
        sizes=_sizes(tasks),
        sources=_counted(str(_mapping(task.meta.get("statement")).get("source", "human")) for task in tasks),
        tiers=_counted(str(_meta(task).get("tier", "unknown")) for task in tasks),
        leaking=sum(bool(_mapping(_meta(task).get("leak")).get("found")) for task in tasks),
        states=_counted(states.values()),
        oldest=dates[0] if dates else "",
        newest=dates[-1] if dates else "",
        flaky_tests=len({name for each in validations for name in _mapping(each.get("flaky"))}),
        known_failures=len({name for each in validations for name in _mapping(each.get("known_failures"))}),
        exposed=dict(models.most_common()),
        recent=None if record is None else len(newest),
        covered=sum(each.became == "task" for each in newest),
    )


def flake_rate(task: Task) -> float | None:
    """Share of the tests that took part in its proof and were unsteady; None for a task without a record."""
    validation = _mapping(task.meta.get("validation"))
    if not validation or task.repo is None:
        return None
    flaky = len(_mapping(validation.get("flaky")))
    return flaky / (flaky + len(task.repo.f2p) + len(task.repo.p2p))


def _meta(task: Task) -> Mapping[str, Any]:
    """What stands under ``meta`` in task.yaml: content lays it beside the rest."""
    return task.meta


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _counted(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def _sizes(tasks: Sequence[Task]) -> dict[str, int]:
    counts = Counter(_size(changed_lines(task.repo.reference_patch)) for task in tasks if task.repo is not None)
    return {name: counts[name] for _, name in SIZES if counts[name]}


def _size(lines: int) -> str:
    return next(name for limit, name in SIZES if limit is None or lines <= limit)


def _models(task: Task) -> set[str]:
    rows = task.meta.get("exposure")
    return {str(row.get("model", "unknown")) for row in rows if isinstance(row, Mapping)} if rows else set()


def _newest(record: Record | None) -> list[Decision]:
    if record is None:
        return []
    changing = [each for each in record.decisions.values() if each.became != "skipped" or each.rule in _CHANGES_SOURCE]
    return sorted(changing, key=lambda each: each.at, reverse=True)[:RECENT]
