"""The evidence of an outcome, as people read it in a terminal."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from harness.cli.labels import dollars, dollars_alike, percent, seconds, seconds_alike, shortened
from harness.cli.output import Output
from harness.core.hashing import Json

View = Mapping[str, Any]


def print_evidence(output: Output, view: View) -> None:
    """All of *view* (:func:`harness.report.evidence.evidence_view`), the longer texts cut to a line."""
    _print_decision(output, view)
    output.title("who said what")
    _print_ballots(output, view)
    output.title("same or different")
    _print_pairs(output, view)
    output.title("what simple rules would have done with these ballots")
    _print_static(output, view)
    output.title("calls")
    _print_calls(output, view)
    if view["reviews"]:
        output.title("what a person decided")
        for review in view["reviews"]:
            said = "no answer is right" if review["answer"] is None else review["answer"]
            output.prose(f"{review['at']}  {review['who']}: {said} ({review['why']})", indent="  ")
    output.title("on record as")
    rows = [[line["position"], line["kind"], line["hash"]] for line in view["lines"]]
    output.table(["line", "kind", "hash"], rows)


def _print_decision(output: Output, view: View) -> None:
    outcome, policy = view["outcome"], view["policy"]
    if outcome["served"]:
        output.line(f"served: {shortened(outcome['answer'], 200)}", style="bold green")
    else:
        output.line(f"not served: {outcome['reason']}", style="bold red")
    output.prose(outcome["detail"])
    output.line()
    asked = view["request"]["messages"]
    comparator = view["comparator"]
    options = comparator["options"]
    chance = "no calibration, so no probability is claimed"
    if outcome["confidence"] is not None:
        chance = percent(outcome["confidence"]) + (", certified" if outcome["certified"] else ", not certified")
    output.facts(
        [
            ("verdict", view["verdict_id"]),
            ("at (UTC)", view["at"]),
            ("question", shortened(asked[-1]["content"], 300) if asked else "not on record"),
            ("request", f"sha256 {view['request']['sha256']}"),
            ("class", view["task_class"]),
            ("policy", f"{policy['name']} {policy['version']}"),
            ("comparator", f"{comparator['name']}@{comparator['version']}{f' {options}' if options else ''}"),
            ("chance of being right", chance),
            ("quorum", _quorum(view["quorum"])),
            ("cost", dollars(_money(outcome["cost_usd"]))),
            ("latency", seconds(outcome["latency_s"])),
            ("redactions", view["redactions"]),
            *([("run", f"{view['run']['run_id']} of {view['run']['suite']}")] if view["run"] else []),
        ]
    )


def _quorum(quorum: View) -> str:
    gone = "; ".join(f"{each['model']}: {each['why']}" for each in quorum["missing"])
    told = f"{quorum['valid']} valid of {quorum['called']} called of {quorum['declared']} declared"
    return f"{told} ({gone})" if gone else told


def _print_ballots(output: Output, view: View) -> None:
    group_of = {model: place for place, group in enumerate(view["groups"], 1) for model in group["models"]}
    rows = [
        [
            group_of.get(ballot["model"]),
            ballot["model"],
            shortened(ballot["answer"] if ballot["answer"] is not None else ballot["why"], 200),
            shortened(ballot["call"]["text"], 200) if ballot["call"] and ballot["call"]["ok"] else None,
            " ".join(filter(None, (ballot["role"] if ballot["role"] != "panel" else "", _kind(ballot)))),
        ]
        for ballot in view["ballots"]
    ]
    output.table(["group", "model", "read as", "raw", "note"], rows, right=["group"], cut=["read as", "raw"])


def _kind(ballot: View) -> str:
    return "" if ballot["kind"] == "answered" else str(ballot["kind"])


def _print_pairs(output: Output, view: View) -> None:
    if view["pairs"]:
        rows = [[pair["a"], pair["b"], pair["relation"], pair["why"]] for pair in view["pairs"]]
        output.table(["one", "other", "relation", "why"], rows, wrap=["why"])
        return
    output.line(pairs_absent(view))


def pairs_absent(view: View) -> str:
    """Why there is no judgement of pairs."""
    if sum(ballot["kind"] == "answered" for ballot in view["ballots"]) < 2:
        return "fewer than two valid answers: there was nothing to compare"
    if not view["captured"]:
        return "the journal holds hashes of the answers, so they cannot be judged again"
    return "the comparator's options are no longer on record, so the answers cannot be judged again"


def _print_static(output: Output, view: View) -> None:
    rows = [
        [each["rule"], each["ending"], shortened(each["answer"], 60) if each["answer"] else None, each["why"]]
        for each in view["static_policies"]
    ]
    output.table(["rule", "would have", "answer", "why"], rows, wrap=["why"], cut=["answer"])


def _print_calls(output: Output, view: View) -> None:
    calls = [(ballot["model"], ballot["call"]) for ballot in view["ballots"] if ballot["call"]]
    calls += [(call["model"], call) for call in view["other_calls"]]
    if not calls:
        output.line("no call is on record")
        return
    costs = dollars_alike([_money(call["cost_usd"]) for _, call in calls])
    latencies = seconds_alike([call["latency_s"] for _, call in calls])
    rows = [
        [model, call.get("served_model"), _ended(call), _tokens(call), cost, _price(call), latency, _dropped(call)]
        for (model, call), cost, latency in zip(calls, costs, latencies, strict=True)
    ]
    columns = ["model", "served by", "finish", "tokens in/out", "cost", "price of", "latency", "dropped"]
    output.table(columns, rows, right=["tokens in/out", "cost", "latency"], cut=["dropped"])


def _ended(call: View) -> str:
    return str(call["finish"] if call["ok"] else call["kind"])


def _tokens(call: View) -> str | None:
    usage = call["usage"]
    if usage is None:
        return None
    inputs = usage["input"] + usage["cache_read"] + usage["cache_write"]
    return f"{inputs}/{usage['output'] + usage['reasoning']}"


def _price(call: View) -> str | None:
    return f"{call['price']['as_of']} {call['price']['source']}" if call["price"] else None


def _dropped(call: View) -> str | None:
    return ", ".join(call["dropped"]) or None if call["ok"] else None


def _money(cost: Json) -> Decimal | None:
    return None if cost is None else Decimal(cost)
