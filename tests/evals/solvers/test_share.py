"""What may be sent to whom, and one line that says what to change."""

import json
from pathlib import Path

import pytest

from harness.content import load_registry
from harness.core.errors import ConfigError, FaultsError
from harness.core.execution import Isolation
from harness.core.ids import SuiteName, TaskClass
from harness.core.suite import Suite
from harness.evals.solvers.share import allowed, is_local, refuse_unshared
from tests.engine.cases import card
from tests.evals.solvers.cases import book, work
from tests.evals.world import write

FAR = card("acme/big", api="openai-chat")
NEAR = card("acme/home", api="openai-chat", base_url="http://127.0.0.1:8000/v1")
SAFE = card("other/safe", api="anthropic", compliance=frozenset({"pii_safe"}))


def suite(solver="patch", share="files", share_with=()) -> Suite:
    return Suite(
        name=SuiteName("s"),
        kind="repo" if solver in ("patch", "agent", "command") else "answer",
        version=1,
        task_class=TaskClass("x"),
        tasks=(),
        solver=solver,
        min_isolation=Isolation.NONE,
        folder=Path("s"),
        digest="d",
        share=share,
        share_with=share_with,
    )


@pytest.mark.parametrize(
    ("base_url", "local"),
    [
        (None, False),
        ("http://localhost:1234/v1", True),
        ("http://127.8.0.1/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://10.0.0.1/v1", False),
        ("https://localhost.example.com/v1", False),
        ("https://127.0.0.1.nip.io/v1", False),
    ],
)
def test_what_is_on_this_machine(base_url, local):
    assert is_local(card("a/b", api="openai-chat", base_url=base_url)) is local
    assert is_local(card("a/b"))


@pytest.mark.parametrize("solver", ["answer", "code", "patch", "agent", "command"])
def test_a_model_on_this_machine_may_get_everything(solver):
    refuse_unshared(suite(solver, "nothing"), [card("scripted/x"), NEAR])


@pytest.mark.parametrize(
    ("solver", "share", "fine"),
    [
        ("answer", "files", True),
        ("answer", "statement", True),
        ("answer", "nothing", False),
        ("patch", "files", True),
        ("patch", "statement", False),
        ("agent", "statement", False),
        ("command", "nothing", False),
    ],
)
def test_others_get_what_the_suite_shares(solver, share, fine):
    if fine:
        refuse_unshared(suite(solver, share), [NEAR, FAR])
        return
    with pytest.raises(ConfigError) as error:
        refuse_unshared(suite(solver, share), [NEAR, FAR])
    message = str(error.value)
    assert message.startswith(f"suites/s/suite.yaml: share: solver {solver!r} sends ")
    assert "acme/big" in message
    assert "write `share: {" in message
    assert "\n" not in message


def test_only_those_who_are_named():
    named = suite(share_with=("other",))
    assert (allowed(named, FAR), allowed(named, SAFE), allowed(named, NEAR)) == ("nothing", "files", "files")
    assert allowed(suite(share_with=("pii_safe",)), SAFE) == "files"
    with pytest.raises(ConfigError, match=r"add 'acme' to `share: {files: \[pii_safe\]}`"):
        refuse_unshared(suite(share_with=("pii_safe",)), [SAFE, FAR])


def test_the_run_refuses_before_anything_is_sent(agent_home, tmp_path):
    home = agent_home(tmp_path, {"m": [{"text": "x"}]}, suite={"solver": "patch", "share": "statement"})
    models = json.loads((tmp_path / "registry" / "models.yaml").read_text())
    models["models"].append({"id": "acme/big", "api": "openai-chat", "model": "big", "family": "acme"})
    write(tmp_path / "registry" / "models.yaml", json.dumps(models))
    assert load_registry(home).cards
    with pytest.raises(ConfigError, match="the repository's files to acme/big"):
        work(home, "v/m,acme/big")
    assert not (home.state / "journal").exists()


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        ("statement", ("statement", ())),
        ({"files": ["b", "a", "a"]}, ("files", ("a", "b"))),
    ],
)
def test_what_suite_yaml_may_say(agent_home, tmp_path, share, expected):
    loaded = book(agent_home(tmp_path, {"m": []}, suite={"share": share}))
    assert (loaded.share, loaded.share_with) == expected


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ({"share": "all"}, "'all' is nothing to share"),
        ({"share": {"files": []}}, "names nobody to share with"),
        ({"share": {"nothing": ["a"]}}, "names nobody to share with"),
        ({"share": {"files": "acme"}}, "no list of vendors"),
        ({"limits": {"steps": 0}}, "limits"),
        ({"limits": {"step": 3}}, "limits"),
        ({"solver": "command"}, "go together"),
        ({"command": "mini"}, "go together"),
        ({"solver": "command", "command": {}}, "neither a preset nor an argv"),
        ({"solver": "command", "command": {"argv": ["/root/.ssh/id"]}}, "no program's name"),
        ({"solver": "command", "command": {"argv": ["a"], "pass_env": ["OPENAI_API_KEY"]}}, "looks like a secret"),
        ({"solver": "command", "command": {"argv": ["a"], "env": {"A-B": "x"}}}, "no name of an environment variable"),
    ],
)
def test_what_it_may_not(agent_home, tmp_path, head, why):
    with pytest.raises(FaultsError, match=why):
        book(agent_home(tmp_path, {"m": []}, suite=head))


def test_a_limit_of_a_task_that_is_none(agent_home, tmp_path):
    home = agent_home(tmp_path, {"m": []})
    task = home.suites / "book" / "tasks" / "exact" / "task.yaml"
    task.write_text(task.read_text()[:-1] + ', "limits": {"steps": "many"}}')
    with pytest.raises(ConfigError, match=r"suites/book: task 'exact': limits\.steps: "):
        work(home)
