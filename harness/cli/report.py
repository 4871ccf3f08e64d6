"""``harness report``: pages. The verdict that is printed, the one on the page and the exit code are one."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.runs import run_rows, write_text
from harness.cli.runtime import home_of
from harness.content import Home
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.rows import RunRow, TrialRow
from harness.report import ab_results, ab_summary, ab_tasks, render_ab

EXIT_OF_VERDICT = {"better": Exit.DONE, "equivalent": Exit.DONE, "worse": Exit.NO, "insufficient": Exit.NO_DATA}


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    report = typer.Typer(help="Pages: one self-contained HTML file each.")
    report.callback()(_group)
    report.command(name="ab")(ab)
    app.add_typer(report, name="report")


def _group() -> None:
    """Pages: one self-contained HTML file each."""


def ab(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(help="Id, beginning of an id, or name.")],
    a: Annotated[str | None, typer.Option("--a", help="The incumbent; the run's first candidate otherwise.")] = None,
    b: Annotated[str | None, typer.Option("--b", help="The challenger; the run's second candidate otherwise.")] = None,
    margin: Annotated[float, typer.Option(help="How much worse still counts as equivalent, as a share.")] = 0.03,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The page; <home>/.harness/pages/ otherwise.")] = None,
) -> int:
    """Should we move from A to B? A paired verdict as one HTML file."""
    at: Context = ctx.obj
    if not 0 < margin < 1:
        raise ConfigError(f"--margin: {margin} is not between 0 and 1; 0.03 are three points")
    home = home_of(at.options)
    row, trials = run_rows(home, run)
    results, summary = write_ab(home, row, trials, pair=pair_of(row, a, b), margin=margin, out=out)
    if at.options.json:
        at.output.json(summary)
    else:
        print_verdict(at, results)
        at.output.line(f"page: {summary['file']}")
    return EXIT_OF_VERDICT[summary["verdict"]]


def print_verdict(at: Context, results: Mapping[str, Json]) -> None:
    """The verdict and its sentences, as they stand on the page."""
    verdict = results["verdict"]
    at.output.line(f"{verdict['verdict']}: {results['b']} against {results['a']}", style="bold")
    for sentence in verdict["why"]:
        at.output.line(sentence)


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
    home: Home, row: RunRow, trials: Sequence[TrialRow], *, pair: tuple[str, str], margin: float, out: Path | None
) -> tuple[dict[str, Json], dict[str, Json]]:
    """Write the page, and ``<page>.results.json`` beside it with every number on it.

    Returns the results and the contract of ``report ab --json``. Raises ConfigError when a file cannot be written.
    """
    a, b = pair
    results = ab_results(row, trials, a=a, b=b, margin=margin)
    page = out or home.state / "pages" / f"ab-{row.run_id}.html"
    html = render_ab(results, ab_tasks(trials, a=a, b=b), templates=home.reports / "templates")
    page.parent.mkdir(parents=True, exist_ok=True)
    write_text(page, html)
    write_text(page.with_suffix(".results.json"), json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False))
    return results, ab_summary(results, str(page))
