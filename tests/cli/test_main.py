"""The overview, the global options, and how a command's end becomes an exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.exits import Exit
from harness.cli.main import COMMANDS, application, run
from harness.cli.options import split
from harness.core.errors import BudgetError, ConfigError, JournalError, SandboxError, StoreError
from tests.cli.command_line import Folder, call

ROOT = Path(__file__).parents[2]
GROUPS = ["models", "suites", "runs", "report", "baseline", "schedule", "matrix", "route", "review", "audit", "db"]


def test_without_arguments_the_overview_names_every_command_in_order():
    said = call()
    assert said.code == 0
    listed = [line.split()[0] for line in said.out.partition("Commands:\n")[2].splitlines()]
    assert listed == list(COMMANDS)
    assert "..." not in said.out.partition("Commands:")[2], "a description is cut off"
    assert call("help").out == said.out == call("--help").out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name):
    said = call(name, "--help")
    assert said.code == 0
    assert said.out.startswith(f"Usage: harness {name}")
    assert call("help", name).out == said.out
    for vague in ("<str>", "<int>", "<path>", "<float>"):
        for line in said.out.splitlines():
            assert not (line.strip().startswith("-") and vague in line), line


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_without_a_command_does_something_useful(measured, name):
    said = measured.call(name)
    assert said.code == 0
    assert "Usage:" not in said.out
    assert len(said.out.splitlines()) >= 1
    assert measured.call(name, "--json").json is not None


def test_every_group_is_tried():
    groups = application().registered_groups
    assert {group.name for group in groups} >= set(GROUPS)
    assert {group.name for group in groups} - set(GROUPS) == {"panel"}, "whose only command needs an option"


@pytest.mark.parametrize(
    "argv",
    [
        ["--json", "models", "--quiet"],
        ["models", "--json", "--no-color"],
        ["models", "list", "--json"],
        ["--no-color", "models", "--json", "list"],
    ],
)
def test_global_options_stand_anywhere(measured, argv):
    said = measured.call(*argv)
    assert said.code == 0
    assert {card["id"] for card in said.json} >= {"scripted/quick"}
    assert call(*argv, f"--home={measured.root}") == said


def test_after_two_dashes_nothing_is_an_option():
    options, words = split(["compare", "--as", "exact", "--", "--json", "--home"])
    assert not options.json
    assert words == ["compare", "--as", "exact", "--", "--json", "--home"]
    assert call("compare", "--as", "exact", "--", "--json", "--json").code == 0


def test_version():
    assert call("--version").out.startswith("harness ")
    assert list(call("--version", "--json").json) == ["harness"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("one\ntwo"), Exit.FIXABLE), (JournalError("one\ntwo"), Exit.FIXABLE),
        (StoreError("one\ntwo"), Exit.FIXABLE), (SandboxError("one\ntwo"), Exit.FIXABLE), (BudgetError("one\ntwo"), Exit.BUDGET),
        (ExceptionGroup("g", [ConfigError("one\ntwo"), ExceptionGroup("h", [ConfigError("one\ntwo")])]), Exit.FIXABLE),
        (ExceptionGroup("g", [ConfigError("one\ntwo"), BudgetError("one\ntwo")]), Exit.BUDGET),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_the_user_can_fix_is_told_without_a_traceback(error, code, capsys):
    from harness.cli.main import ended

    def work() -> int:
        raise error

    assert ended(work) == code
    assert capsys.readouterr() == ("", "one\ntwo\n")


@pytest.mark.parametrize("error", [ValueError("x"), ExceptionGroup("g", [ConfigError("a"), ValueError("x")])])
def test_a_bug_is_called_one(error, capsys):
    from harness.cli.main import ended

    def work() -> int:
        raise error

    assert ended(work) == Exit.BUG
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("a bug in harness, please report it")
    assert "ValueError: x" in shown.err


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error(measured):
    argv = [sys.executable, "-m", "harness", "--home", str(measured.root), "db", "sql"]
    argv += ["SELECT * FROM range(200000)", "--limit", "0"]
    for flags in ([], ["--json"]):
        with subprocess.Popen([*argv, *flags], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(30) == 0


@pytest.mark.slow
def test_a_terminal_gets_colours_unless_told_otherwise(measured):
    script = "import pty, sys; sys.exit(pty.spawn([sys.executable, '-m', 'harness', *sys.argv[1:]]) >> 8)"
    base = [sys.executable, "-c", script, "--home", str(measured.root), "models"]
    env = {"PATH": "/usr/bin:/bin", "TERM": "xterm-256color"}

    def shown(*flags: str, **more: str) -> bytes:
        done = subprocess.run(
            [*base, *flags], cwd=ROOT, env=env | more, capture_output=True, stdin=subprocess.DEVNULL, check=True
        )
        return done.stdout

    assert b"\x1b[2m" in shown()
    assert b"\x1b[" not in shown("--no-color")
    assert b"\x1b[" not in shown(NO_COLOR="1")
    json.loads(shown("--json"))


@pytest.mark.slow
def test_progress_is_shown_where_somebody_looks(home):
    script = "import pty, sys; sys.exit(pty.spawn([sys.executable, '-m', 'harness', *sys.argv[1:]]) >> 8)"
    argv = [sys.executable, "-c", script, "--home", str(home.root), "run", "starter", "--models", "scripted/careful"]
    env = {"PATH": "/usr/bin:/bin", "TERM": "xterm-256color"}
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, stdin=subprocess.DEVNULL, check=True)
    assert b"run starter" in done.stdout
    assert b" resolved " in done.stdout


def test_run_never_raises():
    assert run(["models", "--home", "\0"]) in (Exit.FIXABLE, Exit.BUG)


def test_an_unreadable_registry_is_told_fault_by_fault(home: Folder):
    (home.root / "registry" / "models.yaml").write_text("models:\n  - {id: a/b, api: nope, price: {input: -3}}\n")
    said = home.call("models")
    assert said.code == 2
    assert said.out == ""
    assert len(said.err.splitlines()) >= 2
    assert all("models.yaml: models[0]." in line for line in said.err.splitlines())
