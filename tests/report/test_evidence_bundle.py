"""Bundles: whoever gets one can check it, and sees what was changed."""

import hashlib
import json

import pytest

from harness.core.errors import ConfigError
from harness.journal.signature import sign
from harness.report.evidence_bundle import bundle, check_bundle
from tests.report.evidence_cases import CONTEXT, agreed, call, divided, record, response

WHEN = {"exported_at": "2026-11-21T08:00:00Z", "harness": "1.0", "signatures": {}}


@pytest.fixture
def made(tmp_path):
    """A bundle as it arrives: through JSON."""
    return json.loads(json.dumps(bundle([record(tmp_path, *agreed())], CONTEXT, **WHEN)))


def problems(found, **options):
    return check_bundle(found, **options).problems


def test_an_untouched_bundle_holds(made, tmp_path):
    checked = check_bundle(made)
    assert checked.problems == ()
    assert checked.facts == (
        "4 lines carry the hashes of their own bytes, and neighbours follow each other",
        "the view follows from the lines",
        "ask-1.jsonl: 4 of 4 lines are here; all of them, so the last hash is the journal's head",
    )
    assert check_bundle(made, journals=[tmp_path / "ask-1.jsonl"]).facts[-1].endswith("those of the journal at hand")


def test_each_line_can_be_checked_with_nothing_of_ours(made):
    for entry in made["lines"]:
        raw = entry["line"].encode()
        head = raw[: raw.rindex(b',"hash":')] + b"}"
        assert hashlib.sha256(head).hexdigest() == entry["hash"] == json.loads(raw)["hash"]


def test_a_changed_answer_is_found(made):
    made["lines"][0]["line"] = made["lines"][0]["line"].replace("1.7 EUR", "17 EUR")
    assert any("ask-1.jsonl:1: was changed" in problem for problem in problems(made))


def test_a_line_with_a_new_hash_no_longer_fits_its_neighbour(made):
    line = made["lines"][1]
    head = line["line"].replace("It is 17 EUR", "It is 18 EUR")
    head = head[: head.rindex(',"hash":')]
    line["hash"] = hashlib.sha256((head + "}").encode()).hexdigest()
    line["line"] = f'{head},"hash":"{line["hash"]}"}}'
    assert any("ask-1.jsonl:3: does not chain" in problem for problem in problems(made))


@pytest.mark.parametrize(
    ("field", "value"), [("kind", "grade"), ("at", "2020-01-01T00:00:00Z"), ("hash", "0" * 64), ("prev", "0" * 64)]
)
def test_what_stands_beside_a_line_must_be_the_lines(made, field, value):
    made["lines"][2][field] = value
    assert problems(made) != ()


def test_a_line_that_is_missing_twice_there_or_out_of_place_is_found(made):
    lines = made["lines"]
    assert any(
        "the line itself is missing" in each
        for each in problems({**made, "lines": [*lines[:3], {**lines[3], "line": None}]})
    )
    assert any("stands behind" in each for each in problems({**made, "lines": [*lines, lines[3]]}))
    assert any("stands behind" in each for each in problems({**made, "lines": lines[::-1]}))
    shorter = [{**made["journals"][0], "lines": 3}]
    assert any("behind the end" in each for each in problems({**made, "journals": shorter}))
    other = [{**made["journals"][0], "head_hash": "0" * 64}]
    assert any("not the journal's head" in each for each in problems({**made, "journals": other}))


def test_a_view_that_does_not_follow_is_found(made):
    made["view"]["outcome"]["answer"] = "1.7 EUR"
    assert problems(made) == ("the view does not follow from the lines: 'outcome' differs",)
    made["view"]["outcome"]["answer"] = "17 EUR"
    made["verdict_id"] = "another"
    assert problems(made) == ("the lines are of verdict abc123, the bundle says another",)


def test_a_newer_comparator_may_judge_otherwise(made):
    made["view"]["comparator"]["judged_again_by"] = "numeric@0"
    made["view"]["pairs"] = []
    assert problems(made) == ()


def test_some_lines_of_a_journal_say_so(tmp_path):
    part = record(tmp_path, call(response("x/y", "nothing to do with it")), *agreed())
    some = type(part)(journal=part.journal, quotes=part.quotes[1:], lines=part.lines, head_hash=part.head_hash)
    found = bundle([some], CONTEXT, **WHEN)
    checked = check_bundle(found)
    assert checked.problems == ()
    assert "ask-1.jsonl: 4 of 5 lines are here; the others are not" in checked.facts


def test_hashes_only_can_be_compared_with_the_journal(tmp_path):
    part = record(tmp_path, *divided())
    found = json.loads(json.dumps(bundle([part], CONTEXT, hashes_only=True, **WHEN)))
    assert all(entry["line"] is None for entry in found["lines"])
    assert "17 EUR" not in json.dumps(found)
    assert "computed by hand" not in json.dumps(found)
    checked = check_bundle(found, journals=[tmp_path / "ask-1.jsonl", tmp_path / "unrelated.jsonl"])
    assert checked.problems == ()
    assert checked.facts[0].startswith("hashes only")
    found["lines"][1]["hash"] = "0" * 64
    found["lines"][2]["prev"] = "0" * 64
    assert any("is another line in" in each for each in problems(found, journals=[tmp_path / "ask-1.jsonl"]))
    (tmp_path / "ask-1.jsonl").write_bytes(b"")
    assert any("there is no such line" in each for each in problems(found, journals=[tmp_path / "ask-1.jsonl"]))


def test_a_signed_head_leads_to_the_lines_when_it_is_among_them(tmp_path):
    pytest.importorskip("cryptography")
    from tests.journal.test_signature import key_files

    part = record(tmp_path, *agreed())
    private, public = key_files(tmp_path)
    _, stranger = key_files(tmp_path, "stranger")
    signature = sign(tmp_path / "ask-1.jsonl", private, at="2026-11-21T08:00:00Z")
    signed = bundle([part], CONTEXT, **{**WHEN, "signatures": {"ask-1.jsonl": signature.record}})
    assert any("up to line 4, which is here" in fact for fact in check_bundle(signed, key=public).facts)
    assert any("not made with the key" in each for each in problems(signed, key=stranger))
    assert any("carries no signature" in each for each in problems(bundle([part], CONTEXT, **WHEN), key=public))
    signed["journals"][0]["signature"] = {"schema": "other"}
    assert any("is no signature" in each for each in problems(signed, key=public))
    elsewhere = record(tmp_path / "else", *divided())
    wrong = bundle([elsewhere], CONTEXT, **{**WHEN, "signatures": {"ask-1.jsonl": signature.record}})
    assert any("another line 4 was signed" in each for each in problems(wrong, key=public))
    some = type(part)(journal=part.journal, quotes=[*part.quotes[3:]], lines=9, head_hash="0" * 64)
    shorter = {**signature.record, "lines": 4}
    assert (
        check_bundle(bundle([some], CONTEXT, **{**WHEN, "signatures": {"ask-1.jsonl": shorter}}), key=public).problems
        == ()
    )


@pytest.mark.parametrize("damage", [
    lambda found: [],
    lambda found: {**found, "schema": "other"},
    lambda found: {**found, "lines": None},
    lambda found: {**found, "lines": [1]},
    lambda found: {**found, "lines": [{**found["lines"][0], "seq": "1"}]},
    lambda found: {**found, "journals": [{}]},
    lambda found: {key: value for key, value in found.items() if key != "view"},
])  # fmt: skip
def test_what_is_no_bundle_is_refused(made, damage):
    with pytest.raises(ConfigError, match="is no"):
        check_bundle(damage(made))


@pytest.mark.parametrize("context", [
    {"policy": 5},
    {"policy": {"panel": 7, "tiebreak": None}},
    {"policy": {"tiebreak": {"model": "x"}, "panel": []}},
    {"compare": {"name": "no such comparator", "options": {}}},
    {"compare": []},
    {"prices": {"acme/a": {"rates": "free"}}},
    {"prices": [1]},
    {"scripted": 1},
    {"run": float("nan")},
])  # fmt: skip
def test_a_hostile_context_is_told_not_followed(made, context):
    found = problems({**made, "context": context})
    assert len(found) == 1
    assert "derived from the lines" in found[0] or "does not follow" in found[0]
