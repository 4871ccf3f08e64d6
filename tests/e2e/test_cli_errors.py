"""Bad input: exit code 2, one line per fault that names file, key, value and what would work; no traceback, no loss."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.cli.main import run as command_line
from harness.journal import verify
from tests.e2e.home import CANARIES, Home, lines_of, make_home, make_suite, sums

MODELS = ("registry/models.yaml",)
RUN = ("run", "sums", "--models", "s/one")


def scripted(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": f"s/{name}", "api": "scripted", "family": name, "file": "one.jsonl", **fields}


def write_models(home: Home, *more: Mapping[str, Any], **changes: Any) -> None:
    """One scripted model with *changes*, and *more*."""
    home.write("registry/models.yaml", json.dumps({"models": [scripted("one", **changes), *more]}))


def write_policy(home: Home, **changes: Any) -> None:
    usual = {"panel": ["s/one", "s/two"], "rule": {"quorum": 2}}
    home.write("registry/policies.yaml", json.dumps({"policies": {"pay": {**usual, **changes}}}))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home folder with a finished run of a scripted model, to be copied."""
    home = make_home(tmp_path_factory.mktemp("finished"), "http://127.0.0.1:9/v1", tasks=sums(4))
    write_models(home, scripted("two"))
    write_policy(home)
    home.write("registry/one.jsonl", json.dumps({"text": "It is 42."}) + "\n")
    home.json(*RUN)
    return home


@pytest.fixture
def home(finished: Home, tmp_path: Path) -> Home:
    root = tmp_path / "home"
    shutil.copytree(finished.root, root, symlinks=True)
    return Home(root, finished.environ)


@dataclass(frozen=True, slots=True)
class Bad:
    """One kind of bad input."""

    spoil: Callable[[Home], object]
    words: Sequence[str]
    lines: Sequence[Sequence[str]]
    """What each line of the message names."""


def nothing(_home: Home) -> None:
    pass


def replaced(path: str, old: str, new: str) -> Callable[[Home], object]:
    def spoil(home: Home) -> None:
        text = (home.root / path).read_text()
        assert old in text
        home.write(path, text.replace(old, new, 1))

    return spoil


def spoil_both(home: Home) -> None:
    write_models(home, status="actve")
    write_policy(home, order="cheap_frist")


CASES = "suites/sums/cases.jsonl"
SUITE = "suites/sums/suite.yaml"

TABLE: Mapping[str, Bad] = {
    "unknown model": Bad(nothing, ("run", "sums", "--models", "s/onne"), [("models.yaml", "'s/onne'", "s/one")]),
    "unknown model, nothing like it": Bad(
        nothing, ("run", "sums", "--models", "zebra"), [("models.yaml", "'zebra'", "s/one", "s/two")]
    ),
    "unknown model to ask": Bad(nothing, ("ask", "1?", "--models", "s/one,s/tow"), [("models.yaml", "s/tow")]),
    "unknown policy": Bad(nothing, ("run", "sums", "--models", "consensus/pya"), [("policies.yaml", "'pya'", "pay")]),
    "unknown policy to ask": Bad(nothing, ("ask", "1?", "--policy", "zebra"), [("policies.yaml", "'zebra'", "pay")]),
    "unknown profile": Bad(nothing, ("run", "sums", "--models", "route/zebra"), [("'zebra'", "there")]),
    "unknown comparator": Bad(
        lambda home: make_suite(home, sums(2), compare={"name": "fuzy"}),
        RUN,
        [(SUITE, "compare", "'fuzy'", "fuzzy")],
    ),
    "unknown comparator of a policy": Bad(
        lambda home: write_policy(home, compare={"name": "fuzy"}),
        RUN,
        [("policies.yaml", "pay.compare", "'fuzy'", "fuzzy")],
    ),
    "unknown comparator to ask": Bad(
        nothing, ("ask", "1?", "--models", "s/one,s/two", "--compare", "fuzy"), [("'fuzy'", "fuzzy")]
    ),
    "unknown suite": Bad(nothing, ("run", "smus", "--models", "s/one"), [("suites", "'smus'", "sums")]),
    "unknown command": Bad(nothing, ("rum", "sums"), [("'rum'", "run")]),
    "unknown option": Bad(nothing, (*RUN, "--modles", "x"), [("--modles",)]),
    "key missing": Bad(
        lambda home: write_models(home, {**scripted("a"), "api": "openai-chat", "file": None, "key_env": "E2E_NO_KEY"}),
        ("run", "sums", "--models", "s/a"),
        [("E2E_NO_KEY", "s/a")],
    ),
    "unreadable YAML": Bad(
        lambda home: home.write("registry/models.yaml", "models: [\n  {id: a, api: [}\n"), RUN, [("models.yaml", "line 2")]
    ),
    "YAML that is not UTF-8": Bad(
        lambda home: (home.root / "registry/models.yaml").write_bytes(b"models: \xff\n"), RUN, [("models.yaml", "UTF-8")]
    ),
    "wrong type": Bad(
        lambda home: write_models(home, price={"input": "cheap", "output": 1, "as_of": "2026-11-20"}),
        RUN,
        [("models.yaml", "models[0].price.input", "'cheap'")],
    ),
    "wrong type of a list": Bad(
        lambda home: home.write("registry/models.yaml", "models: 3\n"), RUN, [("models.yaml", "models", "3", "list")]
    ),
    "duplicate model": Bad(
        lambda home: write_models(home, scripted("one")), RUN, [("models.yaml", "models[1].id", "'s/one'")]
    ),
    "duplicate case": Bad(
        lambda home: make_suite(home, [*sums(2), *sums(1)]), RUN, [(CASES, "line 3", "'t0000'", "line 1")]
    ),
    "negative price": Bad(
        lambda home: write_models(home, price={"input": -3, "output": 1, "as_of": "2026-11-20"}),
        RUN,
        [("models.yaml", "models[0].price.input", "-3", "below 0")],
    ),
    "two faults in one file": Bad(
        lambda home: write_models(home, status="actve", contxt={}),
        RUN,
        [("models.yaml", "models[0].status", "'actve'", "'active'"), ("models.yaml", "'contxt'", "'context'")],
    ),
    "faults in two files": Bad(
        spoil_both,
        RUN,
        [("models.yaml", "'actve'"), ("policies.yaml", "pay.order", "'cheap_frist'", "'cheap_first'")],
    ),
    "missing registry": Bad(lambda home: (home.root / "registry/models.yaml").unlink(), RUN, [("models.yaml", "no such file")]),
    "missing cases": Bad(lambda home: (home.root / CASES).unlink(), RUN, [("cases.jsonl", "no such file")]),
    "empty cases": Bad(lambda home: home.write(CASES, "\n"), RUN, [("cases.jsonl", "no cases")]),
    "missing script": Bad(lambda home: (home.root / "registry/one.jsonl").unlink(), RUN, [("models.yaml", "s/one", "one.jsonl", "no such file")]),
    "missing context": Bad(
        nothing, ("ask", "1?", "--models", "s/one,s/two", "--context", "nowhere.txt"), [("nowhere.txt",)]
    ),
    "missing outputs": Bad(nothing, ("import", "sums", "nowhere.jsonl"), [("nowhere.jsonl",)]),
    "outputs that are no JSON": Bad(
        lambda home: home.write("../out.jsonl", '{"task_id": "t0000"\n'), ("import", "sums", "../out.jsonl"), [("out.jsonl", "1")]
    ),
    "case that is no JSON": Bad(replaced(CASES, "{", ""), RUN, [("cases.jsonl", "line 1")]),
    "unknown run": Bad(nothing, ("runs", "show", "zebra"), [("'zebra'",)]),
    "negative limit": Bad(nothing, (*RUN, "--max-cost", "-1"), [("--max-cost", "-1")]),
    "limit that is no amount": Bad(nothing, (*RUN, "--max-cost", "cheap"), [("--max-cost", "cheap")]),
    "no concurrency": Bad(nothing, (*RUN, "--concurrency", "0"), [("--concurrency", "0")]),
    "no epochs": Bad(nothing, (*RUN, "--epochs", "0"), [("--epochs", "0")]),
    "no time": Bad(nothing, (*RUN, "--timeout", "0"), [("--timeout", "0")]),
    "timeout that is no number": Bad(nothing, (*RUN, "--timeout", "soon"), [("--timeout", "soon")]),
    "a candidate twice": Bad(nothing, ("run", "sums", "--models", "s/one,s/one"), [("--models", "'s/one'", "--epochs")]),
    "two ways to ask": Bad(nothing, ("ask", "1?"), [("--policy", "--models")]),
    "a query that writes": Bad(nothing, ("db", "sql", "DELETE FROM run"), [("DELETE FROM run", "SELECT")]),
}  # fmt: skip


@pytest.mark.parametrize("bad", TABLE.values(), ids=TABLE)
def test_bad_input_is_named(bad: Bad, home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    bad.spoil(home)
    monkeypatch.chdir(home.root)
    before = {path: path.read_bytes() for path in home.journals}
    code = command_line(["--home", str(home.root), *bad.words])
    out, err = capsys.readouterr()
    assert code == 2, err
    assert out == ""
    check_lines(err, bad.lines)
    assert {path: path.read_bytes() for path in home.journals} == before, "it left something behind"


def check_lines(err: str, lines: Sequence[Sequence[str]]) -> None:
    assert "Traceback" not in err
    said = lines_of(err)
    assert len(said) == len(lines), err
    for line, words in zip(said, lines, strict=True):
        missing = [word for word in words if word not in line]
        assert not missing, f"{line!r} does not name {missing}"
    assert not any(secret in err for secret in CANARIES.values())


def check_refused(home: Home, *words: str, lines: Sequence[Sequence[str]], code: int = 2, **options: Any) -> None:
    """The same in a process of its own."""
    ended = home.run(*words, **options)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert ended.stdout == ""
    check_lines(ended.stderr, lines)


@pytest.mark.slow
def test_home_that_is_none(tmp_path: Path):
    check_refused(Home(tmp_path / "nowhere"), *RUN, lines=[("--home", "nowhere", "harness init")], cwd=tmp_path)
    (tmp_path / "file").write_text("")
    check_refused(Home(tmp_path / "file"), *RUN, lines=[("--home", "file")], cwd=tmp_path)


@pytest.mark.slow
def test_journal_that_does_not_chain(home: Home):
    """Nothing is asked, nothing is added, and the rest of the house still reads what it can."""
    text = home.journal.read_text()
    home.journal.write_text(text.replace("It is 42", "It is 43", 1))
    number = next(n for n, line in enumerate(text.splitlines(), start=1) if "It is 42" in line)
    place = f"{home.journal.name}:{number}"
    spoilt = home.journal.read_bytes()
    check_refused(home, *RUN, lines=[(place, "was changed")])
    verified = home.run("audit", "verify")
    assert verified.returncode == 3
    assert place in verified.stdout
    synced = home.run("db", "sync")
    assert synced.returncode == 3
    assert place in synced.stdout + synced.stderr
    assert home.journal.read_bytes() == spoilt
    assert home.json("run", "sums", "--models", "s/two")["complete"] is True


@pytest.mark.slow
def test_journal_that_another_process_writes(home: Home):
    write_models(home, scripted("slow", file="slow.jsonl"))
    home.write("registry/slow.jsonl", json.dumps({"text": "42", "latency_s": 20}) + "\n")
    journals = set(home.journals)
    with home.start("run", "sums", "--models", "s/slow") as first:
        try:
            while set(home.journals) == journals:
                assert first.poll() is None, first.communicate()
            check_refused(
                home, "run", "sums", "--models", "s/slow", lines=[("is being written by process", str(first.pid))]
            )
        finally:
            first.kill()


@pytest.mark.slow
def test_database_of_another_version(home: Home):
    import duckdb

    home.json("runs", "list")
    database = home.root / ".harness" / "harness.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "UPDATE meta.migration SET version = 99 WHERE version = (SELECT max(version) FROM meta.migration)"
        )
    check_refused(home, "runs", "list", lines=[("harness.duckdb", "99", "harness db sync")])
    database.write_text("no database")
    check_refused(home, "runs", "list", lines=[("harness.duckdb", "harness db sync")])
    database.unlink()
    assert len(home.json("runs", "list")) == 1


@pytest.mark.slow
def test_suite_that_changed_since_the_run_began(home: Home):
    write_models(home, price={"input": 100, "output": 100, "as_of": "2026-11-20"}, context={"output": 100})
    words = ("run", "sums", "--models", "s/one", "--epochs", "2")
    stopped = home.json(*words, "--max-cost", "0.022", code=4)
    replaced(CASES, '"expected": 5', '"expected": 6')(home)
    check_refused(home, *words, lines=[("suites/sums", stopped["run"], "--fresh")])
    replaced(CASES, '"expected": 6', '"expected": 5')(home)
    done = home.json(*words)
    assert (done["run"], done["complete"]) == (stopped["run"], True)


@pytest.mark.slow
def test_suite_that_changed_can_be_begun_anew(home: Home):
    write_models(home, price={"input": 100, "output": 100, "as_of": "2026-11-20"}, context={"output": 100})
    words = ("run", "sums", "--models", "s/one", "--epochs", "2")
    stopped = home.json(*words, "--max-cost", "0.022", code=4)
    replaced(CASES, '"expected": 5', '"expected": 6')(home)
    fresh = home.json(*words, "--fresh")
    assert fresh["complete"] is True
    assert fresh["run"] != stopped["run"]


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [20, 60])
def test_disk_that_is_full(home: Home, kilobytes: int):
    """A file that may not grow is a disk that takes nothing more."""
    words = ("run", "sums", "--models", "s/two")
    make_suite(home, sums(40))
    before = set(home.journals)
    limited = f'ulimit -f {kilobytes}; exec "$@"'
    ended = home.run(args=["bash", "-c", limited, "bash", *home.argv(*words)])
    assert ended.returncode == 2, ended.stderr
    check_lines(ended.stderr, [("jsonl", "cannot be written", "File too large", "lines are safe")])
    (journal,) = set(home.journals) - before
    found = verify(journal)
    assert found.intact
    assert found.lines > 0
    recorded = {call.key for call in home.calls(journal)}
    assert home.json(*words)["complete"] is True
    assert recorded <= {call.key for call in home.calls(journal)}
    assert verify(journal).intact


@pytest.fixture
def small_disk(home: Home) -> Iterator[Path]:
    """The folder of the generated state, on a disk of 48 KB."""
    state = home.root / ".harness"
    shutil.rmtree(state)
    state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", state], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small disk needs root and mount: {mounted.stderr.strip()}")
    try:
        yield state
    finally:
        subprocess.run(["umount", "-l", state], check=True)


@pytest.mark.slow
def test_disk_that_really_is_full(home: Home, small_disk: Path):
    words = ("run", "sums", "--models", "s/two")
    make_suite(home, sums(40))
    check_refused(home, *words, lines=[("jsonl", "cannot be written", "No space left", "lines are safe")])
    assert verify(home.journal).intact
    lines, recorded = verify(home.journal).lines, {call.key for call in home.calls()}
    assert lines > 0
    check_refused(home, *words, lines=[("jsonl", "No space left")])
    assert verify(home.journal).lines >= lines
    check_refused(home, "runs", "list", lines=[("harness.duckdb",)])
    (small_disk / "harness.duckdb").unlink(missing_ok=True)
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    assert home.json(*words)["complete"] is True
    assert recorded <= {call.key for call in home.calls()}
    assert len(home.json("runs", "list")) == 1


def test_no_sandbox(home: Home, tmp_path: Path):
    """It is found out before the first model is paid."""
    tasks = [{"id": "add", "prompt": "def add(a, b):\n", "tests": "def test_add():\n    assert add(1, 2) == 3\n"}]
    make_suite(
        home, tasks, name="code", kind="code", extract="whole", compare={"name": "exact"}, min_isolation="standard"
    )
    (tmp_path / "bin").mkdir()
    alone = {**home.environ, "PATH": str(tmp_path / "bin")}
    before = set(home.journals)
    check_refused(
        home,
        *("run", "code", "--models", "s/one"),
        lines=[("'standard'", "bwrap", "apt-get install bubblewrap", "min_isolation: none")],
        env=alone,
    )
    assert not [call for path in set(home.journals) - before for call in home.calls(path)]


@pytest.mark.parametrize(
    "damage",
    [lambda raw: raw[:-200], lambda raw: raw[:40], lambda raw: raw[:-300] + b"x" + raw[-299:]],
    ids=["cut", "cut early", "changed"],
)
def test_corrupted_bundle(home: Home, damage: Callable[[bytes], bytes], capsys: pytest.CaptureFixture[str]):
    ledger = Path(__file__).parents[2] / "suites" / "ledger"
    if not (ledger / "repo.bundle").exists():
        pytest.skip("the ledger suite is not there")
    shutil.copytree(ledger, home.root / "suites" / "ledger")
    bundle = home.root / "suites" / "ledger" / "repo.bundle"
    bundle.write_bytes(damage(bundle.read_bytes()))
    code = command_line(["--home", str(home.root), "run", "ledger", "--models", "s/one"])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    check_lines(err, [("suite.yaml", "repo.path", "repo.bundle")])
