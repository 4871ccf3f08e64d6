"""What of the repository itself an environment may hold: its metadata, never its modules.

A module of it in site-packages would be the answer key, or stand in for a submission's. Tests still ask for its
version and its entry points: a ``.dist-info`` tells them. Modules that a build writes with the version in them are
not in the tree of a commit; they are generated here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from packaging.version import InvalidVersion, Version

from harness.evals.environments.declared import Declared, parsed_ini, parsed_toml
from harness.evals.environments.prepared import OWN, normal

UNKNOWN_VERSION: Final = "0.0.0"
PRETEND: Final = ("SETUPTOOLS_SCM_PRETEND_VERSION", "HATCH_VCS_PRETEND_VERSION", "PBR_VERSION", "PDM_BUILD_SCM_VERSION")
"""Variables by which builds that take the version from tags are told it."""
_ASSIGNED = re.compile(r"""^(?:__version__|VERSION|version)\s*(?::\s*\w+\s*)?=\s*['"]([^'"]+)['"]""", re.MULTILINE)
_WRITTEN = re.compile(r"""['"](?:write_to|version_file)['"]\s*:\s*['"]([^'"]+)['"]""")
_MODULE: Final = """# Written in place of the build, which takes the version from tags.
__version__ = version = {version!r}
__version_tuple__ = version_tuple = {parts!r}
__commit_id__ = commit_id = None
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPackage:
    """The metadata of a repository's own distribution."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    entry_points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def own_package(declared: Declared, texts: Mapping[str, str], version: str | None = None) -> OwnPackage | None:
    """What can be told of the distribution; ``None`` if it has no name. *version*: by its tags. Pure."""
    if not declared.name:
        return None
    found = declared.version or version or _assigned(texts) or UNKNOWN_VERSION
    try:
        found = str(Version(found))
    except InvalidVersion:
        found = UNKNOWN_VERSION
    return OwnPackage(
        name=declared.name, version=found, requires=declared.dependencies, entry_points=declared.entry_points
    )


def _assigned(texts: Mapping[str, str]) -> str | None:
    """The version that the package assigns to ``__version__``."""
    for path in sorted(texts, key=lambda each: (each.count("/"), each)):
        if PurePosixPath(path).name in VERSION_FILES and (match := _ASSIGNED.search(texts[path])):
            return match[1]
    return None


VERSION_FILES: Final = frozenset({"__init__.py", "_version.py", "version.py", "__about__.py", "__version__.py"})


def generated_files(texts: Mapping[str, str], present: frozenset[str], version: str) -> dict[str, str]:
    """Version modules that a build would write and that are not among the paths *present*; content by path. Pure."""
    targets = {str(PurePosixPath(path)) for path in _targets(texts)}
    return {path: version_module(path, version) for path in sorted(targets - present) if _inside(path)}


def version_module(path: str, version: str) -> str:
    """The text of a version file at *path*."""
    if not path.endswith(".py"):
        return f"{version}\n"
    parts = tuple(int(part) if part.isdigit() else part for part in version.split("."))
    return _MODULE.format(version=version, parts=parts)


def _targets(texts: Mapping[str, str]) -> Iterator[str]:
    tool = parsed_toml(texts.get("pyproject.toml", "")).get("tool", {})
    hatch = _under(tool, "hatch", "build")
    for table, *keys in (
        (_under(tool, "setuptools_scm"), "write_to", "version_file"),
        (_under(tool, "vcs-versioning"), "write_to", "version_file"),
        (_under(hatch, "hooks", "vcs"), "version-file"),
        (_under(hatch, "targets", "wheel", "hooks", "vcs"), "version-file"),
        (_under(tool, "pdm", "version"), "write_to"),
    ):
        yield from (table[key] for key in keys if isinstance(table.get(key), str))
    yield from _WRITTEN.findall(texts.get("setup.py", ""))
    ini = parsed_ini(texts.get("setup.cfg", ""))
    if ini.has_section("tool:setuptools_scm"):
        yield from (value for key, value in ini["tool:setuptools_scm"].items() if key in ("write_to", "version_file"))


def _under(table: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        table = table.get(key, {}) if isinstance(table, dict) else {}
    return table if isinstance(table, dict) else {}


def _inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in PurePosixPath(path).parts


def write_own(own: OwnPackage, packages: Path, environment: Path) -> None:
    """Put the metadata of *own* into *packages*, unless a distribution of its name is needed there by another."""
    (environment / OWN).write_text(json.dumps({"name": own.name, "version": own.version}), encoding="utf-8")
    there = {normal(path.name.partition("-")[0]) for path in packages.glob("*.dist-info")}
    if normal(own.name) in there:
        return
    stem = re.sub(r"[^\w.]+", "_", own.name)
    folder = packages / f"{stem}-{own.version}.dist-info"
    folder.mkdir()
    head = [("Metadata-Version", "2.1"), ("Name", own.name), ("Version", own.version)]
    lines = [f"{key}: {_line(value)}" for key, value in (*head, *(("Requires-Dist", each) for each in own.requires))]
    (folder / "METADATA").write_text("\n".join([*lines, ""]), encoding="utf-8")
    sections = [
        "\n".join([f"[{_line(group)}]", *(f"{_line(name)} = {_line(target)}" for name, target in names.items()), ""])
        for group, names in sorted(own.entry_points.items())
    ]
    (folder / "entry_points.txt").write_text("\n".join(sections), encoding="utf-8")
    (folder / "INSTALLER").write_text("harness\n", encoding="utf-8")
    (folder / "RECORD").write_text("", encoding="utf-8")


def _line(text: str) -> str:
    return " ".join(text.split())
