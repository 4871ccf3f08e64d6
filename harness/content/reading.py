"""How the answer to one task is read and judged: the suite's way, unless the case brings its own.

A case's own ``extract`` and ``compare`` are kept in ``Task.meta`` under these two keys, as plain values:
``{"how": "choice", "arg": "ABCD"}`` and ``{"name": "numeric", "options": {"tolerance": 0}}``.
"""

from typing import Final

from harness.core.ballot import Compare, Extract
from harness.core.hashing import Json
from harness.core.suite import Suite, Task

EXTRACT: Final = "extract"
COMPARE: Final = "compare"


def task_extract(suite: Suite, task: Task) -> Extract:
    """How the answer to *task* is read out of a response."""
    own = task.meta.get(EXTRACT)
    return suite.extract if own is None else Extract(how=own["how"], arg=own["arg"])


def task_compare(suite: Suite, task: Task) -> Compare:
    """How it is judged against ``expected``."""
    own = task.meta.get(COMPARE)
    return suite.compare if own is None else Compare(name=own["name"], options=own["options"])


def plain_extract(extract: Extract) -> dict[str, Json]:
    """*extract* as it is kept in a task."""
    return {"how": extract.how, "arg": extract.arg}


def plain_compare(compare: Compare) -> dict[str, Json]:
    """*compare* as it is kept in a task."""
    return {"name": compare.name, "options": dict(compare.options)}
