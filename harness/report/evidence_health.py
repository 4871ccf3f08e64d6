"""What speaks for and against the evidence of an outcome, one line each, for the top of its page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

View = Mapping[str, Any]
Line = tuple[Literal["ok", "warn"], str]


def health(view: View) -> list[dict[str, str]]:
    """``{"state": "ok" | "warn", "text"}`` per fact of *view* (:func:`harness.report.evidence.evidence_view`)."""
    checks: Sequence[Callable[[View], Iterator[Line]]] = (
        _quorum,
        _dissent,
        _confidence,
        _judged_again,
        _same_model,
        _dropped,
        _costs,
        _request,
    )
    return [{"state": state, "text": text} for check in checks for state, text in check(view)]


def calls_of(view: View) -> list[tuple[View | None, View]]:
    """Every call on record with its ballot; ``None``: none of its own."""
    voted = [(ballot, ballot["call"]) for ballot in view["ballots"] if ballot["call"] is not None]
    return [*voted, *((None, call) for call in view["other_calls"])]


def _quorum(view: View) -> Iterator[Line]:
    quorum = view["quorum"]
    told = f"{quorum['valid']} of {quorum['called']} models called gave a valid answer"
    yield ("ok" if quorum["called"] and quorum["valid"] == quorum["called"] else "warn", told)
    for gone in quorum["missing"]:
        yield "warn", f"{gone['model']}: {gone['why']}"
    uncalled = quorum["declared"] - quorum["called"]
    if uncalled > 0:
        yield "ok", f"{uncalled} declared {'member' if uncalled == 1 else 'members'} did not have to be asked"


def _dissent(view: View) -> Iterator[Line]:
    sizes = [len(group["models"]) for group in view["groups"]]
    if len(sizes) > 1:
        yield "warn", f"{len(sizes)} different answers: {' against '.join(map(str, sizes))}"
    elif sizes and sizes[0] > 1:
        yield "ok", f"all {sizes[0]} valid answers say the same"


def _confidence(view: View) -> Iterator[Line]:
    outcome = view["outcome"]
    if outcome["confidence"] is None:
        yield "warn", "no calibration: no probability of being right is claimed"
    elif not outcome["certified"]:
        yield "warn", "the probability is not certified under a risk limit"
    else:
        yield "ok", "certified under the risk limit of the policy"


def _judged_again(view: View) -> Iterator[Line]:
    """Whether the comparator, asked again, puts the answers into the same groups."""
    group_of = {model: place for place, group in enumerate(view["groups"]) for model in group["models"]}
    other = [
        pair
        for pair in view["pairs"]
        if (pair["relation"] == "same") != (group_of.get(pair["a"]) == group_of.get(pair["b"]))
    ]
    for pair in other:
        yield "warn", f"judged again, {pair['a']} and {pair['b']} are {pair['relation']}: not as they were grouped"
    doubtful = [pair for pair in view["pairs"] if pair["relation"] == "unknown"]
    if doubtful:
        yield "warn", f"the comparator cannot tell {len(doubtful)} of {len(view['pairs'])} pairs apart or together"
    if view["pairs"] and not other:
        yield "ok", "judged again, the answers fall into the same groups"


def _same_model(view: View) -> Iterator[Line]:
    served: dict[str, list[str]] = {}
    for ballot, call in calls_of(view):
        name = call.get("served_model") if call["ok"] else None
        if ballot is not None and name:
            served.setdefault(name, []).append(ballot["model"])
    for name, members in served.items():
        if len(set(members)) > 1:
            yield "warn", f"{' and '.join(members)} were both served by {name}: they are one voter"


def _dropped(view: View) -> Iterator[Line]:
    for _, call in calls_of(view):
        if call["ok"] and call["dropped"]:
            yield "warn", f"{call['model']} was not sent {', '.join(call['dropped'])}: it does not take it"


def _costs(view: View) -> Iterator[Line]:
    again = [(call, call["cost_again_usd"]) for _, call in calls_of(view) if call["cost_again_usd"] is not None]
    for call, cost in again:
        if call["cost_usd"] is not None and Decimal(cost) != Decimal(call["cost_usd"]):
            yield (
                "warn",
                f"{call['model']}: its tokens cost ${cost} at the price on record, ${call['cost_usd']} was booked",
            )
    unknown = [call["model"] for _, call in calls_of(view) if call["cost_usd"] is None]
    if unknown:
        yield "warn", f"what {', '.join(unknown)} cost is not known"
    fits = all(call["cost_usd"] is not None and Decimal(cost) == Decimal(call["cost_usd"]) for call, cost in again)
    if again and fits:
        yield "ok", f"the cost of {len(again)} {'call' if len(again) == 1 else 'calls'} is tokens times dated price"


def _request(view: View) -> Iterator[Line]:
    request = view["request"]
    if request["messages"] is None:
        yield "warn", "the question is not on record in clear, only its hash"
    elif request["hash_fits"]:
        yield "ok", "the question on record has the hash of what was asked"
    elif view["redactions"]:
        yield "warn", "the question on record was redacted, so it does not have the hash of what was asked"
    else:
        yield "warn", "the question on record does not have the hash of what was asked"
    if view["redactions"]:
        yield "warn", f"{view['redactions']} secrets were redacted before anything was written"
