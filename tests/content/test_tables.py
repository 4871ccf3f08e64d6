"""Suites on datasets: local files of four kinds, columns mapped to the keys of a case."""

import csv
import gzip
import json

import pytest

from harness.content import load_suite
from harness.core.errors import ConfigError, FaultsError
from harness.core.suite import Suite

pytestmark = pytest.mark.slow  # importing `datasets` alone takes seconds

ROWS = [{"question": f"What is {n} + 1?", "gold": str(n + 1), "extra": {"hint": "add"}} for n in range(3)]


def suite(folder, dataset, columns="{prompt: question, expected: gold}", split="test") -> Suite:
    text = f"kind: answer\nsource: {{dataset: {dataset}, split: {split}, map: {columns}}}\n"
    folder.write("suites/s/suite.yaml", text)
    return load_suite(folder.home, "s")


def write(folder, name) -> None:
    path = folder.write(f"suites/s/{name}", b"")
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in ROWS).encode()))
    elif name.endswith(".csv"):
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["question", "gold"])
            writer.writeheader()
            writer.writerows({key: row[key] for key in ("question", "gold")} for row in ROWS)
    elif name.endswith(".parquet"):
        import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
        from pyarrow import parquet

        parquet.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))


@pytest.mark.parametrize("name", ["d.jsonl", "d.json", "d.jsonl.gz", "d.csv", "d.parquet"])
def test_local_files_become_tasks(folder, name):
    write(folder, name)
    made = suite(folder, name)
    assert [task.id for task in made.tasks] == ["row-0", "row-1", "row-2"]
    assert made.tasks[1].prompt == "What is 1 + 1?"
    assert str(made.tasks[1].expected) == "2"
    assert (folder.home.state / "datasets").is_dir()


def test_a_folder_is_read_by_its_splits(folder):
    folder.write("suites/s/data/test.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS[:2]))
    folder.write("suites/s/data/train.jsonl", json.dumps(ROWS[2]) + "\n")
    assert len(suite(folder, "data").tasks) == 2
    assert len(suite(folder, "data", split="train").tasks) == 1
    with pytest.raises(ConfigError, match="'data' cannot be read"):
        suite(folder, "data", split="gone")


def test_nested_columns_and_missing_ones(folder):
    write(folder, "d.jsonl")
    made = suite(folder, "d.jsonl", "{prompt: question, expected: extra.hint}")
    assert {task.expected for task in made.tasks} == {"add"}
    with pytest.raises(FaultsError, match=r"no column 'extra.gone' for 'expected'; there are: question, gold, extra"):
        suite(folder, "d.jsonl", "{prompt: question, expected: extra.gone}")


def test_columns_of_the_same_name_need_no_map(folder):
    folder.write("suites/s/d.jsonl", json.dumps({"id": "x", "prompt": "p", "expected": 1, "other": 2}) + "\n")
    (task,) = suite(folder, "d.jsonl", "{}").tasks
    assert (task.id, task.expected) == ("x", 1)


def test_what_cannot_be_read_says_so(folder):
    with pytest.raises(ConfigError, match=r"gone.jsonl: no such file"):
        suite(folder, "gone.jsonl")
    folder.write("suites/s/d.txt", "x")
    with pytest.raises(ConfigError, match=r"read are .json, .jsonl, .csv, .parquet"):
        suite(folder, "d.txt")
    folder.write("suites/s/d.parquet", "no parquet")
    with pytest.raises(ConfigError, match=r"'d\.parquet' cannot be read"):
        suite(folder, "d.parquet")
