"""Replaces a file in one step, so that no reader ever sees half of one."""

import os
from pathlib import Path

from harness.core.errors import ConfigError


def replace_file(path: Path, text: str) -> None:
    """Write *text* beside *path*, and rename it once it is on disk. Raises ConfigError when that cannot be done."""
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror}; `harness init` makes a home of your own"
        ) from error
