"""Weighing: what several sessions together say of each test."""

from harness.core.execution import TestOutcome
from harness.evals.proving.proof import RunMade
from harness.evals.proving.sessions import Seen
from harness.evals.proving.weighing import weigh

P, F, X, S = TestOutcome.PASSED, TestOutcome.FAILED, TestOutcome.XFAILED, TestOutcome.SKIPPED
FILE = "tests/test_a.py"


def seen(state="after", *, broken=(), finished=True, files=(FILE,), **outcomes) -> Seen:
    made = RunMade(state=state, scope="whole", hash_seed=0, shuffled=False, wall_s=1.0, counts={})
    return Seen(
        made=made,
        files=frozenset(files),
        outcomes={f"{FILE}::{name}": outcome for name, outcome in outcomes.items()},
        broken=dict.fromkeys(broken, "ImportError"),
        messages=(),
        finished=finished,
    )


def names(ids):
    return (
        {name.partition("::")[2]: ids[name] for name in ids}
        if isinstance(ids, dict)
        else [n.partition("::")[2] for n in ids]
    )


def test_origins():
    base = seen("base", changed=P, unchanged=F, kept=P, gone=P)
    before = seen("before", changed=F, unchanged=F, kept=P, new=F, easy=P)
    after = seen(changed=P, unchanged=P, kept=P, new=P, easy=P)
    found = weigh(base, [before, before], [after] * 3)
    assert names(found.f2p) == {"changed": "changed", "unchanged": "unchanged", "new": "new"}
    assert names(found.p2p) == ["easy", "kept"]
    assert names(found.lost) == ["gone"]
    assert found.has_core
    assert (found.flaky, found.known_failures) == ({}, {})


def test_lost_with_their_file():
    base, after = seen("base", old=P), seen(old=P)
    assert names(weigh(base, [seen("before", broken=[FILE])], [after]).f2p) == {"old": "unchanged_collateral"}
    crashed = weigh(base, [seen("before", finished=False)], [after])
    assert names(crashed.f2p) == {"old": "unchanged_collateral"}
    assert not crashed.has_core
    failed_itself = weigh(base, [seen("before", finished=False, old=F)], [after])
    assert names(failed_itself.f2p) == {"old": "changed"}


def test_what_sometimes_passes_is_neither():
    base = seen("base", shaky=P)
    runs = [seen(shaky=P, late=P), seen(shaky=F, late=P), seen(late=F)]
    found = weigh(base, [seen("before", late=F)], runs)
    assert names(found.flaky) == {"late": 1 / 3, "shaky": 2 / 3}
    assert (found.f2p, found.p2p) == ({}, ())


def test_what_passes_once_before_is_no_f2p():
    befores = [seen("before", lucky=F), seen("before", lucky=P)]
    found = weigh(seen("base"), befores, [seen(lucky=P)])
    assert (found.f2p, found.p2p) == ({}, ())


def test_known_failures_say_how_and_quiet_tests_are_none():
    base = seen("base", network=F, skipped=S, expected=X)
    found = weigh(base, [], [seen(network=TestOutcome.ERROR, skipped=S, expected=X, late=F)])
    assert names(found.known_failures) == {"late": "failed", "network": "error"}


def test_a_run_counts_only_for_its_files():
    elsewhere = seen("before", files=("tests/test_b.py",))
    assert weigh(seen("base", old=F), [elsewhere], [seen(old=P)]).f2p == {}
