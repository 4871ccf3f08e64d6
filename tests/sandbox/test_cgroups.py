"""Control groups: where they may be made, told from the files of /proc; their limits, on real processes."""

import os
import subprocess

import pytest

from harness.core.errors import SandboxError
from harness.core.execution import Ending
from harness.sandbox.cgroups import CONTROLLERS, Cgroups, find_cgroups


def process_of(folder, *, groups: str, mounts: str):
    (folder / "proc").mkdir()
    (folder / "proc" / "cgroup").write_text(groups)
    (folder / "proc" / "mountinfo").write_text(mounts)
    return folder / "proc"


def test_version_2_beside_our_own_group_where_ours_cannot_be_divided(tmp_path):
    """As in a user session: the parent was delegated, our own group holds processes."""
    parent = tmp_path / "fs" / "app.slice"
    (parent / "run.scope").mkdir(parents=True)
    (parent / "cgroup.controllers").write_text("cpu memory pids\n")
    (parent / "cgroup.subtree_control").write_text("memory pids\n")
    proc = process_of(
        tmp_path,
        groups="0::/app.slice/run.scope\n",
        mounts=f"30 20 0:26 / {tmp_path / 'fs'} rw - cgroup2 cgroup2 rw\n",
    )
    found = find_cgroups(proc)
    assert isinstance(found, Cgroups)
    assert found.parents == dict.fromkeys(CONTROLLERS, parent)
    assert found.where == f"cgroup v2 below {parent}"
    written = {path.name: path.read_text() for path in parent.glob("harness-*/*")}
    assert written == {"memory.max": str(1 << 30), "pids.max": "64"}, "a plain folder, so its files were made by us"


def test_version_2_at_the_root_hands_its_controllers_down(tmp_path):
    root = tmp_path / "fs"
    root.mkdir()
    (root / "cgroup.controllers").write_text("memory pids")
    (root / "cgroup.subtree_control").write_text("")
    proc = process_of(tmp_path, groups="0::/\n", mounts=f"30 20 0:26 / {root} rw - cgroup2 cgroup2 rw\n")
    assert isinstance(find_cgroups(proc), Cgroups)
    assert (root / "cgroup.subtree_control").read_text() == "+memory +pids"


@pytest.mark.parametrize(
    ("groups", "controllers", "why"),
    [
        ("0::/x\n", "cpu", "has no memory and no pids controller"),
        ("0::/x\n", None, "cannot be divided: No such file"),
        ("", None, "no control groups for memory and pids are mounted"),
    ],
)
def test_why_nowhere(tmp_path, groups, controllers, why):
    (tmp_path / "fs" / "x").mkdir(parents=True)
    if controllers is not None:
        (tmp_path / "fs" / "x" / "cgroup.controllers").write_text(controllers)
    mounts = f"30 20 0:26 / {tmp_path / 'fs'} rw - cgroup2 cgroup2 rw\n"
    assert why in find_cgroups(process_of(tmp_path, groups=groups, mounts=mounts))


def test_no_proc(tmp_path):
    assert "No such file" in find_cgroups(tmp_path / "none")


def test_a_mount_that_shows_a_part_of_the_hierarchy(tmp_path):
    """As in a container without a cgroup namespace of its own."""
    for name in CONTROLLERS:
        (tmp_path / name).mkdir()
    lines = [f"3 2 0:2 /docker/abc {tmp_path / name} rw - cgroup cgroup rw,{name}" for name in CONTROLLERS]
    proc = process_of(tmp_path, groups="4:memory:/docker/abc\n3:pids:/docker/abc\n", mounts="\n".join(lines))
    found = find_cgroups(proc)
    assert isinstance(found, Cgroups)
    assert found.parents == {name: tmp_path / name for name in CONTROLLERS}


@pytest.fixture(scope="module")
def groups() -> Cgroups:
    found = find_cgroups()
    if isinstance(found, str):
        pytest.skip(f"no control groups here: {found}")
    return found


def test_a_real_group_is_limited_counted_and_removed(groups):
    with groups.make(memory_bytes=64 << 20, processes=4) as group:
        with subprocess.Popen(
            ["/bin/sh", "-c", "read x; for i in 1 2 3 4 5 6; do sleep 0.2 & done; wait"], stdin=-1
        ) as shell:
            group.add(shell.pid)
            assert group.excess() is None
            shell.stdin.close()
            shell.wait()
        assert group.at_end() is Ending.PROCESSES
    assert not any(folder.exists() for folder in group.folders)


def test_a_process_that_is_gone_cannot_be_moved_and_nobody_minds(groups):
    done = subprocess.Popen(["/bin/true"])
    done.wait()
    with groups.make(memory_bytes=64 << 20, processes=4) as group:
        group.add(done.pid)


def test_what_a_killed_process_of_ours_left_is_removed(groups):
    done = subprocess.Popen(["/bin/true"])
    done.wait()
    left = groups.parents["pids"] / f"harness-{done.pid}-left"
    left.mkdir()
    find_cgroups()
    assert not left.exists()
    assert os.getpid()


def test_a_place_that_is_not_ours(tmp_path):
    nowhere = Cgroups(version=2, parents=dict.fromkeys(CONTROLLERS, tmp_path / "no"))
    with pytest.raises(SandboxError, match=r"cannot be made at '.*no.*': No such file"):
        nowhere.make(memory_bytes=1, processes=1)
