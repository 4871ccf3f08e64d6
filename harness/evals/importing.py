"""An import from its file to its last grade."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.content import Home
from harness.core.hashing import Json
from harness.core.ids import RunId
from harness.core.trial import TrialKey
from harness.evals.execution import open_executor
from harness.evals.judging import Judging, grader_name
from harness.evals.plan import Plan, started
from harness.evals.recorded import Importer, Output
from harness.evals.run import Loop, Progress, RunResult
from harness.evals.running import read_past
from harness.journal import journal_path, open_journal
from harness.transport import SystemClock


IN_FLIGHT = 64
"""Trials at once: they share the disk's group commits; executions are limited by the executor itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How a file is taken in."""

    name: str = ""
    grade: bool = True
    on_progress: Callable[[Progress], None] = lambda _progress: None
    provenance: Mapping[str, Json] = field(default_factory=dict)


async def import_outputs(
    home: Home, plan: Plan, outputs: Mapping[TrialKey, Output], options: ImportOptions
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
                return plan.run_id, await _store(plan, importer)
            judging = Judging(suite=plan.suite, executor=executor, grader=grader_name(plan.suite))
            loop = Loop(
                plan=plan,
                journal=journal,
                solve=importer.solve,
                judge=judging.judge,
                done=past.grades,
                concurrency=IN_FLIGHT,
                on_progress=options.on_progress,
            )
            return plan.run_id, await loop.run()


async def _store(plan: Plan, importer: Importer) -> RunResult:
    """Write the outputs down and judge none."""
    for task, key in plan.trials():
        await importer.solve(task, key)
    return RunResult(complete=False, stopped_at_budget=False, totals={})
