"""A run over scripted models: what is missing is done, what was paid is kept, what changed is refused."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from harness.content import load_registry
from harness.core.errors import ConfigError, SandboxError
from harness.core.event import BudgetHit, Call, GradeGiven, Reserved, RunFinished, RunStarted
from harness.core.execution import Isolation
from harness.core.ids import CandidateId
from harness.core.response import Failure
from harness.core.trial import Grade, TrialKey
from harness.evals.run import Progress
from harness.evals.running import RunOptions, asked_candidates, generation, read_past, refuse_changed_suite, run_suite
from harness.journal import read
from harness.sandbox import open_sandbox
from tests.evals.world import (
    PRICE,
    carry_out,
    cost_usd,
    events,
    grades,
    journal,
    make_home,
    make_suite,
    paid_usd,
    plan_of,
    right,
    run,
    script,
    sums,
    write,
    wrong,
)

PAIR = "v/good,v/bad"


@pytest.fixture
def home(tmp_path: Path):
    home = make_home(tmp_path, {"good": right(4), "bad": wrong()})
    make_suite(home, sums(4))
    return home


def cut(home, run_id: str, keep: int) -> None:
    """The journal as a kill would have left it after *keep* lines and half of the next."""
    path = journal(home, run_id)
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:keep]) + whole[keep][:40])


def test_a_run_from_end_to_end(home):
    seen: list[Progress] = []
    run_id, result = run(home, "sums", PAIR, on_progress=seen.append, provenance={"command": "harness run"})
    assert result.complete
    assert not result.stopped_at_budget
    assert {name: dict(totals.grades) for name, totals in result.totals.items()} == {
        "v/good": {Grade.RESOLVED: 4},
        "v/bad": {Grade.NOT_RESOLVED: 4},
    }
    assert all(totals.cost_usd and totals.tokens for totals in result.totals.values())
    assert [each.done for each in seen] == list(range(1, 9))
    assert (seen[-1].size, seen[-1].resolved) == (8, 4)
    assert seen[-1].cost_usd == cost_usd(result)
    (begun,) = events(home, run_id, RunStarted)
    assert begun.scripted
    assert begun.provenance == {"command": "harness run", "grader": "numeric@1", "policies": {}} or begun.provenance[
        "grader"
    ].startswith("numeric@")
    assert begun.prices.keys() == {"v/good", "v/bad"}
    assert [(end.trials, end.complete, end.why) for end in events(home, run_id, RunFinished)] == [(8, True, "")]


def test_the_same_command_again_changes_nothing(home):
    run_id, before = run(home, "sums", PAIR)
    content = journal(home, run_id).read_bytes()
    again, after = run(home, "sums", "v/bad,v/good")
    assert again == run_id
    assert journal(home, run_id).read_bytes() == content
    assert {name: dict(each.grades) for name, each in after.totals.items()} == {
        name: dict(each.grades) for name, each in before.totals.items()
    }
    assert after.totals[CandidateId("v/bad")].cost_usd == before.totals[CandidateId("v/bad")].cost_usd
    assert after.complete


@pytest.mark.parametrize("keep", range(18))
def test_cut_anywhere_it_is_continued_to_the_same_end(home, keep):
    run_id, whole = run(home, "sums", PAIR)
    paid = {call.key for call in events(home, run_id, Call)}
    assert len(journal(home, run_id).read_bytes().splitlines()) == 18
    cut(home, run_id, keep)
    kept = [call.key for call in events(home, run_id, Call)]
    again, result = run(home, "sums", PAIR)
    calls = [call.key for call in events(home, run_id, Call)]
    assert again == run_id
    assert calls[: len(kept)] == kept
    assert len(calls) == len(set(calls)) == len(paid), "nothing on record was asked again"
    assert {name: dict(each.grades) for name, each in result.totals.items()} == {
        name: dict(each.grades) for name, each in whole.totals.items()
    }
    assert len(events(home, run_id, GradeGiven)) == 8
    assert len(events(home, run_id, RunStarted)) == len(events(home, run_id, RunFinished)) == 1


def test_what_a_continued_run_keeps_of_the_past_has_no_texts(home):
    run_id, _ = run(home, "sums", PAIR)
    past = read_past(journal(home, run_id))
    assert past.finished
    assert past.ended
    assert len(past.grades) == 8
    assert not past.replies, "of judged trials nobody asks again"
    assert not any(each.output or each.detail or each.answer or each.log for each in past.grades.values())
    assert past.spent_usd == paid_usd(home, run_id)


def test_there_is_no_past_without_a_journal(tmp_path):
    past = read_past(tmp_path / "none.jsonl")
    assert (past.begun, past.ended, past.finished, past.replies, past.grades) == (None, False, False, {}, {})


def test_a_finished_run_measures_infrastructure_errors_again(home):
    script(home.root, "bad", [{"when": "What is 2", "fault": "unintelligible"}, {"fault": "refused", "text": "No."}])
    run_id, first = run(home, "sums", PAIR)
    assert first.complete
    assert grades(home, run_id)["t2", "v/bad"] is Grade.INFRA_ERROR
    assert grades(home, run_id)["t1", "v/bad"] is Grade.REFUSED
    script(home.root, "bad", right(4))
    _, second = run(home, "sums", PAIR)
    assert second.complete
    assert grades(home, run_id)["t2", "v/bad"] is Grade.RESOLVED
    assert grades(home, run_id)["t1", "v/bad"] is Grade.REFUSED, "a refusal is a measurement"
    assert len(events(home, run_id, Call)) == 9, "only the one call that had failed"
    assert [end.trials for end in events(home, run_id, RunFinished)] == [8, 8]
    assert second.totals[CandidateId("v/bad")].grades == {Grade.REFUSED: 3, Grade.RESOLVED: 1}


def test_cut_while_it_measures_again_it_goes_on_measuring(home):
    script(home.root, "bad", [{"fault": "unintelligible"}])
    run_id, _ = run(home, "sums", PAIR)
    lines_before = len(journal(home, run_id).read_bytes().splitlines())
    script(home.root, "bad", right(4))
    run(home, "sums", PAIR, concurrency=1)
    cut(home, run_id, lines_before + 3)
    calls = [call.key for call in events(home, run_id, Call)]
    _, result = run(home, "sums", PAIR)
    assert result.totals[CandidateId("v/bad")].grades == {Grade.RESOLVED: 4}
    assert len(events(home, run_id, Call)) == 8 + 4
    assert [call.key for call in events(home, run_id, Call)][: len(calls)] == calls


def test_an_unfinished_run_keeps_its_failures(home):
    """Until it is finished: first every trial is tried once."""
    script(home.root, "bad", [{"fault": "unintelligible"}])
    run_id, _ = run(home, "sums", PAIR, concurrency=1)
    cut(home, run_id, 8)
    failed = [call for call in events(home, run_id, Call) if isinstance(call.reply, Failure)]
    script(home.root, "bad", right(4))
    run(home, "sums", PAIR)
    again = [call for call in events(home, run_id, Call) if isinstance(call.reply, Failure)]
    assert [call.key for call in again] == [call.key for call in failed]
    assert grades(home, run_id)["t0", "v/bad"] is Grade.INFRA_ERROR
    assert grades(home, run_id)["t3", "v/bad"] is Grade.RESOLVED


# --- generations ----------------------------------------------------------------------------------------------------


def test_fresh_begins_anew_and_the_plain_command_finds_the_newest(home):
    first, _ = run(home, "sums", PAIR)
    second, _ = run(home, "sums", PAIR, fresh=True)
    third, _ = run(home, "sums", PAIR, fresh=True)
    assert len({first, second, third}) == 3
    cut(home, third, 6)
    assert run(home, "sums", PAIR)[0] == third
    assert len(events(home, third, Call)) == 8
    plan = plan_of(home, "sums", PAIR)
    folder = home.state / "journal"
    assert generation(folder, plan, fresh=False).run_id == third
    assert generation(folder, plan, fresh=True).run_id not in {first, second, third}
    assert generation(folder / "empty", plan, fresh=False).run_id == plan.run_id == first


def test_a_fresh_run_asks_again(home):
    first, _ = run(home, "sums", PAIR)
    second, _ = run(home, "sums", PAIR, fresh=True)
    assert {call.key for call in events(home, first, Call)}.isdisjoint(call.key for call in events(home, second, Call))


# --- what has changed meanwhile -------------------------------------------------------------------------------------


def refuse(home, models: str = PAIR, **options) -> None:
    refuse_changed_suite(home.state / "journal", plan_of(home, "sums", models, **options))


def test_a_changed_suite_is_refused_while_a_run_of_it_is_open(home):
    run_id, _ = run(home, "sums", PAIR)
    whole = journal(home, run_id).read_bytes()
    cut(home, run_id, 6)
    make_suite(home, sums(5))
    with pytest.raises(ConfigError, match=rf"suites/sums: changed since run {run_id} began.*--fresh"):
        refuse(home)
    refuse(home, "v/good")
    refuse(home, PAIR, epochs=2)
    refuse(home, PAIR, seed=1)
    make_suite(home, sums(4))
    refuse(home)
    make_suite(home, sums(5))
    journal(home, run_id).write_bytes(whole)
    refuse(home)


def test_a_run_begun_with_the_changed_suite_is_continued(home):
    """Or else --fresh, which the refusal advises, would lead to a run that can never be continued."""
    old, _ = run(home, "sums", PAIR)
    cut(home, old, 6)
    make_suite(home, sums(3))
    new, _ = run(home, "sums", PAIR, fresh=True)
    cut(home, new, 6)
    refuse(home)
    assert run(home, "sums", PAIR)[0] == new
    make_suite(home, sums(4))
    refuse(home)
    assert run(home, "sums", PAIR)[0] == old


def test_journals_of_others_are_in_nobodys_way(home):
    run(home, "sums", PAIR)
    folder = home.state / "journal"
    write(folder / "broken.jsonl", '{"seq":1,"no":"journal"}\n')
    write(folder / "torn.jsonl", '{"seq":1,"at":"2026')
    write(folder / "empty.jsonl", "")
    make_suite(home, sums(5))
    refuse(home)
    refuse_changed_suite(folder / "none", plan_of(home, "sums", PAIR))


POLICY = {"panel": ["v/good", "v/bad", "v/good2"], "extract": {"last": "number"}, "compare": "numeric"}
POLICY |= {"rule": {"quorum": 2}, "on_divergence": "refuse"}


@pytest.fixture
def panel(tmp_path: Path):
    models = {"good": right(4), "bad": wrong(), "good2": right(4)}
    home = make_home(tmp_path, models, policies={"p": POLICY})
    make_suite(home, sums(4))
    return home


def test_a_panel_is_a_candidate_like_any_other(panel):
    run_id, result = run(panel, "sums", "consensus/p,v/bad")
    assert result.totals[CandidateId("consensus/p")].grades == {Grade.RESOLVED: 4}
    (begun,) = events(panel, run_id, RunStarted)
    assert begun.provenance["policies"] == {"p": load_registry(panel).policies["p"].version}  # type: ignore[index]


def test_a_run_does_not_mix_two_versions_of_a_policy(panel):
    run_id, _ = run(panel, "sums", "consensus/p")
    changed = {"policies": {"p": {**POLICY, "rule": {"quorum": 3}}}}
    write(panel.registry / "policies.yaml", json.dumps(changed))
    with pytest.raises(ConfigError, match=rf"policies.yaml: p: changed since run {run_id} began.*--fresh"):
        run(panel, "sums", "consensus/p")
    run(panel, "sums", "v/bad")
    other, result = run(panel, "sums", "consensus/p", fresh=True)
    assert result.totals[CandidateId("consensus/p")].grades == {Grade.UNSERVED: 4}
    assert run(panel, "sums", "consensus/p")[0] == other


def test_a_run_does_not_mix_two_models_of_one_name(panel):
    run_id, _ = run(panel, "sums", "v/good")
    known = json.loads((panel.registry / "models.yaml").read_text())
    for card in known["models"]:
        card["options"] = {"effort": "high"}
    write(panel.registry / "models.yaml", json.dumps(known))
    with pytest.raises(ConfigError, match=rf"models.yaml: v/good: changed since run {run_id} began.*--fresh"):
        run(panel, "sums", "v/good")
    assert run(panel, "sums", "v/good", fresh=True)[1].complete


# --- money ----------------------------------------------------------------------------------------------------------


def test_a_run_stops_at_the_limit_and_more_money_continues_it(home):
    usage = {"usage": {"input": 50, "output": 95}}
    script(home.root, "good", [row | usage for row in right(4)])
    script(home.root, "bad", [row | usage for row in wrong()])
    cost = 8 * Decimal("0.01")
    limit = cost / 2
    run_id, stopped = run(home, "sums", PAIR, max_cost_usd=limit, concurrency=3)
    assert stopped.stopped_at_budget
    assert not stopped.complete
    (hit,) = events(home, run_id, BudgetHit)
    assert hit.limit_usd == limit
    assert hit.reserved_usd == 0
    assert hit.spent_usd == paid_usd(home, run_id)
    assert hit.spent_usd <= limit
    assert [(end.complete, end.why) for end in events(home, run_id, RunFinished)] == [
        (False, "stopped at the spending limit")
    ]
    judged = set(grades(home, run_id))
    assert 0 < len(judged) < 8
    assert not any(grade is Grade.INFRA_ERROR for grade in grades(home, run_id).values()), "not asked is not judged"
    assert run(home, "sums", PAIR, max_cost_usd=limit)[1].stopped_at_budget, "the past counts"
    assert set(grades(home, run_id)) == judged
    _, done = run(home, "sums", PAIR, max_cost_usd=cost + Decimal("0.01"))
    assert done.complete
    assert cost_usd(done) == cost
    assert len(events(home, run_id, Call)) == 8


def test_what_was_in_flight_when_a_session_was_killed_counts_at_its_bound(home):
    rich = {"max_cost_usd": Decimal(1), "concurrency": 1}
    run_id, _ = run(home, "sums", "v/good", **rich)
    kinds = [line.kind for line in read(journal(home, run_id))]
    cut(home, run_id, kinds.index("reserved") + 1)
    (reserved,) = events(home, run_id, Reserved)
    cards = load_registry(home).cards
    assert reserved.bound_usd > 0
    assert read_past(journal(home, run_id), cards).spent_usd == reserved.bound_usd
    assert run(home, "sums", "v/good", **rich)[1].complete
    paid = paid_usd(home, run_id)
    assert paid is not None
    assert read_past(journal(home, run_id), cards).spent_usd == reserved.bound_usd + paid


def test_no_money_judges_nothing(home):
    run_id, result = run(home, "sums", PAIR, max_cost_usd=Decimal(0))
    assert result.stopped_at_budget
    assert not grades(home, run_id)
    assert not events(home, run_id, Call)


@pytest.mark.parametrize(
    ("card", "why"),
    [
        ({"price": None}, "v/good has no price"),
        ({"context": {}}, "v/good has no bound on its output"),
    ],
)
def test_what_cannot_be_held_to_a_limit_is_refused_before_anything_is_paid(tmp_path, card, why):
    home = make_home(tmp_path, {"good": right(2)}, **card)
    make_suite(home, sums(2))
    with pytest.raises(ConfigError, match=f"--max-cost: .*{why}"):
        run(home, "sums", "v/good,builtin/noop", max_cost_usd=Decimal(1))
    assert not list((home.state / "journal").glob("*"))
    assert run(home, "sums", "v/good")[1].complete, "without a limit nothing has to be known"
    assert run(home, "sums", "builtin/noop", max_cost_usd=Decimal(0))[1].complete


def test_a_policy_with_a_limit_of_its_own_bounds_its_calls(tmp_path):
    policies = {"p": {**POLICY, "panel": ["v/good", "v/bad"], "max_cost_usd": 0.5}}
    home = make_home(tmp_path, {"good": right(1), "bad": right(1)}, policies=policies, context={})
    make_suite(home, sums(1))
    _, result = run(home, "sums", "consensus/p", max_cost_usd=Decimal(1))
    assert result.totals[CandidateId("consensus/p")].grades == {Grade.RESOLVED: 1}


def test_a_route_is_not_refused_for_models_it_may_not_choose(tmp_path):
    home = make_home(tmp_path, {"good": right(1)})
    routing = {"profiles": {"cheap": {"candidates": ["v/good"]}}, "default": "cheap"}
    write(home.registry / "routing.yaml", json.dumps(routing))
    make_suite(home, sums(1))
    _, result = run(home, "sums", "route/cheap", max_cost_usd=Decimal(1))
    assert result.totals[CandidateId("route/cheap")].grades == {Grade.RESOLVED: 1}


def test_free_models_run_under_a_limit_of_nothing(tmp_path):
    home = make_home(tmp_path, {"good": right(2)}, price={**PRICE, "input": 0, "output": 0})
    make_suite(home, sums(2))
    _, result = run(home, "sums", "v/good", max_cost_usd=Decimal(0))
    assert result.complete
    assert result.totals[CandidateId("v/good")].cost_usd == 0


# --- errors ---------------------------------------------------------------------------------------------------------


def test_an_error_for_the_user_comes_out_of_the_run_by_itself(tmp_path):
    """Not in a group of errors, which the command line would take for a bug."""
    policies = {"p": {**POLICY, "panel": ["v/good", "v/good2"], "compare": "tests", "extract": {"block": "python"}}}
    home = make_home(tmp_path, {"good": right(2), "good2": right(2)}, policies=policies)
    make_suite(home, sums(2))
    with pytest.raises(ConfigError, match="policy 'p' compares by 'tests'"):
        run(home, "sums", "consensus/p")


def test_without_a_sandbox_nothing_is_begun(tmp_path):
    with contextlib.suppress(SandboxError):
        open_sandbox(Isolation.STRICT)
        pytest.skip("this machine has a sandbox of every level")
    home = make_home(tmp_path, {"good": [{"text": "x"}]})
    cases = [{"id": "c", "prompt": "def f(): ...", "tests": "def test(): pass"}]
    make_suite(home, cases, "code", kind="code", extract="whole", compare="exact", min_isolation="strict")
    plan = plan_of(home, "code", "v/good")
    with pytest.raises(SandboxError, match="strict"):
        carry_out(home, plan, isolation=Isolation.STRICT)
    assert not journal(home, plan.run_id).exists()


def test_unknown_candidates_are_refused(home):
    with pytest.raises(ConfigError, match="there are: builtin/reference, builtin/noop"):
        run(home, "sums", "builtin/referense")
    with pytest.raises(ConfigError, match="no model 'v/god'; did you mean 'v/good'"):
        run(home, "sums", "v/god")
    assert asked_candidates(map(CandidateId, ("builtin/noop", "v/good"))) == ["v/good"]


def test_a_cancelled_run_is_continued(home):
    script(home.root, "bad", [{"text": "-1", "latency_s": 30}])
    plan = plan_of(home, "sums", PAIR)

    async def cancelled() -> None:
        judged = asyncio.Event()
        options = RunOptions(environ={}, on_progress=lambda _progress: judged.set())
        running = asyncio.ensure_future(run_suite(home, load_registry(home), plan, options))
        await judged.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancelled())
    script(home.root, "bad", wrong())
    _, result = run(home, "sums", PAIR)
    assert result.complete
    assert grades(home, plan.run_id)["t0", "v/bad"] is Grade.NOT_RESOLVED
    assert events(home, plan.run_id, RunFinished)[-1].complete


def test_epochs_are_trials_of_their_own(home):
    plan = replace(plan_of(home, "sums", PAIR), epochs=2)
    run_id, result = carry_out(home, plan)
    assert result.totals[CandidateId("v/good")].grades == {Grade.RESOLVED: 8}
    assert len({call.key for call in events(home, run_id, Call)}) == 16
    assert {event.graded.key.epoch for event in events(home, run_id, GradeGiven)} == {0, 1}
    assert (
        TrialKey(task_id=plan.tasks[0].id, candidate=CandidateId("v/bad"), epoch=1)
        in read_past(journal(home, run_id)).grades
    )


def test_another_process_gives_the_run_the_same_id(home):
    code = (
        "from pathlib import Path; from harness.content import Home; from tests.evals.world import plan_of; "
        f"print(plan_of(Home(root=Path({str(home.root)!r}), why='', state=Path('x')), 'sums', 'v/bad,v/good').run_id)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip() == plan_of(home, "sums", PAIR).run_id
