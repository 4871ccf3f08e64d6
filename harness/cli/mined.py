"""What mining found, for people and scripts: counts per rule with examples, the tasks, the yield."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.labels import counted, percent, seconds
from harness.cli.output import Output
from harness.content import Home
from harness.core.hashing import Json, plain
from harness.evals.mining import HISTORY_RULES, Change, Decision, Mined, Order, Survey
from harness.evals.mining import Progress as Mining
from harness.evals.proving import RULES

UNMEASURED = "not_measured"
_SHOWN = 60
_WHAT: Mapping[str, str] = {
    **{str(rule): what for rule, what in (*HISTORY_RULES.items(), *RULES.items())},
    UNMEASURED: "could not be run here; the same command tries again",
}


@contextmanager
def show_progress(output: Output) -> Iterator[Callable[[Mining], None]]:
    """A callback that moves a bar; silent when stderr is no terminal."""
    if not output.shows_progress:
        yield lambda _progress: None
        return
    columns = (TextColumn("mine"), BarColumn(bar_width=30), MofNCompleteColumn(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, console=output.progress, transient=True) as bar:
        line = bar.add_task("mine", total=None, note="reading the history")

        def move(progress: Mining) -> None:
            left = "" if progress.seconds_left is None else f" · {minutes(progress.seconds_left)} left"
            share = f" ({percent(progress.tasks / progress.done)} of those run)" if progress.done else ""
            note = f"{counted(progress.tasks, 'task')}{share}{left}"
            bar.update(line, total=progress.of, completed=progress.done, note=note)

        yield move


def minutes(duration_s: float) -> str:
    """A duration in whole units.

    >>> minutes(42.4), minutes(130), minutes(4000)
    ('42 s', '2 min', '1 h 7 min')
    """
    if duration_s < 60:
        return f"{duration_s:.0f} s"
    whole = round(duration_s / 60)
    return f"{whole} min" if whole < 60 else f"{whole // 60} h {whole % 60} min"


def print_survey(at: Context, found: Survey) -> int:
    """The candidates, and why the others are none."""
    if at.options.json:
        at.output.json(_survey_json(found))
        return Exit.DONE
    picked = found.picked
    commits, candidates = counted(len(found.commits), "commit"), counted(len(picked.candidates), "candidate")
    at.output.line(f"{commits} of {found.mirror.name}: {candidates}", style="bold")
    at.output.line()
    rows = [
        [each.commit.head[:10], f"{each.commit.at:%Y-%m-%d}", _lines(each.source), each.commit.subject]
        for each in picked.candidates
    ]
    at.output.table(["commit", "date", "lines", "subject"], rows[:_SHOWN], right=["lines"], cut=["subject"])
    if len(rows) > _SHOWN:
        at.output.line(f"and {len(rows) - _SHOWN} more")
    skipped = [(each.rule, each.head, each.evidence) for each in picked.skipped]
    print_rules(at, "no candidates", skipped)
    at.output.hint("next: the same command without --dry-run")
    return Exit.DONE


def _survey_json(found: Survey) -> dict[str, Json]:
    return {
        "repository": found.mirror.name,
        "head": found.mirror.head,
        "commits": len(found.commits),
        "candidates": [
            {"commit": each.commit.head, "subject": each.commit.subject, "tests": list(each.modules)}
            for each in found.picked.candidates
        ],
        "skipped": [plain(each) for each in found.picked.skipped],
    }


def print_mined(at: Context, home: Home, order: Order, mined: Mined) -> int:
    """What came of it; exit code 5 when there is no task and something could not be measured, 3 when there is none."""
    code = _code(mined)
    if at.options.json:
        at.output.json(_mined_json(order, mined))
        return code
    tasks = mined.tasks
    if tasks:
        rows = [[each.task, each.at[:10], each.evidence, seconds(each.seconds)] for each in tasks]
        at.output.table(["task", "date", "tests", "took"], rows, right=["took"])
    rejected = [each for each in mined.decided if each.became in ("rejected", "unmeasured")]
    print_rules(at, "run, and no task", [(each.rule, each.commit, each.evidence) for each in rejected])
    skipped = [each for each in mined.decided if each.became == "skipped"]
    print_rules(at, "not run", [(each.rule, each.commit, each.evidence) for each in skipped])
    at.output.line()
    at.output.line(_summary(order, mined), style="bold")
    at.output.line(f"every commit and its reason: {order.out / 'mine.json'}")
    if order.out.parent.resolve() != home.suites.resolve():
        at.output.hint(f"it is not among the suites of {home.root}: move it to {home.suites}, or give --home")
    elif tasks:
        at.output.hint(f"next: harness suites show {order.out.name}")
    return code


def print_rules(at: Context, title: str, rows: Sequence[tuple[str, str, str]]) -> None:
    """How often each rule held, most frequent first, and for example where; rows: rule, commit, evidence."""
    if not rows:
        return
    at.output.title(title)
    counts = Counter(rule for rule, _, _ in rows)
    examples: dict[str, tuple[str, str]] = {}
    for rule, commit, evidence in rows:
        examples.setdefault(rule, (commit[:8], evidence.partition("\n")[0]))
    table = [
        [number, rule.replace("_", " "), _WHAT.get(rule, ""), f"{examples[rule][0]}: {examples[rule][1]}"]
        for rule, number in counts.most_common()
    ]
    at.output.table(["", "rule", "means", "for example"], table, right=[""], wrap=["means"], cut=["for example"])


def _summary(order: Order, mined: Mined) -> str:
    run = [each for each in mined.decided if each.became in ("task", "rejected", "unmeasured")]
    pace = median(each.seconds for each in run) if run else None
    share = percent(len(mined.tasks) / len(run)) if run else percent(None)
    return (
        f"{order.out.name}: {counted(len(mined.tasks), 'task')} from {counted(len(run), 'candidate')} ({share}) "
        f"of {counted(len(mined.survey.commits), 'commit')}; {seconds(pace)} per candidate, {minutes(mined.seconds)}"
    )


def _mined_json(order: Order, mined: Mined) -> dict[str, Json]:
    run = [each for each in mined.decided if each.became in ("task", "rejected", "unmeasured")]
    return {
        "suite": order.out.name,
        "folder": str(order.out),
        "repository": mined.record.repository,
        "head": mined.record.head,
        "commits": len(mined.survey.commits),
        "candidates": len(mined.survey.picked.candidates),
        "run": len(run),
        "tasks": [_row(each) for each in mined.tasks],
        "rejected": [_row(each) for each in run if each.became != "task"],
        "skipped": dict(Counter(each.rule for each in mined.decided if each.became == "skipped").most_common()),
        "median_seconds": median(each.seconds for each in run) if run else None,
        "seconds": round(mined.seconds, 1),
    }


def _row(decision: Decision) -> dict[str, Json]:
    return {
        "commit": decision.commit,
        "subject": decision.subject,
        "rule": decision.rule or None,
        "evidence": decision.evidence,
        "task": decision.task or None,
        "seconds": decision.seconds,
    }


def _code(mined: Mined) -> Exit:
    if mined.tasks:
        return Exit.DONE
    unmeasured = any(each.became == "unmeasured" for each in mined.decided)
    return Exit.NO_DATA if unmeasured else Exit.NO


def _lines(changes: Sequence[Change]) -> int:
    return sum(change.lines for change in changes)
