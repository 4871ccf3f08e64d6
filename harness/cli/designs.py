"""Runs of a special design: those that may stop early, and those of a candidate against itself."""

from collections.abc import Mapping, Sequence

from harness.cli.labels import counted, percent
from harness.cli.stored import open_synced
from harness.content import Home
from harness.core.hashing import Json
from harness.core.rows import RunRow
from harness.evals.plan import Plan
from harness.evals.stopping import STOPPING, stopping_facts
from harness.report.noise import noise_results
from harness.stats import Look
from harness.store import Store, night_trials
from harness.store import run as run_query
from harness.store import runs as runs_query

AGAINST_ITSELF = "aa"
"""In the provenance of a run."""

_STOPPED: Mapping[str, str] = {
    "better": "the second candidate is better",
    "worse": "the second candidate is worse",
    "equivalent": "the two are equivalent within the margin",
    "futile": "a decision is out of reach of the tasks that are left",
    "exhausted": "every pair was looked at, and nothing is decided",
}


def look_json(plan: Plan, look: Look) -> dict[str, Json]:
    """Where a run that may stop early stands; the contract of ``run --json``, ``stopping``."""
    return {
        "state": look.state,
        "pairs": len(plan.tasks),
        "seen": look.seen,
        "looks": look.n,
        "a_only": look.a_only,
        "b_only": look.b_only,
        "e": look.e,
        "plan_sha256": stopping_facts(plan)[STOPPING]["sha256"],
    }


def look_words(plan: Plan, look: Look | None) -> list[str]:
    """The same in a sentence; none for other runs and for one that goes on."""
    if look is None or not look.stopped:
        return []
    early = "stopped early after" if look.seen < len(plan.tasks) else "after"
    said = f"{early} {look.seen:,} of {counted(len(plan.tasks), 'pair')}: {_STOPPED[look.state]}"
    return [f"{said} (e-value {look.e:.3g} after {counted(look.n, 'look')})"]


def noise_of(home: Home, run_id: str) -> dict[str, Json] | None:
    """The noise floor that run *run_id* of one candidate against itself shows; ``None``: nothing was measured twice."""
    with open_synced(home) as store:
        return noise_results(run_query(store, run_id), night_trials(store, [run_id]))


def noise_words(noise: Mapping[str, Json]) -> str:
    """A noise floor in a sentence."""
    smallest = noise["smallest"]
    told = "no difference could be told" if smallest is None else f"differences of {smallest:.0%} and more can be told"
    return (
        f"noise floor: {noise['flips']:,} of {counted(noise['tasks'], 'task')} ({percent(noise['share'])}) came out "
        f"otherwise the second time; sd of the difference {noise['sd']:.3f}; on as many tasks {told} (80% power)"
    )


def noise_floors(store: Store, run: RunRow, candidates: Sequence[str]) -> list[dict[str, Json]]:
    """The newest noise floor of each of *candidates*, measured on the content of *run*'s suite."""
    alike = [row for row in runs_query(store) if (row.suite, row.suite_digest) == (run.suite, run.suite_digest)]
    known = [row for row in alike if row.provenance.get(AGAINST_ITSELF) is True]
    newest = [next((row for row in known if row.candidates == (name,)), None) for name in candidates]
    found = [noise_results(row, night_trials(store, [row.run_id])) for row in newest if row is not None]
    return [floor for floor in found if floor is not None]
