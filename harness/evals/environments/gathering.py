"""Requirements of a repository's tests, gathered from the five places where projects keep them. Pure.

Extras, dependency groups, requirements files, ``tox.ini``, or nowhere. Each place is a source of its own, so that one
that cannot be resolved any more is left out, and said so, instead of losing the task.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from harness.evals.environments.declared import Declared, parsed_ini, parsed_toml, requirement, same_name

_TEST_NAMES = ("test", "tests", "testing", "tests_require", "unittest", "unit", "pytest", "check")
_WIDE_NAMES = ("dev", "develop", "development", "ci", "all")
_FILE = re.compile(r"^(requirements/|tests?/|\.?)[\w.-]*\.(txt|in|pip)$")
_TEST_WORD = re.compile(r"(^|[-_./])(tests?|testing)([-_./]|$)")
_WIDE_WORD = re.compile(r"(^|[-_./])(dev|develop|development|ci)([-_./]|$)")
_DEPTH = 5
_TOOLS = frozenset(
    {"coveralls", "codecov", "pytest-xdist", "pytest-randomly", "pytest-sugar", "tox", "nox"}
    | {"pre-commit", "black", "ruff", "flake8", "isort", "pylint", "mypy", "pyright", "bandit", "pydocstyle", "twine"}
    | {"sphinx", "sphinx-rtd-theme", "build", "bump2version", "bumpversion", "commitizen", "ipython", "ipdb", "wheel"}
)
"""Around tests, not for them; one that tests import after all is found missing by the trial run.

``coverage`` and ``pytest-cov`` are not among them: projects name their warnings in pytest's configuration, which cannot
be read without them. The plug-in is installed and not loaded.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place that names requirements."""

    name: str
    """``dependencies``, ``extra test``, ``group dev``, ``tox.ini [testenv]``, or a file's path."""
    requirements: tuple[str, ...]
    needed: bool = False
    """At run time: without it the project itself cannot be imported."""


def gather(texts: Mapping[str, str], declared: Declared) -> tuple[Source, ...]:
    """All sources, the most important first. Test-like names first; wide ones, such as ``dev``, after them."""
    found = [Source(name="dependencies", requirements=declared.dependencies, needed=True)]
    found += _named("extra", declared.extras, _TEST_NAMES)
    found += _named("group", declared.groups, _TEST_NAMES)
    found += _tox(texts, declared)
    found += _files(texts, declared, _TEST_WORD)
    if len(found) == 1 or not any(source.requirements for source in found[1:]):
        found += _named("extra", declared.extras, _WIDE_NAMES)
        found += _named("group", declared.groups, _WIDE_NAMES)
        found += _files(texts, declared, _WIDE_WORD)
    if not declared.dependencies and "requirements.txt" in texts:
        lines = tuple(_lines(texts, "requirements.txt", declared))
        found.insert(1, Source(name="requirements.txt", requirements=lines))
    kept = (_checked(source, declared) for source in found)
    return tuple(source for source in kept if source.requirements)


def named_in(texts: Mapping[str, str], declared: Declared) -> frozenset[str]:
    """Normal names of all distributions that the dependency files name anywhere, those that are not installed too."""
    lines = [*declared.dependencies, *(line for rows in declared.extras.values() for line in rows)]
    lines += [line for rows in declared.groups.values() for line in rows]
    lines += [line for source in _tox(texts, declared) for line in source.requirements]
    lines += [
        line for path in texts if _FILE.match(path) and "require" in path for line in _lines(texts, path, declared)
    ]
    return frozenset(canonicalize_name(found.name) for line in lines if (found := requirement(line)) is not None)


def _named(kind: str, table: Mapping[str, tuple[str, ...]], names: Iterable[str]) -> list[Source]:
    chosen = {name.lower(): name for name in table}
    return [Source(name=f"{kind} {chosen[name]}", requirements=table[chosen[name]]) for name in names if name in chosen]


def _tox(texts: Mapping[str, str], declared: Declared) -> list[Source]:
    legacy = parsed_toml(texts.get("pyproject.toml", "")).get("tool", {}).get("tox", {})
    inline = legacy.get("legacy_tox_ini", "") if isinstance(legacy, dict) else ""
    found = []
    for name, text in (("tox.ini", texts.get("tox.ini", "")), ("pyproject.toml tool.tox", str(inline))):
        ini = parsed_ini(text)
        if ini.has_section("testenv"):
            lines = tuple(_tox_lines(ini["testenv"].get("deps", ""), ini["testenv"], texts, declared))
            found.append(Source(name=f"{name} [testenv]", requirements=lines))
    return found


def _tox_lines(deps: str, section: Mapping[str, str], texts: Mapping[str, str], declared: Declared) -> Iterator[str]:
    for extra in re.split(r"[\s,]+", section.get("extras", "")):
        yield from declared.extras.get(extra, ())
    for group in re.split(r"[\s,]+", section.get("dependency_groups", "")):
        yield from declared.groups.get(group, ())
    for raw in deps.splitlines():
        line = raw.replace("{toxinidir}/", "").replace("{tox_root}/", "").strip()
        # `py27: mock` is for one environment among many.
        factor = re.match(r"^[\w!,{}.-]+:\s*(?!//)", line)
        if not factor and "{" not in line:
            yield from _line(line, "tox.ini", texts, declared, 0)


def _files(texts: Mapping[str, str], declared: Declared, word: re.Pattern[str]) -> list[Source]:
    paths = [path for path in texts if _FILE.match(path) and "require" in path and word.search(path)]
    # What was written by hand comes before what was compiled from it for one interpreter.
    written = [path for path in paths if path.endswith(".in") or f"{path.rpartition('.')[0]}.in" not in paths]
    order = sorted(written, key=lambda path: (path.count("/"), path))
    return [Source(name=path, requirements=tuple(_lines(texts, path, declared))) for path in order]


def _lines(texts: Mapping[str, str], path: str, declared: Declared, depth: int = 0) -> Iterator[str]:
    text = re.sub(r"\\\r?\n", " ", texts.get(path, ""))
    for line in text.splitlines():
        yield from _line(line, path, texts, declared, depth)


def _line(line: str, path: str, texts: Mapping[str, str], declared: Declared, depth: int) -> Iterator[str]:
    said = re.sub(r"(^|\s)#.*$", "", line)
    said = re.sub(r"\s--hash=\S+", "", said).strip()
    if other := re.match(r"^(?:-r|--requirement)[\s=]*(\S+)$", said):
        target = str(PurePosixPath(path).parent / other[1])
        if depth < _DEPTH:
            yield from _lines(texts, target if target in texts else other[1], declared, depth + 1)
    elif own := re.match(r"^(?:-e\s+|--editable[\s=])?\.(?:\[([\w,\s-]+)\])?$", said):
        for extra in (own[1] or "").split(","):
            yield from declared.extras.get(extra.strip(), ())
    elif said and not said.startswith("-"):
        yield said


def _checked(source: Source, declared: Declared) -> Source:
    """Without what is no requirement of tests, and with the project's own extras in place of its name."""
    kept: dict[str, None] = {}
    for line in source.requirements:
        for each in _expanded(line, declared, 0):
            if source.needed or not _is_tool(each):
                kept.setdefault(each)
    return Source(name=source.name, requirements=tuple(kept), needed=source.needed)


def _expanded(line: str, declared: Declared, depth: int) -> Iterator[str]:
    found = requirement(line)
    if found is None:
        return
    if not declared.name or not same_name(found.name, declared.name):
        yield str(found)
    elif depth < _DEPTH:
        for extra in sorted(found.extras):
            for other in declared.extras.get(extra, ()):
                yield from _expanded(other, declared, depth + 1)


def _is_tool(line: str) -> bool:
    found = requirement(line)
    return found is not None and (canonicalize_name(found.name) in _TOOLS or found.name.startswith("types-"))
