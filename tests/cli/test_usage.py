"""Mistakes on the command line: one line, exit code 2, nothing on stdout."""

import pytest

from tests.cli.command_line import call

CASES = [
    (["nope"], "harness: no command 'nope'; there are: demo, init, doctor, "),
    (["rnu"], "harness: no command 'rnu'; did you mean 'run'?"),
    (["--nope"], "harness: no option '--nope'"),
    (["-x", "models"], "harness: no option '-x'"),
    (["run"], "harness run: SUITE is missing (see: harness run --help)"),
    (["run", "starter"], "harness run: --models is missing"),
    (["run", "starter", "--models"], "--models needs a value"),
    (["run", "starter", "--models", "a", "--limit", "x"], "harness run: --limit: 'x' is not a whole number"),
    (["run", "starter", "--models", "a", "--epochs=1.5"], "harness run: --epochs: '1.5' "),
    (["run", "starter", "--models", "a", "--timeout", "soon"], "harness run: --timeout: 'soon' is not a number"),
    (["run", "starter", "--modles", "a"], "harness run: no option '--modles'; did you mean '--models'?"),
    (["run", "starter", "extra", "--models", "a"], "harness run: one argument too many: extra"),
    (["runs", "nope"], "harness runs: no command 'nope'; there are: list, show, compare, export"),
    (["runs", "shwo"], "harness runs: no command 'shwo'; did you mean 'show'?"),
    (["runs", "show"], "harness runs show: RUN is missing"),
    (["matrix", "propose", "--minimum-tasks", "0"], "harness matrix propose: --minimum-tasks: '0' is below 1"),
    (["matrix", "propose", "--margin", "2"], "harness matrix propose: --margin: '2' is above 1"),
    (["route", "explain", "--budget", "-1"], "harness route explain: --budget: '-1' is below 0"),
    (["compare", "1"], "harness compare: B is missing"),
    (["models", "import", "litellm"], "harness models import: FILE is missing"),
    (["--home"], "--home: needs a folder"),
    (["--home="], "--home: needs a folder"),
    (["--home", "/nowhere", "models"], "--home: '/nowhere' is no folder"),
    (["--json"], "--json: needs a command"),
]


@pytest.mark.parametrize(("argv", "told"), CASES, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["", "json"])
def test_a_mistake_is_told_in_one_line(argv, told, flags):
    said = call(*argv, *(flag for flag in flags if flag not in argv and argv != ["--home"]))
    assert said.code == 2
    assert said.out == ""
    assert told in said.told
    assert "Traceback" not in said.err
