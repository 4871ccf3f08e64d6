"""The evidence of an outcome, from real journals."""

from dataclasses import replace
from decimal import Decimal

import pytest

from harness.core.errors import ConfigError, JournalError
from harness.core.event import Executed, GradeGiven
from harness.core.execution import Ending, Execution, Isolation
from harness.core.hashing import canonical
from harness.core.ids import CandidateId, RunId, TaskId
from harness.core.request import user_request
from harness.core.trial import Grade, Graded, TrialKey
from harness.report.evidence import Context, evidence_view, price_of, same_view
from harness.report.evidence_health import health
from tests.report.evidence_cases import (
    CLASS,
    CONTEXT,
    PRICE,
    REQUEST,
    TRACE,
    A,
    B,
    C,
    agreed,
    call,
    decided,
    divided,
    outcome,
    record,
    response,
    said,
)


def view_of(tmp_path, *events, context=CONTEXT, **options):
    return evidence_view(record(tmp_path, *events).quotes, context, **options)


def facts(view, state):
    return [line["text"] for line in health(view) if line["state"] == state]


def test_who_said_what_and_how_it_was_judged(tmp_path):
    view = view_of(tmp_path, *agreed())
    assert (view["outcome"]["served"], view["outcome"]["answer"]) == (True, "17 EUR")
    assert [(b["model"], b["answer"], b["call"]["text"], b["call"]["position"]) for b in view["ballots"]] == [
        (A, "17 EUR", "It is 17 EUR", "ask-1.jsonl:2"),
        (B, "1.7 EUR", "It is 1.7 EUR", "ask-1.jsonl:1"),
        (C, "EUR 17.00", "I get EUR 17.00", "ask-1.jsonl:3"),
    ]
    assert [(pair["a"], pair["b"], pair["relation"]) for pair in view["pairs"]] == [
        (A, B, "different"), (A, C, "same"), (B, C, "different"),
    ]  # fmt: skip
    assert view["request"]["messages"] == [{"role": "user", "content": "What is 17 % of 100 EUR?"}]
    assert view["request"]["hash_fits"]
    assert view["policy"]["fields"]["rule"] == {"k": 2}
    assert [row["ending"] for row in view["static_policies"]] == ["served", "not served", "served", "served"]
    assert [line["position"] for line in view["lines"]] == [f"ask-1.jsonl:{seq}" for seq in (1, 2, 3, 4)]


def test_costs_are_recomputed_from_tokens_and_the_dated_price(tmp_path):
    view = view_of(tmp_path, *agreed())
    for ballot in view["ballots"]:
        assert ballot["call"]["cost_usd"] == ballot["call"]["cost_again_usd"]
        assert Decimal(ballot["call"]["cost_usd"]) == Decimal("0.0005")
        assert (ballot["call"]["price"]["as_of"], ballot["call"]["price"]["source"]) == ("2026-11-01", "vendor")
    assert price_of(CONTEXT.prices[A]) == PRICE
    assert "the cost of 3 calls is tokens times dated price" in facts(view, "ok")


def test_what_speaks_against_it_is_said(tmp_path):
    against = facts(view_of(tmp_path, *divided()), "warn")
    for said_so in (
        "2 of 3 models called gave a valid answer",
        f"{C}: no reply within 5 s",
        "2 different answers: 1 against 1",
        "no calibration: no probability of being right is claimed",
        f"{A} and {B} were both served by {A}-2026: they are one voter",
        f"{A} was not sent temperature: it does not take it",
        f"what {C} cost is not known",
    ):
        assert said_so in against


def test_a_review_and_a_call_without_a_ballot_are_part_of_it(tmp_path):
    view = view_of(tmp_path, *divided())
    assert [(each["who"], each["answer"]) for each in view["reviews"]] == [("ann", "17.00 EUR")]
    assert [each["purpose"] for each in view["other_calls"]] == ["check"]
    assert view["ballots"][2]["call"]["kind"] == "timeout"


def test_groups_that_the_comparator_would_not_make_again_are_told(tmp_path):
    ballots = (said(A, "17 EUR"), said(B, "18 EUR"), said(C, "about 17"))
    view = view_of(tmp_path, decided(outcome(ballots, (A, B), (C,), served=True)))
    assert f"judged again, {A} and {B} are different: not as they were grouped" in facts(view, "warn")


@pytest.mark.parametrize(
    ("confidence", "certified", "state"), [(0.99, True, "ok"), (0.9, False, "warn"), (None, False, "warn")]
)
def test_a_chance_is_called_certified_only_when_it_is(tmp_path, confidence, certified, state):
    ballots = (said(A, "1"), said(B, "1"), said(C, "1"))
    result = outcome(ballots, (A, B, C), served=True, confidence=confidence, certified=certified)
    view = view_of(tmp_path, decided(result))
    assert any("certified" in text or "calibration" in text for text in facts(view, state))
    assert "all 3 valid answers say the same" in facts(view, "ok")
    assert "the question is not on record in clear, only its hash" in facts(view, "warn")


def test_a_booked_cost_that_is_not_the_price_is_told(tmp_path):
    event = call(response(A, "17", cost_usd=Decimal("0.9")))
    view = view_of(tmp_path, event, decided(outcome((said(A, "17"),), (A,), served=True)))
    assert f"{A}: its tokens cost $0.0005 at the price on record, $0.9 was booked" in facts(view, "warn")


def test_a_changed_question_and_a_redacted_one_are_told_apart(tmp_path):
    other = user_request("What is 16 % of 100 EUR?", trace_id=TRACE, task_class=CLASS)
    verdict = decided(outcome((said(A, "17"),), (A,), served=True))
    view = view_of(tmp_path, call(response(A, "17"), request=other), verdict)
    assert "the question on record does not have the hash of what was asked" in facts(view, "warn")
    secret = user_request("Is sk-abcDEF1234567890abcd a key?", trace_id=TRACE, task_class=CLASS)
    asked = {"request": secret, "request_sha256": secret.sha256}
    events = (call(response(A, "17"), **asked), replace(verdict, request_sha256=secret.sha256))
    view = evidence_view(record(tmp_path, *events, name="other").quotes, CONTEXT)
    assert view["redactions"] == 1
    assert "1 secrets were redacted before anything was written" in facts(view, "warn")
    assert any("was redacted, so it does not have the hash" in text for text in facts(view, "warn"))


def test_of_several_tries_the_last_is_the_ballots_and_another_question_is_not(tmp_path):
    other = user_request("another question", trace_id=TRACE, task_class=CLASS)
    elsewhere = call(response(A, "other"), request=other, request_sha256=other.sha256)
    verdict = decided(outcome((said(A, "17"),), (A,), served=True))
    view = view_of(tmp_path, call(response(A, "first")), call(response(A, "second")), elsewhere, verdict)
    assert view["ballots"][0]["call"]["text"] == "second"
    assert [each["text"] for each in view["other_calls"]] == ["first", "other"]


def test_a_policy_that_is_no_longer_that_version_is_not_shown(tmp_path):
    assert CONTEXT.policy is not None
    changed = {**CONTEXT.policy, "deadline_s": 1.0}
    view = view_of(tmp_path, *agreed(), context=replace(CONTEXT, policy=changed))
    assert view["policy"]["fields"] is None


def test_without_context_nothing_is_guessed(tmp_path):
    view = view_of(tmp_path, *agreed(), context=Context())
    assert view["pairs"] == []
    assert view["comparator"]["options"] is None
    assert view["ballots"][0]["call"]["price"] is None
    assert view["static_policies"][0]["ending"] == "unknown", "who votes is not known"


def test_hashes_only_says_nothing_of_what_was_said(tmp_path):
    view = view_of(tmp_path, *divided(), hashes_only=True)
    text = canonical(view).decode()
    for secret in ("17 EUR", "1.7", "What is", "computed by hand", "What is it to me"):
        assert secret not in text
    assert [pair["relation"] for pair in view["pairs"]] == ["different"], "the judgement is that of the answers"
    assert view["reviews"][0]["who"] == "ann"
    assert not view["captured"]


def test_a_journal_of_hashes_gives_no_judgement(tmp_path):
    quotes = record(tmp_path, *agreed(), capture="hashes").quotes
    view = evidence_view(quotes, CONTEXT)
    assert (view["captured"], view["pairs"], view["request"]["messages"]) == (False, [], None)
    assert view["groups"][0]["models"] == [A, C]


def test_a_trial_has_its_grade_and_its_executions(tmp_path):
    key = TrialKey(task_id=TaskId("t1"), candidate=CandidateId("consensus/payments"), epoch=0)
    graded = Graded(
        key=key, task_digest="d", task_class=CLASS, grade=Grade.RESOLVED, grader="numeric@1", cost_usd=None,
        usage=None, latency_s=0.1, calls=3, verdict_id="abc123",
    )  # fmt: skip
    ran = Execution(ending=Ending.EXITED, exit_code=0, finished=True, wall_s=0.1, isolation=Isolation.STANDARD)
    executed = Executed(trace_id=TRACE, model=A, code_sha256="c" * 64, execution=ran)
    view = view_of(tmp_path, *agreed(), executed, GradeGiven(run_id=RunId("run-1"), graded=graded))
    assert (view["grade"]["task_id"], view["grade"]["grade"]) == ("t1", "resolved")
    assert view["executions"][0]["isolation"] == "standard"


def test_the_same_lines_give_the_same_view(tmp_path):
    quotes = record(tmp_path, *agreed()).quotes
    one, other = evidence_view(quotes, CONTEXT), evidence_view(quotes, CONTEXT)
    assert same_view(one, other) is None
    assert same_view(one, {**other, "at": "another"}) == "at"
    assert same_view(one, {**other, "more": 1}) == "more"


def test_lines_without_an_outcome_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="hold no outcome"):
        view_of(tmp_path, call(response(A, "17")))
    quotes = record(tmp_path, *agreed(), name="x").quotes
    with pytest.raises(JournalError, match=r"x\.jsonl:1"):
        evidence_view([replace(quotes[0], body=b"{}")], CONTEXT)
    assert REQUEST.sha256 == evidence_view(quotes, CONTEXT)["request"]["sha256"]
