"""Where journals lie, and what they may be called."""

import re
from pathlib import Path

from harness.core.errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


def journal_path(folder: Path, name: str) -> Path:
    """The file of the journal *name* in *folder*: ``<folder>/<name>.jsonl``.

    Runs use their run id; others ``serve-…`` or ``ask-…``. Raises ConfigError for a name that is not one plain file
    name of letters, digits, ``.``, ``_`` and ``-``.
    """
    if _NAME.fullmatch(name) is None:
        raise ConfigError(
            f"journal name {name!r}: must begin with a letter or digit and hold only letters, digits, '.', '_', '-'"
        )
    return folder / f"{name}.jsonl"
