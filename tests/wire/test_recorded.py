"""Exchanges recorded at vendors' APIs, row by row: what each of them must be read as."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from harness.core.money import Usage
from harness.core.response import Failure, FailureKind, Finish, Response, Retry
from harness.wire import HttpApi

RECORDED = Path(__file__).parents[2].parent / "shared" / "data" / "provider_exchanges_dev.jsonl"
APIS: dict[str, HttpApi] = {
    "chat_completions": "openai-chat",
    "responses": "openai-responses",
    "anthropic_messages": "anthropic",
    "gemini_generateContent": "gemini",
    "cohere_chat": "openai-chat",
}
PARIS = "The capital of France is Paris."


def tokens(fresh: int, out: int, *, read: int = 0, write: int = 0, reasoning: int = 0) -> Usage:
    return Usage(input=fresh, cache_read=read, cache_write=write, output=out, reasoning=reasoning)


# row -> start of the text, finish, usage
ANSWERS: dict[int, tuple[str, Finish, Usage]] = {
    0: (PARIS, Finish.STOP, tokens(14, 7)),
    1: (PARIS, Finish.STOP, tokens(24, 8)),
    2: ("That's right—I am a potato!", Finish.STOP, tokens(11, 41, reasoning=768)),
    3: ("Hello there!", Finish.STOP, tokens(7, 23, reasoning=64)),
    4: ("Paris.", Finish.STOP, tokens(13, 11)),
    5: ("OK", Finish.STOP, tokens(8, 4, write=4012)),
    6: ("OK", Finish.STOP, tokens(8, 4, read=4012)),
    7: (PARIS, Finish.STOP, tokens(14, 8)),
    8: ("Paris", Finish.STOP, tokens(18, 5)),
    9: ("The capital of Mexico is Mexico City.", Finish.STOP, tokens(13, 35, reasoning=192)),
    10: ("OK", Finish.STOP, tokens(8, 5, read=4012)),
    15: ("4", Finish.STOP, tokens(14, 5)),
    16: (PARIS, Finish.STOP, tokens(20, 10)),
    17: ("The beautiful city of ", Finish.STOP, tokens(32, 5)),
    18: ("Here's how to cross the street safely", Finish.STOP, tokens(43, 321)),
    19: ("# What is Python?", Finish.STOP, tokens(3, 406, read=1111)),
    20: ("Python is a beginner-friendly", Finish.STOP, tokens(3, 33, read=1111, write=418)),
    23: ("Hello! How can I help you today?", Finish.STOP, tokens(9, 9, reasoning=34)),
    24: ("The capital of France is", Finish.LENGTH, tokens(15, 5)),
    25: ("", Finish.LENGTH, tokens(15, 0, reasoning=2)),
    26: ("", Finish.CONTENT_FILTER, tokens(14, 0)),
    28: ("Paris.", Finish.STOP, tokens(8, 2, read=3512, reasoning=42)),
    30: (PARIS, Finish.STOP, tokens(48, 8)),
    32: ("cache probe two.", Finish.STOP, tokens(44, 5, read=224)),
    33: ("4", Finish.STOP, tokens(28, 35)),
    35: ("ok", Finish.STOP, tokens(14, 4)),
    36: (PARIS, Finish.STOP, tokens(90, 8, reasoning=7)),
    37: ("<think>\nHmm", Finish.LENGTH, tokens(4, 100)),
    38: ("Hello!", Finish.STOP, tokens(7, 4, read=2928)),
    39: ("4", Finish.UNKNOWN, tokens(22, 5)),
}

# row -> kind, retry, the vendor's code
FAILURES: dict[int, tuple[FailureKind, Retry, str | None]] = {
    11: (FailureKind.UNINTELLIGIBLE, Retry.NEVER, None),
    12: (FailureKind.REJECTED, Retry.NEVER, "model_not_found"),
    13: (FailureKind.REJECTED, Retry.NEVER, "model_not_found"),
    14: (FailureKind.REJECTED, Retry.NEVER, "unsupported_value"),
    21: (FailureKind.REJECTED, Retry.NEVER, "not_found_error"),
    22: (FailureKind.REJECTED, Retry.NEVER, "invalid_request_error"),
    27: (FailureKind.FILTERED, Retry.BY_POLICY, "MODEL_ARMOR"),
    29: (FailureKind.REJECTED, Retry.NEVER, "NOT_FOUND"),
    31: (FailureKind.REJECTED, Retry.NEVER, "model_not_found"),
    34: (FailureKind.THROTTLED, Retry.AFTER, None),
    40: (FailureKind.UNINTELLIGIBLE, Retry.NEVER, None),
}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    if not RECORDED.exists():
        pytest.skip(f"{RECORDED} is not there: recorded exchanges lie beside the checkout")
    with RECORDED.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_every_row_has_an_expectation(rows):
    assert sorted(ANSWERS | FAILURES) == list(range(len(rows)))


@pytest.mark.parametrize("number", sorted(ANSWERS))
def test_an_answer(rows, decode, number):
    row = rows[number]
    reply = decode(APIS[row["api"]], row["response"], status=row["status"], headers=row["headers"])
    text, finish, usage = ANSWERS[number]
    assert isinstance(reply, Response), reply
    assert reply.text.startswith(text)
    assert text or not reply.text
    assert (reply.finish, reply.usage) == (finish, usage)
    assert "usage_inconsistent" not in reply.notes
    body = row["response"]
    assert reply.served_model == (body.get("model") or body.get("modelVersion"))
    assert reply.cost_usd is not None
    assert reply.cost_usd > 0


@pytest.mark.parametrize("number", sorted(FAILURES))
def test_a_failure(rows, decode, number):
    row = rows[number]
    reply = decode(APIS[row["api"]], row["response"], status=row["status"], headers=row["headers"])
    assert isinstance(reply, Failure), reply
    assert (reply.kind, reply.retry, reply.code) == FAILURES[number]
    assert reply.status == row["status"]
    assert str(row["status"]) in reply.message
    assert reply.retry_after_s is None
    # an error status is not billed; what a 200 without an answer cost is not known
    assert reply.cost_usd == (None if row["status"] == 200 else Decimal(0))


def test_the_router_says_what_it_cost_and_who_is_behind_it(rows, decode):
    assert decode("openai-chat", rows[35]["response"]).vendor_cost_usd == Decimal("0.000102")
    assert "temporarily rate-limited upstream" in decode("openai-chat", rows[34]["response"], status=429).message


def test_thinking_is_not_part_of_the_text(rows, respond):
    assert respond("openai-chat", rows[33]["response"]).text == "4"
    assert "straightforward question" not in respond("anthropic", rows[18]["response"]).text
    assert "We need answer" not in respond("openai-responses", rows[36]["response"]).text


def test_two_bills_are_said_to_differ(rows, respond):
    assert respond("openai-chat", rows[38]["response"]).notes == ("billed_units_differ",)


@pytest.mark.parametrize("number", sorted(ANSWERS))
def test_half_of_a_recorded_body_is_a_failure(rows, decode, number):
    content = json.dumps(rows[number]["response"]).encode()
    reply = decode(APIS[rows[number]["api"]], content[: len(content) // 2])
    assert isinstance(reply, Failure)
    assert (reply.kind, reply.retry) == (FailureKind.UNINTELLIGIBLE, Retry.AFTER)
