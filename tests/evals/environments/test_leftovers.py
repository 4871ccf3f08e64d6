"""Working folders go with their process: at once where it ends, by the next one where it was killed."""

import subprocess
import sys

import pytest

from harness.evals.environments import remove_leftovers, working_folder

KILLED = """
import sys, os, signal
from pathlib import Path
from harness.evals.environments import working_folder
with working_folder(Path(sys.argv[1]), "a-") as folder:
    (folder / "tree").mkdir()
    (folder / "tree" / "x.py").write_text("1")
    print(folder.name, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_removed(tmp_path):
    ran = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, check=False)
    left = ran.stdout.strip()
    assert (tmp_path / left / "tree" / "x.py").exists(), ran.stderr
    with working_folder(tmp_path, "a-") as mine:
        assert remove_leftovers(tmp_path, "b-") == 0
        assert remove_leftovers(tmp_path, "a-") == 1
        assert mine.is_dir()
        assert not (tmp_path / left).exists()
    assert not list(tmp_path.iterdir())
    assert remove_leftovers(tmp_path / "nowhere", "a-") == 0


def test_folders_of_older_programs_and_locks_without_one(tmp_path):
    (tmp_path / "tmpabc").mkdir()
    (tmp_path / "tmpdef.lock").touch()
    assert remove_leftovers(tmp_path, "") == 1
    assert not list(tmp_path.iterdir())


def fail_in(parent):
    with working_folder(parent, "") as folder:
        (folder / "x").mkdir()
        (folder / "x").read_text()


def test_an_error_leaves_nothing(tmp_path):
    with pytest.raises(IsADirectoryError):
        fail_in(tmp_path)
    assert not list(tmp_path.iterdir())
