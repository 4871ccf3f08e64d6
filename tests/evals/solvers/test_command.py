"""An external agent in the sandbox: its model calls come through the harness, and nothing else goes in or out."""

import json
import os
import shutil
import stat
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from harness.core.errors import ConfigError
from harness.core.event import Call, RunStarted
from harness.core.trial import Grade
from tests.evals.solvers.cases import FIX, GOLD, only, script_of, work
from tests.evals.world import events, needs_sandbox

AGENT = """#!/usr/bin/python3
import json, os, subprocess, sys, urllib.request
prompt, url = sys.argv[1], os.environ["MODEL_URL"]
messages = [{"role": "user", "content": prompt}]
for _ in range(int(os.environ.get("TURNS", "9"))):
    body = json.dumps({"model": "x", "messages": messages}).encode()
    request = urllib.request.Request(url + "/v1/chat/completions", body, {"content-type": "application/json"})
    try:
        said = json.load(urllib.request.urlopen(request))["choices"][0]["message"]["content"]
    except urllib.error.HTTPError as error:
        print(error.code, error.read().decode())
        if os.environ.get("STUBBORN"):
            __import__("time").sleep(60)
        sys.exit(3)
    if said == "done":
        break
    out = subprocess.run(said, shell=True, capture_output=True, text=True).stdout
    messages += [{"role": "assistant", "content": said}, {"role": "user", "content": "seen: " + out}]
"""
COMMAND = {"argv": ["my-agent", "{prompt}"], "env": {"MODEL_URL": "{base_url}"}}
STEPS = script_of(("cents('1.15')", f"{FIX} && echo changed-it"), ("changed-it", "done"))


@pytest.fixture(autouse=True)
def _sandbox():
    needs_sandbox()
    if not Path("/usr/bin/python3").exists():
        pytest.skip("the agent of these tests is a script of /usr/bin/python3, and there is none")


@pytest.fixture
def path(tmp_path):
    """PATH with the agent on it."""
    program = tmp_path / "bin" / "my-agent"
    program.parent.mkdir()
    program.write_text(AGENT)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{program.parent}:{os.defpath}"


@pytest.fixture
def command_home(agent_home, tmp_path):
    def made(rows, command=COMMAND, **suite):
        return agent_home(tmp_path, {"m": rows}, suite={"solver": "command", "command": command, **suite})

    return made


def test_an_agent_solves_a_task(command_home, path):
    home = command_home(STEPS)
    run_id, _ = work(home, environ={"PATH": path})
    graded = only(home, run_id)
    assert (graded.grade, graded.calls, graded.flags) == (Grade.RESOLVED, 2, ()), graded.detail
    assert graded.submission is not None
    assert graded.submission.files == GOLD
    assert [call.purpose for call in events(home, run_id, Call)] == ["vote", "vote"], "paid calls are on record"
    assert graded.usage is not None
    assert graded.usage.total > 0
    (begun,) = events(home, run_id, RunStarted)
    assert begun.provenance["agent"] == {"preset": "", "argv": COMMAND["argv"], "version": ""}


def test_the_agents_world(command_home, path):
    """No key, no variable but those handed on by name, no network, no other file of this machine."""
    look = "env; echo --; cat /proc/1/environ | tr '\\0' '\\n'; echo --; getent hosts example.com; ls /root /home 2>&1; (echo > /dev/tcp/1.1.1.1/80) 2>&1"
    home = command_home(script_of(("cents('1.15')", f'bash -c "{look}"'), ("seen: ", "done")), {**COMMAND, "pass_env": ["COLUMNS"]})  # fmt: skip
    environ = {"PATH": path, "OPENAI_API_KEY": "sk-canary-1234567890abc", "COLUMNS": "77", "OTHER": "other-value"}
    run_id, _ = work(home, environ=environ)
    seen = events(home, run_id, Call)[-1].request
    assert seen is not None
    told = seen.messages[-1].content
    assert "MODEL_URL=http://127.0.0.1:" in told
    assert "COLUMNS=77" in told
    assert "canary" not in told
    assert "redacted" not in told
    assert "other-value" not in told


@pytest.mark.parametrize("stubborn", ["", "1"])
def test_a_limit_is_told_to_the_agent_and_ends_it(command_home, path, stubborn):
    command = {**COMMAND, "env": {**COMMAND["env"], "STUBBORN": stubborn}}
    rows = script_of(("cents('1.15')", f"{FIX} && echo changed-it"), ("", "ls"))
    home = command_home(rows, command, limits={"steps": 3})
    began_s = time.monotonic()
    run_id, _ = work(home, environ={"PATH": path})
    graded = only(home, run_id)
    assert graded.grade is Grade.LIMIT
    assert graded.detail == "limit of 3 calls; what it had changed by then: resolved"
    assert (graded.calls, graded.submission) == (3, None)
    assert time.monotonic() - began_s < 45, "it was not waited for"


def test_an_agent_that_takes_too_long(command_home, path):
    home = command_home(script_of(("cents('1.15')", "sleep 60")), limits={"wall_s": 1.5})
    run_id, _ = work(home, environ={"PATH": path})
    assert only(home, run_id).grade is Grade.LIMIT
    assert "timeout" in only(home, run_id).detail


def test_an_agent_that_does_not_start_measures_nothing(command_home, path, tmp_path):
    (tmp_path / "bin" / "my-agent").write_text("#!/bin/sh\necho it is broken >&2; exit 4\n")
    home = command_home(STEPS)
    run_id, _ = work(home, environ={"PATH": path})
    graded = only(home, run_id)
    assert graded.grade is Grade.INFRA_ERROR
    assert graded.detail == "the agent ended with exit code 4 without asking anything: it is broken"


def test_a_vendor_that_fails_measures_nothing(command_home, path):
    home = command_home([{"fault": "overloaded"}])
    run_id, _ = work(home, environ={"PATH": path})
    assert only(home, run_id).grade is Grade.INFRA_ERROR


def test_an_agent_that_fails_after_its_work_is_graded_and_flagged(command_home, path):
    home = command_home(script_of(("cents('1.15')", f"{FIX} && echo changed-it")))  # no second answer
    run_id, _ = work(home, environ={"PATH": path})
    graded = only(home, run_id)
    assert (graded.grade, graded.flags) == (Grade.RESOLVED, ("agent_exit_code",))


def test_the_runs_limit_stops_the_run(command_home, path):
    rows = [{**row, "usage": {"input": 300, "output": 50}} for row in STEPS]
    home = command_home(rows)
    run_id, result = work(home, environ={"PATH": path}, max_cost_usd=Decimal("0.012"))
    assert result.stopped_at_budget
    work(home, environ={"PATH": path}, max_cost_usd=Decimal(5))
    assert only(home, run_id).grade is Grade.RESOLVED
    keys = [call.key for call in events(home, run_id, Call)]
    assert len(set(keys)) == len(keys), "what was asked again in the same words was not paid again"


def test_a_program_that_is_not_there_is_refused_before_anything(command_home):
    home = command_home(STEPS)
    with pytest.raises(ConfigError, match="there is no program 'my-agent'"):
        work(home, environ={"PATH": "/nowhere"})
    assert not list((home.state / "journal").glob("*")) if (home.state / "journal").exists() else True


def test_an_unknown_preset(command_home):
    with pytest.raises(ConfigError, match="no preset 'mimi'; there are: mini, claude"):
        work(command_home(STEPS, "mimi"), environ={"PATH": os.defpath})


# --- a real one -----------------------------------------------------------------------------------------------------

WANTED = ("mini-swe-agent==2.4.6", "mcp")
"""The second because litellm imports it without asking for it."""
TOOL = '<tool_call>\n{"name": "bash", "arguments": %s}\n</tool_call>'


def says(command: str) -> str:
    return f"I go on.\n{TOOL % json.dumps({'command': command})}"


@pytest.fixture(scope="session")
def mini() -> Path:
    """mini-swe-agent from the package index, in a cache folder of this user."""
    from harness.sandbox.interpreter import base_interpreter

    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "harness-tests" / "mini-swe-agent-2.4.6"
    if not (folder / "bin" / "mini").exists():
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}")
        if uv is None:
            pytest.skip("mini-swe-agent cannot be installed here: there is no uv")
        python = str(base_interpreter(Path(sys.executable)))
        make = ([uv, "venv", "--quiet", "--clear", "--python", python, str(folder)], [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(folder / "bin" / "python"), *WANTED])  # fmt: skip
        for argv in make:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode:
                pytest.skip(f"mini-swe-agent cannot be installed here: {done.stderr.strip()[-300:]}")
    return folder / "bin"


@pytest.mark.slow
def test_mini_swe_agent_solves_a_ledger_task(mini, tmp_path):
    """End to end: a real agent, the starter suite's repository, a scripted model, the grader."""
    from harness.content import load_suite
    from harness.core.ids import CandidateId
    from harness.evals.plan import make_plan
    from tests.evals.world import carry_out, make_home, write

    starter = Path(__file__).parents[3] / "suites" / "ledger"
    home = make_home(tmp_path, {"m": []})
    write(home.suites / "ledger" / "suite.yaml", (starter / "suite.yaml").read_text().replace("solver: patch", "solver: command\ncommand: mini\nlimits: {wall_s: 120}"))  # fmt: skip
    (home.suites / "ledger" / "repo.bundle").symlink_to(starter / "repo.bundle")
    (home.suites / "ledger" / "tasks").mkdir()
    (home.suites / "ledger" / "tasks" / "fx-decimals").symlink_to(starter / "tasks" / "fx-decimals")
    patch = (starter / "tasks" / "fx-decimals" / "reference.patch").read_text()
    rows = script_of(
        ("Please solve this issue", says("ls src/coinbook && echo looked-around")),
        ("looked-around", says(f"git apply -p1 <<'END'\n{patch}END\necho applied-it")),
        ("applied-it", says("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT")),
    )
    write(tmp_path / "registry" / "m.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    suite = load_suite(home, "ledger")
    began_s = time.monotonic()
    run_id, _ = carry_out(home, make_plan(suite, [CandidateId("v/m")]), environ={"PATH": f"{mini}:{os.defpath}"})
    graded = only(home, run_id)
    assert (graded.grade, graded.calls) == (Grade.RESOLVED, 3), (graded.detail, graded.output)
    (begun,) = events(home, run_id, RunStarted)
    assert begun.provenance["agent"]["version"] == "mini-swe-agent 2.4.6"
    print(f"mini-swe-agent on fx-decimals: {time.monotonic() - began_s:.1f} s")
