"""How far a run is, on stderr, where somebody looks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from harness.cli.labels import dollars
from harness.cli.output import Output
from harness.evals import run as evals_run


@contextmanager
def progress_of(output: Output, title: str) -> Iterator[Callable[[evals_run.Progress], None]]:
    """A callback that moves a bar; silent when stderr is no terminal."""
    if not output.shows_progress:
        yield lambda _progress: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=output.progress, transient=True) as bar:
        line = bar.add_task(title, total=None, note="")

        def move(progress: evals_run.Progress) -> None:
            note = f"{progress.resolved} resolved · {dollars(progress.cost_usd)}"
            bar.update(line, total=progress.size, completed=progress.done, note=note)

        yield move
