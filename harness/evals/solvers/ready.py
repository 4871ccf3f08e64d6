"""What must hold before a solver sends anything, and what is noted of an external agent."""

from collections.abc import Iterable, Mapping, Sequence

from harness.content import task_limits
from harness.core.card import Card
from harness.core.hashing import Json
from harness.core.suite import Suite, Task
from harness.evals.solvers.command import find_agent
from harness.evals.solvers.presets import resolved
from harness.evals.solvers.share import refuse_unshared


def refuse_unready(suite: Suite, tasks: Sequence[Task], cards: Iterable[Card], environ: Mapping[str, str]) -> None:
    """Raise ConfigError before anything is sent to the models of *cards*.

    For what the suite does not share with one of them, a limit of a task that is none, an agent that is not there.
    """
    asked = tuple(cards)
    refuse_unshared(suite, asked)
    for task in tasks:
        task_limits(suite, task)
    if suite.solver == "command" and asked:
        find_agent(resolved(suite.command), environ)


def agent_provenance(suite: Suite, environ: Mapping[str, str]) -> dict[str, Json]:
    """The external agent that works on *suite*, and its version; empty for other solvers, and where there is none.

    Raises ConfigError when it is not on this machine.
    """
    if suite.solver != "command":
        return {}
    command = resolved(suite.command)
    version = find_agent(command, environ).version
    return {"agent": {"preset": command.preset, "argv": list(command.argv), "version": version}}
