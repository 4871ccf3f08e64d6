"""What commands share: the home folder, the environment, and names that are unique enough."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from harness.cli.options import Options
from harness.content import Home, find_home
from harness.core.errors import ConfigError
from harness.core.ports import Clock

_PAGE_PEEK_BYTES = 64


def home_of(options: Options) -> Home:
    """The home folder: --home, $HARNESS_HOME, the current folder, the checkout, the installed copy."""
    return find_home(flag=options.home, environ=os.environ, cwd=Path.cwd())


def environ() -> Mapping[str, str]:
    """The environment, from which keys are taken by name."""
    return os.environ


def split_names(text: str) -> list[str]:
    """The names in a comma-separated list.

    >>> split_names("a, b,")
    ['a', 'b']
    """
    return [name.strip() for name in text.split(",") if name.strip()]


def unique_name(prefix: str, clock: Clock) -> str:
    """A name for a journal that no other process takes: sorts by time, to the millisecond."""
    now = clock.now()
    return f"{prefix}-{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03}-{secrets.token_hex(3)}"


def write_text(path: Path, text: str) -> None:
    """Write a result file, making its folder. Raises ConfigError when that does not work."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="", errors="backslashreplace")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from error


def write_page(path: Path, html: str) -> None:
    """:func:`write_text` of a page, which may take the place of a page, and of nothing else that exists."""
    try:
        with path.open("rb") as file:
            beginning = file.read(_PAGE_PEEK_BYTES)
    except FileNotFoundError:
        beginning = b""
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from error
    if beginning.strip() and not beginning.lstrip().lower().startswith(b"<!doctype html"):
        raise ConfigError(f"{path}: exists and is no HTML page: it is left as it is; choose another name with -o")
    write_text(path, html)


def read_text(path: Path) -> str:
    """The text of a file that a flag names. Raises ConfigError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text: {error.reason} at byte {error.start}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
