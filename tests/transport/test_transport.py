"""Whole calls: retries, breaker, spending limit and cancellation together, against a vendor on loopback."""

import asyncio
import contextlib
import json
import random
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from harness.core.card import Card, Limits
from harness.core.ids import ModelId, TraceId
from harness.core.money import Price, Rates
from harness.core.ports import Caller
from harness.core.request import Message, Request, Sampling
from harness.core.response import Failure, FailureKind, Reply, Response, Retry
from harness.transport import BreakerRule, Deadlines, Ledger, RetryRule, Transport, open_transport
from harness.transport.breaker import BreakerState
from tests.servers.vendor import Options, Vendor, answer, serve

T = TypeVar("T")
KEY = "sk-canary-0123456789"
PRICE = Price(rates=Rates(input=Decimal(1000), output=Decimal(1000)), as_of="2026-11-20", source="user")
CALM = BreakerRule(failures=None, error_rate=None)


def card(base_url: str = "", **changes: Any) -> Card:
    fixed: dict[str, Any] = {
        "id": ModelId("x/y"),
        "api": "openai-chat",
        "model": "y",
        "base_url": base_url,
        "family": "x",
        "price": PRICE,
    }
    return Card(**{**fixed, **changes})


def ask(prompt: str, trace: str = "t", max_tokens: int | None = 100) -> Request:
    return Request(
        messages=(Message(role="user", content=prompt),),
        trace_id=TraceId(trace),
        sampling=Sampling(max_tokens=max_tokens),
    )


def run(scene: Callable[[Transport], Awaitable[T]], **options: Any) -> T:
    async def main() -> T:
        async with open_transport(environ={"A_KEY": KEY}, rng=random.Random(5), **options) as transport:
            return await scene(transport)

    return asyncio.run(main())


def call(model: Card, request: Request, **options: Any) -> Reply:
    return run(lambda transport: transport.call(model, request), **options)


def test_it_is_a_caller_and_opens_nothing_before_it_is_called(vendor: Vendor):
    async def scene(transport: Transport) -> None:
        caller: Caller = transport
        assert transport._http is None
        reply = await caller.call(card(vendor.base_url), ask("40+2"))
        assert isinstance(reply, Response)
        assert (reply.text, reply.attempts) == ("42", 1)
        assert reply.cost_usd == transport.ledger.spent_usd
        assert reply.cost_usd is not None
        assert reply.cost_usd > 0

    run(scene)


@pytest.mark.parametrize("faults", ["500", "cut", "429_seconds", "429_date, 503", "half_json, cut"])
def test_a_fault_that_passes_is_tried_again(vendor: Vendor, faults: str, clock: Any):
    ledger = Ledger()
    reply = call(card(vendor.base_url), ask(f"40+2 [[{faults}, ok]] {faults} passes"), clock=clock, ledger=ledger)
    assert isinstance(reply, Response), reply
    attempts = faults.count(",") + 2
    assert (reply.text, reply.attempts, len(clock.slept)) == ("42", attempts, attempts - 1)
    doubtful = "cut" in faults or "half" in faults
    assert bool(reply.notes) == doubtful
    assert reply.cost_usd is not None
    assert (ledger.spent_usd > reply.cost_usd) == doubtful


def test_what_does_not_pass_is_tried_three_times_and_what_cannot_pass_once(vendor: Vendor, clock: Any):
    lasting = call(card(vendor.base_url), ask("[[500]] lasting"), clock=clock)
    assert isinstance(lasting, Failure)
    assert (lasting.kind, lasting.attempts, lasting.cost_usd) == (FailureKind.OVERLOADED, 3, Decimal(0))
    hopeless = call(card(vendor.base_url), ask("[[not_json]] hopeless"), clock=clock)
    assert isinstance(hopeless, Failure)
    assert hopeless.attempts == 1
    assert (hopeless.cost_usd, hopeless.cost_bound_usd) == (None, _bound(ask("[[not_json]] hopeless")))


def _bound(request: Request) -> Decimal:
    return PRICE.bound_usd(prompt_tokens_max=request.prompt_tokens_max, output_tokens_max=100)


def test_a_vendor_that_asks_for_more_time_than_there_is_is_not_waited_for(clock: Any):
    with serve(Options(retry_after_s=90)) as slow:
        reply = call(card(slow.base_url), ask("[[429_seconds]]"), clock=clock, deadlines=Deadlines(total_s=60))
    assert isinstance(reply, Failure)
    assert (reply.kind, reply.attempts, reply.retry_after_s) == (FailureKind.THROTTLED, 1, 90.0)
    assert clock.slept == []


def test_the_total_deadline_spans_attempts(vendor: Vendor):
    deadlines = Deadlines(first_byte_s=0.3, total_s=0.5)
    reply = call(card(vendor.base_url), ask("[[hang]] twice"), deadlines=deadlines, retry=RetryRule(base_s=0.01))
    assert isinstance(reply, Failure)
    assert (reply.kind, reply.attempts) == (FailureKind.TIMEOUT, 2)
    assert "total deadline" in reply.message


def _state(transport: Transport, model: Card) -> BreakerState:
    return transport.breaker_state(model)


def test_the_breaker_opens_probes_and_closes(vendor: Vendor, clock: Any):
    rule = BreakerRule(failures=4, cooldown_s=20)
    model = card(vendor.base_url)

    async def scene(transport: Transport) -> None:
        first = await transport.call(model, ask("[[500]] 1"))
        assert first.attempts == 3
        second = await transport.call(model, ask("[[500]] 2"))
        assert isinstance(second, Failure)
        assert (second.kind, second.attempts) == (FailureKind.OVERLOADED, 1), "it opened, and there was no retry"
        assert _state(transport, model) is BreakerState.OPEN
        before = vendor.stats()["requests"]
        third = await transport.call(model, ask("1+1 open"))
        assert isinstance(third, Failure)
        assert (third.kind, third.retry, third.attempts) == (FailureKind.BREAKER_OPEN, Retry.AFTER, 0)
        assert third.retry_after_s is not None
        assert 0 < third.retry_after_s <= 20
        assert vendor.stats()["requests"] == before
        clock.now_s += 21
        assert _state(transport, model) is BreakerState.HALF_OPEN, "a router must let the probe through"
        assert isinstance(await transport.call(model, ask("1+1 probe")), Response)
        assert _state(transport, model) is BreakerState.CLOSED

    run(scene, clock=clock, breaker=rule)


def test_a_cancelled_probe_leaves_the_way_free(vendor: Vendor, clock: Any):
    model = card(vendor.base_url)

    async def scene(transport: Transport) -> None:
        await transport.call(model, ask("[[500]] 3"))
        clock.now_s += 31
        probe = asyncio.create_task(transport.call(model, ask("[[hang]] probe")))
        await asyncio.sleep(0.1)
        refused = await transport.call(model, ask("1+1 beside the probe"))
        assert isinstance(refused, Failure)
        assert refused.kind is FailureKind.BREAKER_OPEN
        probe.cancel()
        await asyncio.wait([probe])
        assert isinstance(await transport.call(model, ask("1+1 after the probe")), Response)

    run(scene, clock=clock, breaker=BreakerRule(failures=3))


def test_the_key_is_sent_and_never_shown(vendor: Vendor):
    reply = call(card(vendor.base_url, key_env="A_KEY"), ask("[[401]]"))
    assert isinstance(reply, Failure)
    assert reply.kind is FailureKind.UNAUTHORIZED
    assert "Incorrect API key provided: Bearer [key]" in reply.message
    assert "canary" not in repr(reply)
    nameless = call(card(vendor.base_url, key_env="ANOTHER_KEY"), ask("1+1"))
    assert isinstance(nameless, Failure)
    assert (nameless.kind, nameless.attempts) == (FailureKind.UNAUTHORIZED, 0)
    assert "ANOTHER_KEY" in nameless.message


def test_what_the_limit_does_not_hold_is_not_sent(vendor: Vendor):
    request = ask("1+1 too dear")
    before = vendor.stats()["requests"]
    reply = call(card(vendor.base_url), request, ledger=Ledger(_bound(request) - Decimal("0.000001")))
    assert isinstance(reply, Failure)
    assert (reply.kind, reply.attempts, reply.cost_usd) == (FailureKind.BUDGET, 0, Decimal(0))
    assert vendor.stats()["requests"] == before
    assert isinstance(call(card(vendor.base_url), request, ledger=Ledger(_bound(request))), Response)


@pytest.mark.parametrize(("changes", "tokens", "missing"), [({"price": None}, 10, "price"), ({}, None, "bound")])
def test_under_a_limit_every_call_needs_a_bound(
    vendor: Vendor, changes: dict[str, Any], tokens: int | None, missing: str
):
    model, request = card(vendor.base_url, **changes), ask("1+1 unbounded", max_tokens=tokens)
    limited = call(model, request, ledger=Ledger(Decimal(5)))
    assert isinstance(limited, Failure)
    assert limited.kind is FailureKind.BUDGET
    assert missing in limited.message
    assert isinstance(call(model, request), Response)


def test_a_retry_needs_room_of_its_own(vendor: Vendor, clock: Any):
    request = ask("1+1 [[cut, ok]] no room")
    ledger = Ledger(_bound(request))
    reply = call(card(vendor.base_url), request, ledger=ledger, clock=clock)
    assert isinstance(reply, Failure)
    assert (reply.kind, reply.attempts) == (FailureKind.UNREACHABLE, 1), "the cut body may have been billed in full"
    assert ledger.spent_usd == ledger.limit_usd
    assert ledger.refused == 1


def test_cancelled_in_flight_it_counts_in_full_and_cancelled_in_line_not_at_all(vendor: Vendor):
    model, request = card(vendor.base_url, limits=Limits(concurrency=1)), ask("[[hang]] cancelled")

    async def scene(transport: Transport) -> None:
        flying = asyncio.create_task(transport.call(model, request))
        await asyncio.sleep(0.1)
        waiting = asyncio.create_task(transport.call(model, request))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert transport.ledger.spent_usd == 0
        flying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await flying
        assert transport.ledger.spent_usd == transport.bound_usd(model, request) == _bound(request)
        assert transport.ledger.reserved_usd == 0
        assert isinstance(await transport.call(model, ask("1+1 next")), Response)

    run(scene)


def test_connections_are_kept_and_concurrency_is_limited():
    with serve(Options(latency_ms=5)) as fresh:

        async def scene(transport: Transport) -> None:
            model = card(fresh.base_url, limits=Limits(concurrency=8))
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(transport.call(model, ask(f"{n}+1"))) for n in range(200)]
            assert [task.result().text for task in tasks] == [str(n + 1) for n in range(200)]  # type: ignore[union-attr]

        run(scene)
        stats = fresh.stats()
    assert stats["in_flight_max"] <= 8
    assert stats["connections"] <= 8
    assert stats["requests"] == 200


def test_a_changed_card_starts_afresh(vendor: Vendor):
    async def scene(transport: Transport) -> None:
        old, new = card("http://127.0.0.1:9/"), card(vendor.base_url)
        assert isinstance(await transport.call(old, ask("1+1")), Failure)
        assert isinstance(await transport.call(new, ask("1+1 new")), Response)
        assert isinstance(await transport.call(card(vendor.base_url), ask("1+1 equal")), Response)

    run(scene, retry=RetryRule(attempts_max=1))


FAULTY = Options(faults=0.35, hang_s=20.0, slow_s=0.01, retry_after_s=0, latency_ms=3)


def test_under_faults_no_answer_is_wrong_and_the_limit_holds():
    prompts = [f"What is {n}+{n * 7}? Answer with the number." for n in range(90)]
    limit = sum((_bound(ask(prompt)) for prompt in prompts), Decimal(0)) * Decimal("0.6")
    deadlines = Deadlines(first_byte_s=0.4, idle_s=0.2)
    with serve(FAULTY) as faulty:

        async def scene(transport: Transport) -> list[Reply]:
            model = card(faulty.base_url, limits=Limits(concurrency=24))

            async def one(prompt: str) -> Reply:
                reply = await transport.call(model, ask(prompt))
                assert transport.ledger.spent_usd + transport.ledger.reserved_usd <= limit
                return reply

            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(prompt)) for prompt in prompts]
            return [task.result() for task in tasks]

        options: dict[str, Any] = {"deadlines": deadlines, "breaker": CALM, "retry": RetryRule(base_s=0.01)}
        replies = run(scene, ledger=Ledger(limit), **options)
        stats = faulty.stats()
    for prompt, reply in zip(prompts, replies, strict=True):
        assert isinstance(reply, Failure) or reply.refusal or reply.text == answer(prompt), reply
    kinds = {reply.kind for reply in replies if isinstance(reply, Failure)}
    assert len(stats["sent"]) > 8, "most kinds of fault were met"
    assert kinds
    assert sum(isinstance(reply, Response) for reply in replies) > 30


# --- scripted models --------------------------------------------------------------------------------------------------


def script(folder: Path, *rows: dict[str, Any]) -> Card:
    file = folder / "answers.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return card(api="scripted", file=str(file))


def test_a_scripted_model_takes_its_time_on_the_clock(tmp_path: Path, clock: Any):
    model = script(tmp_path, {"text": "42", "latency_s": 7.5, "usage": {"input": 10, "output": 5}})
    ledger = Ledger(Decimal(1))
    reply = call(model, ask("6*7"), clock=clock, ledger=ledger)
    assert isinstance(reply, Response)
    assert reply.text == "42"
    assert clock.slept == [7.5]
    assert ledger.spent_usd == reply.cost_usd == Decimal("0.015")


def test_its_file_is_read_once_and_only_when_it_is_asked(tmp_path: Path):
    model = script(tmp_path, {"text": "42"})
    file = tmp_path / "answers.jsonl"

    async def scene(transport: Transport) -> None:
        assert isinstance(await transport.call(model, ask("1")), Response)
        await asyncio.to_thread(file.unlink)
        assert isinstance(await transport.call(model, ask("2")), Response)
        assert transport._http is None, "no HTTP, no pool"

    run(scene)


@pytest.mark.parametrize("content", [None, "", "{not json", '{"wrong": 1}'])
def test_a_script_that_cannot_be_read_is_a_failure_that_names_it(tmp_path: Path, content: str | None):
    file = tmp_path / "broken.jsonl"
    if content is not None:
        file.write_text(content)
    reply = call(card(api="scripted", file=str(file)), ask("1"))
    assert isinstance(reply, Failure)
    assert (reply.kind, reply.retry, reply.cost_usd) == (FailureKind.REJECTED, Retry.NEVER, Decimal(0))
    assert "broken.jsonl" in reply.message
    nothing = call(card(api="scripted"), ask("1"))
    assert isinstance(nothing, Failure)
    assert "file" in nothing.message


def test_a_scripted_hang_ends_at_the_total_deadline(tmp_path: Path, clock: Any):
    reply = call(script(tmp_path, {"fault": "hang"}), ask("1"), clock=clock)
    assert isinstance(reply, Failure)
    assert (reply.kind, reply.attempts) == (FailureKind.TIMEOUT, 1)
    assert sum(clock.slept) == pytest.approx(Deadlines().total_s)


def test_a_scripted_throttle_is_backed_off_from(tmp_path: Path, clock: Any):
    reply = call(script(tmp_path, {"fault": "throttled", "retry_after_s": 4}), ask("1"), clock=clock)
    assert isinstance(reply, Failure)
    assert (reply.kind, reply.attempts, clock.slept) == (FailureKind.THROTTLED, 3, [0.0, 4, 0.0, 4, 0.0])


@pytest.mark.parametrize("seed", range(8))
def test_two_hundred_calls_never_spend_more_than_the_limit(tmp_path: Path, clock: Any, seed: int):
    rng = random.Random(seed)
    model = script(
        tmp_path,
        {"when": "throttled", "fault": "throttled", "retry_after_s": 0.5},
        {"when": "lost", "fault": "unreachable"},
        {"when": "slow", "text": "1", "latency_s": 3.0, "usage": {"input": 10, "output": 100}},
        {"text": "1", "latency_s": 0.2, "usage": {"input": 10, "output": 60}},
    )
    limit = Decimal(rng.randrange(2, 30))

    async def scene(transport: Transport) -> None:
        async def one(n: int) -> None:
            await transport.call(model, ask(f"{rng.choice(['throttled', 'lost', 'slow', 'plain'])} {n}", f"t{n}"))
            assert transport.ledger.spent_usd + transport.ledger.reserved_usd <= limit

        tasks = [asyncio.create_task(one(n)) for n in range(200)]
        for task in rng.sample(tasks, 60):
            for _ in range(rng.randrange(4)):
                await asyncio.sleep(0)
            task.cancel()
        _, pending = await asyncio.wait(tasks, timeout=20)
        assert not pending
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                task.result()
        ledger = transport.ledger
        assert ledger.reserved_usd == 0
        assert 0 < ledger.spent_usd <= limit

    run(scene, clock=clock, ledger=Ledger(limit), breaker=CALM)


def test_who_waits_for_a_turn_while_the_breaker_opens_is_not_sent(tmp_path: Path):
    model = script(tmp_path, {"fault": "overloaded"})
    slow = card(api="scripted", file=model.file, limits=Limits(requests_per_minute=120))

    async def scene(transport: Transport) -> list[FailureKind]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(transport.call(slow, ask(str(n)))) for n in range(3)]
        assert transport.ledger.spent_usd == 0
        return [task.result().kind for task in tasks]  # type: ignore[union-attr]

    kinds = run(scene, breaker=BreakerRule(failures=2), retry=RetryRule(attempts_max=1))
    assert kinds == [FailureKind.OVERLOADED, FailureKind.OVERLOADED, FailureKind.BREAKER_OPEN]


def test_a_retry_that_gets_its_turn_too_late_is_not_sent(tmp_path: Path):
    model = script(tmp_path, {"fault": "overloaded"})
    slow = card(api="scripted", file=model.file, limits=Limits(requests_per_minute=60))
    reply = call(slow, ask("1"), deadlines=Deadlines(total_s=0.6), retry=RetryRule(base_s=0.01))
    assert isinstance(reply, Failure)
    assert (reply.kind, reply.attempts) == (FailureKind.OVERLOADED, 1)


@pytest.mark.parametrize(
    ("row", "limit"), [({"fault": "throttled"}, 4), ({"fault": "overloaded"}, 4), ({"text": "1"}, 8)]
)
def test_overload_halves_what_runs_at_a_time(tmp_path: Path, clock: Any, row: dict[str, Any], limit: int):
    made = script(tmp_path, {**row, "latency_s": 0.1})
    model = card(api="scripted", file=made.file, limits=Limits(concurrency=8))

    async def scene(transport: Transport) -> int | None:
        async with asyncio.TaskGroup() as group:
            for n in range(8):
                group.create_task(transport.call(model, ask(str(n))))
        return transport._lanes[model.id].gate.limit

    assert run(scene, clock=clock, breaker=CALM, retry=RetryRule(attempts_max=1)) == limit


def test_an_unknown_model_has_a_closed_breaker():
    async def scene(transport: Transport) -> BreakerState:
        return transport.breaker_state(card())

    assert run(scene) is BreakerState.CLOSED
