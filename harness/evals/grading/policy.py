"""What of a submission may enter the tree it is graded in. Pure: paths and texts in, a decision out.

Three answers to a path: the submission is *refused* (it reaches for something outside the tree), the path is
*discarded* (it belongs to the tests, or would be run by the interpreter unasked), or it is kept. Discarding is
noted, not punished: people and agents write tests too.
"""

import configparser
import posixpath
import sys
import tomllib
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

LINK = "@symlink:"
PATH_ESCAPE = "path_escape"
"""Flag; refused: a path that is absolute, climbs out or lies in ``.git``."""
LINK_ESCAPE = "link_escape"
"""Flag; refused: a link that leads out of the tree, or a path that goes through a link."""
PROTECTED = "protected_path_discarded"
"""Flag: an edit of tests or of their configuration."""
STARTUP = "startup_file_discarded"
"""Flag: a file that interpreters run or load unasked."""
SHADOW = "shadow_module_discarded"
"""Flag: a new top-level module with the name of a standard or an installed one."""
REFUSED = frozenset({PATH_ESCAPE, LINK_ESCAPE})

TEST_CONFIGURATION = frozenset({"conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"})
SHARED_CONFIGURATION = {
    "pyproject.toml": ("tool", "pytest"),
    "tox.ini": ("pytest", "tool:pytest"),
    "setup.cfg": ("tool:pytest", "pytest"),
}
"""Files that configure pytest among other things, with the tables or sections that do."""
TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_STARTUP_NAMES = frozenset({"sitecustomize", "usercustomize"})
_STARTUP_SUFFIXES = (".pth", ".egg-link", ".pyc", ".pyo", ".so", ".pyd")
_METADATA_SUFFIXES = (".dist-info", ".egg-info")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a submission is held against."""

    base: Mapping[str, str]
    """Texts of the base tree by path; a link as ``@symlink:target``, a binary file as an empty text."""
    tests: Collection[str]
    """Paths of hidden test files and of every file that an expected test id names."""
    installed: Collection[str]
    """Top-level names of the packages in the grading environment."""
    roots: Collection[str]
    """Folders on the import path, relative to the tree; ``.`` is the tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """The part of a submission that enters the tree."""

    kept: Mapping[str, str | None]
    flags: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    """Paths that were discarded."""
    refused: str = ""
    """Why nothing of it may enter."""


def sift(files: Mapping[str, str | None], ground: Ground) -> Sifted:
    """Decide on every path of a submission; the first that must be refused refuses all."""
    for path, content in files.items():
        if flag := _escape(path, content, files, ground):
            return Sifted(kept={}, flags=(flag,), refused=f"{flag}: {path!r}")
    kept: dict[str, str | None] = {}
    dropped: dict[str, str] = {}
    for path, content in files.items():
        if flag := _unwanted(path, content, ground):
            dropped[path] = flag
        else:
            kept[path] = content
    return Sifted(kept=kept, flags=tuple(sorted(set(dropped.values()))), dropped=tuple(sorted(dropped)))


def _escape(path: str, content: str | None, files: Mapping[str, str | None], ground: Ground) -> str | None:
    parts = path.split("/")
    if not path or path.startswith(("/", "~")) or "\\" in path or any(ord(letter) < 32 for letter in path):
        return PATH_ESCAPE
    if any(part in ("", ".", "..") or is_git(part) for part in parts):
        return PATH_ESCAPE
    for parent in list(PurePosixPath(path).parents)[:-1]:
        above = files.get(str(parent), ground.base.get(str(parent)))
        if above is not None and above.startswith(LINK):
            return LINK_ESCAPE
    if content is not None and content.startswith(LINK) and not _stays(path, content.removeprefix(LINK)):
        return LINK_ESCAPE
    return None


def is_git(part: str) -> bool:
    """Whether some file system takes *part* for ``.git``: in any case, with letters that are not seen, or shortened."""
    seen = "".join(letter for letter in unicodedata.normalize("NFKC", part) if unicodedata.category(letter) != "Cf")
    return seen.casefold().rstrip(". ") in (".git", "git~1")


def _stays(path: str, target: str) -> bool:
    """Whether a link at *path* leads to a place in the tree that is not ``.git``."""
    end = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    outside = target.startswith(("/", "~")) or end.startswith("..") or not target or any(ord(c) < 32 for c in target)
    return not outside and not any(is_git(part) for part in end.split("/"))


def _unwanted(path: str, content: str | None, ground: Ground) -> str | None:
    if (
        is_protected(path, ground.tests)
        or _leads_to_tests(path, content, ground.tests)
        or _reconfigures(path, content, ground.base.get(path))
    ):
        return PROTECTED
    if _starts_up(path):
        return STARTUP
    if content is not None and any(name in _taken(ground) for name in _new_top_levels(path, ground)):
        return SHADOW
    return None


def is_protected(path: str, tests: Collection[str]) -> bool:
    """Whether *path* is a test, lies in a folder of tests that are graded with, or configures pytest."""
    if path in tests or PurePosixPath(path).name in TEST_CONFIGURATION:
        return True
    return any(PurePosixPath(path).is_relative_to(folder) for folder in set(_test_folders(tests)))


def _test_folders(tests: Collection[str]) -> Iterator[PurePosixPath]:
    """The outermost folder called like tests above each test file."""
    for test in tests:
        named = [folder for folder in PurePosixPath(test).parents if folder.name in TEST_FOLDERS]
        yield from named[-1:]


def _leads_to_tests(path: str, content: str | None, tests: Collection[str]) -> bool:
    """Whether a link gives tests another name, under which they could be read unseen."""
    if content is None or not content.startswith(LINK):
        return False
    end = posixpath.normpath(posixpath.join(posixpath.dirname(path), content.removeprefix(LINK)))
    return is_protected(end, tests) or any(PurePosixPath(test).is_relative_to(end) for test in tests)


def _reconfigures(path: str, content: str | None, before: str | None) -> bool:
    sections = SHARED_CONFIGURATION.get(path)
    if sections is None:
        return False
    return _pytest_part(path, content, sections) != _pytest_part(path, before, sections)


def _pytest_part(path: str, text: str | None, sections: tuple[str, ...]) -> object:
    """What *text* says to pytest; a value equal to no other if it does not parse."""
    if text is None:
        return {}
    try:
        if path.endswith(".toml"):
            return tomllib.loads(text).get("tool", {}).get("pytest", {})
        parser = configparser.RawConfigParser(strict=False)
        parser.read_string(text)
    except (tomllib.TOMLDecodeError, configparser.Error, AttributeError):
        return object()
    return {name: dict(parser[name]) for name in sections if parser.has_section(name)}


def _starts_up(path: str) -> bool:
    *folders, name = path.split("/")
    return (
        name.endswith(_STARTUP_SUFFIXES)
        or bool(_STARTUP_NAMES & {part.partition(".")[0] for part in (*folders, name)})
        or any(folder.endswith(_METADATA_SUFFIXES) or folder == "__pycache__" for folder in folders)
    )


def _taken(ground: Ground) -> set[str]:
    return {*sys.stdlib_module_names, *ground.installed}


def _new_top_levels(path: str, ground: Ground) -> Iterator[str]:
    """Importable top-level names that *path* brings and that the base has not, one per import root at most."""
    for root in ground.roots:
        inside = path if root == "." else path.removeprefix(f"{root}/")
        if root != "." and inside == path:
            continue
        name = inside.partition("/")[0].partition(".")[0]
        if name not in top_levels(ground.base, root):
            yield name


def top_levels(paths: Collection[str], root: str) -> set[str]:
    """Top-level names importable from the folder *root*: ``paths`` are files of the tree."""
    prefix = "" if root == "." else f"{root}/"
    inside = (path.removeprefix(prefix) for path in paths if path.startswith(prefix))
    return {path.partition("/")[0].partition(".")[0] for path in inside if path.endswith(".py")}
