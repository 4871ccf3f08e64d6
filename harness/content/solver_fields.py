"""The sections of suite.yaml that speak of solvers: what a trial may use, which agent is run, what may be sent.

::

    limits: {steps: 50, tokens: 1000000, cost_usd: 2.50, wall_s: 1800, command_s: 60, prompt_tokens: 20000}
    command: mini  # solver command: a known agent, or its own:
    command: {preset: mini, argv: [mini, -t, "{prompt}"], env: {NAME: value}, pass_env: [LANG]}
    share: files  # files | statement | nothing: what models that are not on this machine may get
    share: {files: [acme, pii_safe]}  # only these vendors, and models whose card says so; every other gets nothing

A task's own ``limits`` are put over the suite's.
"""

import re
from dataclasses import replace
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainValidator, ValidationError

from harness.content.faults import nearest, show
from harness.content.fields import Money, Positive, Seconds, Spec
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.suite import AgentCommand, Share, SolverLimits, Suite, Task

_SHARES: Final[tuple[Share, ...]] = ("files", "statement", "nothing")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PROGRAM: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_SECRET: Final = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH|COOKIE", re.IGNORECASE)


class _Limits(Spec):
    steps: Positive | None = None
    tokens: Positive | None = None
    cost_usd: Money | None = None
    wall_s: Seconds | None = None
    command_s: Seconds | None = None
    prompt_tokens: Positive | None = None
    observation_chars: Annotated[int, Field(ge=200)] | None = None


def parse_limits(value: Json) -> SolverLimits:
    """The section ``limits``; what it leaves out is as usual. Raises ValueError."""
    return _over(SolverLimits(), value)


def task_limits(suite: Suite, task: Task) -> SolverLimits:
    """What a trial of *task* may use: the suite's limits with its own put over them.

    Raises ConfigError for a limit of the task that is none.
    """
    own = task.meta.get("limits")
    if not own:
        return suite.limits
    try:
        return _over(suite.limits, own)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(["limits", *map(str, fault["loc"])])
        raise ConfigError(f"suites/{suite.name}: task {task.id!r}: {place}: {fault['msg']}") from error


def _over(limits: SolverLimits, value: Json) -> SolverLimits:
    given = _Limits.model_validate(value)
    return replace(limits, **{name: getattr(given, name) for name in given.model_fields_set})


class _Command(Spec):
    preset: str = ""
    argv: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    pass_env: list[str] = Field(default_factory=list)


def parse_command(value: Json) -> AgentCommand:
    """The section ``command``: a preset's name, or a mapping. Raises ValueError.

    A variable whose name looks like that of a secret is not handed on, whoever asks for it.
    """
    given = _Command(preset=value) if isinstance(value, str) else _Command.model_validate(value)
    if not given.preset and not given.argv:
        raise ValueError("command: names neither a preset nor an argv")
    if given.argv and not _PROGRAM.fullmatch(given.argv[0]):
        raise ValueError(f"argv: {show(given.argv[0])} is no program's name; it is looked up on the user's PATH")
    for name in (*given.env, *given.pass_env):
        if not _VARIABLE.fullmatch(name):
            raise ValueError(f"{show(name)} is no name of an environment variable")
    for name in given.pass_env:
        if _SECRET.search(name):
            raise ValueError(f"pass_env: {name!r} looks like a secret; the agent's calls need no key of their own")
    return AgentCommand(
        preset=given.preset, argv=tuple(given.argv), env=given.env, pass_env=tuple(sorted(set(given.pass_env)))
    )


def parse_share(value: Json) -> tuple[Share, tuple[str, ...]]:
    """The section ``share``: what may be sent, and to whom (empty: to every model). Raises ValueError."""
    what, whom = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else (value, [])
    if what not in _SHARES:
        raise ValueError(f"{show(value)} is nothing to share; {nearest(str(what), _SHARES)}")
    if not isinstance(whom, list) or not all(isinstance(each, str) and each for each in whom):
        raise ValueError(f"{what}: {show(whom)} is no list of vendors and compliance flags")
    if isinstance(value, dict) and (not whom or what == "nothing"):
        raise ValueError(f"{show(value)} names nobody to share with; write `share: {what}`")
    return what, tuple(sorted(set(whom)))


def solver_identity(limits: SolverLimits, command: AgentCommand, share: Share) -> tuple[Any, ...]:
    """What of these sections decides an answer, for the digest of a suite: nothing where all is as usual."""
    usual = (SolverLimits(), AgentCommand(), "files")
    return () if (limits, command, share) == usual else ((limits, command, share),)


LimitsField = Annotated[SolverLimits, PlainValidator(parse_limits)]
CommandField = Annotated[AgentCommand, PlainValidator(parse_command)]
ShareField = Annotated[tuple[Share, tuple[str, ...]], BeforeValidator(parse_share)]
