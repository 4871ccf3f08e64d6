"""The evidence page: one outcome as one HTML file, for somebody who has to answer for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from harness.core.hashing import Json, canonical
from harness.report.evidence_health import calls_of, health
from harness.report.evidence_timeline import Bar, timeline
from harness.report.page import render_page
from harness.report.text import TEXT_BYTES_MAX, Cut, cut

TEMPLATE: Final = "evidence.html.j2"
PAGE_BYTES_MAX: Final = 2_500_000
"""Texts are cut shorter until all of them fit into this."""
_TEXT_BYTES_MIN: Final = 500
REASONS: Final[Mapping[str, str]] = {
    "divergent": "the answers differ",
    "degraded_panel": "too few valid answers",
    "comparator_unknown": "nobody can tell whether the answers agree",
    "uncertified": "the risk limit is not certified",
    "out_of_class": "not the kind of question it was calibrated for",
    "refused": "the model refused",
    "unreadable": "the answer cannot be read",
    "truncated": "the answer was cut off",
    "failed": "the models failed",
    "deadline": "the deadline passed",
    "budget": "the budget does not hold it",
    "no_route": "no model fits",
}
RELATIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "same": {"icon": "=", "state": "better"},
    "different": {"icon": "≠", "state": "worse"},
    "unknown": {"icon": "?", "state": "insufficient"},
}
ENDINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "served": {"icon": "✔", "state": "better"},
    "not served": {"icon": "✖", "state": "worse"},
    "unknown": {"icon": "?", "state": "insufficient"},
}

View = Mapping[str, Any]


def render_evidence(view: View, *, templates: Path, heads: Sequence[View] = (), harness: str = "") -> str:
    """The page of *view* (:func:`harness.report.evidence.evidence_view`).

    *heads* are ``{"journal", "lines", "head_hash"}`` of the journals it was read from, *harness* is the version that
    made it. The same arguments give the same bytes. Raises ConfigError when a template cannot be read or filled.
    """
    calls = calls_of(view)
    limit = _limit(view, len(calls))
    values = {
        "v": view,
        "banner": banner(view),
        "health": health(view),
        "tiles": _tiles(view),
        "messages": [{"role": each["role"], "text": cut(each["content"], limit)} for each in _messages(view)],
        "messages_cut": max(0, len(view["request"]["messages"] or ()) - _MESSAGES_MAX),
        "ballots": [_ballot(view, ballot, limit) for ballot in view["ballots"]],
        "calls": [_call(ballot, call, limit) for ballot, call in calls],
        "timeline": timeline(_bars(view, calls)),
        "relations": RELATIONS,
        "endings": ENDINGS,
        "why_no_pairs": _why_no_pairs(view),
        "alternatives": [_alternative(view, each) for each in view["static_policies"]],
        "policy": _facts(view["policy"]["fields"]),
        "options": canonical(view["comparator"]["options"]).decode() if view["comparator"]["options"] else "",
        "heads": heads,
        "harness": harness,
    }
    return render_page(templates, TEMPLATE, values)


def banner(view: View) -> dict[str, Json]:
    """``{"state", "icon", "headline", "lines"}``: the decision in one sentence, and what stands behind it."""
    outcome, reviews = view["outcome"], view["reviews"]
    lines = [outcome["detail"]] if outcome["detail"] else []
    if reviews:
        last = reviews[-1]
        said = "no answer is right" if last["answer"] is None else last["answer"]
        lines = [f"{last['who']}: {last['why']}", f"Not served by the panel: {outcome['detail']}"]
        return {"state": "equivalent", "icon": "✎", "headline": f"Decided by {last['who']}: {said}", "lines": lines}
    if not outcome["served"]:
        word = REASONS.get(str(outcome["reason"]), str(outcome["reason"]).replace("_", " "))
        lines += ["A person has to look at it."] if outcome["review"] else []
        return {"state": "worse", "icon": "✖", "headline": f"Not served: {word}", "lines": lines}
    doubt = outcome["degraded"] or len(view["groups"]) > 1
    if len(view["groups"]) > 1:
        lines.append("Not all of the panel say so.")
    state, icon = ("insufficient", "◐") if doubt else ("better", "✔")
    return {"state": state, "icon": icon, "headline": f"Served: {outcome['answer']}", "lines": lines}


_MESSAGES_MAX: Final = 20


def _messages(view: View) -> Sequence[View]:
    """The turns that are shown: the last ones of a long conversation."""
    return list(view["request"]["messages"] or ())[-_MESSAGES_MAX:]


def _limit(view: View, calls: int) -> int:
    """Bytes of each text, so that all of them fit on the page."""
    texts = 1 + len(_messages(view)) + 2 * len(view["ballots"]) + calls
    return max(_TEXT_BYTES_MIN, min(TEXT_BYTES_MAX, PAGE_BYTES_MAX // texts))


def _tiles(view: View) -> list[dict[str, Json]]:
    outcome, quorum = view["outcome"], view["quorum"]
    largest = max((len(group["models"]) for group in view["groups"]), default=0)
    bound = _money(outcome["cost_bound_usd"])
    cost = _money(outcome["cost_usd"])
    return [
        {
            "id": "agreement",
            "name": "Largest group",
            "value": f"{largest} of {quorum['valid']}",
            "note": "valid answers",
        },
        {
            "id": "called",
            "name": "Models called",
            "value": f"{quorum['called']} of {quorum['declared']}",
            "note": f"{quorum['valid']} with a valid answer",
        },
        {"id": "confidence", "name": "Chance of being right", "confidence": outcome["confidence"]},
        {"id": "cost", "name": "Cost", "usd": cost, "bound": None if bound == cost else bound},
        {"id": "latency", "name": "Time to decide", "seconds": outcome["latency_s"]},
    ]


def _group_of(view: View, model: str) -> int | None:
    return next((place for place, group in enumerate(view["groups"], 1) if model in group["models"]), None)


def _ballot(view: View, ballot: View, limit: int) -> dict[str, Json]:
    call = ballot["call"]
    return {
        "model": ballot["model"],
        "role": ballot["role"],
        "kind": ballot["kind"],
        "group": _group_of(view, ballot["model"]),
        "served": _won(view, ballot["model"]),
        "answer": ballot["answer"],
        "why": ballot["why"],
        "finish": None if call is None else (call["finish"] if call["ok"] else call["kind"]),
        "latency_s": None if call is None else call["latency_s"],
        "cost_usd": None if call is None else _money(call["cost_usd"]),
        "text": _text(call["text"] if call is not None and call["ok"] else None, limit),
        "refusal": _text(call.get("refusal") if call is not None else None, limit),
        "read": _text(ballot["answer"], limit),
        "execution": _execution(ballot["execution"]),
        "position": None if call is None else call["position"],
    }


def _won(view: View, model: str) -> bool:
    """Whether what *model* said is what was served."""
    outcome = view["outcome"]
    groups = [group for group in view["groups"] if group["answer"] == outcome["answer"] and model in group["models"]]
    return bool(outcome["served"] and groups)


def _text(text: str | None, limit: int) -> Cut | None:
    return None if text is None else cut(text, limit)


def _execution(execution: View | None) -> str:
    if execution is None:
        return ""
    tests = execution["tests"]
    passed = sum(test["outcome"] == "passed" for test in tests)
    return f"ran under {len(tests)} tests, {passed} passed; {execution['ending']}, isolation {execution['isolation']}"


def _call(ballot: View | None, call: View, limit: int) -> dict[str, Json]:
    return {
        **call,
        "ballot": ballot is not None,
        "cost_usd": _money(call["cost_usd"]),
        "cost_bound_usd": _money(call.get("cost_bound_usd")),
        "vendor_cost_usd": _money(call.get("vendor_cost_usd")),
        "ended": call["finish"] if call["ok"] else call["kind"],
        "served_model": call.get("served_model"),
        "dropped": call.get("dropped") or [],
        "notes": call.get("notes") or [],
        "message": "" if call["ok"] else call["message"],
        "text": _text(call["text"] if call["ok"] and ballot is None else None, limit),
        "rates": _rates(call["price"]),
    }


def _rates(price: View | None) -> str:
    if price is None:
        return ""
    rates = price["rates"]
    tiers = f", {len(price['tiers'])} more for long prompts" if price["tiers"] else ""
    return f"${rates['input']} in, ${rates['output']} out per million{tiers}"


def _bars(view: View, calls: Sequence[tuple[View | None, View]]) -> list[Bar]:
    """Each call on one clock: a call's line is written when its answer is in."""
    ends = [datetime.fromisoformat(call["at"]).timestamp() for _, call in calls]
    starts = [end - call["latency_s"] for end, (_, call) in zip(ends, calls, strict=True)]
    first = min(starts, default=0.0)
    bars = [
        Bar(
            name=call["model"],
            note=_note(view, ballot, call),
            state=_state(view, ballot),
            start_s=start - first,
            end_s=end - first,
        )
        for (ballot, call), start, end in zip(calls, starts, ends, strict=True)
    ]
    return sorted(bars, key=lambda bar: (bar.start_s, bar.name))


def _note(view: View, ballot: View | None, call: View) -> str:
    if ballot is None:
        return str(call["purpose"])
    group = _group_of(view, ballot["model"])
    said = f"group {group}" if group is not None else str(ballot["kind"])
    return f"{said}, tiebreak" if ballot["role"] == "tiebreak" else said


def _state(view: View, ballot: View | None) -> str:
    if ballot is None or ballot["kind"] != "answered":
        return "insufficient"
    return "better" if _won(view, ballot["model"]) else "equivalent"


def _alternative(view: View, each: View) -> dict[str, Json]:
    outcome = view["outcome"]
    same = each["ending"] == ("served" if outcome["served"] else "not served") and (
        each["answer"] is None or each["answer"] == outcome["answer"]
    )
    against = "the same" if same else "nobody knows" if each["ending"] == "unknown" else "different"
    return {**each, "against": against}


def _why_no_pairs(view: View) -> str:
    if sum(ballot["kind"] == "answered" for ballot in view["ballots"]) < 2:
        return "Fewer than two valid answers: there was nothing to compare."
    if not view["captured"]:
        return "The journal holds hashes of the answers, so they cannot be judged again."
    return "The options of the comparator are no longer on record, so the answers cannot be judged again."


def _facts(fields: View | None) -> list[tuple[str, str]]:
    """The policy in words; what has none here stands as JSON."""
    if fields is None:
        return []
    tiebreak, extract = fields["tiebreak"], fields["extract"]
    told = {
        "panel": ", ".join(fields["panel"]),
        "extract": " ".join(filter(None, (extract["how"], extract["arg"]))),
        "rule": _rule(fields["rule"]),
        "tiebreak": "none" if tiebreak is None else f"{tiebreak['model']}, {tiebreak['mode']}",
        "on_divergence": str(fields["on_divergence"]).replace("_", " "),
        "order": str(fields["order"]).replace("_", " "),
        "deadline_s": f"{fields['deadline_s']:g} s for all, {fields['grace_s']:g} s for stragglers",
        "max_cost_usd": None if fields["max_cost_usd"] is None else f"${fields['max_cost_usd']}",
    }
    apart = ("name", "task_class", "compare", "grace_s")
    rest = {name: canonical(value).decode() for name, value in fields.items() if name not in (*told, *apart)}
    names = {"deadline_s": "Deadline", "max_cost_usd": "Most it may cost"}
    facts = {**told, **rest}
    return [
        (names.get(name, name.replace("_", " ").capitalize()), value)
        for name, value in facts.items()
        if value is not None
    ]


def _rule(rule: View) -> str:
    """A rule, of which :func:`harness.core.hashing.plain` keeps the fields: ``k``, ``alpha``, or none."""
    if "k" in rule:
        return f"{rule['k']} say the same"
    if "alpha" in rule:
        fallback = "nothing is served" if rule["fallback"] is None else _rule(rule["fallback"])
        return f"chance of being wrong at most {rule['alpha']:g}; without a calibration: {fallback}"
    return "all say the same"


def _money(amount: Json) -> float | None:
    return None if amount is None else float(Decimal(amount))
