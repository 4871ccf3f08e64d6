"""Finds the command, runs it, and turns how it ended into an exit code."""

import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import typer
from typer.main import get_command

from harness.cli.context import Context
from harness.cli.exits import Exit
from harness.cli.options import split
from harness.cli.output import Output
from harness.core.errors import BudgetError, ConfigError, HarnessError

COMMANDS = (
    "demo",
    "init",
    "doctor",
    "models",
    "ask",
    "suites",
    "run",
    "import",
    "runs",
    "grade",
    "compare",
    "replay",
    "report",
    "matrix",
    "route",
    "audit",
    "db",
)
"""In the order of the overview; each is ``harness/cli/<name>.py`` (``import`` is ``imports.py``) with ``register``."""

_MODULES = {"import": "imports"}

ABOUT = """Ask several language models the same thing, know how far the answer can be trusted, and measure which model
deserves which work.

Everywhere: --home DIR, --json (machine-readable result on stdout), --quiet, --no-color.

Exit codes: 0 done · 1 a bug in harness · 2 you can fix it · 3 done, and the answer is "no" · 4 stopped at the
budget · 5 not enough data · 130 interrupted.
"""


def run(argv: Sequence[str]) -> int:
    """Run one command line; never raises. Results go to stdout, everything else to stderr."""
    try:
        options, words = split(argv)
        return _run(words, Context(options, Output(options), tuple(argv)))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: what was recorded is kept, the same command continues\n")
        return Exit.INTERRUPTED
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return _code(error)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read us has gone; Python would complain again while it exits
        return Exit.DONE
    except Exception:  # noqa: BLE001 -- the face: the only place where a bug is caught
        sys.stderr.write(f"a bug in harness, please report it with this trace:\n{traceback.format_exc()}")
        return Exit.BUG


def application(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """The command line with the commands *names*; importing only those keeps each command's start short."""
    app = typer.Typer(
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
    name = next((word for word in words if not word.startswith("-")), None)
    if name is not None and name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(COMMANDS)}"
        raise ConfigError(f"no command {name!r}; {hint}")
    command = get_command(application([name] if name else COMMANDS))
    usage_error: Any = typer.BadParameter.__mro__[1]  # typer does not export UsageError itself
    try:
        code = command.main(words or ["--help"], prog_name="harness", standalone_mode=False, obj=context)
    except usage_error as error:
        raise ConfigError(f"{error.format_message()} (see: harness {name} --help)") from error
    except typer.Abort as abort:
        raise KeyboardInterrupt from abort
    except typer.Exit as leave:
        return leave.exit_code
    return int(code) if isinstance(code, int) else Exit.DONE


def _code(error: HarnessError) -> int:
    if isinstance(error, BudgetError):
        return Exit.BUDGET
    return Exit.FIXABLE
