"""Keys are found by name and shown to nobody."""

import pickle

import pytest

from harness.core.card import Card
from harness.core.ids import ModelId
from harness.core.response import Failure, FailureKind
from harness.transport import Secret
from harness.transport.secret import key_of

KEY = "sk-canary-0123456789"


def card(key_env: str | None) -> Card:
    return Card(id=ModelId("x/y"), api="openai-chat", model="y", key_env=key_env, family="x")


def test_nothing_prints_it():
    secret = Secret(KEY)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r}", repr([secret]), repr({"key": secret})]
    assert not any(KEY[3:] in text for text in shown)
    with pytest.raises(TypeError, match="does not leave"):
        pickle.dumps(secret)
    assert secret.reveal() == KEY
    assert secret == Secret(KEY)


def test_found_by_the_name_on_the_card():
    found = key_of(card("A_KEY"), {"A_KEY": f" {KEY}\n"})
    assert isinstance(found, Secret)
    assert found.reveal() == KEY
    assert key_of(card(None), {"A_KEY": KEY}) is None


@pytest.mark.parametrize(
    "environ", [{}, {"A_KEY": ""}, {"A_KEY": "  "}, {"A_KEY": f"{KEY}\u2026"}, {"A_KEY": f"{KEY} b"}]
)
def test_missing_or_unusable_is_a_failure_that_names_the_variable(environ: dict[str, str]):
    found = key_of(card("A_KEY"), environ)
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.UNAUTHORIZED
    assert "A_KEY" in found.message
    assert KEY not in found.message
    assert found.cost_usd == 0
