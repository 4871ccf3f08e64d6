"""A home folder over the test vendor, and the command line run on it as a user does: in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.core.event import Call, GradeGiven
from harness.core.trial import Grade
from harness.journal import read
from harness.store import open_store, trials

CHECKOUT = Path(__file__).parents[2]

FAMILIES: Mapping[str, str] = {"a": "openai-chat", "b": "anthropic", "c": "gemini", "d": "openai-responses"}
"""Models of the vendor, by the API they are spoken to."""

CANARIES: Mapping[str, str] = {f"E2E_KEY_{model.upper()}": f"canary-{model}-Zq7xV{model}9kLm2" for model in FAMILIES}
"""Values of the cards' key variables: in no usual format, so that only knowing them hides them."""

PRICE = {"input": 100, "output": 400, "as_of": "2026-11-20", "source": "test"}
OUTPUT_TOKENS_MAX = 100

Row = tuple[str, str, int, Grade, str | None, Decimal | None]
"""Task, candidate, epoch, grade, answer, cost."""


@dataclass(frozen=True, slots=True)
class Home:
    """A home folder and the environment its commands run in."""

    root: Path
    environ: Mapping[str, str] = field(repr=False, default_factory=lambda: environment(CANARIES))

    @property
    def journals(self) -> list[Path]:
        return sorted((self.root / ".harness" / "journal").glob("*.jsonl"))

    @property
    def journal(self) -> Path:
        (found,) = self.journals
        return found

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "harness", "--home", str(self.root), *words]

    def start(self, *words: str, **options: Any) -> "subprocess.Popen[str]":
        """The command, running; in a process group of its own."""
        usual = {"env": self.environ, "cwd": self.root, "text": True, "start_new_session": True}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(**{"args": self.argv(*words), **usual, **pipes, **options})

    def run(self, *words: str, timeout_s: float = 120, **options: Any) -> "subprocess.CompletedProcess[str]":
        """The command, at its end."""
        with self.start(*words, **options) as process:
            try:
                out, err = process.communicate(timeout=timeout_s)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def json(self, *words: str, code: int = 0, **options: Any) -> Any:
        """What the command prints with ``--json``."""
        ended = self.run(*words, "--json", **options)
        assert ended.returncode == code, f"exit {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        return json.loads(ended.stdout)

    def calls(self, path: Path | None = None) -> list[Call]:
        """The calls on record: what was acknowledged."""
        events = (line.event for line in read(path or self.journal) if line.kind == "call")
        return [event for event in events if isinstance(event, Call)]

    def grades(self, path: Path | None = None) -> list[GradeGiven]:
        events = (line.event for line in read(path or self.journal) if line.kind == "grade")
        return [event for event in events if isinstance(event, GradeGiven)]

    def rows(self, run: str) -> set[Row]:
        """The final rows, as the store has them."""
        state = self.root / ".harness"
        with open_store(state / "harness.duckdb") as store:
            assert store.sync(state / "journal").problems == ()
            found = trials(store, run)
        rows = {(each.task_id, each.candidate, each.epoch, each.grade, each.answer, each.cost_usd) for each in found}
        assert len(rows) == len(found)
        return rows

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file


def environment(keys: Mapping[str, str] = CANARIES, **others: str) -> dict[str, str]:
    """The process's, with keys, and without what would point a command elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS", "COVERAGE"))}
    return {**kept, "PYTHONPATH": str(CHECKOUT), "NO_COLOR": "1", **keys, **others}


def make_home(
    root: Path, base_url: str, *, tasks: Iterable[Mapping[str, Any]], environ: Mapping[str, str] | None = None
) -> Home:
    """Four models of four API families at *base_url*, a policy of two in three, and an answer suite."""
    home = Home(root, environ or environment())
    models = [_card(model, api, base_url) for model, api in FAMILIES.items()]
    home.write("registry/models.yaml", json.dumps({"models": models}))  # JSON is YAML
    policy = {
        "panel": ["v/a", "v/b", "v/c"],
        "extract": {"last": "number"},
        "compare": {"name": "numeric"},
        "rule": {"quorum": 2},
        "on_divergence": "refuse",
        "deadline_s": 30,
    }
    home.write("registry/policies.yaml", json.dumps({"policies": {"p": policy}}))
    make_suite(home, tasks)
    (root / "reports").symlink_to(CHECKOUT / "reports")
    return home


def make_suite(home: Home, tasks: Iterable[Mapping[str, Any]], **fields: Any) -> None:
    usual = {"name": "sums", "kind": "answer", "extract": {"last": "number"}, "compare": {"name": "numeric"}}
    head = {**usual, "min_isolation": "none", **fields}
    home.write(f"suites/{head['name']}/suite.yaml", json.dumps(head))
    home.write(f"suites/{head['name']}/cases.jsonl", "".join(json.dumps(task) + "\n" for task in tasks))


def sums(count: int, *, first: int = 0) -> list[dict[str, Any]]:
    """*count* prompts of arithmetic, no two alike."""
    return [_sum(number) for number in range(first, first + count)]


def _sum(number: int) -> dict[str, Any]:
    left, right = number + 3, 7 * number % 41 + 2
    sign, value = (("+", left + right), ("-", left - right), ("*", left * right))[number % 3]
    return {"id": f"t{number:04}", "prompt": f"What is {left} {sign} {right}?", "expected": value}


def _card(model: str, api: str, base_url: str) -> dict[str, Any]:
    return {
        "id": f"v/{model}",
        "api": api,
        "model": model,
        "base_url": base_url,
        "key_env": f"E2E_KEY_{model.upper()}",
        "family": f"family-{model}",
        "context": {"output": OUTPUT_TOKENS_MAX},
        "price": PRICE,
    }


def files_with(secret: bytes, folder: Path) -> list[Path]:
    """Files below *folder* that hold *secret*."""
    return [path for path in folder.rglob("*") if path.is_file() and secret in path.read_bytes()]


def lines_of(text: str) -> Sequence[str]:
    return [line for line in text.splitlines() if line.strip()]
