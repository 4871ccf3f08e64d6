"""``harness report``: pages. The verdict that is printed, the one on the page and the exit code are one."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.designs import noise_floors
from harness.cli.evidence import find_evidence
from harness.cli.exits import Exit
from harness.cli.labels import link, times
from harness.cli.provenance import harness_version
from harness.cli.report_consensus import consensus
from harness.cli.report_matrix import matrix
from harness.cli.report_regression import regression
from harness.cli.runs import print_runs, run_rows
from harness.cli.runtime import home_of, write_page, write_text
from harness.cli.stored import open_synced
from harness.content import Home
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.rows import RunRow, TrialRow
from harness.report import ab_results, ab_summary, ab_tasks, counted_rows, render_ab
from harness.report.evidence import evidence_view
from harness.report.evidence_page import banner, render_evidence
from harness.store import runs as runs_query
from harness.store import trial_calls, trial_tests

_STYLES = {"better": "bold green", "equivalent": "bold green", "worse": "bold red", "insufficient": "bold yellow"}
EXIT_OF_VERDICT = {"better": Exit.DONE, "equivalent": Exit.DONE, "worse": Exit.NO, "insufficient": Exit.NO_DATA}


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    report = typer.Typer(help="Pages, one self-contained HTML file each.", invoke_without_command=True)
    report.callback()(_default)
    for name, page in PAGES.items():
        report.command(name=name)(page)
    app.add_typer(report, name="report")


def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise typer.Exit(_list(ctx.obj))


def _list(at: Context) -> int:
    """The runs that an A/B page can be made of, newest first."""
    with open_synced(home_of(at.options)) as store:
        rows = [row for row in runs_query(store) if len(row.candidates) > 1]
    if at.options.json:
        at.output.json([{"run": row.run_id, "name": row.name, "candidates": list(row.candidates)} for row in rows])
    elif rows:
        print_runs(at, rows)
        at.output.hint(f"next: harness report ab {rows[0].name or rows[0].run_id}")
    else:
        at.output.line("no run of two candidates yet")
        at.output.hint("next: harness run SUITE --models A,B")
    return Exit.DONE


def ab(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id, beginning of an id, or name.")],
    a: Annotated[
        str | None, typer.Option("--a", metavar="ID", help="The incumbent; otherwise the run's first candidate.")
    ] = None,
    b: Annotated[
        str | None, typer.Option("--b", metavar="ID", help="The challenger; otherwise the run's second.")
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="How much worse still counts as equivalent; the plan's, or 0.03."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The page; otherwise in .harness/pages/.")
    ] = None,
) -> int:
    """Should we move from A to B? A paired verdict, and its page.

    Exit code: 0 better or equivalent, 3 worse, 5 not enough data.
    """
    at: Context = ctx.obj
    if margin is not None and not 0 < margin < 1:
        raise ConfigError(f"--margin: {margin} is not between 0 and 1; 0.03 are three points")
    home = home_of(at.options)
    row, trials = run_rows(home, run)
    results, summary = write_ab(home, row, trials, pair=pair_of(row, a, b), margin=margin, out=out)
    if at.options.json:
        at.output.json(summary)
    else:
        print_verdict(at, results)
        at.output.line(f"page: {link(Path(summary['file']))}")
    return EXIT_OF_VERDICT[summary["verdict"]]


def evidence(
    ctx: typer.Context,
    verdict: Annotated[str, typer.Argument(metavar="VERDICT", help="Id, or beginning of an id.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The page; <home>/.harness/pages/ otherwise.")
    ] = None,
) -> int:
    """Why was this answer served, or not? The evidence of one outcome as one HTML file.

    Exit code: 0 served, 3 not served.
    """
    at: Context = ctx.obj
    home = home_of(at.options)
    found = find_evidence(home, verdict)
    view = evidence_view(found.quotes, found.context)
    page = out or home.state / "pages" / f"evidence-{found.row.verdict_id}.html"
    templates = home.reports / "templates"
    write_page(page, render_evidence(view, templates=templates, heads=found.heads, harness=harness_version()))
    headline = banner(view)["headline"]
    if at.options.json:
        served = view["outcome"]["served"]
        at.output.json({"verdict_id": view["verdict_id"], "served": served, "headline": headline, "file": str(page)})
    else:
        at.output.line(headline, style="bold")
        at.output.line(f"page: {link(page)}")
    return Exit.DONE if view["outcome"]["served"] else Exit.NO


PAGES: Mapping[str, Callable[..., int]] = {
    "ab": ab,
    "regression": regression,
    "matrix": matrix,
    "consensus": consensus,
    "evidence": evidence,
}
"""The pages, each a command."""


def print_verdict(at: Context, results: Mapping[str, Json], *, indent: str = "") -> None:
    """The verdict and its sentences, as they stand on the page, and what the difference costs."""
    verdict = results["verdict"]
    at.output.line(f"{indent}{verdict['headline']}", style=_STYLES[verdict["verdict"]])
    # Warnings are among them.
    doubts = [line["text"] for line in results["health"] if line["state"] == "warn"]
    for sentence in (*verdict["why"], *doubts, *_price(results)):
        at.output.prose(sentence, indent=indent)


def _price(results: Mapping[str, Json]) -> list[str]:
    """What B costs and how long it takes, as a multiple of A; nothing where neither is known."""
    ratios = {
        "costs {} as much per resolved task": results["cost"]["ratio"],
        "takes {} as long (p95)": results["latency"]["ratio"],
    }
    said = [words.format(times(ratio)) for words, ratio in ratios.items() if ratio is not None]
    return [f"{results['b']} {' and '.join(said)} as {results['a']}."] if said else []


def pair_of(row: RunRow, a: str | None, b: str | None) -> tuple[str, str]:
    """Which two candidates of the run are compared. Raises ConfigError when there are no two."""
    known = ", ".join(row.candidates)
    for flag, name in (("--a", a), ("--b", b)):
        if name is not None and name not in row.candidates:
            raise ConfigError(f"{flag}: run {row.run_id} has no candidate {name!r}; there are: {known}")
    rest = [name for name in row.candidates if name not in (a, b)]
    first = a or (rest.pop(0) if rest else None)
    second = b or (rest.pop(0) if rest else None)
    if first is None or second is None or first == second:
        raise ConfigError(f"run {row.run_id}: an A/B page needs two different candidates; there are: {known}")
    return first, second


def write_ab(
    home: Home,
    row: RunRow,
    trials: Sequence[TrialRow],
    *,
    pair: tuple[str, str],
    margin: float | None,
    out: Path | None,
) -> tuple[dict[str, Json], dict[str, Json]]:
    """Write the page, and ``<page>.results.json`` beside it with every number on it.

    Returns the results and the contract of ``report ab --json``. Raises ConfigError when a file cannot be written.
    """
    a, b = pair
    page = out or home.state / "pages" / f"ab-{row.run_id}.html"
    with open_synced(home) as store:
        tests, calls = trial_tests(store, row.run_id), trial_calls(store, row.run_id)
        noise = noise_floors(store, row, pair)
    results = ab_results(row, trials, a=a, b=b, margin=margin, noise=noise)
    tasks = ab_tasks(counted_rows(row, trials, a=a, b=b), a=a, b=b, tests=tests, calls=calls)
    html = render_ab(results, tasks, templates=home.reports / "templates")
    write_page(page, html)
    write_text(page.with_suffix(".results.json"), json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False))
    return results, ab_summary(results, str(page))
