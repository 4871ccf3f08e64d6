"""An import from its file to its last grade."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.content import Home
from harness.core.event import RunFinished
from harness.core.hashing import Json
from harness.core.ids import RunId
from harness.core.response import Response
from harness.core.suite import Task
from harness.core.trial import TrialKey
from harness.evals.execution import open_executor
from harness.evals.judging import Judging, grader_name
from harness.evals.plan import Plan, started
from harness.evals.pool import in_order
from harness.evals.recorded import Importer
from harness.evals.run import Loop, Progress, RunResult
from harness.evals.running import Past, read_past
from harness.journal import journal_path, open_journal
from harness.transport import SystemClock

IN_FLIGHT = 64
"""Trials at once: they share the disk's group commits; executions are limited by the executor itself."""
STORED = "every output of the file is stored; not all are judged"
"""Why such an import is not complete yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How a file is taken in."""

    name: str = ""
    grade: bool = True
    on_progress: Callable[[Progress], None] = lambda _progress: None
    provenance: Mapping[str, Json] = field(default_factory=dict)


async def import_outputs(
    home: Home, plan: Plan, outputs: Mapping[TrialKey, Response], options: ImportOptions
) -> tuple[RunId, RunResult]:
    """Record and grade every output of *plan*. The same file again does only what is missing."""
    path = journal_path(home.state / "journal", plan.run_id)
    past = read_past(path)
    async with open_journal(path, clock=SystemClock()) as journal:
        if not past.begun:
            provenance = {**options.provenance, "grader": grader_name(plan.suite)}
            await journal.append(
                started(plan, origin="import", name=options.name, scripted=False, prices={}, provenance=provenance)
            )
        async with open_executor(plan.suite, home=home) as executor:
            importer = Importer(
                plan=plan, outputs=outputs, journal=journal, files_of=executor.files_of, recorded=past.replies
            )
            if not options.grade:
                return plan.run_id, await _store(plan, importer, past)
            judging = Judging(suite=plan.suite, executor=executor)
            loop = Loop(
                plan=plan,
                journal=journal,
                solve=importer.solve,
                judge=judging.judge,
                done=past.grades,
                ended=past.finished,
                concurrency=IN_FLIGHT,
                on_progress=options.on_progress,
            )
            return plan.run_id, await loop.run()


async def _store(plan: Plan, importer: Importer, past: Past) -> RunResult:
    """Write the outputs down and judge none."""

    async def store(trial: tuple[Task, TrialKey]) -> None:
        await importer.store(*trial)

    missing = (trial for trial in plan.trials() if trial[1] not in past.grades)
    async for _ in in_order(missing, store, IN_FLIGHT):
        pass
    if not past.ended:
        await importer.journal.append(
            RunFinished(run_id=plan.run_id, trials=len(past.grades), complete=False, why=STORED)
        )
    return RunResult(complete=past.finished, stopped_at_budget=False, totals={})
