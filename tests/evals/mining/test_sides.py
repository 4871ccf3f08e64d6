"""Tests, source, documents or neither, by the components of a path and what pytest is told."""

import pytest

from harness.evals.mining.layout import find_layout, package_folders
from harness.evals.mining.sides import TestPlaces, find_test_places, reconfigures, side_of


def side(path: str, *others: str, **texts: str) -> str:
    paths = {path, *others}
    named = {name.replace("_toml", ".toml").replace("_ini", ".ini"): text for name, text in texts.items()}
    return side_of(path, find_test_places(paths, named), package_folders(paths))


@pytest.mark.parametrize(
    ("path", "others", "expected"),
    [
        ("tests/test_a.py", (), "tests"),
        ("tests/data/a.json", ("tests/test_a.py",), "tests"),
        ("tests/unit/deep/b.txt", ("tests/unit/test_a.py",), "tests"),
        ("conftest.py", (), "tests"),
        ("pkg/a_test.py", ("pkg/__init__.py",), "tests"),
        ("pkg/tests/data.csv", ("pkg/__init__.py", "pkg/tests/test_a.py"), "tests"),
        ("src/pkg/attestation.py", ("src/pkg/__init__.py", "tests/test_a.py"), "source"),
        ("src/contest/entry.py", ("tests/test_a.py",), "source"),
        ("pkg/test/client.py", ("pkg/__init__.py", "pkg/test/__init__.py", "tests/test_a.py"), "source"),
        ("pkg/testing.py", ("pkg/__init__.py",), "source"),
        ("pkg/data.json", ("pkg/__init__.py",), "source"),
        ("data.json", ("pkg/__init__.py",), "rest"),
        ("pyproject.toml", (), "rest"),
        ("setup.py", (), "rest"),
        ("scripts/release.py", (), "rest"),
        ("tools/__init__.py", ("tools/a.py",), "source"),
        ("README.md", (), "documents"),
        ("docs/conf.py", (), "documents"),
        (".github/workflows/ci.yml", (), "documents"),
        ("CHANGES.rst", (), "documents"),
        ("changes.py", (), "source"),
        ("LICENSE", (), "documents"),
        ("notes.txt", (), "documents"),
        ("pkg/help.txt", ("pkg/__init__.py",), "source"),
    ],
)
def test_side(path, others, expected):
    assert side(path, *others) == expected


def test_names_of_test_files_are_configured():
    assert side("checks/check_a.py", pyproject_toml='[tool.pytest.ini_options]\npython_files = "check_*.py"') == "tests"
    assert side("test_a.py", pytest_ini="[pytest]\npython_files = spec") == "source"
    assert side("spec_a.py", pytest_ini="[pytest]\npython_files = spec") == "tests"


def test_a_configured_folder_counts_when_most_of_it_is_tests():
    toml = '[tool.pytest.ini_options]\ntestpaths = ["checks", "pkg"]'
    assert side("checks/data.py", "checks/test_a.py", "checks/test_b.py", pyproject_toml=toml) == "tests"
    assert side("pkg/a.py", "pkg/__init__.py", "pkg/b.py", "pkg/c.py", pyproject_toml=toml) == "source"


def test_no_folder_above_the_tree_is_one_of_tests():
    assert side("a.py", "../test_a.py", pytest_ini="[pytest]\ntestpaths = .. .") == "source"


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        ("pyproject.toml", "", "[project]\nname = 'a'", False),
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\nmarkers = ['a']",
            "[tool.pytest.ini_options]\nmarkers = []",
            True,
        ),
        ("setup.cfg", "[tool:pytest]\nxfail_strict = true", "[metadata]\nname = a", True),
        ("tox.ini", "[tox]\nenvlist = a", "[tox]\nenvlist = b", False),
        ("pytest.ini", None, "[pytest]\nxfail_strict = true", True),
    ],
)
def test_reconfigures(path, before, after, expected):
    assert reconfigures(path, before, after) is expected


NOWHERE = TestPlaces(folders=frozenset(), patterns=("test_*.py",))


@pytest.mark.parametrize(
    ("paths", "changed", "kind", "roots", "packages", "part"),
    [
        (["pkg/__init__.py", "pkg/a.py", "setup.py"], ["pkg/a.py"], "root", (".",), ("pkg",), "."),
        (["src/pkg/__init__.py", "src/pkg/a.py"], ["src/pkg/a.py"], "src", ("src",), ("pkg",), "."),
        (["src/space/pkg/a.py"], ["src/space/pkg/a.py"], "src", ("src",), ("space",), "."),
        (["six.py", "setup.py"], ["six.py"], "loose", (".",), ("six",), "."),
        (
            ["a/pyproject.toml", "a/src/one/__init__.py", "b/pyproject.toml", "b/two/__init__.py", "b/two/x.py"],
            ["b/two/x.py"],
            "part", ("b", "a/src"), ("two",), "b",
        ),
    ],
)  # fmt: skip
def test_layout(paths, changed, kind, roots, packages, part):  # noqa: PLR0917 -- a row of the table
    found = find_layout(paths, NOWHERE, changed)
    assert (found.kind, found.roots, found.packages, found.part) == (kind, roots, packages, part)


def test_a_tree_without_python_has_no_layout():
    assert find_layout(["README.md"], NOWHERE, []).roots == ()
