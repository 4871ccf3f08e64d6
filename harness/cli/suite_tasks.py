"""``harness suites approve | retire | import | export``: what people and other tools do with a suite's tasks."""

import json
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.interrupts import run_async
from harness.cli.labels import counted
from harness.cli.runtime import home_of, write_text
from harness.content import Home, load_suite
from harness.content.task_states import TaskState, change_state, task_states
from harness.core.errors import ConfigError
from harness.core.ids import SuiteName
from harness.core.suite import Suite, Task
from harness.evals.grading import base_tree, read_tree
from harness.evals.mining.harbor import export_harbor
from harness.evals.mining.statements import LEAST
from harness.evals.mining.swebench import import_rows, row_of

FORMATS = ("swebench", "harbor")

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The suite's name.")]
_Tasks = Annotated[list[str] | None, typer.Argument(metavar="[TASK]...", help="Ids; see harness suites show NAME.")]
_By = Annotated[str, typer.Option(metavar="WHO", help="Who decided it, for the record.")]


def register(suites: typer.Typer) -> None:
    """Add the commands to the group *suites*."""
    suites.command(name="approve")(approve)
    suites.command(name="retire")(retire)
    suites.command(name="export")(export)
    suites.command(name="import")(import_)


def approve(
    ctx: typer.Context,
    name: _Name,
    tasks: _Tasks = None,
    by: _By = "",
    every: Annotated[bool, typer.Option("--all", help="All that are validated.")] = False,
) -> int:
    """Say that a person has read tasks: statement and tests fit each other.

    A draft has to be written first: in its statement.md, with its state set to validated or approved here by name.
    """
    at: Context = ctx.obj
    if not by.strip():
        raise ConfigError("--by: who has read them? Write --by NAME")
    suite = _repo_suite(home_of(at.options), name)
    chosen = _chosen(suite, tasks or [], from_states=("validated",) if every else None)
    for task in chosen:
        if "validation" not in task.meta:
            raise ConfigError(f"task {task.id!r}: was never proven; harness suites validate {name} proves it")
        words = task.prompt.partition("\n\nNames that have to be there")[0]
        if len(words.strip()) < LEAST:
            raise ConfigError(
                f"task {task.id!r}: its statement.md has {len(words.strip())} characters, which state nothing "
                f"({LEAST} are the least); write it, and approve it then"
            )
    return _change(at, suite, chosen, "approved", by)


def retire(ctx: typer.Context, name: _Name, tasks: _Tasks = None) -> int:
    """Take tasks out of use: they are known to a model, or found to be wrong. Their files stay."""
    at: Context = ctx.obj
    suite = _repo_suite(home_of(at.options), name)
    return _change(at, suite, _chosen(suite, tasks or [], from_states=None), "retired", None)


def _change(at: Context, suite: Suite, tasks: list[Task], state: TaskState, who: str | None) -> int:
    for task in tasks:
        change_state(_source(suite) / task.id, state, who=who)
    states = task_states(_source(suite))
    if at.options.json:
        at.output.json({"suite": suite.name, "changed": [task.id for task in tasks], "states": states})
        return Exit.DONE
    counts = {word: list(states.values()).count(word) for word in sorted(set(states.values()))}
    at.output.line(f"{suite.name}: {counted(len(tasks), 'task')} {state}", style="bold")
    at.output.line("now " + ", ".join(f"{number} {word}" for word, number in counts.items()))
    return Exit.DONE


def _chosen(suite: Suite, names: list[str], *, from_states: tuple[str, ...] | None) -> list[Task]:
    """The tasks that are named, or all in one of the states. Raises ConfigError for none and for unknown ones."""
    known = {task.id: task for task in suite.tasks}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError(f"{suite.name}: no task {unknown[0]!r}; harness suites show {suite.name} lists them")
    if from_states is not None:
        return [task for task in suite.tasks if task.meta.get("state", "draft") in from_states]
    if not names:
        raise ConfigError(f"{suite.name}: name the tasks; harness suites show {suite.name} lists them")
    return [task for each, task in known.items() if each in names]


def _repo_suite(home: Home, name: str) -> Suite:
    suite = load_suite(home, SuiteName(name))
    if suite.kind != "repo":
        raise ConfigError(f"{name}: is a suite of kind {suite.kind!r}; this is for suites of kind 'repo'")
    return suite


def _source(suite: Suite) -> Path:
    """The folder of the tasks; suites of another one than ``tasks/`` keep their own states."""
    folder = suite.folder / "tasks"
    if not folder.is_dir():
        raise ConfigError(f"{suite.folder}: its tasks are not in tasks/; set their states by hand")
    return folder


def export(
    ctx: typer.Context,
    name: _Name,
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="swebench (one file) | harbor (folders).")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PATH", help="File of rows, or folder of tasks.")
    ] = None,
    approved: Annotated[bool, typer.Option("--approved", help="Only approved tasks.")] = False,
) -> int:
    """A repo suite for other tools. The answer key goes with it: keep it where the suite may be."""
    at: Context = ctx.obj
    home = home_of(at.options)
    if form not in FORMATS:
        raise ConfigError(f"--format: no format {form!r}; there are: {', '.join(FORMATS)}")
    suite = _repo_suite(home, name)
    if any(task.repo is None or task.repo.base_commit is None for task in suite.tasks):
        raise ConfigError(f"{name}: its repository is a plain folder; other tools need commits")
    tasks = [task for task in suite.tasks if not approved or task.meta.get("state") == "approved"]
    if form == "harbor":
        if output is None:
            raise ConfigError("--output: which folder? Harbor's tasks are folders")
        run_async(export_harbor(suite, tasks, output, home.state / "cache"))
        return _exported(at, suite, tasks, output)
    rows = run_async(_rows(suite, tasks, home.state / "cache"))
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if output is None:
        at.output.raw(text)
        return Exit.DONE
    write_text(output, text)
    return _exported(at, suite, tasks, output)


def _exported(at: Context, suite: Suite, tasks: list[Task], output: Path) -> int:
    if at.options.json:
        at.output.json({"suite": suite.name, "tasks": [task.id for task in tasks], "output": str(output)})
    else:
        at.output.line(f"{counted(len(tasks), 'task')} of {suite.name}: {output}")
    return Exit.DONE


async def _rows(suite: Suite, tasks: list[Task], cache: Path) -> list[dict[str, object]]:
    assert suite.repo_path is not None, "content gives a repo suite its repository"
    found = []
    for task in tasks:
        assert task.repo is not None, "repo suites have repo tasks"
        base = read_tree(await base_tree(suite.repo_path, task.repo.base_commit, cache))
        found.append(row_of(task, base, suite.name))
    return found


def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Rows of SWE-bench: JSON, or one per line.")],
    repo: Annotated[str, typer.Option(metavar="PATH", help="The repository of the rows, on this machine.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The new suite's folder: suites/NAME.")],
) -> int:
    """Rows of SWE-bench as a repo suite. Nothing is run: prove it with harness suites validate."""
    at: Context = ctx.obj
    home = home_of(at.options)
    found = run_async(import_rows(file, repo, Path.cwd() / out, home.state / "cache"))
    if at.options.json:
        at.output.json({"suite": out.name, "tasks": list(found.tasks), "refused": dict(found.refused)})
    else:
        if found.refused:
            at.output.table(["refused", "why"], [list(each) for each in found.refused], wrap=["why"])
            at.output.line()
        at.output.line(f"{out.name}: {counted(len(found.tasks), 'task')} from {file}", style="bold")
        at.output.hint(f"next: harness suites validate {out.name}")
    return Exit.DONE if found.tasks else Exit.NO
