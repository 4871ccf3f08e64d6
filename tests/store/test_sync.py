"""Taking journals over: once each, in full or not at all, and the same rows every time."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.core.errors import StoreError
from harness.core.event import RunFinished
from harness.core.ids import RunId
from harness.core.trial import Grade
from harness.journal import GENESIS, line, verify
from harness.store import Synced, calls, open_store, runs, trials


def test_lines_are_taken_over_once(store, journals, append, events, contents):
    append(*events.whole_run())
    assert store.sync(journals) == Synced(files=1, lines=15)
    before = contents(store)
    assert store.sync(journals) == Synced(files=0, lines=0)
    assert contents(store) == before
    assert all(before.values()), "every table has a row"


def test_only_new_lines_are_taken_over(store, journals, append, events):
    append(*events.whole_run()[:4])
    append(events.called(5), name="ask-1")
    assert store.sync(journals) == Synced(files=2, lines=5)
    append(*events.whole_run()[4:])
    assert store.sync(journals) == Synced(files=1, lines=11)
    assert len(trials(store, "run-one")) == 3


def test_line_by_line_or_at_once_rebuilt_or_not_the_rows_are_the_same(tmp_path, journals, append, events, contents):
    slow, fast = tmp_path / "slow.duckdb", tmp_path / "fast.duckdb"
    for event in events.whole_run():
        append(event)
        with open_store(slow) as db:
            db.sync(journals)
    with open_store(fast) as db:
        db.sync(journals)
        rows = contents(db)
    with open_store(slow) as db:
        assert contents(db) == rows
    fast.unlink()
    with open_store(fast) as db:
        db.sync(journals)
        assert contents(db) == rows


def test_a_folder_without_journals_is_nothing(store, tmp_path):
    assert store.sync(tmp_path / "none") == Synced(files=0, lines=0)


def test_an_unfinished_line_waits_for_its_rest(store, journals, append, events):
    path = append(*events.whole_run())
    whole = path.read_bytes()
    cut = whole.index(b"\n", 10) + 40
    path.write_bytes(whole[:cut])
    assert store.sync(journals) == Synced(files=1, lines=1)
    path.write_bytes(whole[: cut + 20])
    assert store.sync(journals) == Synced(files=0, lines=0)
    path.write_bytes(whole)
    assert store.sync(journals) == Synced(files=1, lines=14)
    assert len(runs(store)) == 1


@pytest.mark.parametrize("cut", [0, 10, 65])
def test_a_journal_with_no_finished_line_is_nothing_yet(store, journals, append, events, cut):
    path = append(events.started())
    path.write_bytes(path.read_bytes()[:cut])
    assert store.sync(journals) == Synced(files=0, lines=0)


def test_a_journal_that_shrank_is_told_and_left_alone(store, journals, append, events, contents):
    path = append(*events.whole_run())
    append(events.called(5), name="ask-1")
    store.sync(journals)
    before = contents(store)
    path.write_bytes(path.read_bytes()[:-100])
    (problem,) = store.sync(journals).problems
    assert problem.startswith("run-one.jsonl: shrank to ")
    assert contents(store) == before


def test_a_journal_changed_after_it_was_taken_over_is_told(store, journals, append, events):
    path = append(*events.whole_run())
    store.sync(journals)
    replaced = path.read_bytes().replace(b'"complete":true', b'"complete":fals')
    path.write_bytes(replaced[:-20] + b"f" * 17 + replaced[-3:])
    (problem,) = store.sync(journals).problems
    assert problem == "run-one.jsonl:15: was changed after it had been taken over; nothing new of it was taken over"


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (
            lambda lines: [*lines[:2], lines[2].replace(b'"text":"2"', b'"text":"3"'), *lines[3:]],
            ":3: was changed: expected",
        ),
        (lambda lines: [*lines[:2], *lines[3:]], ":3: does not chain: expected seq 3"),
        (lambda lines: [*lines[:2], b"{}\n", *lines[3:]], ":3: was changed"),
    ],
)
def test_a_broken_journal_is_not_half_taken_over_and_does_not_hold_the_others(
    *, store, journals, append, events, damage, told
):
    path = append(*events.whole_run(), name="broken")
    append(events.called(5), name="ask-1")
    path.write_bytes(b"".join(damage(path.read_bytes().splitlines(keepends=True))))
    done = store.sync(journals)
    assert (done.files, done.lines) == (1, 1)
    (problem,) = done.problems
    assert problem.startswith(f"broken.jsonl{told}")
    assert runs(store) == []
    assert len(calls(store)) == 1


def chained(path: Path, *bodies: tuple[str, bytes], prev: str = GENESIS) -> None:
    """A journal by hand: (kind, body) per line."""
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        for seq, (kind, body) in enumerate(bodies, start=1):
            raw, prev = line.spell(seq=seq, at="2026-11-20T09:00:00.000000Z", kind=kind, prev=prev, body=body)
            file.write(raw)


def test_a_journal_that_begins_in_the_middle_is_told(store, journals):
    chained(journals / "x.jsonl", ("call", b"{}"), prev="f" * 64)
    assert store.sync(journals).problems[0].startswith("x.jsonl:1: does not chain: expected prev 000000000000…")


def test_one_odd_journal_does_not_hold_the_others(store, journals, append, events):
    append(*events.whole_run())
    chained(journals / "odd.jsonl", ("review", b'{"verdict_id":null}'))
    chained(journals / "odder.jsonl", ("review", b'{"verdict_id":"v","who":"x","why":"y","scripted":"maybe"}'))
    done = store.sync(journals)
    assert (done.files, done.lines) == (1, 15)
    assert [problem.partition(":")[0] for problem in done.problems] == ["odd.jsonl", "odder.jsonl"]
    assert all("\n" not in problem for problem in done.problems)


def test_lines_of_a_kind_from_the_future_are_told(store, journals):
    chained(journals / "x.jsonl", ("later.kind", b'{"a":1}'), ("review", b'{"verdict_id":"v","who":"x","why":"y"}'))
    assert store.sync(journals) == Synced(
        files=1, lines=2, problems=("x.jsonl: 1 lines of kind 'later.kind', unknown to this version",)
    )


def test_absurd_numbers_become_unknown_and_stop_nothing(store, journals):
    usage = b'{"input":1e400,"cache_read":0,"cache_write":0,"output":-99999999999999999999999,"reasoning":0}'
    reply = b'{"text":"x","finish":"stop","usage":%s,"cost_usd":"1E+40","latency_s":"Infinity","attempts":1}' % usage
    call = (
        b'{"key":"k","trace_id":"t","model":"m","purpose":"vote","request_sha256":"q","request":null,"reply":%s}'
        % reply
    )
    chained(journals / "x.jsonl", ("call", call))
    assert store.sync(journals).problems == ()
    (row,) = calls(store)
    assert (row.tokens_in, row.tokens_out, row.cost_usd) == (None, None, None)


def test_a_line_longer_than_duckdb_expects_is_taken_over(store, journals, append, events):
    append(events.called(1, text="x" * (17 << 20)))
    assert store.sync(journals).problems == ()
    (row,) = calls(store)
    assert len(row.text or "") == 17 << 20


def test_a_copy_under_another_name_is_not_counted_twice(store, journals, append, events):
    path = append(*events.whole_run())
    shutil.copy(path, journals / "a-copy.jsonl")
    done = store.sync(journals)
    assert (done.files, len(done.problems), len(calls(store))) == (1, 1, 3)
    again = store.sync(journals)
    assert (again.files, len(again.problems), len(calls(store))) == (0, 1, 3)


def test_an_unreadable_folder_is_told(store, journals, append, events):
    path = append(events.started())
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreError, match=r"run-one\.jsonl: cannot be read or copied: Is a directory"):
        store.sync(journals)


KILLED = """
import sys
from pathlib import Path
from harness.store import open_store
with open_store(Path(sys.argv[1])) as db:
    print("open", flush=True)
    db.sync(Path(sys.argv[2]))
    print("synced", flush=True)
    sys.stdin.read()
"""


def test_a_killed_sync_repeats_cleanly(*, tmp_path, database, journals, append, events, contents):
    append(*events.whole_run(), *[events.called(number, text="word " * 50) for number in range(1500)])
    with open_store(tmp_path / "calm.duckdb") as db:
        db.sync(journals)
        calm = contents(db)
    for attempt in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(database), str(journals)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "open\n"
        time.sleep(0.03 * attempt)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        process.stdin.close()
    with open_store(database) as db:
        db.sync(journals)
        assert contents(db) == calm
    assert not list(database.parent.glob("*.sync"))


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.sampled_from(["a", "b"]), st.integers(0, 14)),
        st.just(("sync", "", 0)),
        st.just(("reopen", "", 0)),
        st.tuples(st.just("tear"), st.sampled_from(["a", "b"]), st.integers(1, 30)),
        st.just(("rebuild", "", 0)),
    ),
    max_size=12,
)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(actions=ACTIONS)
def test_whatever_happens_between_the_rows_equal_an_undisturbed_sync(
    *, tmp_path_factory, append, journals, events, contents, actions
):
    """Model: appends, syncs, crashes that tear a line, rebuilds in any order; then one sync of everything from nothing."""
    shutil.rmtree(journals, ignore_errors=True)
    folder = tmp_path_factory.mktemp("model")
    for what, name, number in actions:
        path = journals / f"{name}.jsonl"
        if what == "append":
            append(events.whole_run()[number], name=name)
        elif what == "tear" and path.exists():
            with path.open("ab") as file:
                file.write(b'{"seq":99,"at":"2026-11-20T09:00:00.000000Z"'[:number])
        elif what == "rebuild":
            (folder / "live.duckdb").unlink(missing_ok=True)
        elif what in ("sync", "reopen"):
            with open_store(folder / "live.duckdb") as db:
                if what == "sync":
                    assert db.sync(journals).problems == ()
    with open_store(folder / "live.duckdb") as live, open_store(folder / "calm.duckdb") as calm:
        live.sync(journals)
        calm.sync(journals)
        assert contents(live) == contents(calm)
        total = sum(verify(path).lines for path in journals.glob("*.jsonl"))
        assert sum(row[4] for row in contents(live)["file"]) == total


@pytest.mark.bench
def test_sync_of_ten_thousand_lines(store, journals, append, events, capsys):
    path = append(
        events.started(),
        *[
            event
            for number in range(5000)
            for event in (events.called(number, text="word " * 120), events.graded("t1", epoch=number))
        ],
        RunFinished(run_id=RunId("run-one"), trials=1, complete=True),
    )
    start = time.perf_counter()
    duckdb.connect().execute("CREATE TABLE t AS SELECT * FROM read_json($path)", {"path": str(path)})
    plain_s = time.perf_counter() - start
    start = time.perf_counter()
    done = store.sync(journals)
    sync_s = time.perf_counter() - start
    assert done.lines == 10_002
    assert trials(store, "run-one")[0].grade is Grade.RESOLVED
    with capsys.disabled():
        print(
            f"\nsync {done.lines} lines: {sync_s:.2f} s; read_json of the file: {plain_s:.2f} s; ratio {plain_s / sync_s:.2f}"
        )
