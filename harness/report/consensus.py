"""What panels decided over a time, as JSON values: how often it was right, where it was not, what it cost. Pure."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from harness.consensus.calibration.metrics import BINS, aurc, brier, curve, ece
from harness.core.hashing import Json
from harness.report.text import cut
from harness.report.truth import Compares, truth
from harness.report.voters import Decision, by_verdict, matrices, singles, voters
from harness.stats import wilson_ci
from harness.store import DecisionBallotRow, DecisionRow

SCHEMA: Final = "harness.consensus/1"
LISTED_MAX: Final = 50
"""Of each list of outcomes; the others are counted."""
CURVE_MAX: Final = 200
_TEXT_BYTES: Final = 1_500
_ALL, _MOST, _SPLIT, _ALONE, _NONE = "unanimous", "majority", "split", "one voice", "no answer"
AGREEMENTS: Final = (_ALL, _MOST, _SPLIT, _ALONE, _NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which outcomes are looked at, and what is needed to judge them."""

    since: datetime
    policy: str | None = None
    """``None``: of every policy."""
    compares: Compares = field(default_factory=dict)
    scripted: bool = False
    command: str = ""
    """Makes the page again."""


def consensus_results(
    rows: Sequence[DecisionRow], votes: Sequence[DecisionBallotRow], window: Window
) -> dict[str, Json]:
    """What the panels of *rows* decided, and how good that was where the truth is known.

    JSON values only, no NaN; rates are shares, amounts US dollars; unknown and undefined are None.
    """
    ballots = by_verdict(votes)
    decisions = [
        Decision(row=row, votes=ballots.get(row.verdict_id, []), truth=truth(row, window.compares)) for row in rows
    ]
    labelled = [one for one in decisions if one.truth is not None]
    served = [one for one in labelled if one.row.served]
    wrong = [one for one in served if not _right(one)]
    splits = [one for one in decisions if agreement(one) == _SPLIT]
    return {
        "schema": SCHEMA,
        "since": window.since.isoformat(timespec="seconds"),
        "first_at": None if not rows else rows[0].at.isoformat(timespec="seconds"),
        "last_at": None if not rows else rows[-1].at.isoformat(timespec="seconds"),
        "policy": window.policy,
        "scripted": window.scripted,
        "n": len(decisions),
        "served": len([row for row in rows if row.served]),
        "labels": _labels(decisions),
        "accuracy": _rate(served, _right),
        "unanimous_accuracy": _rate([one for one in served if agreement(one) == _ALL], _right),
        "agreement": [_by_agreement(name, decisions) for name in AGREEMENTS],
        "unanimous_wrong": _listed([one for one in wrong if agreement(one) == _ALL]),
        "other_wrong": _listed([one for one in wrong if agreement(one) != _ALL]),
        "curve": _curve(labelled),
        "reliability": _reliability(labelled),
        "voters": voters(decisions),
        "matrices": matrices(decisions),
        "splits": _listed(splits),
        "reasons": _reasons(decisions),
        "groups": {
            "policy": _parts(decisions, lambda one: f"{one.row.policy} {one.row.policy_version}".strip()),
            "task_class": _parts(decisions, lambda one: one.row.task_class),
            "comparator": _parts(decisions, lambda one: one.row.comparator),
        },
        "economics": _economics(decisions),
        "command": window.command,
    }


def agreement(one: Decision) -> str:
    """How far the valid answers agree: one of :data:`AGREEMENTS`."""
    sizes = [len(group["models"]) for group in one.row.groups]
    if not sizes:
        return _NONE
    if len(sizes) == 1:
        return _ALL if sizes[0] > 1 else _ALONE
    return _MOST if sizes[0] > 1 and sizes[0] > sizes[1] else _SPLIT


def _right(one: Decision) -> bool:
    """Whether the largest group, or the one that was served, is right."""
    if one.truth is None or one.truth.right is None:
        return False
    group = one.row.groups[one.truth.right]
    return bool(group["answer"] == one.row.answer) if one.row.served else one.truth.right == 0


def _rate(decisions: Sequence[Decision], test: Callable[[Decision], bool]) -> dict[str, Json]:
    k, n = sum(map(test, decisions)), len(decisions)
    if not n:
        return {"k": 0, "n": 0, "rate": None, "lo": None, "hi": None}
    ends = wilson_ci(k=k, n=n)
    return {"k": k, "n": n, "rate": k / n, "lo": ends.lo, "hi": ends.hi}


def _labels(decisions: Sequence[Decision]) -> dict[str, Json]:
    sources = [one.truth.source for one in decisions if one.truth is not None]
    return {"n": len(sources), "missing": len(decisions) - len(sources)} | {
        source: sources.count(source) for source in ("review", "grade", "answer")
    }


def _by_agreement(name: str, decisions: Sequence[Decision]) -> dict[str, Json]:
    mine = [one for one in decisions if agreement(one) == name]
    served = [one for one in mine if one.row.served]
    known = [one for one in mine if one.truth is not None]
    return {
        "agreement": name,
        "n": len(mine),
        "share": len(mine) / len(decisions) if decisions else None,
        "served": len(served),
        "right": _rate(known, _right),
    }


def _score(one: Decision) -> float:
    """How sure the panel was: the calibrated probability, else the share of the valid ballots in the first group."""
    if one.row.confidence is not None:
        return one.row.confidence
    return float(one.row.groups[0]["weight"]) if one.row.groups else 0.0


def _curve(labelled: Sequence[Decision]) -> dict[str, Json]:
    """Questions without any answer are part of what could be served, and of nothing that is."""
    answered = [one for one in labelled if one.row.groups]
    scored = [(_score(one), _right(one)) for one in answered]
    share = len(answered) / len(labelled) if labelled else 0.0
    calibrated = sum(one.row.confidence is not None for one in answered)
    points = curve(scored)
    step = max(1, math.ceil(len(points) / CURVE_MAX))
    return {
        "n": len(labelled),
        "calibrated": calibrated,
        "by": "confidence"
        if answered and calibrated == len(answered)
        else "share of votes"
        if not calibrated
        else "both",
        "points": [
            {
                "score": point.confidence,
                "coverage": point.coverage * share,
                "risk": point.risk,
                "served": round(point.coverage * len(answered)),
            }
            for place, point in enumerate(points)
            if place % step == 0 or place == len(points) - 1
        ],
        "aurc": aurc(scored) if scored else None,
        "singles": singles(labelled),
    }


def _reliability(labelled: Sequence[Decision]) -> dict[str, Json]:
    """Of calibrated probabilities alone: a share of votes claims nothing."""
    scored = [(one.row.confidence, _right(one)) for one in labelled if one.row.confidence is not None]
    inside: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in scored:
        inside.setdefault(max(0, math.ceil(confidence * BINS - 1e-9) - 1), []).append((confidence, right))
    certified = [one for one in labelled if one.row.certified and one.row.served]
    return {
        "n": len(scored),
        "bins": [_bin(place, pairs) for place, pairs in sorted(inside.items())],
        "ece": ece(scored) if scored else None,
        "brier": brier(scored) if scored else None,
        "certified": _rate(certified, _right),
    }


def _bin(place: int, pairs: Sequence[tuple[float, bool]]) -> dict[str, Json]:
    n, right = len(pairs), sum(right for _, right in pairs)
    ends = wilson_ci(k=right, n=n)
    return {
        "low": place / BINS,
        "high": (place + 1) / BINS,
        "n": n,
        "claimed": math.fsum(confidence for confidence, _ in pairs) / n,
        "right": right / n,
        "lo": ends.lo,
        "hi": ends.hi,
    }


def _listed(decisions: Sequence[Decision]) -> dict[str, Json]:
    """The newest first."""
    shown = list(reversed(decisions))[:LISTED_MAX]
    return {"n": len(decisions), "shown": [_outcome(one) for one in shown]}


def _outcome(one: Decision) -> dict[str, Json]:
    row = one.row
    return {
        "verdict_id": row.verdict_id,
        "at": row.at.isoformat(timespec="seconds"),
        "policy": row.policy,
        "task_class": row.task_class,
        "question": _text(row.question),
        "served": row.served,
        "answer": None if row.answer is None else _text(row.answer),
        "reason": row.reason,
        "detail": row.detail[:1000],
        "confidence": row.confidence,
        "groups": [
            {
                "answer": _text(group["answer"]),
                "models": list(group["models"]),
                "right": one.truth is not None and one.truth.right == place,
            }
            for place, group in enumerate(row.groups)
        ],
        "truth": None if one.truth is None else {"source": one.truth.source, "answer": _maybe(one.truth.answer)},
        "who": row.who,
        "path": list(_path(one)),
        "cost_usd": _money(row.cost_usd),
        "latency_s": row.latency_s,
        "run_id": row.run_id,
        "task_id": row.task_id,
        "position": row.position,
    }


def _text(text: str) -> dict[str, Json]:
    kept = cut(text, _TEXT_BYTES)
    return {"text": kept.text, "bytes_cut": kept.bytes_cut, "sha256": kept.sha256}


def _maybe(text: str | None) -> dict[str, Json] | None:
    return None if text is None else _text(text)


def _path(one: Decision) -> Iterator[dict[str, Json]]:
    """Who was asked, in order, what came of it, and what it cost."""
    for vote in one.votes:
        group = one.group_of(vote.model)
        yield {
            "model": vote.model,
            "role": vote.role,
            "kind": vote.kind,
            "group": None if group is None else group + 1,
            "why": vote.why[:500],
            "calls": vote.calls or 0,
            "cost_usd": _money(vote.cost_usd),
            "latency_s": vote.latency_s,
        }


def _reasons(decisions: Sequence[Decision]) -> list[dict[str, Json]]:
    away = [one for one in decisions if not one.row.served]
    names = sorted({one.row.reason or "unknown" for one in away})
    found = []
    for name in names:
        mine = [one for one in away if (one.row.reason or "unknown") == name]
        known = [one for one in mine if one.truth is not None]
        found.append({"reason": name, "n": len(mine), "right": _rate(known, _right), "cost_usd": _cost(mine)})
    return sorted(found, key=lambda each: (-each["n"], each["reason"]))


def _parts(decisions: Sequence[Decision], key: Callable[[Decision], str]) -> list[dict[str, Json]]:
    parts: dict[str, list[Decision]] = {}
    for one in decisions:
        parts.setdefault(key(one), []).append(one)
    return [
        {
            "name": name,
            "n": len(mine),
            "served": sum(one.row.served for one in mine),
            "right": _rate([one for one in mine if one.row.served and one.truth is not None], _right),
            "cost_usd": _cost(mine),
        }
        for name, mine in sorted(parts.items())
    ]


def _economics(decisions: Sequence[Decision]) -> dict[str, Json]:
    """Money and calls. What was saved is an estimate: calls that were not made, at the mean cost of those that were."""
    made = [vote for one in decisions for vote in one.votes if vote.calls]
    known = [float(vote.cost_usd) for vote in made if vote.cost_usd is not None]
    mean = math.fsum(known) / len(known) if known and len(known) == len(made) else None
    saved = sum(one.row.calls_saved for one in decisions)
    total = _cost(decisions)
    return {
        "cost_usd": total,
        "unknown": sum(one.row.cost_usd is None for one in decisions),
        "per_outcome_usd": None if total is None or not decisions else total / len(decisions),
        "calls": len(made),
        "calls_saved": saved,
        "mean_call_usd": mean,
        "saved_usd": None if mean is None else mean * saved,
        "multiple": None if not mean or total is None else total / len(decisions) / mean,
    }


def _cost(decisions: Sequence[Decision]) -> float | None:
    costs = [one.row.cost_usd for one in decisions]
    known = [float(cost) for cost in costs if cost is not None]
    return math.fsum(known) if len(known) == len(costs) else None


def _money(amount: Json) -> float | None:
    return None if amount is None else float(amount)


def consensus_summary(results: Mapping[str, Json], file: str) -> dict[str, Json]:
    """What ``report consensus --json`` prints."""
    return {
        "n": results["n"],
        "served": results["served"],
        "labelled": results["labels"]["n"],
        "accuracy": results["accuracy"],
        "unanimous_wrong": results["unanimous_wrong"]["n"],
        "aurc": results["curve"]["aurc"],
        "ece": results["reliability"]["ece"],
        "brier": results["reliability"]["brier"],
        "cost_usd": results["economics"]["cost_usd"],
        "calls": results["economics"]["calls"],
        "calls_saved": results["economics"]["calls_saved"],
        "reasons": {each["reason"]: each["n"] for each in results["reasons"]},
        "file": file,
    }
