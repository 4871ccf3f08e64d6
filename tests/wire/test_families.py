"""What is particular to each family, beyond the recorded exchanges."""

from typing import Any

import pytest

from harness.core.money import Usage
from harness.core.response import FailureKind, Finish, Retry


def responses(*output: Any, status: str | None = "completed", **rest: Any) -> Any:
    usage = {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12}
    return {
        "id": "resp_1",
        "model": "m",
        "status": status,
        "error": None,
        "output": list(output),
        "usage": usage,
        **rest,
    }


def said(text: str, kind: str = "output_text") -> Any:
    return {"type": "message", "role": "assistant", "content": [{"type": kind, kind.removeprefix("output_"): text}]}


def gemini(*parts: Any, finish: str | None = "STOP") -> Any:
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12}
    return {
        "candidates": [{"content": {"role": "model", "parts": list(parts)}, "finishReason": finish}],
        "usageMetadata": usage,
    }


def anthropic(*blocks: Any, stop: str | None = "end_turn") -> Any:
    return {
        "type": "message",
        "id": "msg_1",
        "content": list(blocks),
        "stop_reason": stop,
        "usage": {"input_tokens": 9, "output_tokens": 3},
    }


class TestResponses:
    def test_all_messages_are_the_text_and_reasoning_is_not(self, respond):
        thought = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "hm"}]}
        assert respond("openai-responses", responses(thought, said("4"), said("2"))).text == "42"

    def test_a_refusal_part(self, respond):
        reply = respond("openai-responses", responses(said("No.", "refusal")))
        assert (reply.finish, reply.refusal, reply.text) == (Finish.REFUSAL, "No.", "")

    @pytest.mark.parametrize(
        ("reason", "finish"),
        [("max_output_tokens", Finish.LENGTH), ("content_filter", Finish.CONTENT_FILTER), ("other", Finish.UNKNOWN)],
    )
    def test_incomplete(self, reason, finish, respond):
        reply = respond(
            "openai-responses", responses(said("so"), status="incomplete", incomplete_details={"reason": reason})
        )
        assert (reply.finish, reply.finish_raw) == (finish, reason)

    def test_a_function_call(self, respond):
        call = {"type": "function_call", "name": "add", "arguments": "{}"}
        assert respond("openai-responses", responses(call)).finish is Finish.TOOL_CALLS

    @pytest.mark.parametrize("status", ["queued", "in_progress", "cancelled"])
    def test_a_response_that_is_not_there_yet(self, status, fail):
        failure = fail("openai-responses", responses(status=status))
        assert (failure.kind, failure.retry) == (FailureKind.UNINTELLIGIBLE, Retry.NEVER)
        assert status in failure.message

    def test_a_failed_response(self, fail):
        failure = fail("openai-responses", responses(status="failed", error={"code": "server_error", "message": "oh"}))
        assert (failure.kind, failure.code) == (FailureKind.OVERLOADED, "server_error")
        assert fail("openai-responses", responses(status="failed")).kind is FailureKind.UNINTELLIGIBLE

    def test_no_status_is_no_stop(self, respond):
        assert respond("openai-responses", responses(said("42"), status=None)).finish is Finish.UNKNOWN


class TestAnthropic:
    @pytest.mark.parametrize(
        ("stop", "finish"),
        [
            ("end_turn", Finish.STOP),
            ("stop_sequence", Finish.STOP),
            ("max_tokens", Finish.LENGTH),
            ("refusal", Finish.REFUSAL),
            ("pause_turn", Finish.UNKNOWN),
            ("compaction", Finish.UNKNOWN),
            ("model_context_window_exceeded", Finish.CONTEXT_EXCEEDED),
            (None, Finish.UNKNOWN),
        ],
    )
    def test_finish(self, stop, finish, respond):
        reply = respond(
            "anthropic", anthropic({"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "42"}, stop=stop)
        )
        assert (reply.text, reply.finish, reply.vendor_id) == ("42", finish, "msg_1")

    def test_a_tool_call(self, respond):
        block = {"type": "tool_use", "id": "t", "name": "add", "input": {"a": 0.5}}
        reply = respond("anthropic", anthropic(block, stop="tool_use"))
        assert (reply.finish, reply.tool_calls) == (Finish.TOOL_CALLS, ('{"name":"add","arguments":{"a": 0.5}}',))


class TestGemini:
    def test_thoughts_are_not_text(self, respond):
        reply = respond("gemini", gemini({"text": "hm", "thought": True}, {"text": "4"}, {"text": "2"}))
        assert (reply.text, reply.usage) == ("42", Usage(input=9, output=3))

    @pytest.mark.parametrize(
        ("word", "finish"),
        [
            ("MAX_TOKENS", Finish.LENGTH),
            ("SAFETY", Finish.CONTENT_FILTER),
            ("RECITATION", Finish.CONTENT_FILTER),
            ("MODEL_ARMOR", Finish.CONTENT_FILTER),
            ("SPII", Finish.CONTENT_FILTER),
            ("MALFORMED_RESPONSE", Finish.ERROR),
            ("OTHER", Finish.UNKNOWN),
            ("FINISH_REASON_UNSPECIFIED", Finish.UNKNOWN),
            (None, Finish.UNKNOWN),
        ],
    )
    def test_finish(self, word, finish, respond):
        reply = respond("gemini", gemini({"text": "42"}, finish=word))
        assert (reply.finish, reply.finish_raw) == (finish, word or "")

    def test_a_function_call_says_stop(self, respond):
        reply = respond("gemini", gemini({"functionCall": {"name": "add", "args": {"a": 1}}}))
        assert (reply.finish, reply.tool_calls) == (Finish.TOOL_CALLS, ('{"name":"add","arguments":{"a": 1}}',))

    @pytest.mark.parametrize("candidates", [{}, {"candidates": []}])
    def test_a_blocked_prompt(self, candidates, fail):
        usage = {"promptTokenCount": 9, "totalTokenCount": 9}
        body = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage, **candidates}
        failure = fail("gemini", body)
        assert (failure.kind, failure.retry, failure.code) == (FailureKind.FILTERED, Retry.BY_POLICY, "SAFETY")
        assert failure.usage == Usage(input=9)


class TestChat:
    def test_arguments_as_an_object(self, respond):
        call = {"function": {"name": "add", "arguments": {"a": 1}}}
        body = {"choices": [{"finish_reason": "tool_calls", "message": {"content": "", "tool_calls": [call]}}]}
        assert respond("openai-chat", body).tool_calls == ('{"name":"add","arguments":{"a": 1}}',)

    @pytest.mark.parametrize(
        ("word", "finish"),
        [
            ("COMPLETE", Finish.STOP),
            ("MAX_TOKENS", Finish.LENGTH),
            ("model_length", Finish.LENGTH),
            ("insufficient_system_resource", Finish.ERROR),
            ("abort", Finish.ERROR),
        ],
    )
    def test_other_vendors_words(self, word, finish, respond):
        assert (
            respond("openai-chat", {"choices": [{"finish_reason": word, "message": {"content": "42"}}]}).finish
            is finish
        )
