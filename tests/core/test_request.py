"""The same question has the same hash, and its tokens have a bound."""

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.ids import GENERAL, ModelId, TaskClass, TraceId
from harness.core.request import Message, Request, Sampling, call_key, user_request

TEXT = st.text(max_size=60)
MESSAGES = st.lists(st.builds(Message, role=st.sampled_from(["system", "user", "assistant"]), content=TEXT), max_size=4)
ONE = Request(
    messages=(Message(role="system", content="Be brief."), Message(role="user", content="1 + 1?")),
    sampling=Sampling(temperature=0.0),
    trace_id=TraceId("t"),
    json_schema={"type": "object"},
)


def test_a_hash_that_is_kept_is_not_carried_into_a_changed_request():
    assert ONE.sha256 == ONE.sha256
    assert "sha256" in vars(ONE)
    assert replace(ONE, messages=ONE.messages[1:]).sha256 != ONE.sha256
    assert replace(ONE) == ONE, "and is no part of the value"


def test_the_hash_is_of_what_the_models_see():
    assert replace(ONE, trace_id=TraceId("other")).sha256 == ONE.sha256
    assert replace(ONE, task_class=TaskClass("finance")).sha256 == ONE.sha256
    changed = [
        replace(ONE, messages=ONE.messages[1:]),
        replace(ONE, messages=ONE.messages[::-1]),
        replace(ONE, messages=(replace(ONE.messages[0], role="user"), ONE.messages[1])),
        replace(ONE, json_schema=None),
        replace(ONE, json_schema={"type": "array"}),
    ]
    assert len({ONE.sha256, *(each.sha256 for each in changed)}) == 6


@pytest.mark.parametrize(
    "value",
    [Sampling(temperature=1), Sampling(top_p=1), Sampling(max_tokens=1), Sampling(seed=1), Sampling(stop=("1",))],
    ids=[each.name for each in fields(Sampling)],
)
def test_every_sampling_parameter_is_in_the_hash(value):
    assert replace(ONE, sampling=value).sha256 != replace(ONE, sampling=Sampling()).sha256


def test_the_key_of_a_call_tells_model_trace_and_purpose_apart():
    model = ModelId("a/b")
    keys = {
        call_key(ONE, model, "vote"),
        call_key(ONE, ModelId("a/c"), "vote"),
        call_key(ONE, model, "retry"),
        call_key(replace(ONE, trace_id=TraceId("other")), model, "vote"),
        call_key(replace(ONE, messages=ONE.messages[1:]), model, "vote"),
    }
    assert len(keys) == 5
    assert {len(key) for key in keys} == {32}
    assert call_key(replace(ONE), model, "vote") in keys


@settings(deadline=None)
@given(MESSAGES, st.none() | st.dictionaries(TEXT, TEXT, max_size=3))
def test_no_tokeniser_makes_more_tokens_than_the_bound(messages, schema):
    """The worst there is: one token per byte of everything, and some per message for its role."""
    request = Request(messages=tuple(messages), trace_id=TraceId("t"), json_schema=schema)
    tokens = sum(len(message.content.encode("utf-8", "surrogatepass")) + 4 for message in messages)
    said = 0 if schema is None else sum(len(f"{key}{value}".encode()) for key, value in schema.items())
    assert request.prompt_tokens_max >= tokens + said + 3


def test_half_a_surrogate_pair_is_three_bytes():
    """What is sent for it, U+FFFD, has three."""
    assert user_request("\ud800", trace_id=TraceId("t")).prompt_tokens_max == 3 + 16 + 64


def test_more_text_never_has_a_smaller_bound():
    longer = replace(ONE, messages=(*ONE.messages, Message(role="user", content="")))
    assert longer.prompt_tokens_max > ONE.prompt_tokens_max
    assert ONE.prompt_tokens_max > replace(ONE, json_schema=None).prompt_tokens_max


def test_a_question_of_a_user():
    request = user_request("1 + 1?", trace_id=TraceId("t"))
    assert request.messages == (Message(role="user", content="1 + 1?"),)
    assert (request.task_class, request.sampling) == (GENERAL, Sampling())
    assert user_request("?", trace_id=TraceId("t"), task_class=TaskClass("x.y")).task_class == "x.y"
