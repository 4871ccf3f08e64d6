"""A copy of our own: what the repository configures is not in it, and nothing of it is executed."""

import asyncio

import pytest

from harness.core.errors import ConfigError
from harness.evals.mining import Span
from harness.evals.mining.commits import tags_of, walk
from harness.evals.mining.mirror import bundle, list_tree, open_mirror, read_blobs
from tests.evals.mining.planted import Planted


def opened(source, cache, **options):
    return asyncio.run(open_mirror(str(source), cache, **options))


def test_a_work_tree_a_bare_repository_and_a_bundle_give_the_same_line(planted, mirror, commits, tmp_path, cache):
    planted.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    planted.git("bundle", "create", "--quiet", str(tmp_path / "tally.bundle"), "main", "--tags")
    for source in (tmp_path / "bare.git", tmp_path / "tally.bundle", planted.repository / ".git"):
        found = opened(source, cache)
        assert found.head == mirror.head
        assert asyncio.run(walk(found, Span())) == commits


def test_nothing_that_the_repository_configures_runs(tmp_path):
    folder = tmp_path / "hostile"
    folder.mkdir()
    made = Planted(repository=folder)
    made.git("init", "--quiet", "--initial-branch=main")
    (folder / ".gitattributes").write_text("*.py diff=evil filter=evil\n")
    made.commit("one", "One", {"a.py": "A = 1\n"})
    made.commit("two", "Two", {"a.py": "A = 2\n"})
    mark = tmp_path / "HOSTILE"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {mark}\nexit 0\n")
    script.chmod(0o755)
    hook = folder / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(script.read_text())
    hook.chmod(0o755)
    for name in ("core.fsmonitor", "diff.evil.textconv", "diff.evil.command", "diff.external", "filter.evil.smudge"):
        made.git("config", name, str(script))
    for name in ("uploadpack.packObjectsHook", "core.sshCommand", "core.pager", "core.alternateRefsCommand"):
        made.git("config", name, str(script))
    mark.unlink(missing_ok=True)
    found = opened(folder, tmp_path / "cache")
    walked = asyncio.run(walk(found, Span()))
    assert [each.subject for each in walked] == ["Two", "One"]
    assert walked[0].changes[0].lines == 2
    assert not mark.exists()
    assert "evil" not in (found.path / "config").read_text()


def test_a_span_ends_where_it_is_told(mirror, commits):
    assert asyncio.run(walk(mirror, Span(commits=3))) == commits[:3]
    since = commits[4].at
    assert asyncio.run(walk(mirror, Span(since=since))) == tuple(each for each in commits if each.at >= since)


def test_a_branch_is_named(planted, cache):
    found = opened(planted.repository, cache, branch="1.x")
    assert found.head == planted.commits["on_the_line"]
    with pytest.raises(ConfigError, match=r"no branch 'gone'; there are: 1\.x, main"):
        opened(planted.repository, cache, branch="gone")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("https://example.org/a.git", "git clone it first"),
        ("git@example.org:a.git", "git clone it first"),
        ("/nowhere/at/all", "no such folder or file"),
    ],
)
def test_only_what_is_on_this_machine(source, words, tmp_path):
    with pytest.raises(ConfigError, match=words):
        opened(source, tmp_path)


def test_what_is_no_repository(tmp_path):
    (tmp_path / "plain").mkdir()
    with pytest.raises(ConfigError, match="git cannot read it"):
        opened(tmp_path / "plain", tmp_path / "cache")
    Planted(repository=tmp_path / "plain").git("init", "--quiet")
    with pytest.raises(ConfigError, match="it has no commit"):
        opened(tmp_path / "plain", tmp_path / "cache")


def test_blobs_are_read_at_once_and_missing_ones_left_out(mirror, planted):
    tree = {entry.path: entry for entry in asyncio.run(list_tree(mirror, mirror.head))}
    oid = tree["src/tally/percent.py"].oid
    found = asyncio.run(read_blobs(mirror, [oid, oid, "f" * 40]))
    assert found == {oid: b"def percent(part, whole):\n    return 100 * part / whole\n"}
    assert asyncio.run(read_blobs(mirror, [])) == {}


def test_a_bundle_holds_the_bases_and_not_the_fix(mirror, planted, tmp_path, cache):
    base = f"{planted.commits['rounding']}^"
    commit = planted.git("rev-parse", base)
    asyncio.run(bundle(mirror, [commit], tmp_path / "repo.bundle"))
    assert planted.git("bundle", "verify", "--quiet", str(tmp_path / "repo.bundle")) is not None
    heads = planted.git("bundle", "list-heads", str(tmp_path / "repo.bundle"))
    assert heads == f"{commit} refs/bases/{commit[:16]}"


def test_tags_below_a_commit(mirror, planted):
    assert asyncio.run(tags_of(mirror, planted.commits["pull_request"])) == ("v1.0.0",)
