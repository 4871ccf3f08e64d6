"""The verdict of a regression report: its state, its sentences, and the exit code that goes with them."""

from collections.abc import Mapping, Sequence
from typing import Literal

from harness.core.hashing import Json
from harness.report.formats import between, percent, points, ratio

RegressionVerdict = Literal["ok", "regression", "suspected", "unmeasured", "insufficient"]

EXIT_CODES: Mapping[RegressionVerdict, int] = {
    "ok": 0,
    "regression": 3,
    "suspected": 5,
    "unmeasured": 5,
    "insufficient": 5,
}
NAMED_MAX = 3
"""Cells that the headline names."""


def state_of(facts: Mapping[str, Json]) -> RegressionVerdict:
    """The verdict: what is confirmed comes before what hinders."""
    states = {cell["state"] for cell in facts["cells"]}
    if states & {"new", "ongoing"}:
        return "regression"
    if not facts["run"]["complete"] or facts["left_out"]["unmeasured"]:
        return "unmeasured"
    if "suspected" in states:
        return "suspected"
    compared = {cell["candidate"] for cell in facts["cells"] if cell["state"] != "no_baseline"}
    return "ok" if compared >= set(facts["run"]["candidates"]) else "insufficient"


def _cells(facts: Mapping[str, Json], *states: str) -> list[Mapping[str, Json]]:
    found = [cell for cell in facts["cells"] if cell["state"] in states]
    return sorted(found, key=lambda cell: (cell["ci"][1], cell["candidate"], cell["task_class"]))


def ends(cell: Mapping[str, Json]) -> str:
    """The interval of a cell's difference, in points."""
    lo, hi = cell["ci"]
    return between(lo, hi, points)


def _named(facts: Mapping[str, Json], cells: Sequence[Mapping[str, Json]]) -> str:
    several = len(facts["run"]["candidates"]) > 1
    said = [
        f"{cell['task_class']}{' of ' + cell['candidate'] if several else ''} {points(cell['diff'])} points"
        for cell in cells[:NAMED_MAX]
    ]
    rest = len(cells) - NAMED_MAX
    return ", ".join(said) + (f" and {rest} more" if rest > 0 else "")


def _headline(state: RegressionVerdict, facts: Mapping[str, Json]) -> str:
    if state == "regression":
        return f"Regression: {_named(facts, _cells(facts, 'new', 'ongoing'))} (confirmed)"
    if state == "suspected":
        return f"Suspected: {_named(facts, _cells(facts, 'suspected'))}; not confirmed yet"
    if state == "unmeasured":
        return "Could not be measured"
    if state == "insufficient":
        return "Not enough data: there is nothing to compare with"
    return "No regression"


def _told(cell: Mapping[str, Json]) -> str:
    tasks = "1 task" if cell["n"] == 1 else f"{cell['n']:,} tasks"
    return (
        f"{cell['task_class']} of {cell['candidate']}: {percent(cell['baseline'])} before, {percent(cell['now'])} now; "
        f"{points(cell['diff'])} points {ends(cell)} on {tasks}"
    )


def _reasons(state: RegressionVerdict, facts: Mapping[str, Json]) -> list[str]:
    left_out, run = facts["left_out"], facts["run"]
    if state == "regression":
        return [
            f"{_told(cell)}; {'slow decay' if cell['cause'] == 'slow' else 'sudden'}, confirmed on fresh samples; "
            f"{cell['state']} since {cell['since'][:10]}, severity {cell['severity']} by the bound of its interval."
            for cell in _cells(facts, "new", "ongoing")[:5]
        ]
    if state == "suspected":
        return [f"{_told(cell)}; fresh samples have to confirm it." for cell in _cells(facts, "suspected")[:5]]
    if state == "unmeasured":
        return _hindrances(facts)
    if state == "insufficient":
        if not facts["baseline"]["runs"]:
            return ["There is no earlier run of this suite to compare with; the next night has one."]
        known = {cell["candidate"] for cell in facts["cells"] if cell["state"] != "no_baseline"}
        missing = ", ".join(name for name in run["candidates"] if name not in known)
        return [f"The baseline has no measured trial of the same content of {missing}."]
    nights = len(facts["baseline"]["runs"])
    against = f"{nights} earlier {'run' if nights == 1 else 'runs'} on {left_out['shared']:,} shared tasks"
    return [f"No class lost more than chance explains, against {against}."]


def _hindrances(facts: Mapping[str, Json]) -> list[str]:
    run, left_out, found = facts["run"], facts["left_out"], []
    if not run["complete"]:
        size = run["tasks"] * len(run["candidates"]) * run["epochs"]
        found.append(f"The run is still going, or was stopped: {run['trials']:,} of {size:,} trials are graded.")
    if left_out["unmeasured"]:
        found.append(
            f"{left_out['infra']:,} of {left_out['trials']:,} trials failed for reasons of infrastructure: "
            f"nothing is said of {', '.join(left_out['unmeasured'])}."
        )
    return found


def _warnings(state: RegressionVerdict, facts: Mapping[str, Json]) -> list[str]:
    left_out, found = facts["left_out"], []
    if state == "regression":
        found += _hindrances(facts)
    if left_out["changed_total"]:
        tasks = "1 task" if left_out["changed_total"] == 1 else f"{left_out['changed_total']:,} tasks"
        found.append(f"Left out: {tasks} whose content changed since the baseline.")
    if left_out["infra"] and not left_out["unmeasured"]:
        trials = "1 trial" if left_out["infra"] == 1 else f"{left_out['infra']:,} trials"
        found.append(f"Left out: {trials} that could not be measured.")
    runs = len(facts["baseline"]["runs"])
    if 0 < runs < 5:
        found.append(
            f"The baseline is {runs} {'run' if runs == 1 else 'runs'}: slow decay shows only with five or more."
        )
    if facts["baseline"]["missing"]:
        found.append(f"Runs of the baseline that are not in the store: {', '.join(facts['baseline']['missing'])}.")
    found += [f"{_told(cell)}; fresh samples did not confirm it." for cell in _cells(facts, "refuted")]
    found += [f"{_told(cell)}; recovered." for cell in _cells(facts, "recovered")]
    found += [
        f"{cost['candidate']} uses {ratio(cost['usage_ratio'])} times as much per success at the baseline's prices."
        for cost in facts["cost"]
        if cost["raised"]
    ]
    found += [
        f"{one['candidate']} takes {ratio(one['ratio'])} times as long (p95)."
        for one in facts["latency"]
        if one["raised"]
    ]
    return found


def verdict_of(facts: Mapping[str, Json]) -> dict[str, Json]:
    """The verdict of *facts*, the other parts of the results."""
    state = state_of(facts)
    return {
        "verdict": state,
        "headline": _headline(state, facts),
        "why": _reasons(state, facts),
        "warnings": _warnings(state, facts),
        "exit_code": EXIT_CODES[state],
        "told": sum(cell["told"] for cell in facts["cells"]),
    }
