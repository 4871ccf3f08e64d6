"""Frozen baselines: written and read again, and every fault told."""

import pytest

from harness.content import FrozenBaseline, load_baselines, write_baselines
from harness.core.errors import FaultsError
from harness.core.ids import RunId, SuiteName


def frozen(suite="ledger", reason='why: "so" # yes\n- no', who="änn"):
    return FrozenBaseline(
        suite=SuiteName(suite),
        runs=(RunId("ab12"), RunId("007")),
        set_at="2026-11-21T02:00:00+00:00",
        reason=reason,
        who=who,
    )


def test_what_is_written_is_read(folder):
    assert load_baselines(folder.home) == {}
    both = {one.suite: one for one in (frozen(), frozen("a.b-c", who=""))}
    write_baselines(folder.home, both)
    assert load_baselines(folder.home) == both
    write_baselines(folder.home, {})
    assert load_baselines(folder.home) == {}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("baselines: {x: {runs: [], set_at: a, reason: b}}", "baselines.x.runs"),
        ("baselines: {x: {runs: ['a', 'a'], set_at: a, reason: b}}", "baselines.x.runs"),
        ("baselines: {x: {runs: ['../a'], set_at: a, reason: b}}", "baselines.x.runs[0]"),
        ("baselines: {x: {runs: ['a'], set_at: a, reason: ''}}", "baselines.x.reason"),
        ("baselines: {'a b': {runs: ['a'], set_at: a, reason: b}}", "baselines.a b"),
        ("baseline: {}", "baseline"),
    ],
)
def test_faults_are_told(folder, text, place):
    folder.write("registry/baselines.yaml", text + "\n")
    with pytest.raises(FaultsError) as caught:
        load_baselines(folder.home)
    assert place in {fault.place for fault in caught.value.faults}
