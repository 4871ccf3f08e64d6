"""A workspace: one commit that is always the same, and changes found by looking."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from harness.evals.solvers.workspace import ALL_BYTES, BINARY, FILE_BYTES, LARGE, SPECIAL, open_workspace

BASE = {"a.py": "a = 1\n", "pkg/b.py": "b = 1\n", "pkg/c.py": "c = 1\n", "docs/x.md": "x\n", ".gitignore": "*.log\n", "kept.log": "log\n"}  # fmt: skip


@pytest.fixture
def base(tmp_path) -> Path:
    for path, text in BASE.items():
        (tmp_path / "base" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "base" / path).write_text(text)
    (tmp_path / "base" / "link").symlink_to("a.py")
    return tmp_path / "base"


def changes(base: Path, work):
    async def go():
        async with open_workspace(base) as workspace:
            work(workspace.folder)
            return workspace.changes()

    return asyncio.run(go())


def test_nothing_was_done(base):
    found = changes(base, lambda _: None)
    assert (found.files, found.flags) == ({}, ())


def test_the_commit_is_always_the_same(base):
    def head(folder: Path) -> None:
        done = subprocess.run(["git", "-C", str(folder), "log", "--format=%H %an %s"], capture_output=True, text=True, check=True)  # fmt: skip
        heads.append(done.stdout)
        status = subprocess.run(["git", "-C", str(folder), "status", "--porcelain", "--ignored"], capture_output=True, text=True, check=True)  # fmt: skip
        assert status.stdout == "", "ignored files of the base are in the commit"

    heads: list[str] = []
    changes(base, head)
    changes(base, head)
    assert heads[0] == heads[1]
    assert heads[0].endswith(" base base\n")


def test_changes_deletions_links_and_new_files(base):
    def work(folder: Path) -> None:
        (folder / "a.py").write_text("a = 2\n")
        (folder / "docs" / "x.md").unlink()
        (folder / "new").mkdir()
        (folder / "new" / "file.py").write_text("é\n")
        (folder / "link").unlink()
        (folder / "link").symlink_to("pkg/b.py")
        os.utime(folder / "pkg" / "c.py")
        (folder / "__pycache__").mkdir()
        (folder / "__pycache__" / "a.pyc").write_bytes(b"\0")

    found = changes(base, work)
    assert found.files == {"a.py": "a = 2\n", "docs/x.md": None, "link": "@symlink:pkg/b.py", "new/file.py": "é\n"}
    assert found.flags == ()


def test_a_change_that_hides_its_time_is_found(base):
    def work(folder: Path) -> None:
        before = (folder / "a.py").stat()
        (folder / "a.py").write_text("a = 7\n")
        os.utime(folder / "a.py", ns=(before.st_atime_ns, before.st_mtime_ns))

    assert changes(base, work).files == {"a.py": "a = 7\n"}


def test_a_folder_that_became_a_file_and_a_file_that_became_a_folder(base):
    def work(folder: Path) -> None:
        for path in (folder / "pkg").iterdir():
            path.unlink()
        (folder / "pkg").rmdir()
        (folder / "pkg").write_text("now a file\n")
        (folder / "a.py").unlink()
        (folder / "a.py").mkdir()
        (folder / "a.py" / "inner.py").write_text("x\n")

    found = changes(base, work)
    assert found.files == {"a.py": None, "a.py/inner.py": "x\n", "pkg": "now a file\n"}

    async def restored():
        async with open_workspace(base) as workspace:
            workspace.restore(found.files)
            return workspace.changes()

    assert asyncio.run(restored()) == found


def test_what_cannot_be_handed_in_is_left_out_and_said(base):
    def work(folder: Path) -> None:
        os.mkfifo(folder / "pipe")
        (folder / "binary.bin").write_bytes(b"\xff\xfe")
        (folder / "big.txt").write_text("x" * (FILE_BYTES + 1))
        (folder / "lie").write_text("@symlink:/etc/passwd")
        (folder / "a.py").write_text("a = 3\n")
        (folder / "sub").mkdir()
        (folder / "sub" / ".git").mkdir()
        (folder / "sub" / ".git" / "config").write_text("[core]\n")

    found = changes(base, work)
    assert found.files == {"a.py": "a = 3\n"}
    assert found.flags == tuple(sorted((BINARY, LARGE, SPECIAL)))


def test_all_together_are_bounded(base):
    def work(folder: Path) -> None:
        for number in range(6):
            (folder / f"f{number}.txt").write_text("x" * (FILE_BYTES - 10))

    found = changes(base, work)
    assert sum(len(text or "") for text in found.files.values()) <= ALL_BYTES
    assert LARGE in found.flags
