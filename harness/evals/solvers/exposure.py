"""Which model has seen which task, when, and what of it: read from the journals of runs, where every call is."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from harness.core.errors import JournalError
from harness.core.event import Call, RunStarted
from harness.core.ids import CandidateId, ModelId, RunId, SuiteName, TaskId, TraceId
from harness.evals.solvers.share import sent_by
from harness.journal import Line, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """One model and one task."""

    task_id: TaskId
    task_digest: str
    """Of the task's content as it was then: another content is another exposure."""
    model: ModelId
    what: str
    """``statement``; ``files``, the statement among them; ``imported``: its outputs came from elsewhere."""
    first: datetime
    last: datetime
    calls: int
    runs: tuple[RunId, ...]


def exposures(journals: Path, suite: SuiteName) -> tuple[Exposure, ...]:
    """Every model that was sent something of a task of *suite*, by task and model; from the folder *journals*.

    A journal that cannot be read tells nothing: it is left out, as is one of another suite.
    """
    found: dict[tuple[str, str, str], Exposure] = {}
    for path in sorted(journals.glob("*.jsonl")):
        try:
            for seen in _of_run(read(path), suite):
                key = (seen.task_id, seen.model, seen.task_digest)
                found[key] = _both(found[key], seen) if key in found else seen
        except JournalError:
            continue
    return tuple(found[key] for key in sorted(found))


def _of_run(lines: Iterator[Line], suite: SuiteName) -> Iterator[Exposure]:
    """One exposure for each call of a run of *suite*."""
    first = next(lines, None)
    if first is None or first.kind != "run.started":
        return
    begun = first.event
    if not isinstance(begun, RunStarted) or begun.suite != suite:
        return
    digests = {task.id: task.digest for task in begun.tasks}
    what = "imported" if begun.origin == "import" else sent_by(begun.solver)
    for line in lines:
        event = line.event if line.kind == "call" else None
        if not isinstance(event, Call):
            continue
        task = task_of(event.trace_id, begun.run_id, begun.candidates)
        if task is not None and task in digests:
            yield Exposure(
                task_id=task,
                task_digest=digests[task],
                model=event.model,
                what=what,
                first=line.at,
                last=line.at,
                calls=1,
                runs=(begun.run_id,),
            )


def task_of(trace_id: TraceId, run_id: RunId, candidates: Iterable[CandidateId]) -> TaskId | None:
    """The task that a call's trace belongs to; task ids and candidates may hold slashes themselves."""
    inside = trace_id.removeprefix(f"{run_id}/")
    trial, _, _ = inside.rpartition("/")
    ends = sorted((f"/{candidate}" for candidate in candidates), key=len, reverse=True)
    return next((TaskId(trial.removesuffix(end)) for end in ends if trial.endswith(end)), None)


def _both(one: Exposure, other: Exposure) -> Exposure:
    order = ("imported", "statement", "files")
    return replace(
        one,
        what=max(one.what, other.what, key=order.index),
        first=min(one.first, other.first),
        last=max(one.last, other.last),
        calls=one.calls + other.calls,
        runs=tuple(dict.fromkeys((*one.runs, *other.runs))),
    )


def by_task(seen: Iterable[Exposure]) -> Mapping[TaskId, tuple[Exposure, ...]]:
    """*seen* by task."""
    found: dict[TaskId, list[Exposure]] = {}
    for each in seen:
        found.setdefault(each.task_id, []).append(each)
    return {task: tuple(rows) for task, rows in found.items()}
