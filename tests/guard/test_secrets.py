"""Redaction: known values, usual formats, JSON that stays JSON, and hostile text that must not be slow."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.guard import redactor

CANARY = "sk-canary-0123456789abcdef"

FORMATS = {
    "private-key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----",
    "bearer-token": "Bearer abcdef0123456789ABCDEF==",
    "api-key": "sk-ant-api03-AbCdEfGhIjKlMnOp",
    "stripe-key": "sk_live_abcdefghijklmnop1234",
    "google-key": "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "github-token": "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "gitlab-token": "glpat-abcdefghij0123456789",
    "aws-key": "AKIAIOSFODNN7EXAMPLE",
    "slack-token": "xoxb-1234567890-abcdefghij",
    "huggingface-token": "hf_abcdefghijklmnopqrstuvwxyz01234567",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
}


@pytest.mark.parametrize(("kind", "key"), FORMATS.items(), ids=FORMATS)
@pytest.mark.parametrize("frame", ["{}", "the key: {} (keep it)", "a\n{}\nb", '"{}"', "x={};"])
def test_a_key_of_a_usual_format_is_replaced_in_text_and_in_json(kind, key, frame):
    text = frame.format(key)
    clean = redactor()(text)
    assert key not in clean
    assert f"[redacted:{kind}]" in clean
    nested = json.dumps({"a": text, "b": json.dumps({"c": text})})
    assert redactor().suspects(nested)
    document = json.loads(redactor().redact_json(nested))
    assert document["a"] == clean
    assert key not in json.loads(document["b"])["c"]


@pytest.mark.parametrize("key", [FORMATS["github-token"], FORMATS["api-key"]])
def test_a_key_cut_out_of_a_word_is_not_one(key):
    assert redactor()(f"desk{key}") == f"desk{key}"


@pytest.mark.parametrize(
    "text",
    [
        "risk-based-approach-to-everything-else",
        "task-20261120-fetch-and-parse",
        "sk-folding-cube-and-other-css-spinners",
        "the bearer of this letter and its consequences",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "AKIA is a prefix; xox is not a token; hf_hub_download is a function",
        "",
    ],
)
def test_ordinary_text_stays(text):
    assert redactor()(text) == text
    assert not redactor().suspects(text)


def test_a_private_key_without_its_end_is_hidden_to_the_end_of_the_text():
    assert redactor()("log: -----BEGIN PRIVATE KEY-----\nMIIEvQ") == "log: [redacted:private-key]"


def test_a_known_value_is_named():
    redact = redactor({"OPENAI_API_KEY": CANARY, "OTHER": None})
    assert redact(f"key={CANARY}!") == "key=[redacted:OPENAI_API_KEY]!"
    assert CANARY not in repr(redact)


def test_of_two_values_the_longer_is_replaced_first():
    redact = redactor({"SHORT": "abcdefgh", "LONG": "abcdefgh-ijkl"})
    assert redact("abcdefgh-ijkl abcdefgh") == "[redacted:LONG] [redacted:SHORT]"


@pytest.mark.parametrize("placeholder", ["", "   ", "EMPTY", "none", "1234567"])
def test_placeholders_are_no_secrets(placeholder):
    text = f"before {placeholder} after"
    assert redactor({"KEY": placeholder})(text) == text


def test_numbers_and_structure_are_never_touched():
    redact = redactor({"PIN": "12345678", "STRUCTURE": '":null,"'})
    line = '{"a":12345678,"b":"12345678","c":null,"d":[1.5,true]}'
    assert redact.redact_json(line) == '{"a":12345678,"b":"[redacted:PIN]","c":null,"d":[1.5,true]}'


def test_keys_of_objects_are_redacted_too():
    assert redactor({"KEY": CANARY}).redact_json(json.dumps({CANARY: 1})) == '{"[redacted:KEY]":1}'


def test_a_document_without_secrets_keeps_its_bytes():
    line = '{"a": 1.50, "b":  "x"}'
    assert redactor({"KEY": CANARY}).redact_json(line) == line


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    secret=st.text(min_size=8, max_size=24).filter(lambda text: len(text.strip()) >= 8), document=JSON, data=st.data()
)
def test_a_known_value_never_survives(secret, document, data):
    around = data.draw(st.tuples(st.text(max_size=5), st.text(max_size=5)))
    text = around[0] + secret + around[1]
    whole = {"outer": [document, text, json.dumps({"inner": text}, ensure_ascii=False)]}
    clean = redactor({"KEY": secret}).redact_json(json.dumps(whole, ensure_ascii=False, separators=(",", ":")))
    _, flat, nested = json.loads(clean)["outer"]
    assert secret.strip() not in flat.replace("[redacted:KEY]", "\0" * 9)
    assert "[redacted:KEY]" in flat
    assert "[redacted:KEY]" in nested


@pytest.mark.parametrize(
    "hostile",
    [
        "sk-" * 50_000,
        "-eyJ" * 50_000,
        "bearer " * 30_000,
        "-----BEGIN " * 20_000,
        "-----BEGIN PRIVATE KEY-----" * 5_000,
    ],
)
def test_hostile_text_ends(hostile):
    clean = redactor()(hostile)
    assert re.sub(r"\[redacted:[a-z-]+\]", "", clean) in hostile
