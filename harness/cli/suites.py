"""``harness suites``: what can be measured here, and whether its tasks tell right from wrong."""

from collections import Counter
from dataclasses import fields, replace
from typing import Annotated

import typer

from harness.cli import suite_tasks
from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.interrupts import run_async
from harness.cli.labels import counted
from harness.cli.progress import progress_of
from harness.cli.proofs import Proof, proofs_of
from harness.cli.provenance import provenance
from harness.cli.runs import run_rows
from harness.cli.runtime import environ, home_of
from harness.cli.workload import TASK_COLUMNS, print_tiers, read_workload, task_row, workload_facts, workload_json
from harness.content import Home, list_suites, load_registry, load_suite
from harness.core.hashing import Json
from harness.core.ids import SuiteName
from harness.core.suite import Suite
from harness.evals.builtin import NOOP, REFERENCE
from harness.evals.plan import make_plan
from harness.evals.proving import Checked, check_suite, open_prover
from harness.evals.running import RunOptions, run_suite
from harness.sandbox import open_sandbox


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    suites = typer.Typer(help="What can be measured: list, show, validate, approve, …", invoke_without_command=True)
    suites.callback()(_default)
    suites.command(name="list")(list_)
    suites.command(name="show")(show)
    suites.command(name="validate")(validate)
    suite_tasks.register(suites)
    app.add_typer(suites, name="suites")


def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise typer.Exit(list_(ctx))


def list_(ctx: typer.Context) -> int:
    """Every suite of the home folder."""
    at: Context = ctx.obj
    home = home_of(at.options)
    suites = [load_suite(home, name) for name in list_suites(home)]
    if at.options.json:
        at.output.json([_head_json(suite) for suite in suites])
        return Exit.DONE
    if not suites:
        at.output.line(f"no suite in {home.suites}")
        at.output.hint("next: harness init copies one as an example")
        return Exit.DONE
    rows = [[suite.name, suite.kind, suite.version, len(suite.tasks), suite.description] for suite in suites]
    at.output.table(
        ["suite", "kind", "version", "tasks", "description"], rows, right=["version", "tasks"], wrap=["description"]
    )
    at.output.hint(f"next: harness suites show {suites[0].name}")
    return Exit.DONE


def show(ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help="The suite's name.")]) -> int:
    """One suite: its classes and its tasks."""
    at: Context = ctx.obj
    suite = load_suite(home_of(at.options), SuiteName(name))
    workload = read_workload(suite) if suite.kind == "repo" else None
    if at.options.json:
        tasks = [{"id": task.id, "task_class": task.task_class, "digest": task.digest} for task in suite.tasks]
        counts = {} if workload is None else {"workload": workload_json(workload)}
        at.output.json({**_head_json(suite), **counts, "tasks": tasks})
        return Exit.DONE
    at.output.line(f"{suite.name}@{suite.version}: {counted(len(suite.tasks), 'task')}", style="bold")
    at.output.prose(suite.description)
    at.output.line()
    classes = Counter(task.task_class for task in suite.tasks)
    at.output.facts(
        [
            ("kind", suite.kind),
            ("classes", ", ".join(f"{name} {number}" for name, number in sorted(classes.items()))),
            ("isolation", f"{suite.min_isolation.value} or stronger"),
            ("content", suite.digest[:12]),
            *(workload_facts(workload) if workload is not None else ()),
        ]
    )
    if workload is not None:
        print_tiers(at, workload)
    at.output.line()
    if suite.kind == "repo":
        at.output.table(TASK_COLUMNS, [task_row(task) for task in suite.tasks], right=["f2p", "p2p", "flaky"])
    else:
        rows = [[task.id, task.task_class, task.prompt] for task in suite.tasks]
        at.output.table(["task", "class", "asks"], rows, cut=["asks"])
    at.output.hint(f"next: harness run {suite.name} --models A,B")
    return Exit.DONE


def validate(ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help="The suite's name.")]) -> int:
    """Prove each task: the reference resolves it, doing nothing does not.

    Measured as a run of the candidates builtin/reference and builtin/noop. Tasks of a repository are proven as when
    they were mined, too: several runs, hash seeds, a shuffled order. Exit code 3 names the tasks that fail.
    """
    at: Context = ctx.obj
    home = home_of(at.options)
    suite = load_suite(home, SuiteName(name))
    plan = make_plan(suite, [REFERENCE, NOOP])
    with progress_of(at.output, f"validate {name}") as report:
        options = RunOptions(environ=environ(), fresh=True, on_progress=report, provenance=provenance(at.argv))
        run_id, _ = run_async(run_suite(home, load_registry(home), plan, options))
    _, trials = run_rows(home, run_id)
    proofs = proofs_of([task.id for task in plan.tasks], trials)
    checks = run_async(_checked(home, suite)) if suite.kind == "repo" else {}
    proofs = [_with(proof, checks.get(proof.task_id)) for proof in proofs]
    failed = [proof for proof in proofs if not proof.proved]
    if at.options.json:
        facts = {task_id: {"proof": check.facts()} for task_id, check in checks.items()}
        tasks = [{**_row(each), **facts.get(each.task_id, {})} for each in proofs]
        at.output.json({"suite": name, "run": run_id, "proved": not failed, "tasks": tasks})
    else:
        _print_proofs(at, name, proofs, failed)
    if any(not proof.measured for proof in failed):
        return Exit.NO_DATA
    return Exit.NO if failed else Exit.DONE


async def _checked(home: Home, suite: Suite) -> dict[str, Checked]:
    """The proof of each task of a repository, by the task's id."""
    prover = await open_prover(open_sandbox(suite.min_isolation), home.state / "cache")
    return {check.task_id: check async for check in check_suite(suite, prover)}


def _row(proof: Proof) -> dict[str, Json]:
    return {each.name: getattr(proof, each.name) for each in fields(proof)}


def _with(proof: Proof, check: Checked | None) -> Proof:
    """*proof*, refused where the *check* refuses it; what was found first is what is said."""
    if check is None or not check.why or not proof.proved:
        return proof
    return replace(proof, proved=False, measured=check.found is not None, why=check.why)


def _print_proofs(at: Context, name: str, proofs: list[Proof], failed: list[Proof]) -> None:
    if failed:
        rows = [[proof.task_id, proof.reference, proof.noop, proof.why] for proof in failed]
        at.output.table(["task", "reference", "no change", "why"], rows, wrap=["why"])
        at.output.line()
        text = f"{name}: {len(failed)} of {counted(len(proofs), 'task')} prove nothing"
        at.output.line(text, style="bold red")
        return
    at.output.line(f"{name}: {counted(len(proofs), 'task')} proved", style="bold green")
    at.output.line("the reference resolves each of them, and doing nothing resolves none")


def _head_json(suite: Suite) -> dict[str, Json]:
    return {
        "name": suite.name,
        "kind": suite.kind,
        "version": suite.version,
        "task_class": suite.task_class,
        "description": suite.description,
        "n_tasks": len(suite.tasks),
        "min_isolation": suite.min_isolation.value,
        "digest": suite.digest,
    }
