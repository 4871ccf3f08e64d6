"""``harness runs compare``: two runs, or two candidates of one, on the same tasks."""

from collections.abc import Mapping
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.labels import counted, percent, shortened, times
from harness.cli.runtime import home_of
from harness.cli.stored import open_synced
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.rows import RunRow
from harness.report.comparison import compare_sides, side
from harness.report.formats import p_value, points, seconds, usd
from harness.store import run as run_query
from harness.store import trials as trials_query

FLIPPED_MAX = 40
"""Tasks that the terminal lists; ``--json`` has all."""


def compare(
    ctx: typer.Context,
    run_a: Annotated[str, typer.Argument(metavar="A", help="The run before: id, beginning of an id, or name.")],
    run_b: Annotated[
        str | None, typer.Argument(metavar="[B]", help="The run after; without it, two candidates of A.")
    ] = None,
    a: Annotated[str | None, typer.Option("--a", metavar="ID", help="The candidate of A.")] = None,
    b: Annotated[str | None, typer.Option("--b", metavar="ID", help="The candidate of B.")] = None,
    common: Annotated[
        bool, typer.Option("--common", help="Only the tasks and epochs both have, unchanged; the rest is counted.")
    ] = False,
    margin: Annotated[float, typer.Option(metavar="SHARE", help="How much worse still counts as equivalent.")] = 0.03,
) -> int:
    """How do two runs differ on the same tasks? Per class, and the tasks that flipped.

    Refused where the tasks, their content, the epochs, the isolation or the grader differ. Exit code: 0 better or
    equivalent, 3 worse, 5 not enough data.
    """
    at: Context = ctx.obj
    if not 0 < margin < 1:
        raise ConfigError(f"--margin: {margin} is not between 0 and 1; 0.03 are three points")
    with open_synced(home_of(at.options)) as store:
        row_a = run_query(store, run_a)
        row_b = row_a if run_b is None else run_query(store, run_b)
        name_a, name_b = candidates_of(row_a, row_b, a, b)
        sides = (
            side(row_a, trials_query(store, row_a.run_id), name_a),
            side(row_b, trials_query(store, row_b.run_id), name_b),
        )
    results = compare_sides(*sides, margin=margin, common=common)
    if at.options.json:
        at.output.json({name: value for name, value in results.items() if name != "exit_code"})
    else:
        _print(at, results)
    return int(results["exit_code"])


def candidates_of(row_a: RunRow, row_b: RunRow, a: str | None, b: str | None) -> tuple[str, str]:
    """Which candidate of each run is meant. Raises ConfigError with the names when that is not clear."""
    for flag, name, row in (("--a", a, row_a), ("--b", b, row_b)):
        if name is not None and name not in row.candidates:
            known = ", ".join(row.candidates)
            raise ConfigError(f"{flag}: run {row.name or row.run_id} has no candidate {name!r}; there are: {known}")
    if row_a.run_id == row_b.run_id:
        return _two_of(row_a, a, b)
    shared = [name for name in row_a.candidates if name in row_b.candidates]
    found_a = a or _only(row_a, shared, b)
    found_b = b or _only(row_b, shared, a)
    if found_a is None or found_b is None:
        raise ConfigError(
            f"runs compare: say which candidates with --a and --b; {row_a.name or row_a.run_id} has "
            f"{', '.join(row_a.candidates)}; {row_b.name or row_b.run_id} has {', '.join(row_b.candidates)}"
        )
    return found_a, found_b


def _two_of(row: RunRow, a: str | None, b: str | None) -> tuple[str, str]:
    rest = [name for name in row.candidates if name not in (a, b)]
    first = a or (rest.pop(0) if rest else None)
    second = b or (rest.pop(0) if rest else None)
    if first is None or second is None or first == second:
        raise ConfigError(
            f"runs compare: run {row.name or row.run_id} with itself needs two different candidates; "
            f"there are: {', '.join(row.candidates)}; or name a second run"
        )
    return first, second


def _only(row: RunRow, shared: list[str], other: str | None) -> str | None:
    """The candidate that must be meant: the same as in the other run, the run's only one, the only shared one."""
    if other in row.candidates:
        return other
    if len(row.candidates) == 1:
        return row.candidates[0]
    return shared[0] if len(shared) == 1 else None


def _print(at: Context, results: Mapping[str, Json]) -> None:
    at.output.line(results["headline"], style="bold")
    for sentence in (*results["why"], *results["warnings"], *_left_out(results["left_out"])):
        at.output.prose(sentence)
    if not results["n_paired"]:
        return
    at.output.line()
    _print_classes(at, results)
    for words in _amounts(results):
        at.output.prose(words)
    _print_flipped(at, results)


def _print_classes(at: Context, results: Mapping[str, Json]) -> None:
    whole = {"task_class": "all", "n": results["n_paired"], "state": results["verdict"], **results["success"]}
    classes = results["classes"] if len(results["classes"]) > 1 else []
    rows = [
        [
            one["task_class"],
            one["n"],
            percent(one["a"]),
            percent(one["b"]),
            points(one["diff"]),
            f"[{points(one['ci'][0])}, {points(one['ci'][1])}]",
            p_value(one["p_holm"] if "p_holm" in one else one["p"]),
            "not enough data" if one["state"] == "insufficient" else one["state"],
        ]
        for one in (*classes, whole)
    ]
    columns = ["class", "tasks", "A", "B", "points", "95 %", "p", "B is"]
    at.output.table(columns, rows, right=["tasks", "A", "B", "points", "95 %", "p"], ids=["class"])
    if classes:
        at.output.hint("p of a class: after Holm, for having looked at all of them")


def _amounts(results: Mapping[str, Json]) -> list[str]:
    """What the two cost and how long they took; nothing where neither is known."""
    written = (("cost per resolved task", usd, "cost_per_success"), ("p95 latency", seconds, "p95_latency_s"))
    said = []
    for what, write, key in written:
        found = results[key]
        if found["a"] is not None or found["b"] is not None:
            ratio = "" if found["ratio"] is None else f" ({times(found['ratio'])})"
            said.append(f"{what}: A {write(found['a'])}, B {write(found['b'])}{ratio}")
    return said


def _print_flipped(at: Context, results: Mapping[str, Json]) -> None:
    flipped = results["flipped"]
    at.output.line()
    if not flipped:
        at.output.line("no task flipped")
        return
    lost = sum(task["change"] == "lost" for task in flipped)
    at.output.line(f"{counted(len(flipped), 'task')} flipped: {lost} lost, {len(flipped) - lost} won", style="bold")
    rows = [
        [
            task["task_id"],
            task["task_class"],
            task["change"],
            _grades(task["a_grades"]),
            _grades(task["b_grades"]),
            shortened(task["why"], 200),
        ]
        for task in flipped[:FLIPPED_MAX]
    ]
    at.output.table(["task", "class", "change", "A", "B", "why not"], rows, cut=["why not"], ids=["task", "class"])
    if len(flipped) > FLIPPED_MAX:
        at.output.remark(f"{len(flipped) - FLIPPED_MAX} more: --json has all")


def _grades(grades: list[str]) -> str:
    """One grade as it is; of several epochs how many were resolved."""
    if len(grades) == 1:
        return grades[0]
    return f"{grades.count('resolved')} of {len(grades)} resolved"


def _left_out(counts: Mapping[str, Json]) -> list[str]:
    said = []
    if counts["unpaired_a"] or counts["unpaired_b"]:
        said.append(f"{counts['unpaired_a']} trials of A and {counts['unpaired_b']} of B have no partner: left out.")
    if counts["changed"]:
        said.append(f"{counted(len(counts['changed']), 'task')} changed between the two: left out.")
    return said
