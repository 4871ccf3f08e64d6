"""Drafts: both sides of a commit as a task would hold them."""

import asyncio
import subprocess

import pytest

from harness.evals.grading import base_tree, read_tree
from harness.evals.mining import Draft, SizeLimits, Skipped, Span, pick
from harness.evals.mining.commits import walk
from harness.evals.mining.drafting import make_draft, task_id
from harness.evals.mining.mirror import open_mirror
from harness.evals.patches import apply_unified
from tests.evals.mining.planted import Planted


@pytest.fixture(scope="module")
def drafts(mirror, picked, planted) -> dict[str, Draft]:
    made = [asyncio.run(make_draft(mirror, each)) for each in picked.candidates]
    return {planted.name_of(each.head): each for each in made if isinstance(each, Draft)}


def test_the_patch_leads_from_the_base_to_the_fix(drafts, planted, cache, tmp_path):
    for name, draft in drafts.items():
        base = read_tree(asyncio.run(base_tree(draft.repository, draft.base, cache)))
        assert apply_unified(draft.patch, base) == draft.reference, name
    for path, text in drafts["rounding"].reference.items():
        assert text is not None
        assert text.strip() == planted.git("show", f"{planted.commits['rounding']}:{path}")


def test_git_applies_it_too(drafts, planted, tmp_path):
    draft = drafts["renamed"]
    planted.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"), draft.base)
    (tmp_path / "fix.patch").write_text(draft.patch)
    subprocess.run(["git", "apply", str(tmp_path / "fix.patch")], cwd=tmp_path / "tree", check=True)
    assert "is not None" in (tmp_path / "tree/src/tally/money.py").read_text()
    planted.git("worktree", "remove", "--force", str(tmp_path / "tree"))


def test_both_sides(drafts):
    draft = drafts["renamed"]
    assert set(draft.reference) == {"src/tally/money.py"}
    assert draft.hidden["tests/test_nothing.py"] is None
    assert draft.tests == ("tests/test_missing.py",)
    assert drafts["rounding"].rest == {"CHANGELOG.md": b"- cents are rounded\n"}


def test_the_version_is_that_of_the_newest_release_below(drafts):
    assert drafts["rounding"].version == "1.0.0"
    assert drafts["fails_after"].version == "1.0.1"


def test_a_claim_says_the_same(drafts, tmp_path):
    draft = drafts["scm_version"]
    claim = draft.claim(tmp_path)
    assert (claim.hidden, claim.reference, claim.version) == (draft.hidden, draft.reference, "1.0.0")
    assert claim.id == draft.head[:12]
    assert claim.roots == ()


def test_ids_are_words_and_unlike(drafts, commits):
    assert drafts["rounding"].id.startswith("round-amounts-to-cents-")
    assert drafts["pull_request"].id.startswith("count-the-days-of-a-")
    assert len({task_id(commit) for commit in commits}) == len(commits)


def made_of(tmp_path, before, after):
    folder = tmp_path / "repo"
    folder.mkdir()
    made = Planted(repository=folder)
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit("before", "Before", before)
    made.commit("after", "After", after)
    mirror = asyncio.run(open_mirror(str(folder), tmp_path / "cache"))
    picked = asyncio.run(pick(mirror, asyncio.run(walk(mirror, Span())), SizeLimits()))
    return asyncio.run(make_draft(mirror, picked.candidates[0]))


TEST = "def test_a():\n    assert True\n"


def test_lines_of_another_system_are_read_as_a_grader_reads_them(tmp_path):
    found = made_of(tmp_path, {"a.py": b"A = 1\r\nB = 1\r\n"}, {"a.py": b"A = 2\r\nB = 1\r\n", "test_a.py": TEST})
    assert isinstance(found, Draft)
    assert found.reference == {"a.py": "A = 2\nB = 1\n"}


def test_a_source_that_is_not_utf8(tmp_path):
    found = made_of(tmp_path, {"a.py": "A = 1\n"}, {"a.py": b"# caf\xe9\nA = 2\n", "test_a.py": TEST})
    assert isinstance(found, Skipped)
    assert (found.rule, found.evidence) == ("not_text", "a.py is not UTF-8")


def test_a_heavy_file_among_the_tests(tmp_path):
    heavy = {"a.py": "A = 2\n", "tests/test_a.py": TEST, "tests/data.bin": b"\0" * (1 << 20) + b"\0"}
    found = made_of(tmp_path, {"a.py": "A = 1\n"}, heavy)
    assert isinstance(found, Skipped)
    assert found.rule == "too_large"


def test_a_part_of_a_monorepo_brings_its_import_root(tmp_path):
    files = {"parts/money/pyproject.toml": "[project]\nname = 'money'\n", "parts/money/src/money/__init__.py": ""}
    fix = {"parts/money/src/money/a.py": "A = 1\n", "parts/money/tests/test_a.py": TEST}
    found = made_of(tmp_path, files, fix)
    assert isinstance(found, Draft)
    assert (found.layout.kind, found.layout.part) == ("part", "parts/money")
    assert found.claim(tmp_path).roots == ("parts/money/src",)
