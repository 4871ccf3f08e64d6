"""A repository of three files with one task, a home with scripted models over it, and runs of agents on it."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.content import Home, load_registry, load_suite
from harness.core.ids import CandidateId, RunId
from harness.core.suite import Suite
from harness.core.trial import Graded
from harness.evals.patches import unified_diff
from harness.evals.plan import make_plan
from harness.evals.run import RunResult
from harness.evals.running import RunOptions, run_suite
from tests.evals.world import Row, graded, make_home, write

BASE = {
    "src/book/__init__.py": "def cents(text):\n    return int(float(text) * 100)\n",
    "src/book/report.py": "from book import cents\n\n\ndef line(text):\n    return f'{cents(text)}'\n",
    "tests/test_line.py": "from book.report import line\n\n\ndef test_line():\n    assert line('2') == '200'\n",
    "README.md": "# book\n",
}
GOLD = {"src/book/__init__.py": "def cents(text):\n    return round(float(text) * 100)\n"}
HIDDEN = {"tests/test_cents.py": "from book import cents\n\n\ndef test_exact_zyx():\n    assert cents('1.15') == 115\n"}
STATEMENT = "cents('1.15') is 114 and should be 115."
FIX = "sed -i 's/int(float(text)/round(float(text)/' src/book/__init__.py"
SUITE = "book"


def bash(command: str, thought: str = "I go on.") -> str:
    """A reply with one command."""
    return f"{thought}\n\n```bash\n{command}\n```\n"


def script_of(*steps: tuple[str, str]) -> list[Row]:
    """Rows of a scripted model: what it says when the last message holds a text; the first that fits."""
    return [{"when": when, "text": text} for when, text in steps]


def make_agent_home(
    cache: Path, root: Path, models: Mapping[str, Sequence[Row]], *, suite: Mapping[str, Any] | None = None, **card: Any
) -> Home:
    """A home with the suite ``book``; *suite* changes its head. *cache*: of environments, which take a second to make."""
    home = make_home(root, models, **card)
    home.state.mkdir()
    (home.state / "cache").symlink_to(cache)
    folder = home.suites / SUITE
    head = {
        "kind": "repo",
        "repo": {"path": "repo"},
        "solver": "agent",
        "environment": {"install": []},
        **(suite or {}),
    }
    write(folder / "suite.yaml", json.dumps(head))
    for path, text in BASE.items():
        write(folder / "repo" / path, text)
    task = {
        "id": "exact",
        "tests": {"f2p": ["tests/test_cents.py::test_exact_zyx"], "p2p": ["tests/test_line.py::test_line"]},
    }
    write(folder / "tasks" / "exact" / "task.yaml", json.dumps(task))
    write(folder / "tasks" / "exact" / "statement.md", STATEMENT)
    write(folder / "tasks" / "exact" / "reference.patch", unified_diff(BASE, {**BASE, **GOLD}))
    for path, text in HIDDEN.items():
        write(folder / "tasks" / "exact" / "hidden" / path, text)
    return home


def book(home: Home) -> Suite:
    return load_suite(home, SUITE)


def work(home: Home, models: str = "v/m", **options: Any) -> tuple[RunId, RunResult]:
    """A run of the suite to its end."""
    plan = make_plan(book(home), [CandidateId(name) for name in models.split(",")])
    return asyncio.run(run_suite(home, load_registry(home), plan, RunOptions(**{"environ": {}, **options})))


def only(home: Home, run_id: RunId) -> Graded:
    """The grade of a run with one trial."""
    (found,) = graded(home, run_id).values()
    return found
