"""What the benchmarks run against: the stub server, and a home folder with a suite of any length."""

import contextlib
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.bench.measure import STUB_CORE, running

SOURCE = Path(__file__).with_name("stub.c")

CARD = """\
  - id: stub/{name}
    api: openai-chat
    model: stub
    base_url: http://127.0.0.1:{port}/v1
    family: {name}
    price: {{input: 1, output: 2, as_of: 2026-11-20, source: invented for the benchmark}}
"""
SUITE = """\
kind: answer
extract: whole
compare: exact
min_isolation: none
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """A running stub server."""

    port: int

    def reset(self) -> None:
        """Forget what was seen."""
        self._get("reset")

    def stats(self) -> Mapping[str, int]:
        """``requests``, connections ``opened``, ``abandoned`` requests, ``in_flight_max``."""
        return self._get("stats")

    def _get(self, path: str) -> Mapping[str, int]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=10) as reply:
            seen: Mapping[str, int] = json.load(reply)
            return seen


@cache
def compiled(folder: Path) -> Path:
    """The stub as a program in *folder*. Raises RuntimeError without a C compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise RuntimeError("the stub server is written in C: there is neither gcc nor cc (apt-get install -y gcc)")
    program = folder / "stub"
    subprocess.run([compiler, "-O2", "-o", program, SOURCE, "-lm"], check=True)
    return program


@contextlib.contextmanager
def stub(folder: Path, *law: object) -> Iterator[Stub]:
    """A stub server with the given law of delays, as :file:`stub.c` spells it."""
    with running([str(compiled(folder)), *map(str, law)], core=STUB_CORE) as line:
        yield Stub(port=int(line))


def make_home(folder: Path, *, port: int, tasks: int = 1) -> Path:
    """A home folder with the models ``stub/a``, ``stub/b`` and ``stub/c`` and an answer suite of *tasks* questions."""
    registry, suite = folder / "registry", folder / "suites" / "sums"
    for each in (registry, suite):
        each.mkdir(parents=True, exist_ok=True)
    cards = "".join(CARD.format(name=name, port=port) for name in "abc")
    (registry / "models.yaml").write_text(f"models:\n{cards}")
    (suite / "suite.yaml").write_text(SUITE)
    rows = (
        {"id": f"q{i}", "prompt": f"What is 6*7? ({i}) Answer with the number.", "expected": "42"} for i in range(tasks)
    )
    (suite / "cases.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return folder
