"""The nights of a suite out of the store, and a regression report written in every form."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.cli.context import Context
from harness.cli.designs import AGAINST_ITSELF
from harness.cli.exits import Exit
from harness.cli.labels import link
from harness.cli.provenance import harness_version
from harness.cli.runtime import write_page, write_text
from harness.cli.stored import open_synced
from harness.content import Home, load_baselines
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.ids import SuiteName
from harness.core.rows import RunRow, TrialRow
from harness.report.ab_sequence import STOPPING
from harness.report.regression import compared_runs, regression_results
from harness.report.regression_nights import POOLED, SHOWN, Baseline, Night
from harness.report.regression_outputs import to_annotations, to_comment, to_csv, to_junit, to_markdown
from harness.report.regression_page import render_regression
from harness.report.regression_tasks import with_texts
from harness.stats import AlertRule
from harness.store import NightCall, Store, night_calls, night_trials
from harness.store import run as run_query
from harness.store import runs as runs_query
from harness.store import trials as trials_query

CONFIRMS = "confirms"
"""In the provenance of a run: the run whose suspicion it took fresh samples for."""
STYLES = {
    "ok": "bold green",
    "regression": "bold red",
    "suspected": "bold yellow",
    "unmeasured": "bold yellow",
    "insufficient": "bold yellow",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a regression report is made of."""

    nights: tuple[Night, ...]
    """Oldest first; the last is the one that is judged."""
    baseline: Baseline
    calls: tuple[NightCall, ...]
    now: tuple[TrialRow, ...]
    """The last night's trials, with texts."""
    before: tuple[TrialRow, ...]
    """Of the baseline's last run, with texts."""


def load_course(home: Home, suite: str, *, run: str | None, chosen: Sequence[str], rule: AlertRule) -> Course:
    """The runs of *suite* up to *run* (``None``: the newest), and the baseline: *chosen*, else frozen, else pooled.

    Raises ConfigError when there is no run of the suite, or one that is named is none.
    """
    with open_synced(home) as store:
        every = [row for row in runs_query(store) if row.suite == suite]
        now = _last(store, every, suite, run)
        baseline = _baseline(home, store, now, chosen)
        nights = _nights(store, every, now, baseline)
        needed = compared_runs(nights, baseline, rule=rule)
        return Course(
            nights=tuple(nights),
            baseline=baseline,
            calls=tuple(night_calls(store, needed)),
            now=tuple(trials_query(store, needed[0])),
            before=tuple(trials_query(store, needed[-1])) if len(needed) > 1 else (),
        )


def _apart(row: RunRow) -> bool:
    """A run that is no night: fresh samples of one, a candidate against itself, or one that could stop early."""
    return any(row.provenance.get(name) for name in (CONFIRMS, AGAINST_ITSELF, STOPPING))


def _last(store: Store, every: Sequence[RunRow], suite: str, run: str | None) -> RunRow:
    if run is not None:
        found = run_query(store, run)
        if found.suite != suite:
            raise ConfigError(f"--run: run {found.run_id} is one of suite {found.suite!r}, not of {suite!r}")
        return found
    nights = [row for row in every if not _apart(row)]
    if not nights:
        suites = sorted({row.suite for row in runs_query(store)})
        known = f"there are runs of: {', '.join(suites)}" if suites else "nothing has been run yet"
        raise ConfigError(f"report regression: no run of suite {suite!r}; {known}")
    return nights[0]


def _baseline(home: Home, store: Store, now: RunRow, chosen: Sequence[str]) -> Baseline:
    found = [run_query(store, name) for name in chosen]
    for row in found:
        if row.run_id == now.run_id:
            raise ConfigError(f"--baseline: run {row.run_id} is the one that is judged; name another, or --run")
        if row.suite != now.suite:
            raise ConfigError(f"--baseline: run {row.run_id} is one of suite {row.suite!r}, not of {now.suite!r}")
    if found:
        return Baseline(kind="chosen", run_ids=tuple(dict.fromkeys(row.run_id for row in found)))
    frozen = load_baselines(home).get(SuiteName(now.suite))
    if frozen is None:
        return Baseline(kind="pooled")
    return Baseline(
        kind="frozen", run_ids=tuple(frozen.runs), set_at=frozen.set_at, reason=frozen.reason, who=frozen.who
    )


def _nights(store: Store, every: Sequence[RunRow], now: RunRow, baseline: Baseline) -> list[Night]:
    shared = set(now.candidates)
    earlier = [
        row
        for row in reversed(every)
        if row.started_at < now.started_at and not _apart(row) and shared & set(row.candidates)
    ]
    named = [row for row in reversed(every) if row.run_id in baseline.run_ids and row.run_id != now.run_id]
    recent = [row for row in earlier if row.run_id not in baseline.run_ids][-(POOLED + SHOWN) :]
    chosen = [*sorted([*named, *recent], key=lambda row: (row.started_at, row.run_id)), now]
    kept = {row.run_id for row in chosen}
    again = [row for row in every if row.provenance.get(CONFIRMS) in kept]
    trials: dict[str, list[TrialRow]] = {}
    for trial in night_trials(store, [*kept, *(row.run_id for row in again)]):
        trials.setdefault(trial.run_id, []).append(trial)
    fresh: dict[str, list[TrialRow]] = {}
    for row in again:
        fresh.setdefault(str(row.provenance[CONFIRMS]), []).extend(trials.get(row.run_id, []))
    return [Night(run=row, rows=trials.get(row.run_id, []), fresh=fresh.get(row.run_id, [])) for row in chosen]


def judge(course: Course, *, rule: AlertRule) -> dict[str, Json]:
    """The results of the last night."""
    return regression_results(course.nights, course.baseline, course.calls, rule=rule)


def write_report(home: Home, course: Course, results: Mapping[str, Json], *, page: Path) -> Path:
    """The page at *page* and ``<page>.results.json`` beside it."""
    failures = with_texts(results["tasks"]["new_failures"], course.now, course.before)
    html = render_regression(results, failures, templates=home.reports / "templates", harness=harness_version())
    write_page(page, html)
    write_text(page.with_suffix(".results.json"), json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False))
    return page


def write_outputs(home: Home, results: Mapping[str, Json], *, folder: Path) -> dict[str, str]:
    """What pipelines take: summary, comment, annotations, JUnit, CSV, the trials as Parquet. Name to path."""
    texts = {
        "summary.md": to_markdown(results),
        "comment.md": to_comment(results),
        "annotations.txt": "".join(f"{line}\n" for line in to_annotations(results)),
        "junit.xml": to_junit(results),
        "classes.csv": to_csv(results),
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    with open_synced(home) as store:
        store.export_trials(results["run"]["id"], folder / "trials.parquet")
    return {name: str(folder / name) for name in (*texts, "trials.parquet")}


def summary_json(results: Mapping[str, Json], file: str, outputs: Mapping[str, str]) -> dict[str, Json]:
    """The short form that ``report regression --json`` prints."""
    verdict = results["verdict"]
    names = ("candidate", "task_class", "state", "cause", "since", "severity", "n", "baseline", "now", "diff", "ci")
    return {
        "verdict": verdict["verdict"],
        "headline": verdict["headline"],
        "why": verdict["why"],
        "warnings": verdict["warnings"],
        "suite": results["suite"],
        "run": results["run"]["id"],
        "baseline": [run["id"] for run in results["baseline"]["runs"]],
        "cells": [{name: cell[name] for name in (*names, "p_holm", "cusum")} for cell in results["cells"]],
        "changes": results["changes"],
        "cost": results["cost"],
        "file": file,
        "outputs": dict(outputs),
    }


def print_regression(at: Context, results: Mapping[str, Json], page: Path) -> Exit:
    """The verdict as it stands on the page; the exit code that goes with it."""
    verdict = results["verdict"]
    at.output.line(verdict["headline"], style=STYLES[verdict["verdict"]])
    for sentence in (*verdict["why"], *verdict["warnings"]):
        at.output.prose(sentence, indent="  ")
    for change in results["changes"]:
        at.output.prose(f"changed: {change['what']}: {change['before']} -> {change['now']}", indent="  ")
    at.output.line(f"page: {link(page)}")
    return Exit(verdict["exit_code"])
