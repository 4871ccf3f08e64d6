"""What of a submission enters the tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evals.grading.policy import (
    LINK_ESCAPE,
    PATH_ESCAPE,
    PROTECTED,
    SHADOW,
    STARTUP,
    Ground,
    is_protected,
    sift,
    top_levels,
)

GROUND = Ground(
    base={
        "pyproject.toml": "[project]\nname = 'a'\n[tool.pytest.ini_options]\ntestpaths = ['tests']\n",
        "setup.cfg": "[metadata]\nname = a\n",
        "src/book/__init__.py": "",
        "src/types.py": "",
        "here": "@symlink:src",
        "tests/test_a.py": "",
    },
    tests=frozenset({"tests/test_a.py", "src/book/tests/unit/test_b.py"}),
    installed=frozenset({"iniconfig", "pytest"}),
    roots=("src", "."),
)


@pytest.mark.parametrize(
    ("path", "flag"),
    [
        ("../x", PATH_ESCAPE),
        ("a/../../x", PATH_ESCAPE),
        ("a/./x", PATH_ESCAPE),
        ("/etc/x", PATH_ESCAPE),
        ("~/x", PATH_ESCAPE),
        ("", PATH_ESCAPE),
        ("a//b", PATH_ESCAPE),
        ("a\\b", PATH_ESCAPE),
        ("a\0b", PATH_ESCAPE),
        (".git/config", PATH_ESCAPE),
        ("sub/.GIT/hooks/x", PATH_ESCAPE),
        (".g\u200cit/x", PATH_ESCAPE),
        (".git /x", PATH_ESCAPE),
        ("GIT~1/x", PATH_ESCAPE),
        ("here/x", LINK_ESCAPE),
        ("mine/x", LINK_ESCAPE),
    ],
)
def test_one_path_that_reaches_out_refuses_all(path, flag):
    sifted = sift({"src/book/ok.py": "", "mine": "@symlink:src", path: "x"}, GROUND)
    assert (sifted.kept, sifted.flags) == ({}, (flag,))
    assert sifted.refused == f"{flag}: {path!r}"


@pytest.mark.parametrize("target", ["/etc/passwd", "../../x", "../..", "~", "", "../.git/config", "a\n"])
def test_links_out_are_refused(target):
    assert sift({"src/link": f"@symlink:{target}"}, GROUND).flags == (LINK_ESCAPE,)


@pytest.mark.parametrize("target", ["../tests/test_a.py", "../tests/new.py", "../tests", "..", "book/tests"])
def test_links_to_tests_are_discarded(target):
    assert sift({"src/link": f"@symlink:{target}"}, GROUND).flags == (PROTECTED,)


def test_links_inside_are_kept():
    assert sift({"src/link": "@symlink:../src/other"}, GROUND).kept == {"src/link": "@symlink:../src/other"}


@pytest.mark.parametrize(
    ("path", "flag"),
    [
        ("tests/test_a.py", PROTECTED),
        ("tests/helpers/new.py", PROTECTED),
        ("src/book/tests/new.py", PROTECTED),
        ("conftest.py", PROTECTED),
        ("src/conftest.py", PROTECTED),
        ("pytest.ini", PROTECTED),
        ("src/sitecustomize.py", STARTUP),
        ("usercustomize/__init__.py", STARTUP),
        ("evil.pth", STARTUP),
        ("src/book/__pycache__/x.cpython-311.pyc", STARTUP),
        ("evil.dist-info/entry_points.txt", STARTUP),
        ("src/fast.so", STARTUP),
        ("src/iniconfig/__init__.py", SHADOW),
        ("pytest.py", SHADOW),
        ("json/__init__.py", SHADOW),
        ("src/random.py", SHADOW),
    ],
)
def test_what_is_discarded_and_why(path, flag):
    sifted = sift({path: "x", "src/book/ok.py": "y"}, GROUND)
    assert (sifted.kept, sifted.flags, sifted.dropped) == ({"src/book/ok.py": "y"}, (flag,), (path,))


@pytest.mark.parametrize(
    "path", ["src/book/json.py", "src/types.py", "src/other/tests/x.py", "docs/pytest.md", "testing.py"]
)
def test_what_is_kept(path):
    assert sift({path: "x"}, GROUND).flags == ()


def test_deleting_is_held_against_the_same_rules():
    assert sift({"tests/test_a.py": None}, GROUND).flags == (PROTECTED,)
    assert sift({"src/book/__init__.py": None}, GROUND).kept == {"src/book/__init__.py": None}


def test_shared_configuration_may_change_but_for_pytest():
    base = GROUND.base["pyproject.toml"]
    assert sift({"pyproject.toml": base + "[tool.other]\nx = 1\n"}, GROUND).flags == ()
    assert sift({"pyproject.toml": base.replace("tests", "src")}, GROUND).flags == (PROTECTED,)
    assert sift({"pyproject.toml": None}, GROUND).flags == (PROTECTED,)
    assert sift({"pyproject.toml": "[[["}, GROUND).flags == (PROTECTED,)
    assert sift({"pyproject.toml": "tool = 3"}, GROUND).flags == (PROTECTED,)
    assert sift({"setup.cfg": "[metadata]\nname = b\n"}, GROUND).flags == ()
    assert sift({"setup.cfg": "[tool:pytest]\naddopts = -x\n"}, GROUND).flags == (PROTECTED,)
    assert sift({"tox.ini": "[tox]\n"}, GROUND).flags == ()
    assert sift({"tox.ini": "nonsense"}, GROUND).flags == (PROTECTED,)


def test_a_test_file_without_a_folder_of_tests_protects_only_itself():
    assert is_protected("test_x.py", ["test_x.py"])
    assert not is_protected("other.py", ["test_x.py"])


def test_top_levels():
    assert top_levels(GROUND.base, "src") == {"book", "types"}
    assert top_levels(["a/b.py", "c.py", "d/e.txt"], ".") == {"a", "c"}


@given(
    st.dictionaries(
        st.text(alphabet="./a~\\\n.gitGT", max_size=12), st.one_of(st.none(), st.text(max_size=5)), max_size=5
    )
)
def test_whatever_is_kept_stays_in_the_tree(files):
    for path in sift(files, GROUND).kept:
        parts = path.split("/")
        assert not path.startswith("/")
        assert ".." not in parts
        assert ".git" not in [part.lower() for part in parts]
