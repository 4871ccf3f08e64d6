"""From graded answers to labels and calibrations: what counts, what is left out, and what cannot be done."""

from dataclasses import replace
from decimal import Decimal

import pytest

from harness.compare import comparator
from harness.core.ballot import Compare, Extract
from harness.core.errors import ConfigError
from harness.core.ids import ModelId, TaskClass
from harness.core.policy import RiskLimit, Tiebreak
from harness.evals.calibrating import LeftOut, Source, calibrate_policy, gather, limits_of
from harness.evals.replay import Item, Recorded
from harness.evals.replay_reader import reader_of
from harness.evals.replay_votes import votes_of
from tests.engine.cases import policy, reply
from tests.evals.panels import item, items

READS = {"extract": Extract(how="last", arg="number"), "compare": Compare(name="numeric")}
FOUR = policy("abcd", order="value", rule=RiskLimit(alpha=0.03), **READS)
TWO = policy("ab", **READS)
AT = "2026-11-21T08:00:00Z"


def source(*given: Item, run: str = "r1") -> Source:
    return Source(run_id=run, items=given)


def pair(task: str, *votes: int | None, **fields: object) -> Item:
    return item(task, votes, names="ab", **fields)


def one(*sources: Source, of=TWO, **options):
    (found,) = gather(sources, of, **options)
    return found


def voted(each: Item, of=TWO):
    (found,) = votes_of([each], of, reader_of(of))
    return found


def test_a_policy_is_calibrated_per_class_of_work():
    known = items(220)
    other = [replace(each, task_class=TaskClass("texts")) for each in known[:10]]
    sums, texts = calibrate_policy([source(*known[10:], *other)], FOUR, fitted_at=AT, versions={"harness": "1"})
    assert [each.evidence.task_class for each in (sums, texts)] == ["sums", "texts"]
    fitted = sums.calibration
    assert fitted is not None
    assert (fitted.policy, fitted.policy_version, fitted.task_class) == ("p", FOUR.version, "sums")
    assert (fitted.models, fitted.order, fitted.labels, fitted.head.kind) == (FOUR.voters, "value", 210, "logistic")
    assert fitted.comparator == f"numeric@{comparator(FOUR.compare).version}"
    assert (fitted.fitted_at, fitted.versions, fitted.sources) == (AT, {"harness": "1"}, ("r1",))
    assert [limit.risk_limit for limit in fitted.thresholds] == [0.01, 0.02, 0.03, 0.05, 0.1]
    assert texts.calibration is not None
    assert (texts.calibration.labels, texts.calibration.head.kind) == (10, "raw")
    assert not any(limit.certified for limit in texts.calibration.thresholds)
    assert all(limit.labels_missing for limit in texts.calibration.thresholds)


def test_the_limits_are_the_usual_ones_the_policys_own_and_the_one_asked_for():
    assert limits_of(TWO) == (0.01, 0.02, 0.05, 0.1)
    assert limits_of(FOUR, 0.2) == (0.01, 0.02, 0.03, 0.05, 0.1, 0.2)


def test_too_few_labels_fit_nothing():
    (found,) = calibrate_policy([source(*items(4))], FOUR, fitted_at=AT)
    assert found.calibration is None
    assert len(found.evidence.voted) == 4


def test_groups_are_the_policys_and_the_truth_is_the_graders():
    assert voted(pair("t", 0, 0)).votes == (0, 0)
    right = voted(pair("t", 3, 0))
    assert (right.votes, right.right, right.labelled, right.mixed) == ((0, 1), 1, True, False)
    nobody = voted(pair("t", 3, 3))
    assert (nobody.right, nobody.labelled) == (None, True)


def test_a_failure_is_no_vote_and_needs_no_grade():
    failed = voted(pair("t", None, 0))
    assert (failed.votes, failed.right, failed.labelled, failed.whole) == ((None, 0), 0, True, True)
    assert not voted(pair("t", None, None)).labelled, "nobody could be graded"


def graded(first: bool | None, second: bool | None, texts: tuple[str, str] = ("7", "7")) -> Item:
    known = {
        ModelId(name): Recorded(reply=reply(name, text), right=right)
        for name, text, right in zip("ab", texts, (first, second), strict=True)
    }
    return Item(task_id="t", epoch=0, recorded=known)


def test_answers_that_are_the_same_to_the_policy_and_not_to_the_grader_count_as_wrong():
    found = voted(graded(True, False))
    assert (found.right, found.labelled, found.mixed) == (None, True, True)
    assert one(source(graded(True, False))).mixed == 1


def test_one_grade_in_a_group_is_enough():
    assert voted(graded(True, None)).right == 0
    assert voted(graded(False, None)).labelled
    assert not voted(graded(None, None)).labelled
    assert not voted(graded(False, None, ("7", "8"))).labelled, "the other answer may be right"
    assert voted(graded(True, None, ("7", "8"))).labelled, "the other answer is then wrong"


def test_one_model_under_two_names_has_one_vote():
    aliases = {ModelId(name): Recorded(reply=reply(name, "7", served_model="x/real-1"), right=True) for name in "ab"}
    assert voted(Item(task_id="t", epoch=0, recorded=aliases)).votes == (0, None)


def test_a_question_is_one_piece_of_evidence_however_often_it_was_asked():
    newer = source(pair("t", 0, 0), pair("t", 1, 1, epoch=1), run="r2")
    found = one(newer, source(pair("t", 2, 2), pair("u", 0, 0)))
    assert [each.task for each in found.labelled] == ["s/t", "s/u"]
    assert found.labelled[0].right == 0, "the newest run's first epoch counts"
    assert found.left_out == LeftOut(repeated=4)


def test_members_may_have_been_asked_in_different_runs():
    found = one(
        source(item("t", [0], names="a")), source(item("t", [0], names="b"), item("u", [0], names="b"), run="r2")
    )
    assert [each.votes for each in found.labelled] == [(0, 0)]
    assert found.left_out == LeftOut(partial=1)


def test_an_edited_task_is_another_question():
    found = one(source(pair("t", 0, 0, digest="new")), source(pair("t", 1, 1, digest="old"), run="r0"))
    assert found.labelled[0].right == 0
    assert found.left_out == LeftOut(outdated=2)


def test_a_member_that_answered_nothing_is_named():
    with pytest.raises(
        ConfigError, match="policy 'p': no answer of 'c' asked alone in run r1; there are answers of: a, b"
    ):
        gather([source(pair("t", 0, 0))], policy("abc", **READS))
    with pytest.raises(
        ConfigError, match="no answer of 'a', 'b' asked alone in runs r1, r2; there are answers of: none"
    ):
        gather([source(), source(run="r2")], TWO)


def test_a_tiebreaker_votes_and_a_judge_does_not():
    blind = policy("ab", tiebreak=Tiebreak(model=ModelId("c")), **READS)
    assert one(source(item("t", [0, 0, 1], names="abc")), of=blind).labelled[0].votes == (0, 0, 1)
    judged = policy("ab", tiebreak=Tiebreak(model=ModelId("c"), mode="judge"), **READS)
    assert one(source(item("t", [0, 0, 1], names="abc")), of=judged).labelled[0].votes == (0, 0)


def test_gold_that_is_missing_is_told():
    with pytest.raises(ConfigError, match="no question of run r1 has a right answer on record \\(1 were answered\\)"):
        gather([source(graded(None, None))], TWO)
    halves = source(item("t", [0], names="a"), item("u", [0], names="b"))
    with pytest.raises(ConfigError, match="no question of run r1 was put to all of a, b \\(2 to some of them\\)"):
        gather([halves], TWO)


def test_executions_are_not_calibrated():
    with pytest.raises(ConfigError, match="compares by 'tests': executions are not replayed"):
        gather([source(pair("t", 0, 0))], policy("ab", compare=Compare(name="tests")))


def costs(known: Item, **options):
    return one(source(known), **options).facts.cost


def test_costs_are_what_calls_cost_else_prices():
    paid = pair("t", 0, 0)
    assert costs(paid) == (0.001, 0.001)
    dear = {ModelId("a"): Decimal(3), ModelId("b"): Decimal(1)}
    free = replace(
        paid,
        recorded={
            model: replace(known, reply=replace(known.reply, cost_usd=None)) for model, known in paid.recorded.items()
        },
    )
    assert costs(free) == (None, None)
    assert costs(free, prices=dear) == (3.0, 1.0)
    assert costs(replace(free, prices=dear), prices={}) == (3.0, 1.0)
    assert costs(free, prices={ModelId("a"): Decimal(3)}) == (None, None), "half a price list ranks nobody"


def test_unrelated_wrong_answers_are_compared():
    """Everybody who is wrong says 107: coincidence is certain, as far as so few pairs can tell."""
    same = [pair(f"t{n}", 7, 7) for n in range(40)]
    other = [pair(f"t{n}", n + 1, n + 1) for n in range(40)]
    assert one(source(*same)).coincidence == 0.5
    assert one(source(*other)).coincidence < 0.01
