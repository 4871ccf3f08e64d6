"""Typed doors: one function per question in ``sql/``. Rows in, rows out; nothing here decides anything."""

import difflib
from collections.abc import Sequence
from datetime import UTC, datetime

from harness.core.errors import ConfigError
from harness.core.rows import CallRow, RunRow, TrialRow
from harness.store.database import Store
from harness.store.making import made
from harness.store.rows import BallotRow, CellRow, PolicyVoteRow, QueueRow, ReviewRow, Spent, TestRow, VerdictRow

_NEAREST = 5


def runs(db: Store) -> list[RunRow]:
    """Every run; newest first."""
    return [made(RunRow, row) for row in db.ask("runs")]


def run(db: Store, ref: str) -> RunRow:
    """The run *ref* means: a run id, the beginning of one, or the name the user gave it.

    Raises ConfigError when there is none or more than one, listing the nearest.
    """
    every = runs(db)
    for matches in (
        [row for row in every if row.run_id == ref],
        [row for row in every if row.name == ref] if ref else [],
        [row for row in every if row.run_id.startswith(ref)] if ref else [],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise ConfigError(f"run {ref!r} is ambiguous: {_listed(matches)}")
    if not every:
        raise ConfigError(f"no run {ref!r}: the store holds no runs yet (harness run, harness import, harness db sync)")
    raise ConfigError(f"no run {ref!r}; there are: {_listed(_nearest(every, ref))}")


def trials(db: Store, run_id: str) -> list[TrialRow]:
    """The graded trials of a run, each with its last grade; by task, candidate, epoch."""
    return [made(TrialRow, row) for row in db.ask("trials", run_id=run_id)]


def trial_tests(db: Store, run_id: str) -> list[TestRow]:
    """The tests of each trial of a run; by trial, then in the order of the grade."""
    return [made(TestRow, row) for row in db.ask("trial_tests", run_id=run_id)]


def calls(db: Store, *, run_id: str | None = None, trace_id: str | None = None) -> list[CallRow]:
    """The calls of a run, of a trace, or all; in the order they ended."""
    return [made(CallRow, row) for row in db.ask("calls", run_id=run_id, trace_id=trace_id)]


def verdicts(
    db: Store, *, verdict_id: str | None = None, run_id: str | None = None, trace_id: str | None = None
) -> list[VerdictRow]:
    """Outcomes; each argument narrows. Oldest first."""
    return [
        made(VerdictRow, row) for row in db.ask("verdicts", verdict_id=verdict_id, run_id=run_id, trace_id=trace_id)
    ]


def verdict(db: Store, verdict_id: str) -> VerdictRow:
    """One outcome. Raises ConfigError when there is none of this id, listing the nearest."""
    found = verdicts(db, verdict_id=verdict_id)
    if found:
        return found[-1]
    ids = [row.verdict_id for row in verdicts(db)]
    near = difflib.get_close_matches(verdict_id, ids, n=_NEAREST, cutoff=0.3) or ids[-_NEAREST:]
    raise ConfigError(f"no verdict {verdict_id!r}; there are: {', '.join(near) or 'none'}")


def find_verdict(db: Store, ref: str) -> VerdictRow:
    """The outcome *ref* means: its id, or a beginning of it that no other has.

    Raises ConfigError when there is none or more than one, listing the nearest.
    """
    ids = [row[0] for row in db.ask("verdict_ids", beginning=ref)] if ref else []
    if len(ids) > 1 and ref not in ids:
        raise ConfigError(f"verdict {ref!r} is ambiguous: {', '.join(ids[:_NEAREST])}")
    return verdict(db, ids[0] if len(ids) == 1 else ref)


def verdict_lines(db: Store, verdict_id: str) -> dict[str, list[int]]:
    """The journal lines that belong to one outcome, by name of the journal, in the order of the file.

    They are the outcome, the calls and executions of its trace, its grade, and what people decided about it.
    """
    found: dict[str, list[int]] = {}
    for file, seq in db.ask("verdict_lines", verdict_id=verdict_id):
        found.setdefault(file, []).append(seq)
    return found


def review_queue(db: Store, *, everything: bool = False) -> list[QueueRow]:
    """The outcomes that wait for a person; oldest first.

    With *everything*, also those somebody has decided and those whose right answer is on record.
    """
    return [made(QueueRow, row) for row in db.ask("review_queue", everything=everything)]


def ballots(db: Store, run_id: str) -> list[BallotRow]:
    """Who said what in the trials of a run; by task, candidate, epoch, place in the panel."""
    return [made(BallotRow, row) for row in db.ask("run_ballots", run_id=run_id)]


def verdict_ballots(db: Store, verdict_id: str) -> list[BallotRow]:
    """Who said what in one verdict; in the order of the panel."""
    return [made(BallotRow, row) for row in db.ask("verdict_ballots", verdict_id=verdict_id)]


def policy_votes(db: Store, policy: str, *, since: datetime | None = None) -> list[PolicyVoteRow]:
    """The ballots of all votes under *policy*, since a time or ever; by vote, in the order in which they were heard."""
    return [made(PolicyVoteRow, row) for row in db.ask("policy_votes", policy=policy, since=_naive(since))]


def run_tasks(db: Store, run_ids: Sequence[str]) -> dict[str, frozenset[str]]:
    """The digests of the tasks of each of *run_ids* that is on record."""
    found: dict[str, set[str]] = {}
    for run_id, digest in db.ask("run_tasks", run_ids=list(run_ids)):
        found.setdefault(run_id, set()).add(digest)
    return {run_id: frozenset(digests) for run_id, digests in found.items()}


def cells(
    db: Store,
    *,
    suites: Sequence[str] | None = None,
    task_classes: Sequence[str] | None = None,
    run_ids: Sequence[str] | None = None,
) -> list[CellRow]:
    """What was measured, per class of tasks and candidate; ``None``: everything."""
    lists = {"suites": suites, "task_classes": task_classes, "run_ids": run_ids}
    rows = db.ask("cells", **{name: None if value is None else list(value) for name, value in lists.items()})
    return [made(CellRow, row) for row in rows]


def reviews(db: Store) -> list[ReviewRow]:
    """The outcomes a person was asked to look at, each with the last decision; oldest first."""
    return [made(ReviewRow, row) for row in db.ask("reviews")]


def spent_usd(db: Store, *, run_id: str | None = None, since: datetime | None = None) -> Spent:
    """What calls have cost: of a run, since a time, or ever."""
    return made(Spent, db.ask("spent", run_id=run_id, since=_naive(since))[0])


def _naive(at: datetime | None) -> datetime | None:
    """As the database keeps times: UTC, without saying so."""
    return None if at is None else at.astimezone(UTC).replace(tzinfo=None)


def _listed(rows: Sequence[RunRow]) -> str:
    return ", ".join(f"{row.run_id} ({row.name})" if row.name else row.run_id for row in rows)


def _nearest(rows: Sequence[RunRow], ref: str) -> list[RunRow]:
    """The runs whose id or name looks most like *ref*; the newest when none does."""

    def likeness(row: RunRow) -> float:
        return max(difflib.SequenceMatcher(None, ref, word).ratio() for word in (row.run_id, row.name, row.suite))

    return sorted(rows, key=likeness, reverse=True)[:_NEAREST]
