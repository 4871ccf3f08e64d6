"""Which side of a commit a path is on: tests, source, documents, or none of them. Pure: paths and texts in."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Final, Literal

from harness.evals.grading.policy import SHARED_CONFIGURATION, TEST_CONFIGURATION, TEST_FOLDERS
from harness.evals.grading.pytest_config import read_config

Side = Literal["tests", "source", "documents", "rest"]

CONFIGURATION: Final = (*SHARED_CONFIGURATION, *sorted(TEST_CONFIGURATION - {"conftest.py"}))
"""Files at the top that may configure pytest."""
TESTS: Final = TEST_FOLDERS | {"e2e"}
"""Path components of folders of tests."""
_PATTERNS: Final = ("test_*.py", "*_test.py")
_PYTHON: Final = (".py", ".pyi")
_TEXTS: Final = frozenset({".md", ".rst", ".adoc", ".txt", ".png", ".svg", ".gif", ".jpg"})
_ABOUT: Final = frozenset(
    {"license", "licence", "copying", "authors", "contributors", "changelog", "changes", "history", "news", "readme"}
)
_ABOUT_FOLDERS: Final = frozenset(
    {"doc", "docs", "changelog.d", "newsfragments", "changes", "news", ".github", ".circleci", ".gitlab", ".vscode"}
)
_ABOUT_FILES: Final = frozenset(
    {".gitignore", ".gitattributes", ".editorconfig", ".mailmap", ".pre-commit-config.yaml", ".travis.yml"}
    | {".gitlab-ci.yml", ".readthedocs.yml", ".readthedocs.yaml", ".codecov.yml", "codecov.yml", "appveyor.yml"}
)
_BUILD: Final = frozenset({"setup.py", "noxfile.py", "tasks.py", "fabfile.py", "dodo.py", "conf.py", "build.py"})
"""Scripts that no test imports, when they lie at the top."""
_SCRIPTS: Final = frozenset(
    {"benchmarks", "benchmark", "bench", "scripts", "tools", "examples", "example", ".ci", "ci"}
)
"""Folders at the top whose files no package holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestPlaces:
    """Where a repository keeps its tests, at one commit."""

    __test__ = False

    folders: frozenset[str]
    """Everything below them is of the tests: data, too."""
    patterns: tuple[str, ...]
    """Names of test modules, with wildcards."""

    def is_module(self, path: str) -> bool:
        """Whether pytest would look for tests in *path*."""
        name = PurePosixPath(path).name
        return path.endswith(".py") and any(fnmatchcase(name, pattern) for pattern in self.patterns)

    def holds(self, path: str) -> bool:
        """Whether *path* is on the test side, whatever it contains."""
        if self.is_module(path) or PurePosixPath(path).name in TEST_CONFIGURATION:
            return True
        return any(str(parent) in self.folders for parent in PurePosixPath(path).parents)


def find_test_places(paths: Collection[str], texts: Mapping[str, str]) -> TestPlaces:
    """Where the tests of a tree are: *paths* are all its files, *texts* its ``CONFIGURATION`` files.

    A folder counts for its name only if there are test modules in it: ``django/test`` is source. A configured
    ``testpaths`` counts if most of its modules are tests: it may as well name the package, for its doctests.
    """
    config = read_config(texts)
    patterns = tuple(config.options.get("python_files", "").split()) or _PATTERNS
    places = TestPlaces(folders=frozenset(), patterns=tuple(_as_glob(each) for each in patterns))
    modules = [path for path in paths if places.is_module(path) or PurePosixPath(path).name == "conftest.py"]
    packages = {str(PurePosixPath(path).parent) for path in paths if path.endswith("/__init__.py")}
    named = {folder for path in modules for folder in _named(path, packages)}
    configured = {
        path.strip("/") for path in config.testpaths if _mostly_tests(path.strip("/"), paths, named, set(modules))
    }
    return TestPlaces(folders=frozenset(named | configured), patterns=places.patterns)


def _as_glob(pattern: str) -> str:
    """Pytest takes a pattern without wildcards as the start of a name."""
    return pattern if any(letter in pattern for letter in "*?[") else f"{pattern}*"


def _named(module: str, packages: Collection[str]) -> Iterable[str]:
    """The outermost folder above *module* that is called like tests; inside a package, only the nearest."""
    named = [folder for folder in PurePosixPath(module).parents if folder.name in TESTS]
    for folder in reversed(named):
        if str(folder.parent) not in packages or folder.name == "tests" or folder == PurePosixPath(module).parent:
            yield str(folder)
            return


def _mostly_tests(folder: str, paths: Iterable[str], named: Collection[str], modules: Collection[str]) -> bool:
    if folder in ("", ".") or ".." in folder:
        return False
    inside = [path for path in paths if path.startswith(f"{folder}/") and path.endswith(".py")]
    tests = [
        path for path in inside
        if path in modules or any(path.startswith(f"{each}/") for each in named) or path.endswith("__init__.py")
    ]  # fmt: skip
    return bool(inside) and 2 * len(tests) > len(inside)


def side_of(path: str, places: TestPlaces, packages: Collection[str]) -> Side:
    """The side of *path*; *packages* are the folders of the tree that hold an ``__init__.py``.

    A file that configures pytest among other things counts as ``rest``: see ``reconfigures``.
    """
    if places.holds(path):
        return "tests"
    top, _, inside = path.partition("/")
    if path in CONFIGURATION:
        return "rest"
    if _is_document(path):
        return "documents"
    if (not inside and path in _BUILD) or (inside and top.lower() in _SCRIPTS and top not in packages):
        return "rest"
    if path.endswith(_PYTHON):
        return "source"
    return "source" if any(str(parent) in packages for parent in PurePosixPath(path).parents) else "rest"


def _is_document(path: str) -> bool:
    *folders, name = path.lower().split("/")
    if name in _ABOUT_FILES or _ABOUT_FOLDERS & set(folders[:1]):
        return True
    if name.partition(".")[0] in _ABOUT and not name.endswith(_PYTHON):
        return True
    return not folders and PurePosixPath(name).suffix in _TEXTS


def reconfigures(path: str, before: str | None, after: str | None) -> bool:
    """Whether a change of the configuration file *path* changes how pytest is configured."""
    return read_config({path: before or ""}) != read_config({path: after or ""})
