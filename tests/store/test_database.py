"""The database file: who may open it, which schema it has, what a free query may do."""

import csv
import shutil
import stat
import subprocess
import sys
import time
from dataclasses import fields
from importlib.resources import files

import duckdb
import pytest

from harness.core.errors import ConfigError, StoreError
from harness.core.rows import TrialRow
from harness.store import open_store, runs, trials
from harness.store.database import STORAGE_VERSION
from harness.store.holder import holder as holding
from harness.store.questions import Migration, migrations, question

HOLDER = """
import sys
from pathlib import Path
from harness.store import open_store
with open_store(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(database):
    """Another process that has the database open; ends when told."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "open\n"
    yield process
    if process.poll() is None:
        process.communicate("\n")
    process.stdin.close()
    process.stdout.close()


def test_a_locked_database_names_the_process_that_has_it_and_its_command(database, holder):
    said = rf"harness\.duckdb: is in use by process {holder.pid} \(\S*python\S* -c import sys .*…\); try again when"
    with pytest.raises(StoreError, match=said) as told, open_store(database):
        pass
    assert "\n" not in str(told.value)


def test_who_has_it_as_far_as_anybody_says():
    refusal = 'IO Error: Could not set lock on file "x": '
    assert holding(duckdb.Error(f"{refusal}Conflicting lock is held in /bin/x (PID 999999999).")) == (
        "process 999999999 (/bin/x)"
    )
    assert holding(duckdb.Error(f"{refusal}Resource temporarily unavailable")) == "another process"


def test_a_damaged_block_is_not_taken_for_a_lock(database):
    with duckdb.connect(str(database.parent.parent / "x.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS i, repeat('x', 100) AS s FROM range(100000)")
    file = database.parent.parent / "x.duckdb"
    data = bytearray(file.read_bytes())
    for start in range(3 * 4096, len(data) - 262144, 262144):
        data[start + 100 : start + 4000] = bytes(3900)
    file.write_bytes(data)
    with pytest.raises(StoreError, match=r"cannot be opened as a database: .* Delete the file"), open_store(file):
        pass


def test_waiting_for_a_locked_database(database, holder):
    with pytest.raises(StoreError, match="is in use by process"), open_store(database, wait_s=0.12):
        pass
    holder.communicate("\n")
    with open_store(database, wait_s=5) as db:
        assert runs(db) == []


def test_a_file_that_is_no_database_is_told(tmp_path):
    path = tmp_path / "x.duckdb"
    path.write_text("this is not a database " * 500)
    with (
        pytest.raises(
            StoreError, match=r"x\.duckdb: cannot be opened as a database: .*Delete the file to have it rebuilt"
        ),
        open_store(path),
    ):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"x\.duckdb: cannot be opened: "), open_store(tmp_path / "file" / "x.duckdb"):
        pass


def test_only_its_owner_may_read_it_and_older_duckdb_can(database):
    with open_store(database) as db:
        (row,) = db.sql("SELECT tags FROM duckdb_databases() WHERE NOT internal AND path IS NOT NULL").rows
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert stat.S_IMODE(database.parent.stat().st_mode) == 0o700
    if int(duckdb.__version__.split(".")[0]) > 1:
        assert row[0]["storage_version"].startswith(STORAGE_VERSION)


@pytest.mark.skipif(duckdb.__version__ < "2", reason="earlier ones cannot write the format of 1.5 on demand")
def test_a_file_in_the_format_of_an_older_harness_opens(database):
    database.parent.mkdir()
    duckdb.connect(str(database), config={"storage_compatibility_version": "v1.5.0"}).close()
    with open_store(database) as db:
        assert runs(db) == []


def test_migrations_are_numbered_from_one_without_gaps():
    assert [step.version for step in migrations()] == list(range(1, len(migrations()) + 1))
    assert all(step.sql.startswith(f"-- {step.version:04d}_{step.name}: ") for step in migrations())


def step(version: int, sql: str) -> Migration:
    return Migration(version=version, name=f"step{version}", sql=sql)


ONE, TWO = (
    step(1, "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);"),
    step(2, "ALTER TABLE a ADD COLUMN y INTEGER;"),
)


def test_an_older_database_is_copied_then_upgraded(database):
    with open_store(database, steps=[ONE]):
        pass
    with open_store(database, steps=[ONE, TWO]) as db:
        assert db.sql("SELECT x, y FROM a").rows == [(1, None)]
    copy = database.with_name("harness.duckdb.schema-1")
    with duckdb.connect(str(copy), read_only=True) as old:
        assert old.execute("SELECT * FROM a").fetchall() == [(1,)]
    with open_store(database, steps=[ONE, TWO]) as db:
        assert db.sql("SELECT version FROM meta.migration ORDER BY 1").rows == [(1,), (2,)]


def test_a_new_database_needs_no_copy(database):
    with open_store(database, steps=[ONE, TWO]):
        pass
    assert [file.name for file in database.parent.iterdir()] == ["harness.duckdb"]


def test_a_step_that_fails_leaves_nothing_behind(database):
    bad = step(2, "CREATE TABLE b (x INTEGER); SELECT * FROM nowhere;")
    with open_store(database, steps=[ONE]):
        pass
    with (
        pytest.raises(StoreError, match=r"schema step 2 \(step2\) failed: .*nowhere"),
        open_store(database, steps=[ONE, bad]),
    ):
        pass
    with open_store(database, steps=[ONE]) as db:
        assert db.sql("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'b'").rows == [(0,)]


UPGRADE = """
import sys
from pathlib import Path
from harness.store import open_store
from harness.store.questions import Migration
slow = "CREATE TABLE b AS SELECT 1 AS x; INSERT INTO a SELECT count(*) FROM range(1000000000) r, range(1000000) s;"
steps = [Migration(version=1, name="step1", sql=sys.argv[2]), Migration(version=2, name="step2", sql=slow)]
with open_store(Path(sys.argv[1]), steps=steps):
    pass
"""


def test_a_killed_upgrade_repeats_cleanly(database):
    with open_store(database, steps=[ONE]):
        pass
    process = subprocess.Popen([sys.executable, "-c", UPGRADE, str(database), ONE.sql])
    copy = database.with_name("harness.duckdb.schema-1")
    while not copy.exists() and process.poll() is None:
        time.sleep(0.02)
    time.sleep(0.2)
    assert process.poll() is None
    process.kill()
    process.wait()
    with duckdb.connect(str(copy), read_only=True) as old:
        assert old.execute("SELECT * FROM a").fetchall() == [(1,)]
    with open_store(database, steps=[ONE, TWO]) as db:
        assert db.sql("SELECT x, y FROM a").rows == [(1, None)]
        assert db.sql("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'b'").rows == [(0,)]
    assert sorted(file.name for file in database.parent.iterdir()) == ["harness.duckdb", copy.name]


def test_a_copy_that_cannot_be_made_stops_the_upgrade(database):
    with open_store(database, steps=[ONE]):
        pass
    (database.with_name("harness.duckdb.schema-1") / "harness.duckdb").mkdir(parents=True)
    with (
        pytest.raises(StoreError, match=r"cannot be copied to harness\.duckdb\.schema-1 before an upgrade"),
        open_store(database, steps=[ONE, TWO]),
    ):
        pass


def test_a_database_of_a_newer_schema_is_refused(database):
    with open_store(database, steps=[ONE, TWO]):
        pass
    with (
        pytest.raises(
            StoreError, match=r"has schema 2 \(step2\), this version of harness knows up to 1: use a newer harness"
        ),
        open_store(database, steps=[ONE]),
    ):
        pass


def test_a_step_with_other_content_is_refused(database):
    with open_store(database, steps=[ONE]):
        pass
    changed = step(1, "CREATE TABLE a (z INTEGER);")
    with (
        pytest.raises(
            StoreError, match=r"schema step 1 \(step1\) was applied with other content: expected \w{12}…, found"
        ),
        open_store(database, steps=[changed]),
    ):
        pass


def test_a_free_query_gets_columns_and_rows(store, journals, append, events):
    append(*events.whole_run())
    store.sync(journals)
    answer = store.sql("SELECT task_id, grade FROM trial ORDER BY 1 LIMIT 1;")
    assert (answer.columns, answer.rows) == (("task_id", "grade"), [("t1", "resolved")])
    assert store.sql("EXPLAIN SELECT 1").rows
    assert len(runs(store)) == 1


@pytest.mark.parametrize(
    "query",
    [
        "", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE call", "DROP TABLE call", "INSERT INTO review SELECT * FROM review",
        "ATTACH 'x.db'", "COPY call TO 'x.csv'", "INSTALL spatial", "LOAD spatial", "SET enable_external_access = true",
        "COMMIT", "CREATE TABLE x (a INTEGER)", "PRAGMA enable_profiling", "CALL pragma_version()", "CHECKPOINT",
    ],
)  # fmt: skip
def test_a_free_query_can_only_read(store, query):
    with pytest.raises(ConfigError, match="must be one SELECT statement"):
        store.sql(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')", "SELECT nothing", "SELEC", "SELECT * FROM read_json('https://example.org/x.json')",
    ],
)  # fmt: skip
def test_a_free_query_reaches_nothing_else_and_is_told_in_one_line(store, query):
    with pytest.raises(ConfigError) as told:
        store.sql(query)
    assert repr(query) in str(told.value)
    assert "\n" not in str(told.value)
    assert store.sql("SELECT 1").rows == [(1,)]


def test_a_free_query_gets_as_many_rows_as_it_asks_for(store):
    some = store.sql("SELECT range FROM range(5000)", rows_max=3)
    assert (some.rows, some.more) == ([(0,), (1,), (2,)], True)
    exact = store.sql("SELECT range FROM range(3)", rows_max=3)
    assert (len(exact.rows), exact.more) == (3, False)
    assert store.sql("SELECT range FROM range(5000)").more is False


def test_a_free_query_that_takes_too_long_is_stopped(store):
    endless = "SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3"
    with pytest.raises(ConfigError, match=r"no answer within 0\.2 s"):
        store.sql(endless, wait_s=0.2)
    assert store.sql("SELECT 1", wait_s=60).rows == [(1,)]


def test_after_a_free_query_nothing_is_taken_over(store, journals):
    store.sql("SELECT 1")
    with pytest.raises(StoreError, match="sync before the first of them"):
        store.sync(journals)


def test_export_as_csv_and_parquet(store, journals, append, events, tmp_path):
    append(*events.whole_run())
    store.sync(journals)
    as_csv = store.export(tmp_path / "csv", form="csv")
    with (tmp_path / "csv" / "trial.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["grade"] for row in rows] == ["unserved", "infra_error", "resolved"]
    as_parquet = store.export(tmp_path / "parquet")
    assert list(as_csv.rows.values()) == list(as_parquet.rows.values())
    with duckdb.connect() as fresh:
        assert fresh.execute(f"SELECT count(*) FROM '{tmp_path}/parquet/call.parquet'").fetchall() == [(3,)]


def test_an_export_that_cannot_be_written_is_told(store, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot export"):
        store.export(tmp_path / "file")
    (tmp_path / "out" / "run.csv").mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot export"):
        store.export(tmp_path / "out", form="csv")


def test_the_trials_of_one_run_as_parquet(store, journals, append, events, tmp_path):
    append(*events.whole_run())
    store.sync(journals)
    known = trials(store, "run-one")
    file = tmp_path / 'it\'s; a "file" --' / "trials.parquet"
    assert store.export_trials("run-one", file) == len(known) > 0
    with duckdb.connect() as fresh:
        table = fresh.execute("SELECT * FROM read_parquet($file)", {"file": str(file)})
        columns = [column[0] for column in table.description]
        rows = [dict(zip(columns, row, strict=True)) for row in table.fetchall()]
    assert columns == [field.name for field in fields(TrialRow)]
    assert [(row["task_id"], row["candidate"], row["grade"]) for row in rows] == [
        (row.task_id, row.candidate, row.grade.value) for row in known
    ]


def test_an_unknown_run_exports_no_trial_and_no_statement_is_made_of_its_name(store, tmp_path):
    assert store.export_trials("x' OR '1'='1", tmp_path / "none.parquet") == 0
    with pytest.raises(StoreError, match="cannot export"):
        store.export_trials("x", tmp_path)


def test_every_question_says_what_it_is():
    names = sorted(file.name.removesuffix(".sql") for file in (files("harness.store") / "sql").iterdir())
    assert len(names) > 20
    for name in names:
        lines = question(name).splitlines()
        assert lines[0].startswith(f"-- {name}("), name
        assert "): " in lines[0], name
        assert lines[1].startswith("-- "), name


def test_a_database_left_by_a_killed_process_opens(database, tmp_path, holder):
    holder.kill()
    holder.wait()
    with open_store(database) as db:
        assert runs(db) == []
    shutil.copy(database, tmp_path / "copy.duckdb")
    with open_store(tmp_path / "copy.duckdb") as db:
        assert runs(db) == []
