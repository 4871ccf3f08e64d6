"""What a killed session had in flight counts against the limit of the next one."""

import asyncio
from decimal import Decimal

from harness.core.event import Call, Reserved
from harness.core.ids import CallKey, ModelId, TraceId
from harness.evals.running import read_past
from harness.journal import open_journal
from harness.transport import SystemClock
from tests.engine.cases import reply


def call(key: str) -> Call:
    return Call(
        key=CallKey(key),
        trace_id=TraceId("t"),
        model=ModelId("a"),
        purpose="vote",
        request_sha256="0" * 64,
        request=None,
        reply=reply("a", "2"),
    )


def spent(path, *events) -> Decimal:
    async def write():
        async with open_journal(path, clock=SystemClock()) as journal:
            for event in events:
                await journal.append(event)

    asyncio.run(write())
    return read_past(path).spent_usd


def reserved(key: str, **fields: bool) -> Reserved:
    return Reserved(key=CallKey(key), bound_usd=Decimal("0.50"), **fields)


def test_a_call_that_came_back_counts_what_it_cost(tmp_path):
    assert spent(tmp_path / "a.jsonl", reserved("k"), call("k")) == Decimal("0.001")


def test_a_call_in_flight_at_the_kill_counts_its_bound(tmp_path):
    assert spent(tmp_path / "a.jsonl", reserved("k"), call("k"), reserved("l")) == Decimal("0.501")


def test_a_call_that_was_not_sent_counts_nothing(tmp_path):
    assert spent(tmp_path / "a.jsonl", reserved("k"), reserved("k", released=True)) == 0


def test_asked_again_after_the_kill_both_count(tmp_path):
    assert spent(tmp_path / "a.jsonl", reserved("k"), reserved("k"), call("k")) == Decimal("0.501")
