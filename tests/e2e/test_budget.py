"""``--max-cost`` over real sockets: never exceeded at any concurrency, and what was paid for is never paid again."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from harness.core.card import Card, Context
from harness.core.event import BudgetHit, Call
from harness.core.ids import CallKey, ModelId, TraceId
from harness.core.money import Price, Rates, Usage
from harness.core.request import user_request
from harness.core.response import Failure, FailureKind, Finish, Reply, Response, Retry
from harness.evals.running import spent
from harness.journal import read
from tests.e2e.home import OUTPUT_TOKENS_MAX, PRICE, Home, make_home, sums
from tests.servers.vendor import Options, Vendor, answer, spawn

CONCURRENCY = "50"
COMMAND = ("run", "sums", "--models", "v/a,v/b", "--concurrency", CONCURRENCY)
TASKS = sums(100)


def billed_usd(vendor: Vendor) -> Decimal:
    """What the vendor asks for: every reply that it sent to its end."""
    return sum((_price_usd(prompt, times) for prompt, times in paid(vendor)), start=Decimal(0))


def paid(vendor: Vendor) -> Sequence[tuple[str, int]]:
    return [(prompt, times) for prompts in vendor.stats()["paid"].values() for prompt, times in prompts.items()]


def _price_usd(prompt: str, times: int) -> Decimal:
    tokens_in, tokens_out = len(prompt.split()) + 8, len(answer(prompt))
    per_million = Decimal(tokens_in * int(PRICE["input"]) + tokens_out * int(PRICE["output"]))  # type: ignore[call-overload]
    return times * per_million / 1_000_000


def counted_usd(result: dict[str, Any]) -> float:
    return float(sum(totals["cost_usd"] for totals in result["candidates"].values()))


def hits(home: Home) -> list[BudgetHit]:
    events = (line.event for line in read(home.journal) if line.kind == "budget")
    return [event for event in events if isinstance(event, BudgetHit)]


@pytest.mark.slow
def test_the_limit_holds_and_more_money_continues(tmp_path: Path):
    with spawn(Options(latency_ms=3)) as vendor:
        home = make_home(tmp_path, vendor.base_url, tasks=TASKS)
        results = []
        for limit in ("0.2", "0.35"):
            results.append(home.json(*COMMAND, "--max-cost", limit, code=4))
            assert results[-1]["complete"] is False
            assert Decimal("0.5") * Decimal(limit) < billed_usd(vendor) <= Decimal(limit)
            assert counted_usd(results[-1]) <= float(limit)
        done = home.json(*COMMAND, "--max-cost", "50")
        assert done["complete"] is True
        assert {times for _, times in paid(vendor)} == {1}, "something was paid twice"
        assert len(paid(vendor)) == vendor.stats()["requests"] == 2 * len(TASKS)
        assert counted_usd(done) == pytest.approx(float(billed_usd(vendor)))
    assert [hit.limit_usd for hit in hits(home)] == [Decimal("0.2"), Decimal("0.35")]
    assert all(hit.spent_usd + hit.reserved_usd <= hit.limit_usd for hit in hits(home))


@pytest.mark.slow
def test_the_limit_holds_while_calls_fail_and_are_tried_again(tmp_path: Path):
    """An attempt that was cut may have been billed: it counts at its bound, in this session and in the next."""
    faults = ("cut", "500", "half_json", "empty", "error_200")
    with spawn(Options(faults=0.15, kinds=faults, latency_ms=3)) as vendor:
        home = make_home(tmp_path, vendor.base_url, tasks=TASKS)
        bound_usd = Decimal(OUTPUT_TOKENS_MAX * int(PRICE["output"])) / 1_000_000  # type: ignore[call-overload]
        for limit in ("0.5", "1"):
            home.json(*COMMAND, "--max-cost", limit, code=4)
            unpaid = sum(entry["kind"] in {"cut", "half_json", "error_200"} for entry in vendor.log())
            assert unpaid > 0
            worst_usd = sum((_price_usd(e["prompt"], 1) for e in vendor.log() if e["kind"] == "ok"), start=Decimal(0))
            assert worst_usd + unpaid * bound_usd <= Decimal(limit)
        assert all(hit.spent_usd + hit.reserved_usd <= hit.limit_usd for hit in hits(home))


@pytest.mark.slow
def test_no_money_means_no_call(tmp_path: Path):
    with spawn(Options()) as vendor:
        home = make_home(tmp_path, vendor.base_url, tasks=sums(3))
        ended = home.run(*COMMAND, "--max-cost", "0")
        assert ended.returncode == 4
        assert "stopped at --max-cost" in ended.stdout
        assert vendor.stats()["requests"] == 0


def test_what_earlier_sessions_spent_counts_the_unknown_at_its_bound():
    price = Price(rates=Rates(input=Decimal(100), output=Decimal(400)), as_of="2026-11-20", source="test")
    card = Card(
        id=ModelId("m"),
        api="openai-chat",
        model="m",
        family="m",
        price=price,
        context=Context(output=OUTPUT_TOKENS_MAX),
    )
    request = user_request("What is 1 + 1?", trace_id=TraceId("t"))
    bound = price.bound_usd(prompt_tokens_max=request.prompt_tokens_max, output_tokens_max=OUTPUT_TOKENS_MAX)
    known = Response(
        model=card.id, text="2", finish=Finish.STOP, usage=Usage(), cost_usd=Decimal("0.01"), latency_s=0.1
    )
    failed = Failure(
        model=card.id,
        kind=FailureKind.UNREACHABLE,
        message="cut",
        retry=Retry.AFTER,
        cost_usd=None,
        cost_bound_usd=bound,
    )
    cases: dict[Reply, Decimal] = {
        known: Decimal("0.01"),
        replace(known, attempts=3, notes=("attempts_of_unknown_cost:2", "odd")): Decimal("0.01") + 2 * bound,
        replace(known, usage=None, cost_usd=None): bound,
        replace(known, usage=None, cost_usd=None, attempts=2): 2 * bound,
        replace(known, usage=None, cost_usd=None, vendor_cost_usd=Decimal("0.02")): Decimal("0.02"),
        failed: bound,
        replace(failed, cost_usd=Decimal(0), cost_bound_usd=None): Decimal(0),
    }
    for reply, expected in cases.items():
        call = Call(
            key=CallKey("k"),
            trace_id=request.trace_id,
            model=card.id,
            purpose="vote",
            request_sha256=request.sha256,
            request=request,
            reply=reply,
        )
        assert spent([call], {card.id: card}) == expected, reply
