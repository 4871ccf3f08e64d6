"""Trees without history."""

import asyncio
import tarfile

import pytest

from harness.core.errors import ConfigError, SandboxError
from harness.evals.grading.tree import base_tree, read_tree, write_files
from harness.sandbox import run_git


async def _repository(folder, **files) -> str:
    """A repository with one commit of *files* and a later one that holds the answer."""
    folder.mkdir()
    author = ("-c", "user.name=x", "-c", "user.email=x@x")
    (await run_git(("init", "-q", "-b", "main"), cwd=folder)).checked()
    for path, text in files.items():
        (folder / path.replace("__", ".")).write_text(text)
    (await run_git(("add", "-A"), cwd=folder)).checked()
    (await run_git((*author, "commit", "-qm", "base"), cwd=folder)).checked()
    commit = (await run_git(("rev-parse", "HEAD"), cwd=folder)).checked().decode().strip()
    (folder / "answer").write_text("later")
    (await run_git(("add", "-A"), cwd=folder)).checked()
    (await run_git((*author, "commit", "-qm", "fix"), cwd=folder)).checked()
    return commit


@pytest.mark.parametrize("kind", ["folder", "bundle"])
def test_one_commit_without_history_and_without_export_rules(tmp_path, kind):
    async def scenario() -> None:
        repo = tmp_path / "repo"
        commit = await _repository(repo, a="text $Format:%H$", __gitattributes="a export-ignore export-subst\n")
        where = repo
        if kind == "bundle":
            where = tmp_path / "repo.bundle"
            (await run_git(("bundle", "create", "-q", str(where), "--all"), cwd=repo)).checked()
        tree = await base_tree(where, commit, tmp_path / "cache")
        assert read_tree(tree) == {".gitattributes": "a export-ignore export-subst\n", "a": "text $Format:%H$"}
        assert await base_tree(where, commit, tmp_path / "cache") == tree
        assert (await base_tree(where, commit[:10], tmp_path / "cache")) != tree
        for bad in ("0" * 40, "--output=/tmp/x"):
            with pytest.raises(ConfigError, match=r"base_commit: (no|not a) commit"):
                await base_tree(where, bad, tmp_path / "cache")
        assert not list((tmp_path / "cache" / "trees").glob(".making-*"))

    asyncio.run(scenario())


def test_a_plain_folder_and_a_change_of_it(tmp_path):
    (tmp_path / "repo" / "__pycache__").mkdir(parents=True)
    (tmp_path / "repo" / "a").write_text("one")
    first = asyncio.run(base_tree(tmp_path / "repo", None, tmp_path / "cache"))
    assert read_tree(first) == {"a": "one"}
    (tmp_path / "repo" / "a").write_text("other")
    second = asyncio.run(base_tree(tmp_path / "repo", None, tmp_path / "cache"))
    assert read_tree(second) == {"a": "other"}
    assert read_tree(first) == {"a": "one"}


def test_a_tarball_and_what_is_none(tmp_path):
    (tmp_path / "a").write_text("one")
    with tarfile.open(tmp_path / "repo.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "a", "a")
    tree = asyncio.run(base_tree(tmp_path / "repo.tar.gz", None, tmp_path / "cache"))
    assert read_tree(tree) == {"a": "one"}
    with pytest.raises(SandboxError, match="cannot be unpacked"):
        asyncio.run(base_tree(tmp_path / "a", None, tmp_path / "cache"))
    with pytest.raises(ConfigError, match="git cannot read it"):
        asyncio.run(base_tree(tmp_path / "a", "abc", tmp_path / "cache"))
    with pytest.raises(ConfigError, match="no bundle, folder or tarball at"):
        asyncio.run(base_tree(tmp_path / "nothing", None, tmp_path / "cache"))


def test_files_are_put_removed_and_linked_never_through_a_link(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    tree = tmp_path / "tree"
    (tree / "folder").mkdir(parents=True)
    (tree / "folder" / "x").write_text("x")
    (tree / "out").symlink_to(outside)
    (tree / "file").write_text("f")
    (tree / "binary").write_bytes(b"\xff\xfe")
    write_files(
        tree,
        {
            "folder": "now a file",
            "out/x": "inside",
            "file/deep": "y",
            "new": b"bytes",
            "link": "@symlink:new",
            "gone": None,
        },
    )
    assert read_tree(tree) == {
        "binary": "",
        "file/deep": "y",
        "folder": "now a file",
        "link": "@symlink:new",
        "new": "bytes",
        "out/x": "inside",
    }
    assert list(outside.iterdir()) == []
    write_files(tree, {"link": None, "file": None})
    assert "link" not in read_tree(tree)
    assert "file/deep" not in read_tree(tree)
