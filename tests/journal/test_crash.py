"""``kill -9`` at any moment: whatever was acknowledged is there, and the journal goes on."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from harness.core.event import Event, RunFinished
from harness.core.ports import Clock
from harness.journal import open_journal, recorded, verify

TRIALS = 20


async def continued(path: Path, clock: Clock, event: Event) -> int:
    """Appends *event* to a journal that was left behind; returns how many lines it held."""
    async with open_journal(path, clock=clock) as journal:
        await journal.append(event)
        return journal.recovered


def test_nothing_acknowledged_is_lost(tmp_path, clock, call):
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, str(here / "killed.py"), str(tmp_path), str(TRIALS), "7"],
        capture_output=True, text=True, check=False, cwd=here.parents[1], env={"PYTHONPATH": str(here.parents[1])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == TRIALS
    total = 0
    for number, line in enumerate(lines):
        path = tmp_path / f"r{number}.jsonl"
        acknowledged = set(json.loads(line))
        found = verify(path)
        assert found.intact, found.broken
        assert acknowledged <= {event.trials for event in recorded(path).events() if isinstance(event, RunFinished)}
        assert acknowledged
        total += len(acknowledged)

        assert asyncio.run(continued(path, clock, call(1))) == found.lines
        assert verify(path).lines == found.lines + 1
    assert total > TRIALS * 10
