"""What vendors' errors mean: the body's code first, its words next, the status last."""

import json
from typing import Any

import pytest

from harness.core.response import FailureKind, Retry
from harness.wire.classify import Problem, classify, problem_in

QUOTA = (FailureKind.QUOTA, Retry.NEVER)
THROTTLED = (FailureKind.THROTTLED, Retry.AFTER)
OVERLOADED = (FailureKind.OVERLOADED, Retry.AFTER)
REJECTED = (FailureKind.REJECTED, Retry.NEVER)
UNAUTHORIZED = (FailureKind.UNAUTHORIZED, Retry.NEVER)
CONTEXT = (FailureKind.CONTEXT_EXCEEDED, Retry.BIGGER_WINDOW)
FILTERED = (FailureKind.FILTERED, Retry.BY_POLICY)
UNINTELLIGIBLE = (FailureKind.UNINTELLIGIBLE, Retry.NEVER)


def openai(code: Any, *, kind: str | None = "invalid_request_error", message: str = "No.") -> Any:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def anthropic(kind: str, message: str = "No.", **details: Any) -> Any:
    return {"type": "error", "error": {"type": kind, "message": message, "details": details}, "request_id": "req_1"}


def google(status: str, message: str = "No.", *details: Any) -> Any:
    return {"error": {"code": 0, "message": message, "status": status, "details": list(details)}}


CASES = [
    # OpenAI and its likes
    (429, openai("rate_limit_exceeded", kind="tokens"), THROTTLED),
    (429, openai("slow_down"), THROTTLED),
    (503, openai("server_is_overloaded"), OVERLOADED),
    (429, openai("insufficient_quota", kind="insufficient_quota"), QUOTA),
    (429, openai(None, kind="insufficient_quota"), QUOTA),
    (429, openai("credit_balance_exhausted"), QUOTA),
    (429, openai("organization_spend_limit_exceeded"), QUOTA),
    (429, openai("project_spend_limit_exceeded"), QUOTA),
    (400, openai("context_length_exceeded"), CONTEXT),
    (400, openai("content_filter"), FILTERED),
    (400, {"error": {"code": "BadRequest", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}, FILTERED),
    (401, openai("invalid_api_key"), UNAUTHORIZED),
    (404, openai("model_not_found"), REJECTED),
    (400, openai("model_not_found"), REJECTED),
    (400, openai("exceed_context_size_error"), CONTEXT),
    (400, openai(400, kind="BadRequestError", message="This model's maximum context length is 4096 tokens."), CONTEXT),
    (402, openai("invalid_request_error", kind="unknown_error", message="Insufficient Balance"), QUOTA),
    (401, openai("invalid_request_error", kind="authentication_error"), UNAUTHORIZED),
    (400, {"object": "error", "message": "bad", "type": "BadRequestError", "code": 400}, REJECTED),
    (422, {"detail": [{"loc": ["body"], "msg": "field required", "type": "missing"}]}, REJECTED),
    # Anthropic
    (429, anthropic("rate_limit_error"), THROTTLED),
    (429, anthropic("rate_limit_error", error_code="enforced_spend_limit_reached"), QUOTA),
    (529, anthropic("overloaded_error"), OVERLOADED),
    (500, anthropic("api_error"), OVERLOADED),
    (504, anthropic("timeout_error"), OVERLOADED),
    (402, anthropic("billing_error"), QUOTA),
    (413, anthropic("request_too_large"), REJECTED),
    (400, anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), CONTEXT),
    (400, anthropic("invalid_request_error", "input length and `max_tokens` exceed context limit: 1 + 2 > 2"), CONTEXT),
    (400, anthropic("invalid_request_error", "Your credit balance is too low to access the API"), QUOTA),
    (400, anthropic("invalid_request_error"), REJECTED),
    (403, anthropic("permission_error"), UNAUTHORIZED),
    # Google
    (429, google("RESOURCE_EXHAUSTED"), THROTTLED),
    (
        429,
        google("RESOURCE_EXHAUSTED", "", {"violations": [{"quotaId": "GenerateRequestsPerDayPerProject-FreeTier"}]}),
        QUOTA,
    ),
    (429, google("quota_exceeded"), QUOTA),
    (500, google("INTERNAL"), OVERLOADED),
    (503, google("UNAVAILABLE"), OVERLOADED),
    (504, google("DEADLINE_EXCEEDED"), OVERLOADED),
    (400, google("INVALID_ARGUMENT"), REJECTED),
    (400, google("INVALID_ARGUMENT", "The input token count (2000000) exceeds the maximum number of tokens"), CONTEXT),
    (400, google("INVALID_ARGUMENT", "", {"@type": "ErrorInfo", "reason": "API_KEY_INVALID"}), UNAUTHORIZED),
    (404, [google("NOT_FOUND")], REJECTED),
    # OpenRouter, AWS and others
    (402, openai(402, kind=None), QUOTA),
    (
        403,
        {"error": {"code": 403, "message": "m", "metadata": {"reasons": ["violence"], "flagged_input": "…"}}},
        FILTERED,
    ),
    (200, {"error": {"code": 429, "message": "Rate limited"}}, THROTTLED),
    (200, {"error": {"code": "502", "message": "Bad gateway upstream"}}, OVERLOADED),
    (200, {"error": {"message": "Something"}}, UNINTELLIGIBLE),
    (200, {"error": {"type": "invalid_request_error", "message": "Something"}}, REJECTED),
    (200, {"error": "boom"}, UNINTELLIGIBLE),
    (400, {"__type": "com.amazon#ThrottlingException", "message": "m"}, THROTTLED),
    (424, {"message": "stream"}, OVERLOADED),
    # the status alone
    (408, {}, OVERLOADED),
    (409, {}, OVERLOADED),
    (429, "not an object", THROTTLED),
    (400, None, REJECTED),
    (401, {}, UNAUTHORIZED),
    (403, {}, UNAUTHORIZED),
    (404, {}, REJECTED),
    (302, {}, REJECTED),
    (418, {}, REJECTED),
    (500, [], OVERLOADED),
    (501, {}, REJECTED),
    (502, {}, OVERLOADED),
    (599, {}, OVERLOADED),
    (999, {}, UNINTELLIGIBLE),
    (101, {}, UNINTELLIGIBLE),
]


@pytest.mark.parametrize(("status", "body", "expected"), CASES, ids=lambda value: json.dumps(value)[:60])
def test_classes(status, body, expected):
    assert classify(problem_in(body), status) == expected


def test_a_402_that_says_when_to_come_back_is_asked_again():
    assert classify(Problem(), 402, header_wait_s=5.0) == (FailureKind.QUOTA, Retry.AFTER)
    assert classify(Problem(codes=("insufficient_quota",)), 429, header_wait_s=5.0) == QUOTA


def test_what_is_told_is_found():
    told = problem_in(
        google("RESOURCE_EXHAUSTED", "slow", {"reason": ""}, {"@type": "RetryInfo", "retryDelay": "34.07s"}, "odd")
    )
    assert (told.code, told.message, told.wait_s, told.daily) == ("RESOURCE_EXHAUSTED", "slow", 34.07, False)
    assert problem_in({"error": {"metadata": {"raw": "upstream"}}}).message == "upstream"
    assert problem_in({"detail": "Not Found"}).message == "Not Found"
    assert problem_in({"detail": [{"msg": "field required"}]}).message == "field required"
    assert problem_in({"error": "model 'x' not found, try pulling it first"}).message.startswith("model 'x'")
    assert problem_in(anthropic("rate_limit_error", error_code="spend")).codes == ("spend", "rate_limit_error")
