"""Paths at level ``none``."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from harness.core.ports import Job
from harness.sandbox import PlainProcess
from harness.sandbox.process import relocate


def test_only_whole_paths_move():
    sources = {"/w": "/home/tree", "/w/deep": "/other", "/h": "/tools"}
    assert relocate("/w", sources) == "/home/tree"
    assert relocate("/w/deep/x:/w/src", sources) == "/other/x:/home/tree/src"
    assert relocate("--rootdir=/w", sources) == "--rootdir=/home/tree"
    assert relocate("/work /usr/w x/w", sources) == "/work /usr/w x/w"
    assert relocate("/w", {}) == "/w"


@given(st.text(alphabet="/wh:= ab", max_size=30))
def test_nothing_moves_twice(text):
    assert relocate(text, {"/w": "/h", "/h": "/w"}).count("/") == text.count("/")


def test_temporary_files_are_gone_afterwards():
    job = Job(argv=("/bin/sh", "-c", "echo x > $TMPDIR/left; echo $TMPDIR"), env={"TMPDIR": "/tmp"}, cwd="/tmp")
    ran = asyncio.run(PlainProcess().run(job))
    folder = ran.stdout.decode().strip()
    assert folder.startswith("/tmp/harness-job-")
    check = asyncio.run(PlainProcess().run(Job(argv=("/bin/ls", "/usr/../" + folder))))
    assert check.exit_code == 2
