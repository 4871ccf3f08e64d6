"""The answer key is out of reach: an agent that searches disk, /proc and git for it finds nothing."""

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from harness.core.event import Call, Executed
from harness.core.trial import Grade
from tests.evals.solvers.cases import BASE, FIX, GOLD, STATEMENT, SUITE, bash, only, script_of, work
from tests.evals.world import events, needs_sandbox, write

PLACES = "/w /h /s /tmp /etc /home /root /opt /srv /var /run /mnt /media /dev/shm /work /nix /snap"
SEARCH = f"""
echo == disk
grep -rIlE 'exact_zyx|round\\(float\\(text' {PLACES} 2>/dev/null | sort
find / -xdev \\( -name 'reference.patch' -o -name hidden -o -name 'task.yaml' -o -name 'suite.yaml' -o -name journal -o -name '*.bundle' \\) -not -path '/usr/*' -not -path '/proc/*' 2>/dev/null
echo == proc
processes=$(cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n')
echo "$processes" | grep -iE 'zyx|canary|key|token'
opened=$(for each in /proc/[0-9]*; do ls -l $each/fd $each/cwd $each/root 2>/dev/null; done)
echo "$opened" | grep -iE 'journal|suites|reference'
cat /proc/self/mountinfo | grep -iE 'suites|journal'
echo == git
git log --all --oneline | cat
git reflog | cat
git fsck --unreachable --dangling --no-progress 2>&1
git cat-file --batch-all-objects --batch-check | wc -l
git for-each-ref
git stash list
git remote -v
find .git -name '*.pack' -o -name packed-refs -o -name ORIG_HEAD -o -name FETCH_HEAD
git cat-file --batch-all-objects --batch | grep -aE 'exact_zyx|round\\(float\\(text'
echo == end
python3 -c "import glob, os, sys; print('packages of the host', [name for prefix in (sys.base_prefix, '/usr', '/usr/local') for folder in glob.glob(prefix + '/lib/python3*/*-packages') for name in os.listdir(folder)])"
"""


@pytest.fixture
def tempting_home(agent_home, tmp_path):
    """A suite over a real repository with the fix and the tests in its future, a tag on them, and journals about."""

    def made(rows, **suite):
        home = agent_home(tmp_path, {"m": rows}, suite=suite)
        repo = home.suites / SUITE / "repo"
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(repo)]
        commits = []
        for files, message in ((BASE, "base"), ({**GOLD, "tests/test_cents.py": "def test_exact_zyx(): pass\n"}, "the fix")):  # fmt: skip
            for path, text in files.items():
                write(repo / path, text)
            subprocess.run([*git[:5], "init", "-q", str(repo)] if not commits else [*git, "tag", "v1"], check=True)
            subprocess.run([*git, "add", "-A"], check=True)
            subprocess.run([*git, "commit", "-q", "-m", message], check=True)
            commits.append(subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip())  # fmt: skip
        task = home.suites / SUITE / "tasks" / "exact" / "task.yaml"
        task.write_text(task.read_text()[:-1] + f', "base_commit": "{commits[0]}"}}')
        write(home.state / "journal" / "other.txt", "return round(float(text) * 100)  # another candidate's answer")
        write(Path("/tmp") / f"harness-decoy-{os.getpid()}" / "x.txt", "exact_zyx")
        return home

    yield made
    decoy = Path("/tmp") / f"harness-decoy-{os.getpid()}" / "x.txt"
    if decoy.exists():
        decoy.unlink()
        decoy.parent.rmdir()


def looked(shown: str) -> list[str]:
    """The findings: what stands between the headings."""
    assert "== end" in shown, shown[-2000:]
    body = shown[shown.index("== disk") : shown.index("== end")]
    return [line for line in body.splitlines() if line]


def assert_nothing_found(shown: str) -> None:
    lines = looked(shown)
    disk, proc, git = (lines.index(f"== {name}") for name in ("disk", "proc", "git"))
    assert lines[disk + 1 : proc] in ([], ["/h/step.sh"]), "on disk, but for the agent's own command"
    assert lines[proc + 1 : git] == [], "in /proc"
    found = lines[git + 1 :]
    assert re.fullmatch(r"[0-9a-f]{7,} base", found[0]), "one commit"
    assert not any("zyx" in line or "round(" in line for line in found)
    assert not any(word in line for line in found for word in ("unreachable", "dangling", "v1", "origin", ".pack"))
    assert len([line for line in found if "refs/" in line]) == 1, "one branch and no tag"


def test_an_agent_that_searches_finds_nothing(tempting_home):
    needs_sandbox()
    rows = script_of(
        ("What is to be done", bash(SEARCH)),
        ("== end", bash(f"{FIX}; echo changed-it")),
        ("changed-it", bash("submit")),
    )
    home = tempting_home(rows)
    run_id, _ = work(home, environ={"FAKE_API_KEY": "canary-4711"})
    shown = events(home, run_id, Executed)[0].execution.log
    assert_nothing_found(shown)
    assert "packages of the host []" in shown, "a later release of the repository may be installed there"
    assert only(home, run_id).grade is Grade.RESOLVED
    for call in events(home, run_id, Call):
        assert call.request is not None
        text = "".join(message.content for message in call.request.messages if message.role != "assistant")
        assert "zyx" not in text
        assert STATEMENT in text


def test_an_external_agent_that_searches_finds_nothing(tempting_home, tmp_path):
    needs_sandbox()
    program = write(tmp_path / "bin" / "snoop", f"#!/bin/bash\n{{ {SEARCH}\n}} > found.txt 2>&1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    home = tempting_home([{"text": "x"}], solver="command", command={"argv": ["snoop"]})
    run_id, _ = work(home, environ={"PATH": f"{program.parent}:{os.defpath}", "FAKE_API_KEY": "canary-4711"})
    submission = only(home, run_id).submission
    assert submission is not None
    assert submission.files is not None
    found = submission.files["found.txt"] or ""
    # it finds itself, and what it writes
    kept = [line for line in found.splitlines() if str(program) not in line and line != "/w/found.txt"]
    assert_nothing_found("\n".join(kept) + "\n== end")
