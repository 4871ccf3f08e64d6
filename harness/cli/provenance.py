"""How a result came about: versions, platform and the command, for journals and pages. No name of host or user."""

import platform
import shlex
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from harness.core.hashing import Json

DISTRIBUTION = "consensus-harness"


def harness_version() -> str:
    """The installed version; ``unknown`` when the package runs from loose files."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


def provenance(argv: Sequence[str]) -> dict[str, Json]:
    """What belongs on record beside a run."""
    return {
        "command": shlex.join(["harness", *argv]),
        "harness": harness_version(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
