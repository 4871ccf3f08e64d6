"""The trials of agents as JSON Lines, one file each: derived from a run's journal, for reading.

Rows, in the order in which things happened: ``call`` (what the model said, tokens, cost), ``command`` (what was run,
how it ended, what the model was shown, hash of the workspace's changes), ``grade``.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from harness.core.event import Call, Event, Executed, GradeGiven, RunStarted
from harness.core.hashing import Json, digest
from harness.core.ids import RunId, TraceId
from harness.core.response import Response
from harness.evals.plan import trace_of
from harness.journal import Line, read


def write_trajectories(journal: Path, folder: Path) -> int:
    """Write a file for each trial that *journal* holds below *folder*; the number of files. Those of before go."""
    written: set[Path] = set()
    for trace, row in rows(read(journal)):
        path = folder / f"{_name(trace)}.jsonl"
        mode = "a" if path in written else "w"
        written.add(path)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open(mode, encoding="utf-8", errors="replace") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return len(written)


def rows(lines: Iterator[Line]) -> Iterator[tuple[TraceId, dict[str, Json]]]:
    """Trace and row of each event that belongs to a trial."""
    run_id = RunId("")
    for line in lines:
        event = line.event
        if isinstance(event, RunStarted):
            run_id = event.run_id
        found = _row(event, run_id)
        if found is not None:
            trace, row = found
            yield trace, {"at": line.at.isoformat(), **row}


def _row(event: Event, run_id: RunId) -> tuple[TraceId, dict[str, Json]] | None:
    match event:
        case Call():
            return event.trace_id, _call(event)
        case Executed(step=step) if step is not None:
            ran = event.execution
            return event.trace_id, {
                "event": "command",
                "number": step.number,
                "command": step.command,
                "ending": ran.ending.value,
                "exit_code": ran.exit_code,
                "wall_s": round(ran.wall_s, 3),
                "shown": ran.log,
                "tree_sha256": step.tree_sha256,
            }
        case GradeGiven(graded=graded):
            return trace_of(run_id, graded.key), {
                "event": "grade",
                "grade": graded.grade.value,
                "detail": graded.detail,
                "flags": list(graded.flags),
                "cost_usd": None if graded.cost_usd is None else str(graded.cost_usd),
            }
        case _:
            return None


def _call(event: Call) -> dict[str, Json]:
    reply = event.reply
    said = reply.text if isinstance(reply, Response) else f"{reply.kind.value}: {reply.message}"
    return {
        "event": "call",
        "model": event.model,
        "key": event.key,
        "messages": 0 if event.request is None else len(event.request.messages),
        "text": said,
        "finish": reply.finish.value if isinstance(reply, Response) else None,
        "tokens": reply.usage.total if reply.usage else None,
        "cost_usd": None if reply.cost_usd is None else str(reply.cost_usd),
    }


def _name(trace: TraceId) -> str:
    """A file name that people recognise and that no other trace has."""
    inside = trace.partition("/")[2]
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '_', inside)[:80].strip('._') or 'trial'}-{digest(trace)[:8]}"
