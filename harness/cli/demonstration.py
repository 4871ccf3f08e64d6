"""The folder of ``harness demo``: a home like any other, with the starter content and what was made of it."""

import shutil
from pathlib import Path

from harness.content import Home, find_home, scaffold
from harness.core.errors import ConfigError

MARK = "MADE-BY-HARNESS-DEMO.txt"
_TEXT = """This folder was made by `harness demo` and is replaced by the next one: keep nothing here.

pages/      what to open first
registry/   models, policies, routing
suites/     the tasks
.harness/   journals and the database made from them

It is a home folder like any other: cd here, then `harness runs`, `harness matrix`, `harness audit`.
"""


def make_home(source: Home, folder: Path, suites: tuple[str, ...]) -> Home:
    """A fresh home in *folder* with *suites* of *source*; an earlier demonstration there is replaced.

    Raises ConfigError, and touches nothing, when *folder* holds anything else.
    """
    place = folder.resolve()
    if place.exists() and not _replaceable(place):
        raise ConfigError(
            f"--dir {folder}: is not empty and no earlier demonstration (it has no {MARK}): it is left as it is; "
            "name another folder"
        )
    try:
        if place.exists():
            shutil.rmtree(place)
        place.mkdir(parents=True)
        (place / MARK).write_text(_TEXT, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--dir {folder}: cannot be written: {error.strerror or error}") from error
    for name in suites:
        scaffold(place, name, source=source)
    (place / "registry" / "matrix.yaml").unlink(missing_ok=True)  # a demonstration begins without a past
    return find_home(flag=place, environ={}, cwd=Path.cwd())


def _replaceable(place: Path) -> bool:
    return place.is_dir() and ((place / MARK).is_file() or not any(place.iterdir()))
