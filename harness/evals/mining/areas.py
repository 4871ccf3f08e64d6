"""What a task is about: a part of the code, and a kind of work. Pure."""

import re
from collections import Counter
from pathlib import PurePosixPath
from typing import Final

from harness.evals.mining.draft import Draft

_FIX: Final = re.compile(
    r"\b(?:fix\w*|bug\w*|regress\w*|crash\w*|wrong\w*|incorrect\w*|broken|correct(?:s|ed|ly)?)\b", re.IGNORECASE
)
BUGFIX: Final = "python.bugfix"
FEATURE: Final = "python.feature"


def area_of(draft: Draft) -> str:
    """The module or subpackage that most of the change is in, below the package's name."""
    counts = Counter(_area(path, draft) for path in draft.reference if path.endswith((".py", ".pyi")))
    return max(sorted(counts), key=lambda area: counts[area]) if counts else ""


def _area(path: str, draft: Draft) -> str:
    inside = [path.removeprefix(f"{root}/") for root in draft.layout.roots if path.startswith(f"{root}/")]
    parts = PurePosixPath(min((*inside, path), key=len)).with_suffix("").parts
    names = [part for part in parts if part != "__init__"]
    return names[0] if len(names) == 1 else names[1] if names else ""


def class_of(draft: Draft) -> str:
    """``python.bugfix`` when the commit says that it mends something, else ``python.feature``."""
    return BUGFIX if _FIX.search(f"{draft.subject}\n{draft.body}") else FEATURE


def changed_lines(patch: str) -> int:
    """Lines that a unified diff adds and removes together."""
    return sum(line[:1] in ("+", "-") and line[:4] not in ("+++ ", "--- ") for line in patch.split("\n"))
