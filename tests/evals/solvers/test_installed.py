"""Where an agent's program lies, and that no more of the machine is shown than its own installation."""

import stat
from pathlib import Path

import pytest

from harness.core.errors import ConfigError
from harness.core.suite import AgentCommand
from harness.evals.solvers.installed import find_program
from harness.evals.solvers.presets import PRESETS, how_to_install, resolved


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def sources(found) -> list[str]:
    return [str(mount.source) for mount in found.mounts]


def test_a_lone_file_is_mounted_alone(tmp_path):
    (tmp_path / "package.json").write_text('{"name": "a-project-with-secrets"}')
    (tmp_path / "pyvenv.cfg").write_text("")
    made = program(tmp_path / "tools" / "bin" / "agent")
    found = find_program("agent", str(made.parent))
    assert (sources(found), found.program, found.version, found.folders) == ([str(made)], made, "", ("/bin",))
    assert not any(mount.writable for mount in found.mounts)


def test_a_tool_in_a_virtual_environment(tmp_path):
    venv = tmp_path / "tool"
    (venv / "lib" / "python3.11" / "site-packages" / "a_tool-1.2.dist-info").mkdir(parents=True)
    info = venv / "lib" / "python3.11" / "site-packages" / "a_tool-1.2.dist-info"
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: a-tool\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[console_scripts]\nagent = a:main\n")
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\n")
    program(venv / "bin" / "agent")
    link = tmp_path / "bin" / "agent"
    link.parent.mkdir()
    link.symlink_to(venv / "bin" / "agent")
    found = find_program("agent", str(link.parent))
    assert found.program == link
    assert sources(found) == [str(venv), str(link)]
    assert found.version == "a-tool 1.2"


def test_a_node_package_and_its_interpreter(tmp_path):
    package = tmp_path / "lib" / "node_modules" / "@vendor" / "agent"
    made = program(package / "bin" / "cli.js", "#!/usr/bin/env node\n")
    (package / "package.json").write_text('{"name": "@vendor/agent", "version": "3.4"}')
    node = program(tmp_path / "node" / "bin" / "node")
    link = tmp_path / "bin" / "agent"
    link.parent.mkdir()
    link.symlink_to(made)
    found = find_program("agent", f"{link.parent}:{node.parent}")
    assert sources(found) == [str(package), str(link), str(node)]
    assert (found.version, found.folders) == ("@vendor/agent 3.4", (str(node.parent),))


def test_a_package_that_cannot_be_read_has_no_version(tmp_path):
    package = tmp_path / "node_modules" / "agent"
    made = program(package / "agent", "no script\n")
    (package / "package.json").write_text("{")
    found = find_program("agent", str(made.parent))
    assert (found.version, sources(found)) == ("", [str(package)])


def test_what_is_not_there_is_said_with_what_helps():
    with pytest.raises(ConfigError, match="there is no program 'claude' to run; install it: npm install"):
        find_program("claude", "/nowhere", how_to_install(AgentCommand(preset="claude")))
    assert "add its folder to PATH" in how_to_install(AgentCommand(argv=("x",)))


def test_a_suite_puts_its_own_over_a_preset():
    plain = resolved(AgentCommand(preset="mini"))
    assert plain.argv == PRESETS["mini"].argv
    own = resolved(AgentCommand(preset="mini", argv=("mini", "x"), env={"A": "b"}, pass_env=("LANG",)))
    assert (own.argv, own.env["A"], own.pass_env) == (("mini", "x"), "b", ("LANG",))
    assert own.env["OPENAI_API_BASE"] == "{base_url}/v1"
    none = AgentCommand(argv=("x",))
    assert resolved(none) is none


def test_no_preset_wants_a_key():
    for name, preset in PRESETS.items():
        text = " ".join([*preset.argv, *preset.env.values()])
        assert "{base_url}" in text, name
        assert "{prompt}" in text or "{prompt_file}" in text, name
