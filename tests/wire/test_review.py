"""Bodies of megabytes, made to fill a record or to keep the event loop busy; keys in them all the same."""

import pytest

from harness.core.response import Failure, FailureKind, Finish, Response
from harness.wire.scrub import BLOT, MESSAGE_MAX, one_line
from tests.wire.conftest import KEY

MEGA = 1_000_000


@pytest.mark.parametrize("error", [{"message": "a b " * MEGA}, {"message": "m", "code": "c" * MEGA}, "\u202e " * MEGA])
def test_an_error_of_megabytes_is_one_short_line(decode, error):
    reply = decode("openai-chat", {"error": error}, status=400)
    assert isinstance(reply, Failure)
    assert len(reply.message) <= MESSAGE_MAX
    assert reply.code is None or len(reply.code) <= MESSAGE_MAX


def test_the_reason_stands_at_the_beginning_of_a_long_message(decode):
    told = {"error": {"message": "this model's maximum context length is 8192 tokens. " + "x " * MEGA}}
    assert decode("openai-chat", told, status=400).kind is FailureKind.CONTEXT_EXCEEDED


def test_names_are_as_long_as_names(decode):
    """What stands beside the text goes into every record, reason and report."""
    huge = "n" * MEGA
    choice = {"message": {"content": "42"}, "finish_reason": huge}
    reply = decode("openai-chat", {"choices": [choice], "model": huge, "id": huge, "system_fingerprint": huge})
    assert isinstance(reply, Response)
    assert (reply.text, reply.finish) == ("42", Finish.UNKNOWN)
    names = (reply.finish_raw, reply.served_model, reply.vendor_id, reply.fingerprint)
    assert [len(name or "") for name in names] == [MESSAGE_MAX] * 4


@pytest.mark.parametrize("key", [KEY, "x" * 4, "k" * 1500])
def test_no_part_of_a_key_is_left_where_a_long_line_is_cut(key):
    for lead in range(0, MESSAGE_MAX + 40, 7):
        told = one_line("- " * (lead // 2) + f"{key} " * 2000, (key,))
        assert key[:4] not in told
        assert BLOT in told or lead > MESSAGE_MAX - 10
        assert len(told) <= MESSAGE_MAX
