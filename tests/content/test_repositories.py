"""Repositories of repo suites: real git bundles, folders and tarballs, and their damaged twins."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from harness.content import load_suite, repositories
from harness.content.repositories import check_repository, content_digest
from harness.core.errors import ConfigError
from harness.core.suite import Suite

git = shutil.which("git")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    """A bundle of one commit, made by git."""
    if git is None:
        pytest.skip("git is not installed")
    root = tmp_path_factory.mktemp("repo")
    (root / "a.py").write_text("x = 1\n")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        [*identity, "commit", "-qm", "one"],
        ["bundle", "create", "-q", "../r.bundle", "main"],
    ):
        subprocess.run([git, *arguments], cwd=root, check=True)
    made: Path = root.parent / "r.bundle"
    return made


def test_a_bundle_of_git_is_one(bundle):
    assert check_repository(bundle) == "bundle"


@pytest.mark.parametrize("damage", ["cut", "flipped", "grown", "headless"])
def test_a_damaged_bundle_is_refused(bundle, tmp_path, damage):
    body = bundle.read_bytes()
    middle = body.index(b"PACK") + 20
    damaged = {
        "cut": body[:-30],
        "flipped": body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :],
        "grown": body + b"x",
        "headless": body[:20],
    }[damage]
    path = tmp_path / "d.bundle"
    path.write_bytes(damaged)
    with pytest.raises(ConfigError, match="damaged git bundle"):
        check_repository(path)


def test_folders_tarballs_and_what_is_neither(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.py").write_text("x")
    assert check_repository(tmp_path / "d") == "folder"
    with tarfile.open(tmp_path / "d.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "d", "d")
    assert check_repository(tmp_path / "d.tar.gz") == "tarball"
    with tarfile.open(tmp_path / "e.tar", "w"):
        pass
    with pytest.raises(ConfigError, match="empty tarball"):
        check_repository(tmp_path / "e.tar")
    (tmp_path / "f").write_bytes(b"neither" * 1000)
    with pytest.raises(ConfigError, match="neither a git bundle nor a tarball"):
        check_repository(tmp_path / "f")
    with pytest.raises(ConfigError, match="no such file or folder"):
        check_repository(tmp_path / "gone")


def test_the_digest_is_of_content_and_not_of_places_and_times(tmp_path, monkeypatch):
    for name in ("one", "two"):
        (tmp_path / name / "pkg").mkdir(parents=True)
        (tmp_path / name / "pkg" / "a.py").write_text("x")
        (tmp_path / name / "link").symlink_to("pkg/a.py")
    os.mkfifo(tmp_path / "two" / "pipe")
    (tmp_path / "two" / ".git").mkdir()
    (tmp_path / "two" / ".git" / "HEAD").write_text("ref")
    one = content_digest(tmp_path / "one", "folder")
    assert one == content_digest(tmp_path / "two", "folder")
    (tmp_path / "two" / "pkg" / "a.py").write_text("y")
    assert one != content_digest(tmp_path / "two", "folder")
    assert content_digest(tmp_path / "one/pkg/a.py", "tarball") != content_digest(tmp_path / "two/pkg/a.py", "tarball")
    monkeypatch.setattr(repositories, "_TREE_BYTES", 1)
    with pytest.raises(ConfigError, match="more than 1 bytes"):
        content_digest(tmp_path / "one", "folder")


def suite(folder, path, base="base_commit: 0123abcd\n") -> Suite:
    folder.write("suites/s/suite.yaml", f"kind: repo\nrepo: {{path: {path}}}\n")
    task = "suites/s/tasks/t"
    folder.write(f"{task}/task.yaml", f"id: t\n{base}tests: {{f2p: ['a.py::x']}}\n")
    folder.write(f"{task}/statement.md", "Do it.")
    folder.write(f"{task}/reference.patch", "")
    return load_suite(folder.home, "s")


def test_a_suite_names_its_faulty_repository(folder, bundle):
    with pytest.raises(ConfigError, match=r"suite.yaml: repo.path: .*gone"):
        suite(folder, "gone")
    folder.write("suites/s/repo.bundle", bundle.read_bytes()[:-1])
    with pytest.raises(ConfigError, match=r"repo.path: .* damaged git bundle"):
        suite(folder, "repo.bundle")


def test_a_bundle_needs_commits_and_its_bytes_do_not_matter(folder, bundle):
    folder.write("suites/s/repo.bundle", bundle.read_bytes())
    made = suite(folder, "repo.bundle")
    assert made.digest == suite(folder, str(bundle)).digest
    with pytest.raises(ConfigError, match="task 't' must name its base_commit"):
        suite(folder, "repo.bundle", base="")
