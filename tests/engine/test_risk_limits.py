"""Asking under a certified risk limit: what the caller gets, what is on record, and what happens without a certificate."""

import asyncio
from dataclasses import replace

import pytest

from harness.compare import comparator
from harness.consensus.calibration import Revocation
from harness.core.ballot import Compare
from harness.core.event import Call, Decided
from harness.core.ids import CandidateId, TaskClass, TraceId
from harness.core.outcome import Reason
from harness.core.policy import Quorum, RiskLimit
from harness.core.request import user_request
from harness.core.response import FailureKind
from harness.engine import Question
from harness.journal.codec import decode, encode
from tests.consensus.cases import LABELS, calibration
from tests.engine.cases import Table, engine, failure, policy, question, reply
from tests.sim.loop import simulate

P = CandidateId("consensus/p")
EXACT = comparator(Compare())
LIMITED = policy(rule=RiskLimit(alpha=0.01, fallback=Quorum(k=2)), order="value")
AGREED = dict.fromkeys("abc", "2")


def fit(one, **fields):
    return calibration(one, **{"comparator": f"{EXACT.name}@{EXACT.version}", **fields})


def ask(replies, one=LIMITED, known=None, asked=None, delays_s=None, **fields):
    """(outcome, what is on record, who was called)."""
    table = Table(replies, delays_s=delays_s or {})
    known = (fit(one),) if known is None else known
    able, memory = engine(table, one, calibrations=known, **fields)
    outcome, _ = simulate(able.ask(asked or question(), P))
    return outcome, memory, "".join(table.calls)


def test_what_is_served_under_a_certificate_says_so_in_numbers():
    outcome, memory, called = ask({**AGREED, "a": "3"})
    assert outcome.served
    assert (outcome.answer, called, outcome.calls_saved) == ("2", "bc", 1)
    assert outcome.confidence == pytest.approx(0.9953, abs=1e-4)
    assert outcome.certified
    assert outcome.groups[0].chance == outcome.confidence
    facts = outcome.calibration
    assert (facts.labels, facts.threshold, facts.risk_limit) == (LABELS, 0.99, 0.01)
    assert facts.version == fit(LIMITED).version
    assert (outcome.uncertified, outcome.labels_missing) == ("", None)
    (event,) = memory.of(Decided)
    assert decode("verdict", encode(event)) == event
    assert event.outcome.calibration == facts


def test_what_is_not_served_is_ranked_by_its_chances():
    outcome, _, called = ask({"a": "1", "b": "2", "c": "3"}, policy(rule=RiskLimit(alpha=0.01)))
    assert not outcome.served
    assert (outcome.reason, called, outcome.certified, outcome.review) == (Reason.DIVERGENT, "abc", False, True)
    assert {group.answer: round(group.chance, 3) for group in outcome.groups} == {"1": 0.179, "2": 0.269, "3": 0.42}
    assert outcome.confidence == pytest.approx(0.4196, abs=1e-4)


@pytest.mark.parametrize(
    ("known", "asked", "reason", "why"),
    [
        ((), None, Reason.UNCERTIFIED, "the policy is not calibrated: a risk limit of 0.01 takes at least 230"),
        ((fit(LIMITED, policy_version="old"),), None, Reason.UNCERTIFIED, "calibrated for version old of p"),
        ((fit(LIMITED, comparator="exact@0"),), None, Reason.UNCERTIFIED, "with the comparator exact@0"),
        (
            (fit(LIMITED, revoked=Revocation(at="yesterday", why="drift")),),
            None,
            Reason.UNCERTIFIED,
            "was revoked on yesterday: drift",
        ),
        (
            None,
            Question(request=user_request("1 + 1?", trace_id=TraceId("t"), task_class=TaskClass("poems"))),
            Reason.OUT_OF_CLASS,
            "the policy is calibrated on general, and this is poems",
        ),
    ],
)
def test_without_a_certificate_the_fallback_applies_and_says_so(known, asked, reason, why):
    outcome, _, _ = ask(AGREED, known=known, asked=asked)
    assert outcome.served
    assert (outcome.certified, outcome.confidence, outcome.calibration) == (False, None, None)
    assert outcome.uncertified.startswith(f"{reason}: ")
    assert why in outcome.uncertified
    assert outcome.detail == f"{outcome.uncertified}; the declared fallback applied: 2 of 2 valid ballots say the same"
    strict = replace(LIMITED, rule=RiskLimit(alpha=0.01))
    refitted = known and tuple(
        replace(each, policy_version=strict.version) if each.policy_version == LIMITED.version else each
        for each in known
    )
    outcome, memory, called = ask(AGREED, strict, known=refitted, asked=asked)
    assert not outcome.served
    assert (outcome.reason, called, len(memory.of(Decided))) == (reason, "", 1)
    assert why in outcome.detail


def test_labels_that_are_missing_are_counted():
    one = replace(LIMITED, rule=RiskLimit(alpha=0.001, fallback=Quorum(k=2)))
    outcome, _, _ = ask(AGREED, one)
    assert (outcome.served, outcome.certified, outcome.labels_missing) == (True, False, 1900)
    assert outcome.confidence == pytest.approx(0.9918, abs=1e-4)
    assert outcome.calibration.threshold is None


def test_every_member_late_or_unpaid_has_its_own_reason():
    outcome, _, called = ask(AGREED, delays_s={"b": 60, "c": 60})
    assert (outcome.reason, sorted(called)) == (Reason.DEADLINE, ["b", "c"])  # a is not asked after the deadline
    one = policy(rule=RiskLimit(alpha=0.01), order="all_at_once")
    outcome, _, _ = ask(AGREED, one, delays_s={"b": 60, "c": 60})
    assert (outcome.reason, outcome.quorum.valid) == (Reason.DEADLINE, 1)
    unpaid = {model: failure(model, FailureKind.BUDGET) for model in "bc"}
    outcome, _, called = ask({**AGREED, **unpaid})
    assert (outcome.reason, called) == (Reason.BUDGET, "bca")


def test_a_failed_member_is_replaced_and_a_straggler_is_summed_out():
    outcome, _, called = ask({**AGREED, "c": failure("c", FailureKind.OVERLOADED)})
    assert (outcome.served, called, outcome.degraded) == (True, "bca", True)
    assert outcome.confidence == pytest.approx(0.9918, abs=1e-4)
    at_once = policy(rule=RiskLimit(alpha=0.01), order="all_at_once", grace_s=1.0)
    outcome, _, _ = ask(AGREED, at_once, delays_s={"b": 60})
    assert outcome.served
    assert outcome.latency_s == pytest.approx(1.0)
    assert outcome.confidence == pytest.approx(0.994, abs=1e-3)


def test_two_names_of_one_model_are_not_two_votes():
    twins = {model: reply(model, "2", served_model="big-1") for model in "bc"}
    outcome, _, called = ask({"a": "3", **twins}, policy(rule=RiskLimit(alpha=0.01), order="all_at_once"))
    assert not outcome.served
    assert called == "abc"
    assert "b and c were served by one model, 'big-1'" in outcome.detail


@pytest.mark.parametrize("order", ["value", "cheap_first", "accurate_first", "all_at_once"])
@pytest.mark.parametrize("rule", [RiskLimit(alpha=0.05), Quorum(k=2)])
@pytest.mark.parametrize("answers", ["222", "232", "234", "2?3", "??2", "???"])
def test_the_same_journal_replays_to_the_same_outcome(order, rule, answers):
    if isinstance(rule, Quorum) and order == "value":
        order = "cheap_first"
    one = policy(rule=rule, order=order)
    replies = {
        model: failure(model, FailureKind.EMPTY) if text == "?" else reply(model, text)
        for model, text in zip("abc", answers, strict=True)
    }
    first, memory, _ = ask(replies, one)
    recorded = {call.key: call.reply for call in memory.of(Call)}
    again, _, called = ask(replies, one, recorded=recorded)
    assert called == "".join(call.model for call in memory.of(Call) if _gave_up(call))
    assert replace(again, latency_s=0) == replace(first, latency_s=0)


def _gave_up(call: Call) -> bool:
    return getattr(call.reply, "kind", None) is FailureKind.CANCELLED


def test_a_certificate_is_for_one_policy_whatever_another_is_called():
    outcome, _, _ = ask(AGREED, replace(LIMITED, deadline_s=9.0), known=(fit(LIMITED),))
    assert not outcome.certified


def test_many_requests_share_what_the_calibration_has_learned():
    table = Table(AGREED)
    able, _ = engine(table, LIMITED, calibrations=(fit(LIMITED),))

    async def go():
        return [await able.ask(question(str(number)), P) for number in range(20)]

    assert all(outcome.certified for outcome in asyncio.run(go()))
    (kept,) = able.directory.calibrations[LIMITED.name].values()
    assert 0 < len(kept.estimator._posteriors) < 20
