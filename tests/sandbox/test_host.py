"""The host's own tools, and git in a repository that wants to execute things."""

import asyncio
from pathlib import Path

import pytest

from harness.core.errors import SandboxError
from harness.sandbox import run_git, run_tool


def test_streams_exit_code_and_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("FAKE_API_KEY", "canary")
    argv = ("/bin/sh", "-c", "cat; echo err >&2; echo ${FAKE_API_KEY-unset} $A; exit 5")
    ran = asyncio.run(run_tool(argv, cwd=tmp_path, env={"A": "1"}, stdin=b"given "))
    assert (ran.exit_code, ran.stdout, ran.stderr) == (5, b"given unset 1\n", b"err\n")
    with pytest.raises(SandboxError, match=r"exit code 5: err"):
        ran.checked()
    assert asyncio.run(run_tool(("/bin/echo", "x"), cwd=tmp_path)).checked() == b"x\n"


def test_a_tool_that_does_not_end(tmp_path):
    with pytest.raises(SandboxError, match=r"sleep 30: not done within 0.2 s"):
        asyncio.run(run_tool(("/bin/sleep", "30"), cwd=tmp_path, timeout_s=0.2))


def test_a_tool_that_is_not_there(tmp_path):
    with pytest.raises(SandboxError, match=r"'/no/such' cannot be started"):
        asyncio.run(run_tool(("/no/such",), cwd=tmp_path))


def test_git_executes_nothing_that_the_repository_configures(tmp_path, monkeypatch):
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    (tmp_path / "global").write_text(f"[core]\n\tfsmonitor = {trap}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "global"))
    repo = tmp_path / "repo"
    repo.mkdir()
    asyncio.run(_git(repo, "init", "-q"))
    with (repo / ".git" / "config").open("a") as config:
        config.write(
            f"[core]\n\tfsmonitor = {trap}\n\thooksPath = {tmp_path}\n\tpager = {trap}\n[diff]\n\texternal = {trap}\n"
        )
    (repo / ".git" / "hooks").mkdir(exist_ok=True)
    for hook in ("pre-commit", "post-commit", "post-checkout", "post-index-change"):
        (repo / ".git" / "hooks" / hook).symlink_to(trap)
    (repo / "a").write_text("a")
    asyncio.run(_git(repo, "add", "a"))
    asyncio.run(_git(repo, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"))
    (repo / "a").write_text("b")
    assert asyncio.run(_git(repo, "status", "--porcelain")) == b" M a\n"
    assert b"+b" in asyncio.run(_git(repo, "diff", "--no-textconv", "--no-ext-diff"))
    assert not (tmp_path / "sprung").exists()


async def _git(repo: Path, *args: str) -> bytes:
    return (await run_git(args, cwd=repo)).checked()
