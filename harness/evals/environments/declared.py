"""What a repository says of itself, read from its packaging files as data: nothing of it is executed. Pure."""

import ast
import configparser
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.parser import HeaderParser
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The packaging metadata that can be read without running a build."""

    name: str = ""
    version: str = ""
    """Empty: computed by its build."""
    requires_python: str = ""
    dependencies: tuple[str, ...] = ()
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Dependency groups, those of poetry, pdm, hatch and uv included."""
    entry_points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By group and name; ``console_scripts`` included."""
    classifiers: tuple[str, ...] = ()
    build_requires: tuple[str, ...] = ("setuptools", "wheel")
    backend: str = "setuptools.build_meta:__legacy__"
    backend_path: tuple[str, ...] = ()
    computed: bool = False
    """Dependencies are computed by the build: only running it would tell them."""


def read_declared(texts: Mapping[str, str]) -> Declared:
    """The metadata in *texts*, files by path. A file that does not parse declares nothing."""
    pyproject = parsed_toml(texts.get("pyproject.toml", ""))
    found = _legacy(texts)
    project = _table(pyproject, "project")
    if project:
        found = _of_project(project, found)
    elif poetry := _table(pyproject, "tool", "poetry"):
        found = _of_poetry(poetry)
    elif flit := _table(pyproject, "tool", "flit", "metadata"):
        found = _of_flit(flit)
    return replace(found, groups=dict(_groups(pyproject)), **build_system(pyproject))


def parsed_toml(text: str) -> dict[str, Any]:
    """The document in *text*; empty if it does not parse."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def parsed_ini(text: str) -> configparser.RawConfigParser:
    """The sections in *text*; none if it does not parse."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#", ";"))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text)
    except configparser.Error:
        return configparser.RawConfigParser()
    return parser


def _table(document: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    for key in keys:
        document = document.get(key, {}) if isinstance(document, dict) else {}
    return document if isinstance(document, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [line for line in value.splitlines() if line.strip()]
    return tuple(each.strip() for each in value if isinstance(each, str)) if isinstance(value, list | tuple) else ()


def _lists(value: object) -> dict[str, tuple[str, ...]]:
    return {str(name): _texts(rows) for name, rows in value.items()} if isinstance(value, dict) else {}


def build_system(pyproject: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of ``Declared`` that the table ``build-system`` of a parsed pyproject.toml sets."""
    table = _table(pyproject, "build-system")
    found: dict[str, Any] = {}
    if isinstance(table.get("requires"), list):
        found["build_requires"] = _texts(table["requires"])
    if isinstance(table.get("build-backend"), str):
        found["backend"] = table["build-backend"]
    if table.get("backend-path"):
        found["backend_path"] = _texts(table["backend-path"])
    return found


def _of_project(project: Mapping[str, Any], legacy: Declared) -> Declared:
    """PEP 621; what it calls dynamic is taken from *legacy* files where they say it."""
    dynamic = set(_texts(project.get("dynamic")))
    points = {str(group): _names(rows) for group, rows in _table(project, "entry-points").items()}
    points |= {
        group: _names(project[key])
        for key, group in (("scripts", "console_scripts"), ("gui-scripts", "gui_scripts"))
        if project.get(key)
    }
    dependencies = _texts(project.get("dependencies"))
    return Declared(
        name=str(project.get("name", "")),
        version=str(project.get("version", "")),
        requires_python=str(project.get("requires-python", "")),
        dependencies=legacy.dependencies if "dependencies" in dynamic else dependencies,
        extras=legacy.extras if "optional-dependencies" in dynamic else _lists(project.get("optional-dependencies")),
        entry_points=points,
        classifiers=_texts(project.get("classifiers")) or legacy.classifiers,
        computed="dependencies" in dynamic and not legacy.dependencies,
    )


def _names(value: object) -> dict[str, str]:
    return {str(name): str(target) for name, target in value.items()} if isinstance(value, dict) else {}


# --- poetry and flit --------------------------------------------------------------------------------------------------


def _of_poetry(poetry: Mapping[str, Any]) -> Declared:
    table = _table(poetry, "dependencies")
    rows = {name: spec for name, spec in table.items() if name != "python"}
    optional = {name for name, spec in rows.items() if isinstance(spec, dict) and spec.get("optional")}
    python = table.get("python")
    extras = {
        str(extra): tuple(line for name in _texts(names) for line in _poetry_lines({name: rows.get(name, "*")}))
        for extra, names in _table(poetry, "extras").items()
    }
    return Declared(
        name=str(poetry.get("name", "")),
        version=str(poetry.get("version", "")),
        requires_python=poetry_specifier(python) if isinstance(python, str) else "",
        dependencies=tuple(_poetry_lines({name: spec for name, spec in rows.items() if name not in optional})),
        extras=extras,
        entry_points={"console_scripts": _names(poetry.get("scripts"))} if poetry.get("scripts") else {},
        classifiers=_texts(poetry.get("classifiers")),
    )


def _poetry_lines(rows: Mapping[str, Any]) -> Iterator[str]:
    for name, spec in rows.items():
        several = spec if isinstance(spec, list) else [spec]
        for each in several:
            version = each.get("version", "*") if isinstance(each, dict) else each
            if isinstance(version, str) and not (isinstance(each, dict) and {"git", "path", "url"} & set(each)):
                extras = ",".join(_texts(each.get("extras"))) if isinstance(each, dict) else ""
                marker = str(each.get("markers", "")) if isinstance(each, dict) else ""
                line = f"{name}[{extras}]" if extras else name
                yield line + poetry_specifier(version) + (f" ; {marker}" if marker else "")


def poetry_specifier(text: str) -> str:
    """A version constraint of poetry as a specifier of PEP 440; of alternatives, the widest that contains them.

    >>> poetry_specifier("^1.2"), poetry_specifier("~2.7 || ^3.5"), poetry_specifier("*")
    ('>=1.2,<2', '>=2.7,<4', '')
    """
    branches = [_poetry_branch(branch) for branch in re.split(r"\|\|?", text)]
    if len(branches) > 1:
        lows = [part for branch in branches for part in branch if part.startswith(">=")]
        highs = [part for branch in branches[-1:] for part in branch if part.startswith("<")]
        return ",".join([*lows[:1], *highs[:1]])
    return ",".join(branches[0])


def _poetry_branch(text: str) -> list[str]:
    found: list[str] = []
    for part in filter(None, re.split(r"[,\s]+(?![^<>=!~^]*$)|,", text.strip())):
        found += _poetry_part(part.replace(" ", ""))
    return found


def _poetry_part(part: str) -> list[str]:
    if part in ("*", ""):
        return []
    if part[0] in "^~" and not part.startswith("~="):
        version = part[1:].lstrip("=")
        return [f">={version}", f"<{_next(version, caret=part[0] == '^')}"]
    return [part if part[0] in "<>=!~" else f"=={part}"]


def _next(version: str, *, caret: bool) -> str:
    """The first version that a caret or a tilde before *version* excludes."""
    numbers = [int(number) for number in re.findall(r"\d+", version)[:3]] or [0]
    at = (
        next((i for i, number in enumerate(numbers) if number), len(numbers) - 1) if caret else min(1, len(numbers) - 1)
    )
    return ".".join(map(str, [*numbers[:at], numbers[at] + 1]))


def _of_flit(flit: Mapping[str, Any]) -> Declared:
    return Declared(
        name=str(flit.get("dist-name", flit.get("module", ""))),
        requires_python=str(flit.get("requires-python", "")),
        dependencies=_texts(flit.get("requires")),
        extras=_lists(flit.get("requires-extra")),
        classifiers=_texts(flit.get("classifiers")),
    )


# --- groups -----------------------------------------------------------------------------------------------------------


def _groups(pyproject: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    table = _table(pyproject, "dependency-groups")
    for name in table:
        yield str(name), tuple(_group(table, str(name), frozenset()))
    tool = _table(pyproject, "tool")
    poetry = _table(tool, "poetry")
    if poetry.get("dev-dependencies"):
        yield "dev", tuple(_poetry_lines(_table(poetry, "dev-dependencies")))
    for name, group in _table(poetry, "group").items():
        yield str(name), tuple(_poetry_lines(_table(group, "dependencies")))
    yield from _lists(_table(tool, "pdm", "dev-dependencies")).items()
    if tool.get("uv"):
        yield "dev", _texts(_table(tool, "uv").get("dev-dependencies"))
    for name, env in _table(tool, "hatch", "envs").items():
        rows = (*_texts(_table(env).get("dependencies")), *_texts(_table(env).get("extra-dependencies")))
        yield "test" if name in ("default", "hatch-test") else str(name), rows


def _group(table: Mapping[str, Any], name: str, above: frozenset[str]) -> Iterator[str]:
    rows = table.get(name, ())
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, str):
            yield row
        elif isinstance(row, dict) and (other := str(row.get("include-group", ""))) not in {*above, name}:
            yield from _group(table, other, above | {name})


# --- setup.cfg and setup.py -------------------------------------------------------------------------------------------


def _legacy(texts: Mapping[str, str]) -> Declared:
    said = _setup_arguments(texts.get("setup.py", ""))
    ini = parsed_ini(texts.get("setup.cfg", ""))
    options = dict(ini["options"]) if ini.has_section("options") else {}
    metadata = dict(ini["metadata"]) if ini.has_section("metadata") else {}
    extras = dict(ini["options.extras_require"]) if ini.has_section("options.extras_require") else {}
    points = dict(ini["options.entry_points"]) if ini.has_section("options.entry_points") else {}
    version = str(said.get("version") or metadata.get("version", ""))
    tests = _texts(said.get("tests_require") or options.get("tests_require"))
    return Declared(
        name=str(said.get("name") or metadata.get("name", "")),
        version="" if ":" in version else version,
        requires_python=str(said.get("python_requires") or options.get("python_requires", "")),
        dependencies=_texts(said.get("install_requires") or options.get("install_requires")),
        extras={**({"tests_require": tests} if tests else {}), **_lists(said.get("extras_require") or extras)},
        entry_points=_points(said.get("entry_points") or points),
        classifiers=_texts(said.get("classifiers") or metadata.get("classifiers")),
        computed=_SPREAD in said or ("install_requires" in said and said["install_requires"] is None),
    )


def _points(value: object) -> dict[str, dict[str, str]]:
    if not isinstance(value, dict):
        return {}
    pairs = {str(group): [row.partition("=") for row in _texts(rows)] for group, rows in value.items()}
    return {group: {name.strip(): target.strip() for name, _, target in rows} for group, rows in pairs.items()}


_SPREAD = "**"
"""Stands for keyword arguments that come from somewhere else."""


def _setup_arguments(source: str) -> dict[str, Any]:
    """Literal keyword arguments of ``setup(...)``; ``None`` for one that is computed."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return {}
    known = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) == "setup":
            return {word.arg or _SPREAD: _literal(word.value, known) for word in node.keywords}
    return {}


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _literal(node: ast.expr, known: Mapping[str, ast.expr]) -> Any:
    if isinstance(node, ast.Name) and node.id in known:
        node = known[node.id]
    if isinstance(node, ast.Dict):
        return {
            str(_literal(key, known)): _literal(value, known)
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        }
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def told_by_build(declared: Declared, metadata: str) -> Declared:
    """*declared* with what a build's METADATA says: name, version, dependencies, extras. Pure."""
    message = HeaderParser().parsestr(metadata)
    dependencies: list[str] = []
    extras: dict[str, list[str]] = {name: [] for name in message.get_all("Provides-Extra", [])}
    for line in message.get_all("Requires-Dist", []):
        said, _, marker = str(line).partition(";")
        names = _EXTRA.findall(marker)
        # Of a marker with an extra the rest is kept where it is joined by a plain `and`.
        rest = _EXTRA_TERM.sub("", marker).strip().removeprefix("and ").removesuffix(" and").strip()
        kept = f"{said.strip()} ; {rest}" if rest and (not names or requirement(f"x ; {rest}")) else said.strip()
        for name in names:
            extras.setdefault(name, []).append(kept)
        dependencies += [] if names else [kept]
    return replace(
        declared,
        name=declared.name or str(message.get("Name", "")),
        version=declared.version or str(message.get("Version", "")),
        dependencies=tuple(dependencies),
        extras={**declared.extras, **{name: tuple(lines) for name, lines in extras.items()}},
        computed=False,
    )


_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w.-]+)['"]""")
_EXTRA_TERM = re.compile(r"""\(?\s*(?:and\s+)?extra\s*==\s*['"][\w.-]+['"]\s*\)?""")


def requirement(text: str) -> Requirement | None:
    """The requirement in *text*; ``None`` if it is none, or names a place instead of an index."""
    try:
        found = Requirement(text)
    except InvalidRequirement:
        return None
    return None if found.url else found


def same_name(one: str, other: str) -> bool:
    """Whether two distributions have the same name."""
    return canonicalize_name(one) == canonicalize_name(other)
