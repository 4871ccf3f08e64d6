"""suite.yaml: heads, defaults, what fits together, and a digest of content only."""

import json

import pytest

from harness.content import Home, list_suites, load_head, load_suite
from harness.core.errors import ConfigError, FaultsError

CASES = "".join(json.dumps({"id": f"c{n}", "prompt": f"{n} + {n}?", "expected": 2 * n}) + "\n" for n in range(3))


def answer_suite(folder, text="kind: answer\n", name="sums") -> Home:
    folder.write(f"suites/{name}/suite.yaml", text)
    folder.write(f"suites/{name}/cases.jsonl", CASES)
    home: Home = folder.home
    return home


def faults(folder, text) -> dict[str, str]:
    home = answer_suite(folder, text)
    with pytest.raises(FaultsError) as caught:
        load_suite(home, "sums")
    return {fault.place: fault.problem for fault in caught.value.faults}


def test_suites_are_the_folders_with_a_suite_yaml(folder):
    answer_suite(folder, name="b")
    answer_suite(folder, name="a")
    folder.write("suites/not-a-suite/readme", "")
    assert list_suites(folder.home) == ("a", "b")
    with pytest.raises(ConfigError, match=r"no suite 'c'; there are: a, b"):
        load_suite(folder.home, "c")
    with pytest.raises(ConfigError, match=r"no suite '\.\./a'"):
        load_head(folder.home, "../a")


def test_a_head_is_read_without_its_tasks(folder):
    folder.write("suites/s/suite.yaml", "name: s\nkind: code\nversion: 3\ndescription: x\n")
    head = load_head(folder.home, "s")
    assert (head.name, head.kind, head.version, head.solver, head.description) == ("s", "code", 3, "code", "x")
    with pytest.raises(ConfigError, match=r"cases.jsonl: no such file"):
        load_suite(folder.home, "s")


def test_the_tasks_keep_the_order_of_the_file(folder):
    suite = load_suite(answer_suite(folder), "sums")
    assert [task.id for task in suite.tasks] == ["c0", "c1", "c2"]
    assert suite.folder == (folder.root / "suites/sums").resolve()
    assert suite.repo_path is None


def test_the_digest_covers_what_decides_a_grade_and_nothing_else(folder, tmp_path):
    def of(text) -> str:
        return load_suite(answer_suite(folder, text), "sums").digest

    base = of("kind: answer\n")
    assert base == of("kind: answer\ndescription: told differently\nmin_isolation: none\n")
    assert base == of("kind: answer\nsource: cases.jsonl\nsolver: answer\n")
    changed = {
        of(f"kind: answer\n{line}\n")
        for line in ("version: 2", "compare: {name: numeric}", "extract: {last: number}", "instructions: Be brief.")
    }
    assert len(changed | {base}) == 5
    elsewhere = type(folder)(tmp_path / "elsewhere")
    assert load_suite(answer_suite(elsewhere), "sums").digest == base


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("kind: quiz\n", "kind", "there are: answer, code, repo"),
        ("name: other\nkind: answer\n", "name", "'other' is not the name of its folder, 'sums'"),
        ("kind: repo\n", "", "needs `repo: {path: …}`"),
        ("kind: answer\nrepo: {path: x}\n", "", "`repo` is for suites of kind 'repo'"),
        ("kind: answer\nsolver: patch\n", "", "solver: 'patch' does not fit kind 'answer'; there are: answer"),
        ("kind: repo\nrepo: {path: x}\nsource: {dataset: x}\n", "", "not a dataset"),
        ("kind: answer\nsource: {dataset: x, map: {promt: question}}\n", "source", "did you mean 'prompt'?"),
        ("kind: answer\nsource: 7\n", "source", "7 is neither a file or folder"),
        ("kind: answer\nversion: 0\n", "version", "0 is below 1"),
        ("kind: answer\nmin_isolation: low\n", "min_isolation", "there are: strict, standard, reduced, none"),
        ("kind: answer\nenvironment: {timeout: 5}\n", "environment.timeout", "did you mean 'timeout_s'?"),
        ("kind: answer\nenvironment: {lock: gone.lock}\n", "environment.lock", "gone.lock: no such file"),
        ("kind: answer\ncompare: {name: numeric, tolerance: -1}\n", "compare", "tolerance"),
        ("kind: answer\ncompare: {name: judge, model: a/b}\n", "compare", "asks a model"),
        ("kind: answer\ninstruction: x\n", "instruction", "did you mean 'instructions'?"),
    ],
)
def test_a_fault_has_its_place_and_says_what_works(folder, text, place, problem):
    assert problem in faults(folder, text)[place]


def test_all_faults_of_a_suite_come_together(folder):
    found = faults(folder, "kind: answer\nversion: one\ncompare: {name: nothing}\nextract: {lst: number}\nsorce: x\n")
    assert set(found) == {"version", "compare", "extract", "sorce"}
