"""``harness report regression``: did anything get worse since the baseline?"""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.nights import judge, load_course, print_regression, summary_json, write_outputs, write_report
from harness.cli.runtime import home_of
from harness.core.errors import ConfigError
from harness.stats import AlertRule


def regression(
    ctx: typer.Context,
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="The suite's name.")],
    baseline: Annotated[
        list[str] | None,
        typer.Option(metavar="RUN", help="Compare with this run; repeat it to pool several."),
    ] = None,
    run: Annotated[str | None, typer.Option(metavar="RUN", help="Judge this run; otherwise the newest.")] = None,
    margin: Annotated[float, typer.Option(metavar="SHARE", help="A smaller loss is not told.")] = 0.03,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The page; otherwise in .harness/pages/.")
    ] = None,
    out_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also summary.md, comment.md, annotations.txt, junit.xml, CSV and Parquet."),
    ] = None,
) -> int:
    """Did anything get worse? The newest run of a suite against its baseline, and its page.

    Exit code: 0 nothing did, 3 a regression is confirmed, 5 suspected, not measured, or nothing to compare with.
    """
    at: Context = ctx.obj
    if not 0 < margin < 1:
        raise ConfigError(f"--margin: {margin} is not between 0 and 1; 0.03 are three points")
    home, rule = home_of(at.options), AlertRule(floor=margin)
    course = load_course(home, suite, run=run, chosen=baseline or (), rule=rule)
    results = judge(course, rule=rule)
    folder = out_dir or home.state / "pages"
    page = write_report(home, course, results, page=out or folder / f"regression-{results['run']['id']}.html")
    outputs = {} if out_dir is None else write_outputs(home, results, folder=out_dir)
    if at.options.json:
        at.output.json(summary_json(results, str(page), outputs))
        return Exit(results["verdict"]["exit_code"])
    return print_regression(at, results, page)
