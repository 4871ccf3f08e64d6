"""Every kind of page from its rows, so that what must hold of all pages is tested of all of them."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.core.hashing import digest
from harness.core.ids import CandidateId
from harness.core.rows import RunRow, TrialRow
from harness.core.trial import Grade
from harness.evals.cells import measure
from harness.report import ab_results, ab_tasks, counted_rows, render_ab
from harness.report.consensus import Window, consensus_results
from harness.report.consensus_page import render_consensus
from harness.report.evidence import evidence_view
from harness.report.evidence_page import render_evidence
from harness.report.matrix import Evidence, matrix_results
from harness.report.matrix_page import render_matrix
from harness.report.regression import regression_results
from harness.report.regression_nights import Baseline, Night
from harness.report.regression_page import render_regression
from harness.report.regression_tasks import with_texts
from harness.routing import Matrix, propose
from harness.stats import place_of
from harness.store import DecisionBallotRow, DecisionRow, NightCall, PromotionRow, TestRow, TrialCallRow
from tests.report.conftest import CLASSES, TEMPLATES, A, B, make_rows, make_run
from tests.report.evidence_cases import CONTEXT, divided, record
from tests.report.hostile import poisoned
from tests.report.test_regression import LOST, C, bad, calls_of, night_of, quiet, rows_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
MODELS = ("acme/one", "acme/two", "beta/three")
Poison = Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class Made:
    """A page and the results it was made of."""

    html: str
    results: Any


@dataclass(frozen=True, kw_only=True)
class AbInput:
    run: RunRow
    rows: list[TrialRow]
    tests: list[TestRow]
    calls: list[TrialCallRow]
    a: str
    b: str


@dataclass(frozen=True, kw_only=True)
class MatrixInput:
    rows: list[TrialRow]
    runs: list[RunRow]
    promotions: list[PromotionRow]
    active: Matrix


@dataclass(frozen=True, kw_only=True)
class RegressionInput:
    nights: list[Night]
    baseline: Baseline
    calls: list[NightCall]


@dataclass(frozen=True, kw_only=True)
class ConsensusInput:
    rows: list[DecisionRow]
    votes: list[DecisionBallotRow]
    window: Window


def ab_input(tasks: int = 40) -> AbInput:
    rows = [
        replace(row, isolation="standard", log=f"{row.detail}\n1 failed") if row.task_id < "vat-0010" else row
        for row in make_rows(tasks)
    ]
    told = [row for row in rows if row.isolation]
    return AbInput(
        run=make_run(rows),
        rows=rows,
        tests=[_test(row, name) for row in told for name in ("adds", "rounds")],
        calls=[_call(row) for row in rows],
        a=A,
        b=B,
    )


def _test(row: TrialRow, name: str) -> TestRow:
    passed = row.grade is Grade.RESOLVED or name == "adds"
    return TestRow(
        task_id=row.task_id, candidate=row.candidate, epoch=row.epoch, id=f"tests/test_vat.py::test_{name}",
        outcome="passed" if passed else "failed", message="" if passed else row.detail,
    )  # fmt: skip


def _call(row: TrialRow) -> TrialCallRow:
    return TrialCallRow(
        task_id=row.task_id, candidate=row.candidate, epoch=row.epoch, model=row.candidate, purpose="solve", ended="stop",
        ok=True, served_model=f"{row.candidate}-1", tokens_in=row.tokens_in, tokens_out=row.tokens_out,
        cost_usd=row.cost_usd, latency_s=row.latency_s, attempts=2, position=f"r-1.jsonl:{row.epoch + 4}",
    )  # fmt: skip


def make_ab(given: AbInput, noise: Any = ()) -> Made:
    results = ab_results(given.run, given.rows, a=given.a, b=given.b, noise=noise)
    counted = counted_rows(given.run, given.rows, a=given.a, b=given.b)
    tasks = ab_tasks(counted, a=given.a, b=given.b, tests=given.tests, calls=given.calls)
    return Made(html=render_ab(results, tasks, templates=TEMPLATES), results=results)


def matrix_input(tasks: int = 120) -> MatrixInput:
    rows = [row for row in make_rows(tasks) if row.task_class != CLASSES[0] or row.task_id < "vat-0040"]
    rows = [replace(row, grade=Grade.INFRA_ERROR) if row.task_id == "vat-0005" else row for row in rows]
    cells = measure(rows, measured_at="2026-10-01", evidence="")
    before = propose(cells, objective="quality", version=3, created="2026-10-01T00:00:00Z")
    gone = replace(before.cells[0], candidate=CandidateId("acme/retired"))
    promoted = PromotionRow(
        version=3, at=NOON, sha256="ab" * 32, forced=True, reason="a trial", changes=["python.bugfix: none → x"],
        position="matrix-1.jsonl:1",
    )  # fmt: skip
    active = replace(before, cells=(*before.cells, gone))
    return MatrixInput(rows=rows, runs=[make_run(rows)], promotions=[promoted], active=active)


def make_matrix(given: MatrixInput, **proposing: Any) -> Made:
    cells = measure(given.rows, measured_at="2026-11-21", evidence="runs of starter")
    proposed = propose(cells, version=given.active.version + 1, created="2026-11-21T12:00:00Z", **proposing)
    evidence = Evidence(
        rows=given.rows, runs=given.runs, promotions=given.promotions, at=NOON, command="harness report matrix"
    )
    results = matrix_results(given.active, proposed, evidence)
    return Made(html=render_matrix(results, templates=TEMPLATES, harness="1.0"), results=results)


def regression_input() -> RegressionInput:
    """A confirmed loss in one class, a task that is solved anew, another model behind the name, another price."""
    dear = {C: {"rates": {"input": "4", "output": "20"}, "as_of": "2026-11-21", "source": "vendor"}}
    again = [row for row in rows_of(99, lost=LOST, epochs=3) if row.task_class == LOST]
    tonight = replace(bad(9, prices=dear, provenance={"harness": "1.1", "models": {C: "b"}}), fresh=again)
    gone = replace(tonight.rows[5], task_id="gone", task_digest="gone", grade=Grade.INFRA_ERROR)
    nights = [*quiet(8), night_of(8, provenance={"harness": "1.0", "models": {C: "a"}}), tonight]
    nights[-1] = replace(tonight, rows=[*tonight.rows, gone])
    served = {8: "model-1", 9: "model-2"}
    calls = [
        call
        for at, name in served.items()
        for call in calls_of(nights[at], served=name, output=60 * at, fingerprint=f"fp-{at}")
    ]
    baseline = Baseline(
        kind="frozen",
        run_ids=tuple(f"run-{at:03}" for at in range(9)),
        set_at="2026-11-29",
        reason="release",
        who="ann",
    )
    return RegressionInput(nights=nights, baseline=baseline, calls=calls)


def make_regression(given: RegressionInput) -> Made:
    results = regression_results(given.nights, given.baseline, given.calls)
    failures = with_texts(results["tasks"]["new_failures"], given.nights[-1].rows, given.nights[-2].rows)
    return Made(html=render_regression(results, failures, templates=TEMPLATES, harness="1.0"), results=results)


def stopped_input(tasks: int = 60, margin: float = 0.03) -> AbInput:
    """A run that stopped early, B being better, with trials in flight beyond the stop."""
    given = ab_input(tasks)
    lost = [
        replace(row, grade=Grade.NOT_RESOLVED) if row.candidate == A and int(row.task_id[4:]) % 2 else row
        for row in given.rows
        if row.candidate in (A, B)
    ]
    rows = [replace(row, grade=Grade.RESOLVED) if row.candidate == B else row for row in lost]
    first = sorted({place_of(7, row.task_id, row.task_digest) for row in rows})[:14]  # no more was asked
    asked = [row for row in rows if place_of(7, row.task_id, row.task_digest) in first]
    return replace(given, rows=asked, run=stopping_run(make_run(rows, trials=len(asked)), margin=margin))


def stopping_run(run: RunRow, *, margin: float = 0.03, **changes: Any) -> RunRow:
    plan = {
        "rule": "stop-early/1", "candidates": [A, B], "pairs": run.tasks, "margin": margin, "alpha": 0.05,
        "order_seed": 7, "tasks_sha256": "ab" * 32, "suite_digest": run.suite_digest, **changes,
    }  # fmt: skip
    return replace(run, provenance={**run.provenance, "stopping": {"plan": plan, "sha256": digest(plan)}})


def decision(number: int = 1, *, groups: Any = ((("acme/one", "acme/two"), "17"),), **changes: Any) -> DecisionRow:
    """A panel's outcome: two that agree, unless *groups* says otherwise."""
    valid = sum(len(models) for models, _ in groups)
    served = bool(groups) and len(groups[0][0]) > 1
    fields = {
        "verdict_id": f"v{number:015x}", "at": NOON + timedelta(minutes=number), "candidate": "consensus/payments",
        "served": served, "answer": groups[0][1] if served else None, "reason": None if served else "divergent",
        "detail": "2 of 3 say the same" if served else "no two say the same", "confidence": None, "certified": False,
        "degraded": False, "policy": "payments", "policy_version": "abc123", "comparator": "numeric@1",
        "groups": [{"answer": text, "models": list(models), "weight": len(models) / valid} for models, text in groups],
        "quorum": {"declared": 3, "called": 3, "valid": valid, "missing": []}, "cost_usd": Decimal("0.012"),
        "latency_s": 1.5, "calls_saved": 1, "task_class": CLASSES[number % 4], "question": f"How much is {number}?",
        "run_id": "r-1", "task_id": f"t{number}", "grade": None, "expected": None, "reviewed": False,
        "review_answer": None, "who": None, "position": f"r-1.jsonl:{number}",
    }  # fmt: skip
    return DecisionRow(**{**fields, **changes})


def votes_of(row: DecisionRow, models: tuple[str, ...] = MODELS) -> list[DecisionBallotRow]:
    said = {model: group["answer"] for group in row.groups for model in group["models"]}
    return [
        DecisionBallotRow(
            verdict_id=row.verdict_id, model=model, kind="answered" if model in said else "missing",
            answer=said.get(model), why="" if model in said else "no reply within 5 s",
            role="tiebreak" if model == models[-1] else "panel", calls=1, cost_usd=Decimal("0.004"), latency_s=0.5,
        )
        for model in models
    ]  # fmt: skip


def consensus_input(number: int = 60) -> ConsensusInput:
    """Outcomes of every kind, from a seed: unanimous and right, unanimous and wrong, majorities, splits, silence."""
    draw, rows = random.Random(5), []
    for at in range(number):
        one, two, three = MODELS
        kind = at % 10
        groups: Any = (((one, two, three), "17"),)
        if kind in (3, 4):
            groups = (((one, two), "17"), ((three,), "18"))
        elif kind == 5:
            groups = (((one,), "17"), ((two,), "18"), ((three,), "19"))
        elif kind == 6:
            groups = (((one,), "17"),)
        elif kind == 7:
            groups = ()
        truth = {"expected": "18" if at % 7 == 3 else "17"} if at % 9 else {}
        row = decision(at, groups=groups, confidence=round(draw.uniform(0.5, 1), 3) if at % 2 else None, **truth)
        if truth and row.served:
            row = replace(row, grade=Grade.RESOLVED if truth["expected"] == "17" else Grade.NOT_RESOLVED)
        if kind == 5:
            row = replace(row, reviewed=True, review_answer="18" if at % 4 else None, who="ann")
        rows.append(row)
    return ConsensusInput(
        rows=rows,
        votes=[vote for row in rows for vote in votes_of(row)],
        window=Window(since=SINCE, command="harness report consensus --since 2026-11-01"),
    )


def make_consensus(given: ConsensusInput) -> Made:
    results = consensus_results(given.rows, given.votes, given.window)
    return Made(html=render_consensus(results, templates=TEMPLATES, harness="1.0"), results=results)


def make_evidence(folder: Path, poison: Poison | None = None, *, events: Any = divided) -> Made:
    context = CONTEXT
    made = events()
    if poison is not None:
        policy = poison(context.policy)
        made = tuple(poison(event) for event in made)
        made = tuple(
            replace(event, outcome=replace(event.outcome, policy_version=digest(policy)[:12]))
            if hasattr(event, "outcome") else event for event in made
        )  # fmt: skip
        context = replace(poison(replace(context, policy=None)), policy=policy, compare=context.compare, prices={})
    heads = [{"journal": "ask-1.jsonl", "lines": 4, "head_hash": "f" * 64}]
    view = evidence_view(record(folder, *made).quotes, context)
    return Made(html=render_evidence(view, templates=TEMPLATES, heads=heads, harness="1.0"), results=view)


def _poisoned_noise(text: str) -> dict[str, Any]:
    return {
        "run": f"r-aa{text}", "candidate": f"{A}{text}", "measured_at": "2026-11-20T06:00:00", "tasks": 120, "flips": 6,
        "share": 0.05, "ci": [0.023, 0.105], "sd": 0.224, "smallest": 0.07,
    }  # fmt: skip


def _stopped(text: str, poison: Poison) -> AbInput:
    # Keys of a run's provenance are free and get the text; what is under the key that counts, gets it here.
    given: AbInput = poison(stopped_input())
    if not text:
        return given
    found = stopping_run(given.run).provenance["stopping"]
    stopping = {"plan": {**found["plan"], f"more{text}": text}, "sha256": found["sha256"] + text}
    return replace(given, run=replace(given.run, provenance={**given.run.provenance, "stopping": stopping}))


def pages(folder: Path, text: str = "") -> dict[str, Made]:
    """One page of every kind; with *text* in every field of everything they are made of."""

    def poison(value: Any) -> Any:
        return poisoned(value, text) if text else value

    folder.mkdir(parents=True, exist_ok=True)
    utf8 = text.replace("\ud800", "")  # a journal holds UTF-8
    return {
        "ab": make_ab(poison(ab_input()), [_poisoned_noise(text)]),
        "stopped": make_ab(_stopped(text, poison)),
        "regression": make_regression(poison(regression_input())),
        "matrix": make_matrix(poison(matrix_input())),
        "consensus": make_consensus(poison(consensus_input())),
        "evidence": make_evidence(folder, (lambda value: poisoned(value, utf8)) if text else None),
    }
