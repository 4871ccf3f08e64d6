"""``harness ask``: one question to a panel, and how far its answer can be trusted."""

import asyncio
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.outcomes import outcome_json, print_outcome
from harness.cli.runtime import environ, home_of, split_names, unique_name
from harness.compare import comparator
from harness.content import load_registry
from harness.core.ballot import Answer, Compare, Extract
from harness.core.errors import ConfigError
from harness.core.execution import Execution
from harness.core.ids import GENERAL, CandidateId, ModelId, PolicyName, TaskClass, TaskId, TraceId
from harness.core.outcome import Outcome
from harness.core.policy import Policy, Quorum, Tiebreak
from harness.core.request import Request, user_request
from harness.core.suite import Task
from harness.engine import Consensus, Directory, Engine, Execute, Question, open_session, require_keys
from harness.evals.execution import SandboxExecutor, open_executor
from harness.transport import SystemClock

READS = {
    "numeric": Extract(how="last", arg="number"),
    "choice": Extract(how="choice"),
    "json": Extract(how="json", arg="$"),
    "code": Extract(how="block", arg="python"),
    "tests": Extract(how="block", arg="python"),
}
"""How answers are read when flags, not a policy, name the comparator; the whole text otherwise."""


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(name="ask")(ask)


def ask(
    ctx: typer.Context,
    prompt: Annotated[str, typer.Argument(help="The question; - reads it from standard input.")],
    policy: Annotated[str | None, typer.Option(help="A policy of registry/policies.yaml.")] = None,
    models: Annotated[str | None, typer.Option(help="A panel made of flags: A,B,C. One model is asked alone.")] = None,
    compare: Annotated[str, typer.Option(help="With --models: how answers are compared.")] = "exact",
    quorum: Annotated[int, typer.Option(help="With --models: how many must say the same.")] = 2,
    tiebreak: Annotated[str | None, typer.Option(help="With --models: who is asked when they diverge.")] = None,
    task_class: Annotated[str, typer.Option(help="What kind of work this is.")] = GENERAL,
    context: Annotated[list[Path] | None, typer.Option(help="A file to put before the question.")] = None,
    tests: Annotated[Path | None, typer.Option(help="Python tests that the answers' code is run against.")] = None,
) -> int:
    """Ask several models at once; print the answer and its evidence, or why there is none."""
    at: Context = ctx.obj
    if (policy is None) == (models is None):
        raise ConfigError("ask: give either --policy NAME or --models A,B,C")
    home = home_of(at.options)
    registry = load_registry(home)
    directory = Directory(cards=registry.cards, policies=registry.policies, routing=registry.routing)
    names = split_names(models or "")
    single = CandidateId(names[0]) if len(names) == 1 else None
    target = None if single else _target(directory, policy, names, compare, quorum, tiebreak, task_class)
    text = _prompt(prompt, context or [])

    async def go() -> Outcome:
        async with open_session(
            home, registry, journal_name=unique_name("ask", SystemClock()), environ=environ()
        ) as session:
            trace = TraceId(session.journal.path.stem)
            chosen = TaskClass(task_class if target is None else target.policy.task_class)
            request = user_request(text, trace_id=trace, task_class=chosen)
            if target is None:
                assert single is not None, "no policy, and flags name one model"
                require_keys([directory.card(ModelId(single))], environ())
                return await session.engine.ask(Question(request=request), single)
            require_keys(list(target.cards.values()), environ())
            return await _ask_panel(session.engine, request, target, tests)

    outcome = asyncio.run(go())
    if at.options.json:
        at.output.json(outcome_json(outcome))
    else:
        print_outcome(at.output, outcome)
    return Exit.DONE if outcome.served else Exit.NO


async def _ask_panel(engine: Engine, request: Request, target: Consensus, tests: Path | None) -> Outcome:
    name = CandidateId(f"consensus/{target.policy.name}")
    if comparator(target.policy.compare).needs == "text":
        return await engine.ask_panel(Question(request=request), target, name)
    if tests is None:
        raise ConfigError(f"policy {target.policy.name!r} compares by behaviour: give --tests FILE")
    task = _task(request, tests)
    async with open_executor() as executor:
        run: Execute = partial(_execute, executor, task)
        return await engine.ask_panel(Question(request=request, execute=run), target, name)


async def _execute(executor: SandboxExecutor, task: Task, _model: ModelId, answer: Answer) -> Execution:
    return await executor.execute(task, answer.text)


def _task(request: Request, tests: Path) -> Task:
    return Task(
        id=TaskId("ask"),
        task_class=request.task_class,
        prompt=request.messages[-1].content,
        tests=_read(tests),
        digest=request.sha256,
    )


def _target(
    directory: Directory,
    policy: str | None,
    names: list[str],
    compare: str,
    quorum: int,
    tiebreak: str | None,
    task_class: str,
) -> Consensus:
    if policy is not None:
        return directory.consensus(PolicyName(policy.removeprefix("consensus/")))
    if len(names) < quorum or quorum < 2:
        raise ConfigError(
            f"--quorum {quorum} with {len(names)} models in --models: at least two must agree, no more than are asked"
        )
    comparator(Compare(name=compare))  # an unknown name is refused before anything is paid
    return directory.panel(
        Policy(
            name=PolicyName("flags"),
            panel=tuple(map(ModelId, names)),
            task_class=TaskClass(task_class),
            extract=READS.get(compare, Extract()),
            compare=Compare(name=compare),
            rule=Quorum(k=quorum),
            tiebreak=Tiebreak(model=ModelId(tiebreak)) if tiebreak else None,
        )
    )


def _prompt(prompt: str, context: list[Path]) -> str:
    question = sys.stdin.read() if prompt == "-" else prompt
    if not question.strip():
        raise ConfigError("ask: the question is empty")
    return "\n\n".join([*(f"{path.name}:\n{_read(path)}" for path in context), question])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
