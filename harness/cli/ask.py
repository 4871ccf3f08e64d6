"""``harness ask``: one question to a panel, and how far its answer can be trusted."""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.interrupts import run_async
from harness.cli.outcomes import outcome_json, print_outcome
from harness.cli.runtime import environ, home_of, read_text, split_names, unique_name
from harness.compare import comparator
from harness.compare.behaviour import SameOutputs
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
    prompt: Annotated[str, typer.Argument(metavar="PROMPT|-", help="The question; - reads it from standard input.")],
    policy: Annotated[str | None, typer.Option(metavar="NAME", help="A policy of registry/policies.yaml.")] = None,
    models: Annotated[str | None, typer.Option(metavar="A,B,C", help="A panel; one model is asked alone.")] = None,
    compare: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --models: how answers are compared; exact by default.")
    ] = None,
    quorum: Annotated[
        int | None, typer.Option(metavar="K", help="With --models: how many must say the same; more than half.")
    ] = None,
    tiebreak: Annotated[
        str | None, typer.Option(metavar="ID", help="With --models: who is asked when they diverge.")
    ] = None,
    judge: Annotated[
        str | None, typer.Option(metavar="ID", help="With --compare judge: who says which answers mean the same.")
    ] = None,
    task_class: Annotated[str | None, typer.Option(metavar="C", help="What kind of work this is.")] = None,
    context: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A file to put before the question; repeatable.")
    ] = None,
    tests: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Python tests that the answers' code is run against.")
    ] = None,
) -> int:
    """Ask several models at once; answer, evidence, cost."""
    at: Context = ctx.obj
    flags = Flags(
        policy=policy, models=models, compare=compare, quorum=quorum, tiebreak=tiebreak, judge=judge, tests=tests
    )
    home = home_of(at.options)
    registry = load_registry(home)
    directory = Directory(cards=registry.cards, policies=registry.policies, routing=registry.routing)
    target = panel_of(flags, directory, task_class)
    text = _prompt(prompt, context or [])
    chosen = TaskClass(task_class or (target.policy.task_class if isinstance(target, Consensus) else GENERAL))
    cards = target.cards if isinstance(target, Consensus) else directory.cards_of([target])
    require_keys(list(cards.values()), environ())

    async def go() -> Outcome:
        name = unique_name("ask", SystemClock())
        async with open_session(home, registry, journal_name=name, environ=environ()) as session:
            request = user_request(text, trace_id=TraceId(name), task_class=chosen)
            if isinstance(target, Consensus):
                return await _ask_panel(session.engine, request, target, tests)
            return await session.engine.ask(Question(request=request), target)

    outcome = run_async(go())
    if at.options.json:
        at.output.json(outcome_json(outcome))
    else:
        print_outcome(at.output, outcome)
    return Exit.DONE if outcome.served else Exit.NO


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """Who is asked, as it was typed."""

    policy: str | None = None
    models: str | None = None
    compare: str | None = None
    quorum: int | None = None
    tiebreak: str | None = None
    judge: str | None = None
    tests: Path | None = None


def panel_of(flags: Flags, directory: Directory, task_class: str | None) -> Consensus | CandidateId:
    """Who is asked: a panel, or one candidate alone. Raises ConfigError for flags that do not fit together."""
    if (flags.policy is None) == (flags.models is None):
        raise ConfigError("ask: give either --policy NAME or --models A,B,C")
    if flags.policy is not None:
        _refuse_panel_flags(flags, "a policy decides that itself; it goes with --models A,B")
        target = directory.consensus(PolicyName(flags.policy.removeprefix("consensus/")))
    else:
        names = split_names(flags.models or "")
        if len(names) == 1:
            _refuse_panel_flags(flags, "one model is asked alone; name two or more in --models")
            if flags.tests is not None:
                raise ConfigError("--tests: one model is asked alone; name two or more in --models")
            return _alone(CandidateId(names[0]), directory)
        target = directory.panel(_policy(flags, names, task_class))
    _check_tests(flags, target.policy)
    return target


def _check_tests(flags: Flags, policy: Policy) -> None:
    """Raise ConfigError for tests that are missing, or that nobody would run."""
    compare = comparator(policy.compare)
    if isinstance(compare, SameOutputs):
        if flags.tests is not None:
            raise ConfigError(
                f"--tests {flags.tests}: the panel of policy {policy.name!r} makes up its tests itself "
                "(tests: generated); without that option it runs yours"
            )
    elif flags.tests is not None and compare.needs != "execution":
        raise ConfigError(
            f"--tests: policy {policy.name!r} compares text ({policy.compare.name}); tests need the comparator 'tests'"
        )
    elif flags.tests is None and compare.needs == "execution":
        raise ConfigError(
            f"policy {policy.name!r} compares by behaviour: give --tests FILE, or let the panel make up tests, with "
            "compare: {name: tests, tests: generated} in a policy"
        )


def _alone(candidate: CandidateId, directory: Directory) -> Consensus | CandidateId:
    found = directory.resolve(candidate)
    return found if isinstance(found, Consensus) else candidate


def _refuse_panel_flags(flags: Flags, why: str) -> None:
    given = {
        "--compare": flags.compare,
        "--quorum": flags.quorum,
        "--tiebreak": flags.tiebreak,
        "--judge": flags.judge,
    }
    for name, value in given.items():
        if value is not None:
            raise ConfigError(f"{name} {value}: {why}")


def _policy(flags: Flags, names: list[str], task_class: str | None) -> Policy:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ConfigError(f"--models: {repeated[0]!r} is named twice; a model cannot agree with itself")
    at_once = sum(name != flags.tiebreak for name in names)
    least = max(2, at_once // 2 + 1)
    quorum = least if flags.quorum is None else flags.quorum
    if not least <= quorum <= len(names):
        raise ConfigError(
            f"--quorum {quorum} with {len(names)} models in --models: at least two and more than half of those asked "
            f"at once must agree, no more than there are: {least} to {len(names)}"
        )
    compare = _compare(flags)
    return Policy(
        name=PolicyName("flags"),
        panel=tuple(map(ModelId, names)),
        task_class=TaskClass(task_class or GENERAL),
        extract=READS.get(compare.name, Extract()),
        compare=compare,
        rule=Quorum(k=quorum),
        tiebreak=Tiebreak(model=ModelId(flags.tiebreak)) if flags.tiebreak else None,
    )


def _compare(flags: Flags) -> Compare:
    """Raises ConfigError for an unknown name, before anything is paid."""
    name = flags.compare or "exact"
    if name == "judge" and flags.judge is None:
        raise ConfigError("--compare judge: which model judges? Give --judge ID, the id of one that is not in --models")
    if name != "judge" and flags.judge is not None:
        raise ConfigError(f"--judge {flags.judge}: it goes with --compare judge")
    spec = Compare(name=name, options={} if flags.judge is None else {"model": flags.judge})
    comparator(spec)
    return spec


async def _ask_panel(engine: Engine, request: Request, target: Consensus, tests: Path | None) -> Outcome:
    name = CandidateId(f"consensus/{target.policy.name}")
    if comparator(target.policy.compare).needs != "execution":
        return await engine.ask_panel(Question(request=request), target, name)
    task = _task(request, tests)
    async with open_executor() as executor:
        run: Execute = partial(_execute, executor, task)
        question = Question(request=request, execute=run, observer=executor.observer_for(task))
        return await engine.ask_panel(question, target, name)


async def _execute(executor: SandboxExecutor, task: Task, _model: ModelId, answer: Answer) -> Execution:
    return await executor.execute(task, answer.text)


def _task(request: Request, tests: Path | None) -> Task:
    return Task(
        id=TaskId("ask"),
        task_class=request.task_class,
        prompt=request.messages[-1].content,
        tests=None if tests is None else read_text(tests),
        digest=request.sha256,
    )


def _prompt(prompt: str, context: list[Path]) -> str:
    question = sys.stdin.buffer.read() if prompt == "-" else prompt.encode("utf-8", "surrogateescape")
    try:
        text = question.decode()
    except UnicodeDecodeError as error:
        where = "standard input" if prompt == "-" else "the question"
        raise ConfigError(f"ask: {where} is not UTF-8 text: {error.reason} at byte {error.start}") from error
    if not text.strip():
        raise ConfigError("ask: the question is empty")
    return "\n\n".join([*(f"{path.name}:\n{read_text(path)}" for path in context), text])
