"""Finds the command, runs it, and turns how it ended into an exit code."""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.interrupts import SAID
from harness.cli.options import split
from harness.cli.output import Output, open_streams, secrets_of, visible
from harness.cli.provenance import harness_version
from harness.cli.usage import nearest, told
from harness.core.errors import BudgetError, ConfigError, HarnessError

COMMANDS = (
    "demo",
    "init",
    "doctor",
    "models",
    "ask",
    "mine",
    "suites",
    "plan",
    "run",
    "import",
    "runs",
    "grade",
    "compare",
    "replay",
    "calibrate",
    "panel",
    "drift",
    "report",
    "baseline",
    "schedule",
    "matrix",
    "route",
    "review",
    "audit",
    "db",
)
"""In the order of the overview; each is ``harness/cli/<name>.py`` (``import`` is ``imports.py``) with ``register``."""

_MODULES = {"import": "imports"}

ABOUT = """Ask several language models the same thing, know how far the answer can be trusted, and measure which model
deserves which work. Begin with: harness demo

Everywhere, before or after the command: --home DIR, --json (one JSON document on stdout), --quiet, --no-color.
harness COMMAND --help explains a command.

Exit codes: 0 done · 1 a bug in harness · 2 you can fix it · 3 done, and the answer is "no" · 4 stopped at the
budget · 5 not enough data · 130 interrupted.
"""


class Overview(TyperGroup):
    """The commands in the order of ``COMMANDS``."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 -- the library's signature
        """Names, in the order in which a newcomer needs them."""
        return [name for name in COMMANDS if name in self.commands]


def run(argv: Sequence[str]) -> int:
    """Run one command line; never raises. Results go to stdout, everything else to stderr."""
    open_streams()

    def work() -> int:
        options, words = split(argv)
        return _run(words, Context(options, Output(options), tuple(argv)))

    return ended(work)


def ended(work: Callable[[], int]) -> int:
    """The exit code of *work*, however it ends; what went wrong is told on stderr."""
    try:
        return work()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is heard; a second one must not break off the way out
        sys.stderr.write(SAID)
        return Exit.INTERRUPTED
    except HarnessError as error:
        return _told([error])
    except BrokenPipeError:
        _let_go()
        return Exit.DONE
    except ExceptionGroup as group:
        errors = list(_leaves(group))
        known = [error for error in errors if isinstance(error, HarnessError)]
        return _told(known) if len(known) == len(errors) else _bug()
    except Exception:  # noqa: BLE001 -- the face: the only place where a bug is caught
        return _bug()


def application(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """The command line with the commands *names*; importing only those keeps each command's start short."""
    app = typer.Typer(
        cls=Overview,
        help=ABOUT,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_nothing)
    for name in names:
        module = import_module(f"harness.cli.{_MODULES.get(name, name)}")
        module.register(app)
    return app


def _nothing() -> None:
    """Lets a single registered command keep its name."""


def _run(words: list[str], context: Context) -> int:
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    if words == ["--version"]:
        return _version(context)
    if not words and context.options.json:
        raise ConfigError("--json: needs a command (see: harness --help)")
    name = next((word for word in words if not word.startswith("-")), None)
    if name is not None and name not in COMMANDS:
        raise ConfigError(f"harness: no command {name!r}; {nearest(name, COMMANDS)}")
    return _invoke(name, words or ["--help"], context)


def _invoke(name: str | None, words: list[str], context: Context) -> int:
    command = get_command(application([name] if name else COMMANDS))
    usage_error: Any = typer.BadParameter.__mro__[1]  # typer does not export UsageError itself
    try:
        code = command.main(words, prog_name="harness", standalone_mode=False, obj=context)
    except usage_error as error:
        raise ConfigError(told(error, words)) from error
    except typer.Abort as abort:
        raise KeyboardInterrupt from abort
    except typer.Exit as leave:
        return leave.exit_code
    if code == Exit.INTERRUPTED:  # typer turns Ctrl-C into this code, and says nothing
        raise KeyboardInterrupt
    return int(code) if isinstance(code, int) else Exit.DONE


def _version(context: Context) -> int:
    if context.options.json:
        context.output.json({"harness": harness_version()})
    else:
        context.output.line(f"harness {harness_version()}")
    return Exit.DONE


def _leaves(group: ExceptionGroup) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _told(errors: Sequence[HarnessError]) -> int:
    """Each error once. Tasks that run side by side often fail for one reason."""
    for text in dict.fromkeys(map(str, errors)):
        _complain(text)
    return Exit.BUDGET if any(isinstance(error, BudgetError) for error in errors) else Exit.FIXABLE


def _let_go() -> None:
    """Whoever read us has gone: what is still unsaid goes nowhere, and Python does not complain of it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _bug() -> int:
    _complain(f"a bug in harness, please report it with this trace:\n{traceback.format_exc().rstrip()}")
    return Exit.BUG


def _complain(text: str) -> None:
    """To stderr. Nothing that a vendor or a file said drives the terminal, and no key gets there."""
    sys.stderr.write(f"{visible(secrets_of(os.environ)(text))}\n")
