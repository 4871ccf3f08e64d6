"""Edits as models write them: three formats, many spellings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evals.patches import Edits, FormatFailure, apply, parse
from harness.evals.patches.edits import Applied

FILES = {
    "src/a.py": "import os\n\n\ndef f(x):\n    if x:\n        return 1\n    return 2\n",
    "src/b.py": "one\ntwo\nthree\n",
    "README.md": "# Title\n",
}

BLOCK = "<<<<<<< SEARCH\n    return 2\n=======\n    return 3\n>>>>>>> REPLACE"
AFTER = FILES["src/a.py"].replace("return 2", "return 3")


def done(text: str, files: dict[str, str] | None = None) -> Applied:
    edits = parse(text)
    assert isinstance(edits, Edits), edits
    applied = apply(edits, FILES if files is None else files)
    assert isinstance(applied, Applied), applied
    return applied


def failed(text: str) -> str:
    edits = parse(text)
    if isinstance(edits, FormatFailure):
        return edits.why
    applied = apply(edits, FILES)
    assert isinstance(applied, FormatFailure), applied
    return applied.why


@pytest.mark.parametrize(
    "text",
    [
        f"src/a.py\n{BLOCK}\n",
        f"Here is the fix.\n\nsrc/a.py\n```python\n{BLOCK}\n```\nDone.",
        f"```python\nsrc/a.py\n{BLOCK}\n```",
        f"### `src/a.py`:\n\n```\n{BLOCK}\n```",
        f"**File: src/a.py**\n{BLOCK}",
        f"1. src/a.py\n{BLOCK}",
        f"```python src/a.py\n{BLOCK}\n```",
        f"```python:src/a.py\n{BLOCK}\n```",
        f"```python\n{BLOCK.replace('SEARCH', 'SEARCH src/a.py')}\n```",
        f"./src/a.py\n{BLOCK}",
        f"src/a.py\r\n{BLOCK}".replace("\n", "\r\n").replace("\r\r", "\r"),
    ],
)
def test_a_search_replace_block_is_read_however_its_path_is_written(text: str) -> None:
    applied = done(text)
    assert (applied.format, applied.files, applied.repair) == ("search_replace", {"src/a.py": AFTER}, "")


def test_the_path_of_the_block_before_holds_on() -> None:
    second = "<<<<<<< SEARCH\nimport os\n=======\nimport sys\n>>>>>>> REPLACE"
    assert done(f"src/a.py\n{BLOCK}\n\n{second}").files == {"src/a.py": AFTER.replace("import os", "import sys")}


def test_an_empty_search_makes_a_file_and_announced_files_stand_beside_blocks() -> None:
    new = "src/c.py\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE"
    text = f"{new}\nsrc/a.py\n{BLOCK}\nFILE: src/d.py\n```\ny = 2\n```\nAs an example:\n```\nnot a file\n```\n"
    assert done(text).files == {"src/c.py": "x = 1\n", "src/a.py": AFTER, "src/d.py": "y = 2\n"}
    assert done("src/e.py\n<<<<<<< SEARCH\n=======\n>>>>>>> REPLACE").files == {"src/e.py": ""}
    assert "the file exists" in failed("src/b.py\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE")


def test_white_space_is_repaired_when_the_place_is_unique_and_the_shift_uniform() -> None:
    flat = "src/a.py\n<<<<<<< SEARCH\nif x:\n    return 1\n=======\nif not x:\n\n    return 1\n>>>>>>> REPLACE"
    applied = done(flat)
    assert applied.repair == "whitespace"
    assert applied.files["src/a.py"] == FILES["src/a.py"].replace("    if x:", "    if not x:\n")
    deep = "src/a.py\n<<<<<<< SEARCH\n\n      if x:\n          return 1 \n=======\n      if y:\n          return 1\n>>>>>>> REPLACE"
    assert done(deep).files["src/a.py"] == FILES["src/a.py"].replace("if x:", "if y:")
    uneven = "src/a.py\n<<<<<<< SEARCH\nif x:\nreturn 1\n=======\nif y:\nreturn 1\n>>>>>>> REPLACE"
    assert "indentation" in failed(uneven)
    shallow = "src/a.py\n<<<<<<< SEARCH\n      if x:\n          return 1\n=======\nif y:\n  return 1\n>>>>>>> REPLACE"
    assert "indentation" in failed(shallow)


def test_an_absent_or_ambiguous_place_is_told_so_that_the_next_try_can_work() -> None:
    why = failed("src/a.py\n<<<<<<< SEARCH\n    return 22\n=======\n    return 3\n>>>>>>> REPLACE")
    assert "block 1 (src/a.py)" in why
    assert "'return 22'" in why
    assert "nearest line of the file is 'return 2'" in why
    assert "nearest" not in failed("src/a.py\n<<<<<<< SEARCH\nzzzzzzzz\n=======\ny\n>>>>>>> REPLACE")
    assert "lines to find are blank" in failed("src/b.py\n<<<<<<< SEARCH\n   \n=======\ny\n>>>>>>> REPLACE")
    twice = {"src/b.py": "x\ny\nx\n  z\nq\n z\n"}
    edits = parse("src/b.py\n<<<<<<< SEARCH\nx\n=======\nw\n>>>>>>> REPLACE")
    assert isinstance(edits, Edits)
    failure = apply(edits, twice)
    assert isinstance(failure, FormatFailure)
    assert "2 places of the file (lines 1, 3)" in failure.why
    edits = parse("src/b.py\n<<<<<<< SEARCH\nz\n=======\nw\n>>>>>>> REPLACE")
    assert isinstance(edits, Edits)
    failure = apply(edits, twice)
    assert isinstance(failure, FormatFailure)
    assert "(lines 4, 6)" in failure.why


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no edit in the answer"),
        ("I cannot do this.", "no edit in the answer"),
        (f"Change it so:\n{BLOCK}", "no path line above"),
        (f"\n{BLOCK}", "no path line above"),
        ("src/a.py\n<<<<<<< SEARCH\nx\n=======\ny\n", "no '>>>>>>> REPLACE'"),
        (f"src/a.py\n<<<<<<< SEARCH\nx\n=======\ny\n{BLOCK}", "no '>>>>>>> REPLACE'"),
        ("src/a.py\n<<<<<<< SEARCH\nx\n>>>>>>> REPLACE", "has no '=======' lines"),
        ("src/a.py\n<<<<<<< SEARCH\nx\n=======\ny\n=======\nz\n>>>>>>> REPLACE", "has 2 '=======' lines"),
        (f"src/zz/a.py\n{BLOCK}", "Did you mean src/a.py?"),
        (f"src/zz.py\n{BLOCK}", "there is no file src/zz.py."),
        ("FILE: src/a.py\n```python\nx = 1", "cut off"),
        ("FILE: src/a.py\n```\n@symlink:/etc/passwd\n```", "may not begin with '@symlink:'"),
        ("src/c.py\n<<<<<<< SEARCH\n=======\n@symlink:x\n>>>>>>> REPLACE", "may not begin"),
        ("FILE: src/a.py/x\n```\ny\n```", "src/a.py is a file"),
        ("FILE: src\n```\ny\n```", "src is a folder"),
        ("x" * 2_000_001, "at most 2000000"),
        ("--- a/x.png\n+++ b/x.png\nBinary files a/x.png and b/x.png differ\n", "binary"),
        ("--- a/gone.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", "there is no file gone.py"),
        ("--- /dev/null\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", "changes nothing"),
        ("diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n", "symbolic links"),
        ("diff --git a/gone b/new\nrename from gone\nrename to new\n", "there is no file gone"),
        ("diff --git a/src/a.py b/src/b.py\nrename from src/a.py\nrename to src/b.py\n", "that file exists"),
    ],
)
def test_what_cannot_be_read_or_applied_is_a_failure_with_a_reason(text: str, part: str) -> None:
    assert part in failed(text)


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../x.py", "src/../../x.py", "~/x.py", "C:/x.py", "src\\x.py", ".git/hooks/pre-commit", "src/.GIT/x", "a/.git./x",
     "a/git~1/x", ".g\u200bit/x", "a//b.py", "src/", "a/" + "x" * 300 + ".py", "src/\x00a.py", "a/\x1b[2J.py", ".git:x/y"],
)  # fmt: skip
def test_a_path_that_may_leave_the_repository_is_refused(path: str) -> None:
    for text in (
        f"FILE: {path}\n```\nx\n```",
        f"FILE: {path}\n{BLOCK}",
        f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n",
        f"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-x\n+y\n",
    ):
        assert "is not allowed" in failed(text)


@pytest.mark.parametrize(
    "text",
    [
        "FILE: src/c.py\n```python\nx = 1\n```\n",
        "src/c.py\n```python\nx = 1\n```\n",
        "### src/c.py\n\n~~~\nx = 1\n~~~\n",
        "```python src/c.py\nx = 1\n```",
        '```python title="src/c.py"\nx = 1\n```',
        "Some prose, and an example:\n```\nfoo\n```\n**src/c.py**:\n```\nx = 1\n```\n",
    ],
)
def test_a_whole_file_is_read_with_its_path(text: str) -> None:
    applied = done(text)
    assert (applied.format, applied.files) == ("whole_file", {"src/c.py": "x = 1\n"})


def test_a_whole_file_may_hold_fences_be_empty_or_change_nothing() -> None:
    inner = "# Doc\n```python\nx\n```\nend\n"
    assert done(f"FILE: DOC.md\n```markdown\n{inner}```\n").files == {"DOC.md": inner}
    assert done(f"FILE: DOC.md\n````\n{inner}````\n").files == {"DOC.md": inner}
    assert done("FILE: src/__init__.py\n```\n```\n").files == {"src/__init__.py": ""}
    assert done("README.md\n```\n# Title\n```").files == {}
    assert done("Makefile\n```\nall:\n```").files == {"Makefile": "all:\n"}


HUNK = "@@ -4,4 +4,4 @@ def f\n def f(x):\n     if x:\n         return 1\n-    return 2\n+    return 3\n"


@pytest.mark.parametrize(
    ("text", "repair"),
    [
        (f"--- a/src/a.py\n+++ b/src/a.py\n{HUNK}", ""),
        (f"Sure:\n```diff\ndiff --git a/src/a.py b/src/a.py\nindex 1..2 100644\n--- a/src/a.py\n+++ b/src/a.py\n{HUNK}```\nDone.", ""),
        (f"--- src/a.py\t2026-01-01\n+++ src/a.py\t2026-01-01\n{HUNK}", ""),
        (f"--- a/src/a.py\n+++ b/src/a.py\n{HUNK.replace('-4,4 +4,4', '-90,9 +90,12')}", "recounted"),
        (f"--- a/src/a.py\n+++ b/src/a.py\n{HUNK.replace('@@ -4,4 +4,4 @@ def f', '@@ ... @@')}", ""),
        (f"```diff\n--- a/src/a.py\n+++ b/src/a.py\n{HUNK.replace(' def f(x)', 'def f(x)')}```", "context"),
        (f"--- a/src/a.py\n+++ b/src/a.py\n{HUNK}\nThat is all.\n", "context,recounted"),
        (f"--- a/src/a.py\n+++ b/src/a.py\n{HUNK.replace('     if x', '   if x')}", "whitespace"),
    ],
)  # fmt: skip
def test_a_diff_is_read_leniently(text: str, repair: str) -> None:
    if repair == "whitespace":
        assert "indentation" in failed(text)
        return
    applied = done(text)
    assert (applied.format, applied.files, applied.repair) == ("udiff", {"src/a.py": AFTER}, repair)


def test_a_diff_makes_deletes_and_renames_files() -> None:
    text = (
        "--- /dev/null\n+++ b/src/new.py\n@@ -0,0 +1,2 @@\n+a\n+b\n"
        "--- a/src/b.py\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-one\n-two\n-three\n"
        "diff --git a/README.md b/DOC.md\nsimilarity index 50%\nrename from README.md\nrename to DOC.md\n"
        "--- a/README.md\n+++ b/DOC.md\n@@ -1 +1 @@\n-# Title\n+# Other\n"
    )
    assert done(text).files == {"src/new.py": "a\nb\n", "src/b.py": None, "README.md": None, "DOC.md": "# Other\n"}
    no_newline = "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n"
    assert done(no_newline).files == {"n": "a"}
    assert done("diff --git a/e.py b/e.py\nnew file mode 100644\nindex 0..0\n").files == {"e.py": ""}


def test_line_numbers_only_choose_between_equal_places() -> None:
    files = {"t": "x\na\nx\na\nx\n"}
    text = "--- a/t\n+++ b/t\n@@ -4 +4 @@\n-a\n+b\n"
    assert done(text, files).files == {"t": "x\na\nx\nb\nx\n"}
    edits = parse(text.replace("-4 +4", "-9 +9"))
    assert isinstance(edits, Edits)
    assert isinstance(apply(edits, files), FormatFailure)


def test_the_line_ends_of_a_file_stay() -> None:
    applied = done("w.txt\n<<<<<<< SEARCH\nb\n=======\nc\nd\n>>>>>>> REPLACE", {"w.txt": "a\r\nb\r\n"})
    assert (applied.files, applied.repair) == ({"w.txt": "a\r\nc\r\nd\r\n"}, "crlf")


def test_a_deleted_content_line_that_looks_like_a_header_is_content() -> None:
    files = {"q.sql": "-- old\nselect 1\n"}
    text = "--- a/q.sql\n+++ b/q.sql\n@@ -1,2 +1,2 @@\n--- old\n+++ new\n select 1\n"
    assert done(text, files).files == {"q.sql": "++ new\nselect 1\n"}


_PIECES = st.sampled_from(
    ["<<<<<<< SEARCH\n", "=======\n", ">>>>>>> REPLACE\n", "```diff\n", "```\n", "--- a/x\n", "+++ b/x\n", "@@ -1,2 +1 @@\n", "@@\n", "-a\n",
     "+b\n", " c\n", "src/a.py\n", "FILE: src/a.py\n", "diff --git a/x b/y\n", "rename from x\n", "rename to y\n", "new file mode 120000\n",
     "\\ No newline at end of file\n", "\n", "    return 2\n", "deleted file mode 100644\n", 'diff --git "a/\\303" "b/\\n"\n', "+++ /dev/null\n"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=14).map("".join)))
def test_parsing_and_applying_never_raise(text: str) -> None:
    edits = parse(text)
    if isinstance(edits, Edits):
        assert edits.changes
        result = apply(edits, FILES)
        assert isinstance(result, FormatFailure | Applied)
