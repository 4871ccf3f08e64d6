"""Options that every command takes, before or after its name."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import ConfigError

FLAGS = {"--json": "json", "--quiet": "quiet", "--no-color": "no_color"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run, and how to print."""

    home: Path | None = None
    json: bool = False
    """The machine-readable result on stdout, nothing else."""
    quiet: bool = False
    no_color: bool = False

    @property
    def color(self) -> bool:
        """Whether the terminal may be given colours."""
        return not self.no_color and "NO_COLOR" not in os.environ


def split(argv: Sequence[str]) -> tuple[Options, list[str]]:
    """The global options of *argv*, wherever they stand, and the rest. After ``--`` nothing is an option."""
    rest: list[str] = []
    found: dict[str, bool] = {}
    home: Path | None = None
    words = iter(argv)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in FLAGS:
            found[FLAGS[word]] = True
        elif word == "--home":
            home = _home(next(words, None))
        elif word.startswith("--home="):
            home = _home(word.removeprefix("--home="))
        else:
            rest.append(word)
    return Options(home=home, **found), rest


def _home(value: str | None) -> Path:
    if not value:
        raise ConfigError("--home: needs a folder")
    return Path(value)
