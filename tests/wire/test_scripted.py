"""Scripted models: the same question in the same trace has the same answer."""

from decimal import Decimal

import pytest

from harness.core.ids import ModelId, TraceId
from harness.core.money import Usage
from harness.core.request import Sampling
from harness.core.response import Failure, FailureKind, Finish, Response, Retry
from harness.wire import parse_script
from harness.wire.scripted import ESTIMATED, HANG_S, REFUSAL


@pytest.fixture
def card(card_of):
    return card_of("scripted", id=ModelId("scripted/careful"), supports=frozenset(), rejects=frozenset({"seed"}))


def test_the_first_row_that_matches_the_last_user_message_answers(card, request_of):
    script = parse_script('{"when": "6 × 7", "text": "42"}\n{"when": "", "text": "?"}', name="s.jsonl")
    asked = request_of(("user", "2 + 2?"), ("assistant", "4"), ("user", "What is 6 × 7?"))
    other = request_of(("user", "What is 6 × 7?"), ("assistant", "42"), ("user", "Sure?"))
    assert script.answer(asked, card).reply.text == "42"  # type: ignore[union-attr]
    assert script.answer(other, card).reply.text == "?"  # type: ignore[union-attr]


def test_an_answer(card, request_of):
    script = parse_script(
        '{"text": "42", "usage": {"input": 10, "output": 5, "reasoning": 15}, "latency_s": 0.25}', name="s"
    )
    scripted = script.answer(request_of(sampling=Sampling(seed=1, temperature=0.0)), card)
    assert scripted.delay_s == 0.25
    assert scripted.reply == Response(
        model=card.id,
        text="42",
        finish=Finish.STOP,
        finish_raw="stop",
        usage=Usage(input=10, output=5, reasoning=15),
        cost_usd=Decimal("0.00022"),
        latency_s=0.25,
        served_model="careful",
        dropped=("seed",),
    )


def test_usage_that_is_not_given_is_estimated_and_said_to_be(card, request_of, card_of):
    script = parse_script('{"text": "12345", "finish": "length"}', name="s")
    reply = script.answer(request_of(("user", "123456789")), card).reply
    assert isinstance(reply, Response)
    assert (reply.usage, reply.notes, reply.finish) == (Usage(input=3, output=2), (ESTIMATED,), Finish.LENGTH)
    free = script.answer(request_of(), card_of("scripted", price=None)).reply
    assert free.cost_usd is None


def test_one_of_several_texts_is_chosen_by_the_trace(card, request_of):
    script = parse_script('{"texts": ["a", "b", "c"]}', name="s")

    def text(trace: str) -> str:
        return script.answer(request_of(trace_id=TraceId(trace)), card).reply.text  # type: ignore[union-attr]

    drawn = [text(f"trace-{number}") for number in range(60)]
    assert drawn == [text(f"trace-{number}") for number in range(60)]
    assert all(drawn.count(letter) >= 10 for letter in "abc")


@pytest.mark.parametrize(
    ("fault", "kind", "retry"),
    [
        ("throttled", FailureKind.THROTTLED, Retry.AFTER),
        ("overloaded", FailureKind.OVERLOADED, Retry.AFTER),
        ("hang", FailureKind.TIMEOUT, Retry.AFTER),
        ("unreachable", FailureKind.UNREACHABLE, Retry.AFTER),
        ("empty", FailureKind.EMPTY, Retry.NEVER),
        ("unintelligible", FailureKind.UNINTELLIGIBLE, Retry.NEVER),
    ],
)
def test_faults(fault, kind, retry, card, request_of):
    script = parse_script(f'{{"fault": "{fault}", "retry_after_s": 3, "latency_s": 0.5}}', name="s")
    scripted = script.answer(request_of(), card)
    assert isinstance(scripted.reply, Failure)
    assert (scripted.reply.kind, scripted.reply.retry, scripted.reply.retry_after_s) == (kind, retry, 3.0)
    assert scripted.delay_s == (HANG_S if fault == "hang" else 0.5)


@pytest.mark.parametrize(("text", "refusal"), [("", REFUSAL), ('"text": "I must not.", ', "I must not.")])
def test_a_refusal_is_a_response(text, refusal, card, request_of):
    reply = parse_script(f'{{{text}"fault": "refused"}}', name="s").answer(request_of(), card).reply
    assert isinstance(reply, Response)
    assert (reply.finish, reply.refusal, reply.text) == (Finish.REFUSAL, refusal, "")


def test_a_question_nobody_scripted_is_rejected_by_name(card, request_of):
    script = parse_script('{"when": "only this", "text": "a"}', name="careful.jsonl")
    scripted = script.answer(request_of(("user", "What\nelse? " + "x" * 200)), card)
    assert isinstance(scripted.reply, Failure)
    assert (scripted.reply.kind, scripted.delay_s) == (FailureKind.REJECTED, 0.0)
    assert scripted.reply.message == "careful.jsonl: no row of the script answers 'What\\nelse? " + "x" * 69 + "'"
    assert script.answer(request_of(("system", "alone")), card).reply.kind is FailureKind.REJECTED  # type: ignore[union-attr]
