"""What a candidate handed in, as text that a person reads and that two can be compared by."""

import json

from harness.core.hashing import Json
from harness.core.rows import TrialRow

_FILE = "=== {} ==="


def handed_in(row: TrialRow) -> str | None:
    """The judged submission of *row* as text; ``None`` when it is the output itself, or there is none.

    Files stand one after the other under their paths, as they are after the change; a deleted one says so.
    """
    if row.answer is None or row.answer == row.output:
        return None
    files = _files(row.answer)
    if files is None:
        return row.answer
    return "\n".join(
        f"{_FILE.format(path)}\n{'(deleted)' if text is None else text}" for path, text in sorted(files.items())
    )


def _files(answer: str) -> dict[str, str | None] | None:
    """The files of a patch; None for anything else."""
    if not answer.startswith("{"):
        return None
    try:
        found: Json = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not found:
        return None
    looks = all("/" in path or "." in path for path in found)
    texts = all(text is None or isinstance(text, str) for text in found.values())
    return found if looks and texts else None
