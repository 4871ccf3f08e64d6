"""``--stop-early`` and ``--aa``: the plan on record, pairs in its order, the same decision however a run is interrupted."""

import asyncio
from random import Random

import pytest

from harness.core.errors import ConfigError
from harness.core.event import RunFinished, RunStarted
from harness.core.hashing import digest
from harness.core.trial import Grade
from harness.evals.plan import make_plan
from harness.evals.run import Loop
from harness.evals.stopping import STOPPING, Frontier, aa_plan, stopping_facts, stopping_plan
from harness.journal import journal_path, read
from tests.engine.cases import Memory
from tests.evals.test_plan import SUITE, A, B
from tests.evals.test_run import Bench, graded
from tests.evals.world import carry_out, make_home, make_suite, plan_of, right, sums, wrong


def plan(**options):
    return stopping_plan(make_plan(SUITE, [A, B], **options), margin=0.05)


def b_is_better(key):
    return Grade.RESOLVED if key.candidate == B else Grade.NOT_RESOLVED


def test_the_plan_is_part_of_the_id_and_its_order_of_the_seed():
    ordinary = make_plan(SUITE, [A, B])
    assert len({ordinary.run_id, plan().run_id, plan(seed=1).run_id}) == 3
    assert stopping_plan(ordinary, margin=0.04).run_id != plan().run_id == plan().run_id
    assert [task.id for task in plan().tasks] != [task.id for task in plan(seed=1).tasks]
    assert {task.id for task in plan().tasks} == {task.id for task in ordinary.tasks}
    facts = stopping_facts(plan())[STOPPING]
    assert facts["sha256"] == digest(facts["plan"])
    assert (facts["plan"]["margin"], facts["plan"]["pairs"]) == (0.05, len(SUITE.tasks))
    assert stopping_facts(ordinary) == {}


def test_what_cannot_be_compared_pair_by_pair_is_refused():
    with pytest.raises(ConfigError, match="two candidates; --models names 1"):
        stopping_plan(make_plan(SUITE, [A]), margin=0.03)
    with pytest.raises(ConfigError, match="--epochs is 2"):
        stopping_plan(make_plan(SUITE, [A, B], epochs=2), margin=0.03)
    with pytest.raises(ConfigError, match=r"--aa: .* names 2"):
        aa_plan(make_plan(SUITE, [A, B]))


def test_against_itself_every_epoch_is_asked_twice_without_a_seed():
    mine = aa_plan(make_plan(SUITE, [A], epochs=2, seed=4, limit=3))
    assert (mine.epochs, mine.sampling.seed, mine.seed, len(mine.tasks)) == (4, None, 4, 3)
    assert mine.run_id != make_plan(SUITE, [A], epochs=4, seed=4, limit=3).run_id


def loop(bench, memory, mine, **options):
    return Loop(**{"plan": mine, "journal": memory, "solve": bench.solve, "judge": bench.judge, "done": {}, **options})


@pytest.mark.parametrize("concurrency", [1, 3, 16])
def test_a_run_stops_as_soon_as_it_is_decided(concurrency):
    bench, memory = Bench(grade_of=b_is_better), Memory()
    result = asyncio.run(loop(bench, memory, plan(), concurrency=concurrency).run())
    assert result.complete
    assert (result.look.state, result.look.seen, result.look.e > 20) == ("better", 7, True)
    assert 14 <= len(bench.solved) <= 14 + concurrency
    assert memory.events[-1] == RunFinished(
        run_id=plan().run_id, trials=len(bench.solved), complete=True, why="better after 7 of 20 pairs"
    )


def test_the_order_in_which_trials_end_does_not_matter():
    mine, draw = plan(), Random(4)
    grades = {
        key: graded(key, b_is_better(key) if draw.random() < 0.9 else Grade.INFRA_ERROR) for _, key in mine.trials()
    }
    looks = set()
    for seed in range(20):
        frontier, order = Frontier(plan=mine), list(grades.values())
        Random(seed).shuffle(order)
        for each in order:
            frontier.take(each)
        looks.add((frontier.look.state, frontier.look.seen, frontier.look.e))
    assert len(looks) == 1
    assert frontier.near(next(iter(grades)), ahead=1)


def test_nobody_runs_far_ahead_of_a_slow_pair():
    bench, mine = Bench(grade_of=lambda _key: Grade.RESOLVED), plan()
    slow, held = mine.tasks[0].id, asyncio.Event()

    async def solve(task, key):
        if task.id == slow:
            await held.wait()
        return await bench.solve(task, key)

    async def go():
        memory = Memory()
        running = asyncio.create_task(loop(bench, memory, mine, solve=solve, concurrency=4).run())
        for _ in range(200):
            await asyncio.sleep(0)
        ahead = len(bench.solved)
        held.set()
        return ahead, await running

    ahead, result = asyncio.run(go())
    assert ahead <= 2 * 4
    assert (result.look.state, result.look.seen) == ("futile", 20) or result.look.state == "exhausted"


def home_of(folder):
    home = make_home(folder, {"good": right(40), "bad": wrong()})
    make_suite(home, sums(40))
    return home


def lines_of(home, run_id):
    return list(read(journal_path(home.state / "journal", run_id)))


def test_the_plan_is_on_record_and_a_finished_run_keeps_its_decision(tmp_path):
    home = home_of(tmp_path)
    mine = stopping_plan(plan_of(home, "sums", "v/bad,v/good"), margin=0.03)
    run_id, result = carry_out(home, mine, concurrency=4)
    assert (result.look.state, result.look.seen) == ("better", 7)
    first = lines_of(home, run_id)
    begun = first[0].event
    assert isinstance(begun, RunStarted)
    assert begun.provenance[STOPPING] == stopping_facts(mine)[STOPPING]
    assert [task.id for task in begun.tasks] == [task.id for task in mine.tasks]
    again, same = carry_out(home, mine)
    assert (again, same.look) == (run_id, result.look)
    assert len(lines_of(home, run_id)) == len(first)


@pytest.mark.parametrize("cut", [5, 20, 60])
def test_a_journal_that_was_cut_off_comes_to_the_same_decision(tmp_path, cut):
    home = home_of(tmp_path)
    mine = stopping_plan(plan_of(home, "sums", "v/bad,v/good", seed=3), margin=0.03)
    run_id, result = carry_out(home, mine)
    path = journal_path(home.state / "journal", run_id)
    whole = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(whole[: min(cut, len(whole) - 1)]), encoding="utf-8")
    _, again = carry_out(home, mine)
    assert again.look == result.look
    assert again.look.state == "better"


def test_infrastructure_errors_of_a_stopped_run_are_not_measured_again(tmp_path):
    rows = [{"when": "What is 3 + 1?", "fault": "unintelligible"}, *right(40)]
    home = make_home(tmp_path, {"good": rows, "bad": right(40)})
    make_suite(home, sums(12))
    mine = stopping_plan(plan_of(home, "sums", "v/bad,v/good"), margin=0.03)
    run_id, result = carry_out(home, mine)
    before = len(lines_of(home, run_id))
    _, again = carry_out(home, mine)
    assert (again.look, len(lines_of(home, run_id))) == (result.look, before)
    assert (result.look.state, result.look.n, result.look.infra.b) == ("exhausted", 11, 1)


def test_an_ordinary_run_has_no_look(tmp_path):
    _, result = carry_out(home := home_of(tmp_path), plan_of(home, "sums", "v/good", limit=2))
    assert result.look is None
