"""Diffs in git's form: ours, and git's own."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evals.patches import Edits, FormatFailure, apply, apply_unified, parse, unified_diff
from harness.evals.patches.edits import Applied

_LINE = st.sampled_from(
    [
        "a",
        "b",
        "",
        "    c",
        "--- x",
        "+++ y",
        "@@ -1 +1 @@",
        "\\ No newline at end of file",
        "é",
        "d\x0ce",
        "\u2028",
        "diff --git a/x b/x",
    ]
)
_TEXT = st.builds(lambda lines, end: "\n".join(lines) + end, st.lists(_LINE, max_size=12), st.sampled_from(["", "\n"]))
_PATH = st.sampled_from(["a.py", "src/b.py", "my file.txt", "é.md", 'q"uote.txt', "x/y/z"])
_FILES = st.dictionaries(_PATH, _TEXT, max_size=4)


@given(_FILES, _FILES)
def test_a_diff_applied_gives_what_it_was_made_from(before: dict[str, str], after: dict[str, str]) -> None:
    changed = apply_unified(unified_diff(before, after), before)
    assert not isinstance(changed, FormatFailure)
    result = {path: content for path, content in {**before, **changed}.items() if content is not None}
    assert result == after
    assert unified_diff(after, after) == ""


_PLAIN = st.builds("\n".join, st.lists(st.sampled_from(["a", "b", "  c", "", "d", "e"]), min_size=1, max_size=12)).map(
    lambda text: text + "\n"
)


@given(_PLAIN, _PLAIN)
def test_the_lenient_reader_agrees_where_the_diff_is_right(old: str, new: str) -> None:
    diff = unified_diff({"t.py": old}, {"t.py": new})
    if old == new:
        return
    edits = parse(f"Here:\n```diff\n{diff}```\n")
    assert isinstance(edits, Edits)
    applied = apply(edits, {"t.py": old})
    assert isinstance(applied, Applied)
    assert applied.files == {"t.py": new}


@pytest.mark.parametrize(("old", "new"), [("a\nb", "a\nb\n"), ("a\nb\n", "a\nb"), ("a\nb", "a\nc"), ("a\n", "")])
def test_the_newline_at_the_end_of_a_file_counts(old: str, new: str) -> None:
    diff = unified_diff({"t": old}, {"t": new})
    assert apply_unified(diff, {"t": old}) == {"t": new}
    edits = parse(diff)
    assert isinstance(edits, Edits)
    applied = apply(edits, {"t": old})
    assert isinstance(applied, Applied)
    assert applied.files == {"t": new}


def _git(folder: Path, *argv: str, stdin: str = "") -> str:
    base = [
        "git",
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@t",
        "-c",
        "core.autocrlf=false",
        "-c",
        "commit.gpgsign=false",
    ]
    done = subprocess.run([*base, *argv], cwd=folder, input=stdin.encode(), capture_output=True, check=True)
    return done.stdout.decode()


def _write(folder: Path, files: dict[str, str]) -> None:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode())


BEFORE = {
    "keep.py": "".join(f"line {n}\n" for n in range(60)),
    "old name.py": "".join(f"row {n}\n" for n in range(20)),
    "gone.txt": "bye",
    "é.md": "x\n",
    "empty": "",
    "-- dash": "-- sql\n",
}
AFTER = {
    "keep.py": BEFORE["keep.py"].replace("line 3\n", "line three\n").replace("line 50\n", "line fifty\nmore\n"),
    "new/name.py": BEFORE["old name.py"].replace("row 7\n", "row seven\n"),
    "é.md": "x\ny",
    "added": "1\n2",
    "none": "",
    "-- dash": "++ sql\n",
}


def test_git_applies_our_diff_and_we_apply_gits(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q")
    _write(tmp_path, BEFORE)
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-qm", "before")
    _git(tmp_path, "apply", "--index", "-", stdin=unified_diff(BEFORE, AFTER))
    for path, content in AFTER.items():
        assert (tmp_path / path).read_bytes().decode() == content
    assert not (tmp_path / "gone.txt").exists()
    (tmp_path / "link").symlink_to("added")
    _git(tmp_path, "add", "-A")
    theirs = _git(tmp_path, "diff", "--cached", "-M", "--no-color")
    assert "rename from" in theirs
    expected: dict[str, str | None] = {path: content for path, content in AFTER.items() if BEFORE.get(path) != content}
    expected |= {"old name.py": None, "gone.txt": None, "empty": None, "link": "@symlink:added"}
    if "rename from empty" in theirs or "copy from" in theirs:  # git may pair empty files
        expected["none"] = ""
    assert apply_unified(theirs, BEFORE) == expected


def test_copies_links_and_modes() -> None:
    files = {"a": "1\n", "l": "@symlink:a"}
    copy = "diff --git a/a b/c\nsimilarity index 100%\ncopy from a\ncopy to c\n"
    assert apply_unified(copy, files) == {"c": "1\n"}
    assert apply_unified("diff --git a/a b/a\nold mode 100644\nnew mode 100755\n", files) == {}
    assert apply_unified("", files) == {}
    diff = unified_diff(files, {"a": "1\n", "l": "@symlink:b", "m": "@symlink:a"})
    assert "new file mode 120000" in diff
    assert apply_unified(diff, files) == {"l": "@symlink:b", "m": "@symlink:a"}
    assert apply_unified(unified_diff(files, {}), files) == {"a": None, "l": None}


@pytest.mark.parametrize(
    ("diff", "part"),
    [
        ("hello\n", "no '--- a/path'"),
        ("@@ -1 +1 @@\n-x\n+y\n", "before any"),
        ("--- a/f\n+++ b/f\n@@ ... @@\n-x\n", "is not a hunk header"),
        ("--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n-x\n", "other counts"),
        ("--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n-x\n@@ -5 +5 @@\n-x\n+y\n", "other counts"),
        ("--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n-x\ndiff --git a/g b/g\n", "other counts"),
        ("--- a/f\n+++ b/f\n@@ -2 +2 @@\n-x\n+y\n", "does not fit"),
        ("--- a/f\n+++ b/f\n@@ -9,0 +9 @@\n+y\n", "does not fit"),
        ("--- a/f\n+++ b/f\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n", "does not fit"),
        ("--- a/g\n+++ b/g\n@@ -1 +1 @@\n-x\n+y\n", "there is no file g"),
        ("--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+y\n", "said to be new"),
        ("--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", "lines are left"),
        ("--- a/../f\n+++ b/../f\n@@ -1 +1 @@\n-x\n+y\n", "is not allowed"),
        ("diff --git a/i b/i\nindex 1..2\nGIT binary patch\nliteral 3\n", "binary"),
    ],
)
def test_a_diff_that_does_not_fit_exactly_is_a_failure(diff: str, part: str) -> None:
    failure = apply_unified(diff, {"f": "x\nz\n"})
    assert isinstance(failure, FormatFailure)
    assert part in failure.why


@given(st.text(), _FILES)
def test_no_text_makes_it_raise(text: str, files: dict[str, str]) -> None:
    apply_unified(text, files)
    apply_unified(f"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n{text}", files)
