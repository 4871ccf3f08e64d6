"""The pytest configuration that hidden tests run under: the repository's own, read as data, without its risks."""

import configparser
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_FILES = (
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("pyproject.toml", ""),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)
"""In pytest's own order; the first that configures it counts."""
_LEFT_OUT = frozenset({"addopts", "testpaths", "pythonpath", "required_plugins", "minversion", "cache_dir", "log_file"})
"""Not the grader's choice of tests and plugins, or handled elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PytestConfig:
    """What of a repository's configuration is kept."""

    options: Mapping[str, str]
    """Ini options; several values of one are lines of it."""
    pythonpath: tuple[str, ...] = ()
    """Folders the repository adds to the import path, relative to its root."""
    addopts: tuple[str, ...] = ()
    """Arguments that the repository adds; for whoever has to choose some of them: none is in ``options``."""
    testpaths: tuple[str, ...] = ()
    """Where it looks for tests when none are named."""

    def ini(self) -> str:
        """The text of a ``pytest.ini``."""
        lines = [
            f"{name} =" + "".join(f"\n    {line}" for line in value.splitlines() if line.strip())
            for name, value in self.options.items()
        ]
        return "\n".join(["[pytest]", *lines, ""])


def read_config(texts: Mapping[str, str]) -> PytestConfig:
    """The configuration in the files of a tree. A file that does not parse configures nothing, as if it were absent."""
    for path, section in _FILES:
        found = _section(texts.get(path), section)
        if found is not None:
            kept = {name: value for name, value in found.items() if name not in _LEFT_OUT}
            return PytestConfig(
                options=kept,
                pythonpath=tuple(found.get("pythonpath", "").split()),
                testpaths=tuple(found.get("testpaths", "").split()),
                addopts=tuple(found.get("addopts", "").splitlines()),
            )
    return PytestConfig(options={})


def _section(text: str | None, section: str) -> dict[str, str] | None:
    if text is None:
        return None
    try:
        return _of_ini(text, section) if section else _of_toml(text)
    except (configparser.Error, tomllib.TOMLDecodeError):
        return None


def _of_ini(text: str, section: str) -> dict[str, str] | None:
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#", ";"))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return dict(parser[section]) if parser.has_section(section) else None


def _of_toml(text: str) -> dict[str, str] | None:
    tool = tomllib.loads(text).get("tool", {})
    table = tool.get("pytest", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict) or not table:
        return None
    # `ini_options` holds ini values; pytest 9 also reads typed values beside it.
    found = table.get("ini_options", table)
    return {str(name): _as_ini(value) for name, value in found.items()} if isinstance(found, dict) else None


def _as_ini(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(map(str, value))
    return str(value)
