"""What a journal knows of each question: the last reply and the last grade of every model that was asked alone."""

from decimal import Decimal

from harness.core.event import Call, Event, GradeGiven, RunStarted, TaskRow
from harness.core.ids import CallKey, CandidateId, ModelId, RunId, SuiteName, TaskClass, TaskId
from harness.core.money import Price, Rates
from harness.core.policy import Policy, Tiebreak
from harness.core.response import FailureKind, Reply
from harness.core.trial import Grade, Graded, TrialKey
from harness.evals.plan import trace_of
from harness.evals.replay import Recorded
from harness.evals.replay_items import items_of
from tests.engine.cases import failure, policy, reply

RUN, A = RunId("r"), ModelId("a")
PANEL = policy("abc")


def price(usd: int) -> Price:
    return Price(rates=Rates(input=Decimal(usd), output=Decimal(10 * usd)), as_of="2026-11-20", source="test")


def begun(*candidates: str, epochs: int = 1, prices: dict[str, int] | None = None) -> RunStarted:
    return RunStarted(
        run_id=RUN,
        suite=SuiteName("s"),
        suite_version=1,
        suite_digest="d",
        suite_kind="answer",
        candidates=tuple(map(CandidateId, candidates)),
        epochs=epochs,
        seed=0,
        tasks=tuple(TaskRow(id=TaskId(t), digest=t, task_class=TaskClass("x"), prompt=t) for t in ("t1", "t0")),
        solver="answer",
        prices={ModelId(model): price(usd) for model, usd in (prices or {}).items()},
    )


def key(candidate: str, task: str = "t0", epoch: int = 0) -> TrialKey:
    return TrialKey(task_id=TaskId(task), candidate=CandidateId(candidate), epoch=epoch)


def call(given: Reply, *, candidate: str | None = None, task: str = "t0", epoch: int = 0) -> Call:
    return Call(
        key=CallKey("k"),
        trace_id=trace_of(RUN, key(candidate or given.model, task, epoch)),
        model=given.model,
        purpose="vote",
        request_sha256="s",
        request=None,
        reply=given,
    )


def grade(candidate: str, grade: Grade, *, task: str = "t0", epoch: int = 0) -> GradeGiven:
    graded = Graded(
        key=key(candidate, task, epoch),
        task_digest="d",
        task_class=TaskClass("x"),
        grade=grade,
        grader="g@1",
        cost_usd=None,
        usage=None,
        latency_s=0,
        calls=1,
    )
    return GradeGiven(run_id=RUN, graded=graded)


def found(*events: Event, of: Policy = PANEL) -> dict[tuple[str, int], dict[ModelId, Recorded]]:
    return {(item.task_id, item.epoch): dict(item.recorded) for item in items_of(events, of)}


SEVEN, EIGHT = reply("a", "7"), reply("a", "8")


def test_one_item_per_task_and_epoch_in_the_order_of_the_run():
    events: list[Event] = [begun("a", "b", epochs=2)]
    events += [call(reply(m, "7"), task=t, epoch=e) for m in "ba" for t in ("t0", "t1") for e in (1, 0)]
    assert list(found(*events)) == [("t1", 0), ("t0", 0), ("t1", 1), ("t0", 1)]
    assert all(set(known) == {"a", "b"} for known in found(*events).values())


def test_what_was_right_is_what_its_grade_says():
    grades = {"a": Grade.RESOLVED, "b": Grade.NOT_RESOLVED, "c": Grade.INFRA_ERROR}
    events: list[Event] = [
        begun(*"abc"),
        *(call(reply(m, "7")) for m in "abc"),
        *(grade(m, each) for m, each in grades.items()),
    ]
    known = found(*events)["t0", 0]
    assert {model: each.right for model, each in known.items()} == {"a": True, "b": False, "c": None}
    assert found(begun("a"), call(SEVEN))["t0", 0][A].right is None, "nobody judged it"


def test_of_several_replies_and_grades_the_last_counts():
    """A call that failed and was made again when the run was finished, or a second try at a patch."""
    failed = failure("a", FailureKind.OVERLOADED)
    events: list[Event] = [
        begun("a"),
        call(failed),
        grade("a", Grade.INFRA_ERROR),
        call(SEVEN),
        grade("a", Grade.RESOLVED),
    ]
    assert found(*events)["t0", 0] == {"a": Recorded(reply=SEVEN, right=True)}
    assert found(begun("a"), call(SEVEN), call(EIGHT))["t0", 0][A].reply == EIGHT


def test_a_call_that_was_given_up_is_no_reply():
    given_up = failure("a", FailureKind.CANCELLED)
    assert found(begun("a"), call(given_up)) == {}
    assert found(begun("a"), call(SEVEN), call(given_up))["t0", 0][A].reply == SEVEN


def test_calls_of_a_panel_belong_to_the_panel():
    events: list[Event] = [begun("consensus/p", "b"), call(SEVEN, candidate="consensus/p"), call(reply("b", "7"))]
    assert set(found(*events)["t0", 0]) == {"b"}


def test_models_outside_the_policy_are_nobody():
    assert found(begun("a", "x"), call(reply("x", "7")), grade("x", Grade.RESOLVED)) == {}


def test_a_tiebreaker_counts_among_the_members():
    settled = policy("bc", tiebreak=Tiebreak(model=ModelId("a")))
    assert set(found(begun("a"), call(SEVEN), of=settled)["t0", 0]) == {"a"}


def test_a_question_that_no_member_answered_is_no_item():
    assert list(found(begun("a"), call(SEVEN, task="t1"))) == [("t1", 0)]
    assert items_of([], PANEL) == []
    assert items_of([call(SEVEN)], PANEL) == [], "a journal without a run"


def prices(*events: Event) -> dict[ModelId, Decimal]:
    (item,) = items_of(events, PANEL)
    return dict(item.prices)


def test_members_are_ranked_by_the_prices_of_the_run():
    assert prices(begun(*"abc", prices={"a": 1, "b": 2, "c": 3, "x": 4}), call(SEVEN)) == {"a": 11, "b": 22, "c": 33}


def test_without_prices_by_what_their_calls_cost():
    events: list[Event] = [
        begun(*"abc", prices={"a": 1}),
        call(reply("a", "7", cost_usd=Decimal("0.1"))),
        call(reply("a", "7", cost_usd=Decimal("0.3")), candidate="consensus/q"),
        call(reply("b", "7", cost_usd=Decimal("0.5"))),
        call(reply("c", "7", cost_usd=None)),
    ]
    assert prices(*events) == {"a": Decimal("0.2"), "b": Decimal("0.5")}, "c's nobody knows"
