"""``harness panel``: which models make a good panel, by what was measured of them together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.labels import counted, dollars_alike, listed, percent
from harness.cli.replay import policy_of
from harness.cli.runtime import home_of
from harness.cli.stored import open_synced
from harness.cli.usage import nearest
from harness.consensus.calibration import Pair, Panel, pairs, suggest
from harness.content import Home, load_cards, load_policies, load_suite
from harness.core.ballot import Compare, Extract
from harness.core.errors import ConfigError
from harness.core.hashing import plain
from harness.core.ids import ModelId, PolicyName, SuiteName, TaskClass
from harness.core.policy import Policy, Quorum
from harness.core.rows import RunRow
from harness.evals.builtin import PREFIX
from harness.evals.calibrating import Evidence, Source, gather
from harness.evals.replay_items import items_of
from harness.journal import journal_path, recorded
from harness.store import CellRow, cells
from harness.store import runs as runs_query

LEAST_TASKS = 20
"""Fewer common questions are no evidence; as for the routing matrix."""
ECHOES_SHOWN = 5
_PANELS = ("consensus/", "route/")


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    panel = typer.Typer(help="Panels: which models to ask together.", no_args_is_help=True)
    panel.callback()(_nothing)
    panel.command(name="suggest")(suggest_)
    app.add_typer(panel, name="panel")


def _nothing() -> None:
    """Keeps ``suggest`` a command of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """What is on record of one task class."""

    rows: tuple[RunRow, ...]
    """Newest first."""
    models: tuple[ModelId, ...]
    cost: Mapping[ModelId, float]
    """USD per question, of those whose calls all have a known cost."""
    left_out: tuple[str, ...]
    """Models that were asked too little to be compared, and how little."""


def suggest_(
    ctx: typer.Context,
    task_class: Annotated[str, typer.Option(metavar="CLASS", help="The class of work, as in suites and policies.")],
    size: Annotated[int, typer.Option(min=2, metavar="N", help="Members of a panel.")] = 3,
    budget: Annotated[
        float | None, typer.Option(min=0, metavar="USD", help="What asking the whole panel one question may cost.")
    ] = None,
    policy: Annotated[
        str, typer.Option(metavar="NAME", help="Read and compare answers as this policy does, not as the suite.")
    ] = "",
) -> int:
    """Panels ranked by how often two members agree, and how seldom on a wrong answer.

    From the graded runs of one task class. Warns when two vendors are one voter: they make the same mistakes. Exit code
    5 with fewer than 20 questions that all models were asked.
    """
    at: Context = ctx.obj
    home = home_of(at.options)
    measured = _measured(home, task_class)
    if not size <= len(measured.models):
        raise ConfigError(
            f"--size: {size} of {counted(len(measured.models), 'model')} measured on {task_class}: "
            f"{', '.join(measured.models)}"
        )
    evidence = _evidence(home, measured, task_class, policy)
    family = _families(home, measured.models)
    found = suggest(evidence.labelled, measured.models, size=size, cost=measured.cost, budget=budget, family=family)
    couples = pairs(evidence.labelled, measured.models, family=family)
    n = len(evidence.voted)
    if at.options.json:
        at.output.json(
            {
                "task_class": task_class,
                "questions": n,
                "runs": [row.run_id for row in measured.rows],
                "left_out": list(measured.left_out),
                "panels": [plain(panel) for panel in found],
                "pairs": [plain(pair) for pair in couples],
            }
        )
    else:
        _print(at, task_class, n, measured, found, couples, budget)
    return Exit.DONE if found and n >= LEAST_TASKS else Exit.NO_DATA


def _measured(home: Home, task_class: str) -> _Measured:
    with open_synced(home) as store:
        known = [row for row in cells(store, task_classes=[task_class]) if _is_model(row)]
        every = runs_query(store)
        classes = sorted({row.task_class for row in cells(store)})
    if not known:
        raise ConfigError(f"--task-class: nothing was measured on {task_class!r}; {nearest(task_class, classes)}")
    most = max(row.n_tasks for row in known)
    kept = [row for row in known if 2 * row.n_tasks >= most]
    run_ids = {run_id for row in kept for run_id in row.run_ids}
    return _Measured(
        rows=tuple(row for row in every if row.run_id in run_ids),
        models=tuple(ModelId(row.candidate) for row in kept),
        cost={ModelId(row.candidate): cost for row in kept if (cost := _cost(row)) is not None},
        left_out=tuple(
            f"{row.candidate} ({row.n_tasks} of {most} questions)" for row in known if 2 * row.n_tasks < most
        ),
    )


def _is_model(row: CellRow) -> bool:
    return row.n_tasks > 0 and not row.candidate.startswith((PREFIX, *_PANELS))


def _cost(row: CellRow) -> float | None:
    return None if row.cost_usd is None else float(row.cost_usd / Decimal(row.n_trials + row.infra))


def _evidence(home: Home, measured: _Measured, task_class: str, policy: str) -> Evidence:
    """The questions all of the models were asked, read and compared as one policy would."""
    extract, compare = _reading(home, measured.rows, policy)
    asked = Policy(
        name=PolicyName(f"panel of {task_class}"),
        panel=measured.models,
        task_class=TaskClass(task_class),
        extract=extract,
        compare=compare,
        rule=Quorum(k=2),
    )
    sources = [
        Source(
            run_id=row.run_id,
            items=[
                item
                for item in items_of(recorded(journal_path(home.state / "journal", row.run_id)).events(), asked)
                if item.task_class == task_class
            ],
        )
        for row in measured.rows
    ]
    return gather(sources, asked)[0]


def _reading(home: Home, rows: Sequence[RunRow], policy: str) -> tuple[Extract, Compare]:
    """How the answers are read and compared. Raises ConfigError where that is not one way for all."""
    if policy:
        chosen = policy_of(load_policies(home), policy)
        return chosen.extract, chosen.compare
    kinds = sorted({row.suite for row in rows if row.suite_kind != "answer"})
    if kinds:
        raise ConfigError(
            f"--task-class: suite {kinds[0]!r} is judged by execution: whether two wrong solutions are the same cannot "
            "be told from their text"
        )
    suites = [load_suite(home, SuiteName(name)) for name in sorted({row.suite for row in rows})]
    first = suites[0]
    for other in suites[1:]:
        if (other.extract, other.compare) != (first.extract, first.compare):
            raise ConfigError(
                f"--task-class: suites {first.name!r} and {other.name!r} read or compare answers differently; "
                "--policy NAME says which way counts"
            )
    return first.extract, first.compare


def _families(home: Home, models: Sequence[ModelId]) -> dict[ModelId, str]:
    """Who trained each: the card says it, else what stands before the slash."""
    cards = load_cards(home) if (home.registry / "models.yaml").exists() else {}
    return {model: cards[model].family if model in cards else model.partition("/")[0] for model in models}


def _print(
    at: Context,
    task_class: str,
    n: int,
    measured: _Measured,
    panels: Sequence[Panel],
    couples: Sequence[Pair],
    budget: float | None,
) -> None:
    at.output.line(
        f"{task_class}: {counted(len(measured.models), 'model')}, {counted(n, 'question')} that all were asked",
        style="bold",
    )
    at.output.line()
    for text in measured.left_out:
        at.output.prose(f"left out: {text}")
    if n < LEAST_TASKS:
        at.output.prose(f"fewer than {LEAST_TASKS} questions are no evidence: the order below may be chance")
    if panels:
        _print_panels(at, panels)
    else:
        unpriced = listed([model for model in measured.models if model not in measured.cost])
        at.output.prose(f"no panel within ${budget:g} per question; models without a known cost: {unpriced}")
    _print_pairs(at, couples)
    at.output.hint("next: put a panel into registry/policies.yaml, then: harness calibrate RUN --policy NAME")


def _print_panels(at: Context, panels: Sequence[Panel]) -> None:
    costs = dollars_alike([None if each.cost is None else Decimal(repr(each.cost)) for each in panels])
    rows = [
        [
            place,
            ", ".join(each.models),
            percent(each.coverage),
            percent(each.precision),
            percent(each.same_wrong),
            percent(each.accuracy),
            cost,
        ]
        for place, (each, cost) in enumerate(zip(panels, costs, strict=True), start=1)
    ]
    columns = ["", "panel", "two agree", "then right", "same wrong", "mean right", "cost"]
    right = ["", "two agree", "then right", "same wrong", "mean right", "cost"]
    at.output.table(columns, rows, right=right, wrap=["panel"])
    at.output.line()
    at.output.prose(
        "best first, a wrong answer served weighing as much as 49 right ones; same wrong: share of questions on which "
        "a pair of the panel gives the same wrong answer",
        style="dim",
    )
    warnings = dict.fromkeys(text for each in panels for text in each.warnings)
    for text in warnings:
        at.output.prose(f"warning: {text}", style="bold")


def _print_pairs(at: Context, couples: Sequence[Pair]) -> None:
    shared = [each for each in couples if each.both_wrong][:ECHOES_SHOWN]
    if not shared:
        return
    at.output.title("when both are wrong, how often with the same answer")
    rows = [
        [
            " + ".join(each.models),
            each.both_wrong,
            each.same_wrong,
            percent(each.same_given_wrong),
            "one voter" if each.echo else "",
        ]
        for each in shared
    ]
    columns = ["pair", "both wrong", "same answer", "share", ""]
    at.output.table(columns, rows, right=["both wrong", "same answer", "share"], wrap=["pair"])
