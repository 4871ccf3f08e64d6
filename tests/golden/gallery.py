"""``python -m tests.golden.gallery``: the pages of reports/gallery/, one of each kind, made from the starter suite.

The suite is really run: once for three candidates, and for a few nights for one that varies a little, and that another
model answers in place of on the last night. Then its journal is written once more with what differs from run to run replaced: times come
from a clock that ticks, latencies from a seed, and calls stand in the order of their trials. Pages made of that journal
have the same bytes on every machine.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from harness.cli.demonstration import make_home
from harness.cli.evidence import find_evidence
from harness.cli.nights import CONFIRMS, judge, load_course
from harness.content import Home, load_registry, load_suite, packaged_home
from harness.core.event import Call, Decided, Event, GradeGiven, RunFinished, RunStarted
from harness.core.hashing import plain
from harness.core.ids import CandidateId, SuiteName
from harness.evals.cells import measure
from harness.evals.plan import Plan, make_plan, trace_of
from harness.evals.running import RunOptions, run_suite
from harness.evals.scheduling import confirming_plans
from harness.journal import journal_path, open_journal, recorded
from harness.report import ab_results, ab_tasks, render_ab
from harness.report.consensus import Window, consensus_results
from harness.report.consensus_page import render_consensus
from harness.report.evidence import evidence_view
from harness.report.evidence_page import render_evidence
from harness.report.matrix import Evidence, matrix_results
from harness.report.matrix_page import render_matrix
from harness.report.regression import suspected_tasks
from harness.report.regression_page import render_regression
from harness.report.regression_tasks import with_texts
from harness.routing import EMPTY, propose
from harness.stats import AlertRule
from harness.store import decision_ballots, decisions, open_store, runs, trial_calls, trial_tests, trials

ROOT = Path(__file__).parents[2]
GALLERY = ROOT / "reports" / "gallery"
A, B, PANEL = CandidateId("scripted/quick"), CandidateId("scripted/careful"), CandidateId("consensus/starter")
BEGAN = datetime(2026, 11, 21, 6, tzinfo=UTC)
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
MINIMUM_TASKS = 10
PROVENANCE = {"command": f"harness run starter --models {A},{B},{PANEL}"}
SCRIPTS = ("careful", "quick", "sloppy")
NIGHTS = 9
NIGHTLY = {"command": "harness schedule run"}
RULE = AlertRule()
USUAL_S: Mapping[str, float] = {"scripted/quick": 0.12, "scripted/sloppy": 0.07, "scripted/careful": 0.6}
"""About how long each scripted model takes."""


@dataclass
class Ticking:
    """A clock on which every look is a tenth of a second later."""

    began: datetime = BEGAN
    looks: int = 0

    def now(self) -> datetime:
        self.looks += 1
        return self.began + timedelta(milliseconds=100 * self.looks)

    def monotonic_s(self) -> float:
        return self.looks / 10

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def make(folder: Path) -> dict[str, str]:
    """The pages by name, made in the empty *folder*."""
    home = make_home(packaged_home(cwd=ROOT), folder / "home", ("starter",))
    run_id = asyncio.run(_measure(home))
    path = journal_path(home.state / "journal", run_id)
    events = seeded(list(recorded(path).events()))
    path.unlink()
    asyncio.run(_write(path, events, BEGAN))
    return {
        **_pages(home),
        "regression": _regression(make_home(packaged_home(cwd=ROOT), folder / "nights", ("starter",))),
    }


async def _measure(home: Home) -> str:
    plan = make_plan(load_suite(home, SuiteName("starter")), [A, B, PANEL])
    run_id, _ = await run_suite(home, load_registry(home), plan, RunOptions(environ={}, provenance=PROVENANCE))
    return run_id


async def _write(path: Path, events: Iterable[Event], began: datetime) -> None:
    async with open_journal(path, clock=Ticking(began=began)) as journal:
        for event in events:
            await journal.append(event)


def seeded(events: Sequence[Event]) -> list[Event]:
    """*events* in one order, with latencies from a seed."""
    began = next(event for event in events if isinstance(event, RunStarted))
    ended = next(event for event in events if isinstance(event, RunFinished))
    calls: dict[str, list[Call]] = {}
    for event in events:
        if isinstance(event, Call):
            calls.setdefault(event.trace_id, []).append(_timed(event))
    for found in calls.values():
        found.sort(key=lambda call: (call.purpose == "tiebreak", call.reply.latency_s, call.model))
    verdicts = {event.trace_id: event for event in events if isinstance(event, Decided)}
    grades = {trace_of(event.run_id, event.graded.key): event for event in events if isinstance(event, GradeGiven)}
    told: list[Event] = [began]
    for trace in sorted(grades):
        mine = calls.get(trace, [])
        took_s = round(sum(max(_of(mine, late=late), default=0.0) for late in (False, True)), 3)
        told += mine
        if trace in verdicts:
            one = verdicts[trace]
            told.append(replace(one, outcome=replace(one.outcome, latency_s=took_s)))
        told.append(replace(grades[trace], graded=replace(grades[trace].graded, latency_s=took_s)))
    return [*told, ended]


def _timed(call: Call) -> Call:
    usual_s = USUAL_S[call.model]
    took_s = round(usual_s * Random(f"{call.trace_id} {call.model} {call.purpose}").uniform(0.8, 1.6), 3)
    return replace(call, reply=replace(call.reply, latency_s=took_s))


def _of(calls: Sequence[Call], *, late: bool) -> list[float]:
    return [call.reply.latency_s for call in calls if (call.purpose == "tiebreak") == late]


def _regression(home: Home) -> str:
    """The page of a night on which *B* was answered by another model, after nights on which it was itself."""
    suite = load_suite(home, SuiteName("starter"))
    for night in range(NIGHTS):
        _script(home, night)
        plan = make_plan(suite, [B], salt=f"night {night}")
        _night(home, plan, began=BEGAN + timedelta(days=night), provenance={**NIGHTLY, "harness": "1.0"})
    course = load_course(home, "starter", run=plan.run_id, chosen=(), rule=RULE)
    suspected = suspected_tasks(course.nights, course.baseline, rule=RULE)
    for again in confirming_plans(plan, plan.run_id, suspected, epochs=RULE.confirming_epochs):
        began = BEGAN + timedelta(days=NIGHTS - 1, minutes=10)
        _night(home, again, began=began, provenance={**NIGHTLY, CONFIRMS: plan.run_id})
    course = load_course(home, "starter", run=plan.run_id, chosen=(), rule=RULE)
    results = judge(course, rule=RULE)
    failures = with_texts(results["tasks"]["new_failures"], course.now, course.before)
    return render_regression(results, failures, templates=home.reports / "templates")


def _script(home: Home, night: int) -> None:
    """What *B* says that night: its own answers but for a few of another model, on the last night those of the worst."""
    folder = home.suites / "starter" / "scripted"
    careful, quick, sloppy = (_lines(ROOT / "suites" / "starter" / "scripted" / f"{name}.jsonl") for name in SCRIPTS)
    other = sloppy if night == NIGHTS - 1 else quick
    share = 1.0 if night == NIGHTS - 1 else 0.08
    draw = Random(f"night {night}")
    said = [theirs if draw.random() < share else own for own, theirs in zip(careful, other, strict=True)]
    (folder / "careful.jsonl").write_text("".join(said), encoding="utf-8")
    if night == NIGHTS - 1:  # it says who it is, as vendors do
        cards = home.registry / "models.yaml"
        named = f"  - id: {B}\n    api: scripted\n"
        text = cards.read_text(encoding="utf-8")
        assert named in text
        cards.write_text(text.replace(named, f"{named}    model: sloppy\n"), encoding="utf-8")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines(keepends=True)


def _night(home: Home, plan: Plan, *, began: datetime, provenance: Mapping[str, str]) -> None:
    options = RunOptions(environ={}, provenance=provenance)
    run_id, _ = asyncio.run(run_suite(home, load_registry(home), plan, options))
    path = journal_path(home.state / "journal", run_id)
    events = seeded(list(recorded(path).events()))
    path.unlink()
    asyncio.run(_write(path, events, began))


def _pages(home: Home) -> dict[str, str]:
    templates = home.reports / "templates"
    with open_store(home.state / "harness.duckdb") as store:
        store.sync(home.state / "journal")
        (run,) = runs(store)
        rows = trials(store, run.run_id)
        tests, calls = trial_tests(store, run.run_id), trial_calls(store, run.run_id)
        outcomes, votes = decisions(store, since=SINCE), decision_ballots(store, since=SINCE)
    cells = measure(rows, measured_at=f"{BEGAN:%Y-%m-%d}", evidence="runs of starter")
    proposed = propose(cells, minimum_tasks=MINIMUM_TASKS, version=1, created=f"{BEGAN:%Y-%m-%dT%H:%M:%SZ}")
    command = f"harness report matrix --minimum-tasks {MINIMUM_TASKS}"
    evidence = Evidence(rows=rows, runs=[run], at=BEGAN + timedelta(days=1), command=command)
    compares = {(each.name, each.version): plain(each.compare) for each in load_registry(home).policies.values()}
    window = Window(
        since=SINCE, compares=compares, scripted=True, command=f"harness report consensus --since {SINCE:%Y-%m-%d}"
    )
    split = next(row for row in outcomes if not row.served and len(row.groups) > 2)
    found = find_evidence(home, split.verdict_id)
    return {
        "ab": render_ab(
            ab_results(run, rows, a=A, b=B), ab_tasks(rows, a=A, b=B, tests=tests, calls=calls), templates=templates
        ),
        "matrix": render_matrix(matrix_results(EMPTY, proposed, evidence), templates=templates),
        "consensus": render_consensus(consensus_results(outcomes, votes, window), templates=templates),
        "evidence": render_evidence(evidence_view(found.quotes, found.context), templates=templates, heads=found.heads),
    }


def main(argv: Sequence[str]) -> int:
    folder = Path(argv[0]) if argv else GALLERY
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="harness-gallery-") as scratch:
        for name, page in make(Path(scratch)).items():
            (folder / f"{name}.html").write_text(page, encoding="utf-8", newline="")
            print(folder / f"{name}.html", len(page.encode()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
