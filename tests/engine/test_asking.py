import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from harness.core.ballot import BallotKind, Extract
from harness.core.errors import ConfigError
from harness.core.event import Call, Decided, Reserved
from harness.core.ids import CandidateId, ModelId, ProfileName
from harness.core.outcome import Reason
from harness.core.policy import Tiebreak, Unanimous
from harness.core.response import FailureKind, Finish
from harness.routing import Profile
from tests.engine.cases import Table, card, engine, failure, policy, question, reply

P = CandidateId("consensus/p")


def ask(table, *policies, candidate=P, one=None, **fields):
    asked, memory = engine(table, *policies, **fields)
    return asyncio.run(asked.ask(one or question(), candidate)), memory


def test_first_two_that_agree_are_served_and_the_third_is_cancelled():
    table = Table({"a": "2", "b": "2", "c": "3"}, delays_s={"c": 30})
    outcome, memory = ask(table, policy())
    assert outcome.served
    assert outcome.answer == "2"
    assert outcome.latency_s < 5
    assert [b.kind for b in outcome.ballots] == [BallotKind.ANSWERED, BallotKind.ANSWERED, BallotKind.MISSING]
    assert outcome.cost_usd == Decimal("0.002")
    assert outcome.cost_bound_usd == Decimal("0.012")
    cancelled = [call for call in memory.of(Call) if call.model == "c"]
    assert len(cancelled) == 1
    assert cancelled[0].reply.kind is FailureKind.CANCELLED
    assert cancelled[0].reply.cost_usd is None


def test_every_reply_is_on_record_before_the_verdict():
    outcome, memory = ask(Table({"a": "2", "b": "3", "c": "4"}), policy())
    assert not outcome.served
    assert outcome.reason is Reason.DIVERGENT
    assert outcome.review
    assert [type(event) for event in memory.events] == [Call, Call, Call, Decided]
    assert all(ballot.reply is None for ballot in memory.of(Decided)[0].outcome.ballots)
    assert memory.of(Decided)[0].outcome.verdict_id == outcome.verdict_id


def test_faults_are_ballots_of_their_own_kind_and_never_votes():
    table = Table(
        {
            "a": "2",
            "b": failure("b", FailureKind.OVERLOADED),
            "c": reply("c", "2", finish=Finish.LENGTH),
            "d": reply("d", "I will not", finish=Finish.REFUSAL),
            "e": reply("e", "2", finish=Finish.UNKNOWN, finish_raw="paused"),
            "f": reply("f", "no tag here"),
        }
    )
    outcome, _ = ask(table, policy("abcdef", extract=Extract(how="tag", arg="x"), on_divergence="serve_best"))
    kinds = {ballot.model: ballot.kind.value for ballot in outcome.ballots}
    assert kinds == {
        "a": "unreadable",
        "b": "failed",
        "c": "truncated",
        "d": "refused",
        "e": "failed",
        "f": "unreadable",
    }
    assert "paused" in outcome.ballots[4].why
    assert not outcome.served


def test_one_survivor_is_never_consensus():
    table = Table({"a": "2", "b": failure("b", FailureKind.TIMEOUT), "c": failure("c", FailureKind.THROTTLED)})
    outcome, _ = ask(table, policy())
    assert outcome.reason is Reason.DEGRADED_PANEL
    assert outcome.degraded
    assert [each.model for each in outcome.quorum.missing] == ["b", "c"]


def test_a_thin_panel_that_agrees_is_served_and_says_so():
    outcome, _ = ask(Table({"a": "2", "b": failure("b", FailureKind.OVERLOADED), "c": "2"}), policy())
    assert outcome.served
    assert outcome.degraded


def test_panel_deadline_makes_slow_members_missing():
    table = Table({"a": "2", "b": "3", "c": "2"}, delays_s={"c": 30})
    outcome, _ = ask(table, policy(rule=Unanimous(), deadline_s=0.1, tiebreak=None, on_divergence="serve_best"))
    missing = {ballot.model: ballot.why for ballot in outcome.ballots if not ballot.valid}
    assert missing == {"c": "no reply within 0.1 s"}
    assert outcome.latency_s < 5


def test_stragglers_get_the_grace_and_not_the_deadline():
    table = Table({"a": "2", "b": "3", "c": "2"}, delays_s={"c": 30})
    outcome, _ = ask(table, policy(deadline_s=20, grace_s=0.05))
    assert outcome.reason is Reason.DIVERGENT
    assert outcome.ballots[2].why == "no reply 0.05 s after the others"
    assert outcome.latency_s < 5


def test_nothing_is_sent_after_the_deadline():
    table = Table({"a": "2", "b": "3", "t": "3"}, delays_s={"b": 30})
    outcome, _ = ask(table, policy("ab", deadline_s=0.05, tiebreak=Tiebreak(model=ModelId("t"))))
    assert not outcome.served
    assert "t" not in table.calls


def test_tiebreak_is_a_call_of_its_own_purpose():
    one = policy("ab", tiebreak=Tiebreak(model=ModelId("t")))
    outcome, memory = ask(Table({"a": "2", "b": "3", "t": "3"}), one)
    assert outcome.answer == "3"
    assert [call.purpose for call in memory.of(Call)] == ["vote", "vote", "tiebreak"]
    assert len({call.request_sha256 for call in memory.of(Call)}) == 1


def test_calls_on_record_are_not_made_again():
    first = Table({"a": "2", "b": "2", "c": "2"})
    _, memory = ask(first, policy(rule=Unanimous()))
    recorded = {call.key: call.reply for call in memory.of(Call)}
    second = Table({"a": "9", "b": "9", "c": "9"})
    outcome, again = ask(second, policy(rule=Unanimous()), recorded=recorded)
    assert outcome.answer == "2"
    assert second.calls == []
    assert again.of(Call) == []


def test_a_cancelled_call_on_record_is_made_again():
    table = Table({"a": "2"})
    asked, memory = engine(Table({"a": "2"}, delays_s={"a": 30}))

    async def interrupted():
        task = asyncio.ensure_future(asked.ask(question(), CandidateId("a")))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())
    recorded = {call.key: call.reply for call in memory.of(Call)}
    assert len(recorded) == 1
    outcome, _ = ask(table, candidate=CandidateId("a"), recorded=recorded)
    assert outcome.served
    assert table.calls == ["a"]


def test_a_model_alone_is_served_without_a_claim():
    outcome, memory = ask(Table({"a": "2"}), candidate=CandidateId("a"))
    assert (outcome.served, outcome.answer, outcome.confidence, outcome.certified) == (True, "2", None, False)
    assert memory.of(Decided) == []


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (failure("a", FailureKind.BUDGET), Reason.BUDGET),
        (failure("a", FailureKind.OVERLOADED), Reason.FAILED),
        (failure("a", FailureKind.FILTERED), Reason.REFUSED),
        (reply("a", "2", finish=Finish.LENGTH), Reason.TRUNCATED),
        (reply("a", "2", finish=Finish.ERROR), Reason.FAILED),
    ],
)
def test_why_a_model_alone_is_not_served(given, reason):
    outcome, _ = ask(Table({"a": given}), candidate=CandidateId("a"))
    assert (outcome.served, outcome.reason) == (False, reason)


def test_unsent_calls_leave_no_call_on_record():
    _, memory = ask(Table({"a": failure("a", FailureKind.BUDGET)}), candidate=CandidateId("a"))
    assert memory.of(Call) == []


def test_policy_limit_bounds_the_output_of_everyone_alike():
    seen = []
    table = Table(dict.fromkeys("abc", lambda request: seen.append(request.sampling.max_tokens) or "2"))
    outcome, _ = ask(table, policy(max_cost_usd=Decimal("0.01")))
    assert outcome.served
    assert len(set(seen)) == 1
    assert 64 <= seen[0] <= 333


def test_policy_limit_that_leaves_no_room_asks_nobody():
    table = Table(dict.fromkeys("abc", "2"))
    outcome, memory = ask(table, policy(max_cost_usd=Decimal("0.0005")))
    assert (outcome.reason, outcome.review, table.calls) == (Reason.BUDGET, True, [])
    assert len(memory.of(Decided)) == 1


def test_policy_limit_needs_prices():
    cards = {ModelId(m): card(m) if m != "b" else replace(card(m), price=None) for m in "abc"}
    outcome, _ = ask(Table(dict.fromkeys("abc", "2")), policy(max_cost_usd=Decimal(1)), cards=cards)
    assert outcome.reason is Reason.BUDGET
    assert "no price is known for b" in outcome.detail


def test_route_falls_back_on_failure_only():
    profile = Profile(name=ProfileName("fast"), candidates=(ModelId("a"), ModelId("b")))
    candidate = CandidateId("route/fast")
    table = Table({"a": failure("a", FailureKind.OVERLOADED), "b": failure("b", FailureKind.OVERLOADED)})
    outcome, memory = ask(table, candidate=candidate, profiles=[profile])
    assert sorted(table.calls) == ["a", "b"]
    assert outcome.reason is Reason.FAILED
    assert len(memory.of(Decided)) == 1
    table = Table({"a": reply("a", "", finish=Finish.REFUSAL), "b": reply("b", "", finish=Finish.REFUSAL)})
    outcome, _ = ask(table, candidate=candidate, profiles=[profile])
    assert outcome.reason is Reason.REFUSED
    assert len(table.calls) == 1


def test_route_without_a_capable_model_asks_nobody():
    profile = Profile(name=ProfileName("safe"), compliance=frozenset({"pii_safe"}))
    table = Table({"a": "2"})
    outcome, _ = ask(table, candidate=CandidateId("route/safe"), profiles=[profile])
    assert (outcome.reason, outcome.cost_usd, table.calls) == (Reason.NO_ROUTE, Decimal(0), [])
    assert "pii_safe" in outcome.detail


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        ("consensus/q", r"policies.yaml: no policy 'q'"),
        ("route/x", r"routing.yaml: no profile 'x'"),
        ("aa", r"models.yaml: no model 'aa'; did you mean 'a'"),
    ],
)
def test_unknown_candidates_name_the_alternatives(candidate, message):
    with pytest.raises(ConfigError, match=message):
        ask(Table({"a": "2"}), policy(), candidate=CandidateId(candidate))


def test_a_policy_whose_members_have_no_card_cannot_be_asked():
    with pytest.raises(ConfigError, match="'z' without a card"):
        ask(Table({"a": "2"}), policy("az"))


def test_under_a_limit_the_worst_case_is_on_record_before_the_call():
    asked, memory = engine(Table({"a": "2", "b": failure("b", FailureKind.BUDGET)}))
    asked.calls.limited = True
    asyncio.run(asked.ask(question(), CandidateId("a")))
    asyncio.run(asked.ask(question(), CandidateId("b")))
    first, second, third, fourth = memory.events
    assert (type(first), first.bound_usd, first.released) == (Reserved, Decimal("0.01"), False)
    assert second.key == first.key
    assert (third.released, fourth.released, third.key) == (False, True, fourth.key)
