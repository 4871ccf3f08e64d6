"""The file formats are contracts: the examples of the design, letter by letter, and what they must become."""

import json
from decimal import Decimal

import pytest

from harness.content import load_cards, load_policies, load_suite, missing_files
from harness.core.ballot import Compare, Extract
from harness.core.execution import Isolation
from harness.core.money import Usage
from harness.core.policy import Quorum, RiskLimit, Tiebreak

MODELS = """\
models:
  - id: openai/gpt-5.5
    api: openai-chat           # openai-chat | openai-responses | anthropic | gemini | scripted
    model: gpt-5.5             # the name on the wire
    base_url: null             # default per api
    key_env: OPENAI_API_KEY    # null for none
    family: openai             # for the independence of panels
    context: {max: 1050000, reliable: 600000, output: 128000}
    supports: [tools, vision, json_schema]
    compliance: [pii_safe]
    status: active             # active | degraded | offline
    price: {input: 5, output: 30, cache_read: 0.5, tiers: [{above: 272000, input: 10, output: 45}], as_of: 2026-11-20, source: vendor}   # USD per million tokens
    limits: {requests_per_minute: 500, tokens_per_minute: 2000000, concurrency: 64}
  - id: scripted/careful
    api: scripted
    file: ../suites/starter/scripted/careful.jsonl
"""

POLICIES = """\
policies:
  payments:
    panel: [openai/gpt-5.5, anthropic/claude-opus-4-7, google/gemini-3.1-pro]
    task_class: finance.calculation
    extract: {last: number}        # whole | {last: number} | {tag: answer} | {json: $.total} | {block: python} | {choice: ABCD}
    compare: {name: numeric, tolerance: 0, currency: required}
    rule: {risk_limit: 0.01, fallback: {quorum: 2}}     # or {quorum: 2} or {unanimous: true}
    tiebreak: {model: anthropic/claude-opus-4-7, mode: blind}
    on_divergence: review          # review | refuse | serve_best
    order: cheap_first             # cheap_first | accurate_first | all_at_once | value
    deadline_s: 60
    max_cost_usd: 0.50
"""

SUITE = """\
name: ledger
kind: repo                 # answer | code | repo
version: 1
task_class: python.bugfix  # default; a task may set its own
description: Expert-SWE-style tasks on a double-entry ledger.
source: tasks/             # repo: one folder per task. answer, code: cases.jsonl, or {dataset: <path or hub id>, split: test, map: {...}} read with `datasets`
repo: {path: repo.bundle}  # repo kind only: git bundle, local path, or tarball
environment: {python: ">=3.11", install: ["."], runner: pytest, args: [], timeout_s: 60, lock: requirements.lock}
solver: patch              # answer | code | patch | agent | command
extract: {last: number}    # answer kind: how an answer is read out of a response (as in policies)
compare: {name: numeric}   # answer kind: how it is judged against `expected`
min_isolation: standard    # strict | standard | reduced | none
"""

TASK = """\
# suites/toy/tasks/parse-amount/task.yaml        (beside statement.md, reference.patch, hidden/tests/test_amount.py)
id: parse-amount
base_commit: 3d3dc9f        # omitted for a plain folder
tests:
  f2p: ["tests/test_amount.py::test_thousands_separator"]
  p2p: ["tests/test_ledger.py::test_total"]
"""


def write_task(folder, suite, text=TASK) -> None:
    task = f"suites/{suite}/tasks/parse-amount"
    folder.write(f"{task}/task.yaml", text)
    folder.write(f"{task}/statement.md", "Amounts with thousands separators are refused.\n")
    folder.write(f"{task}/reference.patch", "--- a/x\n+++ b/x\n")
    folder.write(f"{task}/hidden/tests/test_amount.py", "def test_thousands_separator(): ...\n")


def test_the_cards_of_the_design(folder):
    folder.write("registry/models.yaml", MODELS)
    cards = load_cards(folder.home)
    gpt, careful = cards.values()
    assert (gpt.id, gpt.api, gpt.model, gpt.base_url) == ("openai/gpt-5.5", "openai-chat", "gpt-5.5", None)
    assert (gpt.key_env, gpt.family, gpt.status) == ("OPENAI_API_KEY", "openai", "active")
    assert (gpt.context.max, gpt.context.reliable, gpt.context.output) == (1_050_000, 600_000, 128_000)
    assert gpt.supports == {"tools", "vision", "json_schema"}
    assert gpt.limits.concurrency == 64
    assert gpt.price is not None
    assert gpt.price.as_of == "2026-11-20"
    assert gpt.price.cost_usd(Usage(input=600_000, output=5_000)) == Decimal("6.225")
    assert gpt.price.cost_usd(Usage(cache_read=1_000_000, output=0)) is None
    assert gpt.price.rates.cache_read == Decimal("0.5")
    assert (careful.model, careful.family, careful.key_env) == ("careful", "scripted", None)
    assert careful.file == str(folder.root.resolve() / "suites/starter/scripted/careful.jsonl")
    assert [fault.place for fault in missing_files(cards)] == ["scripted/careful.file"]


def test_the_policy_of_the_design(folder):
    folder.write("registry/policies.yaml", POLICIES)
    (policy,) = load_policies(folder.home).values()
    assert policy.panel == ("openai/gpt-5.5", "anthropic/claude-opus-4-7", "google/gemini-3.1-pro")
    assert policy.extract == Extract(how="last", arg="number")
    assert policy.compare == Compare(name="numeric", options={"tolerance": 0, "currency": "required"})
    assert policy.rule == RiskLimit(alpha=0.01, fallback=Quorum(k=2))
    assert isinstance(policy.tiebreak, Tiebreak)
    assert (policy.on_divergence, policy.order, policy.deadline_s) == ("review", "cheap_first", 60.0)
    assert str(policy.max_cost_usd) == "0.50"


@pytest.mark.parametrize(
    ("written", "how", "arg"),
    [
        ("whole", "whole", ""),
        ("{last: number}", "last", "number"),
        ("{tag: answer}", "tag", "answer"),
        ("{json: $.total}", "json", "$.total"),
        ("{block: python}", "block", "python"),
        ("{choice: ABCD}", "choice", "ABCD"),
    ],
)
def test_every_way_to_read_an_answer(folder, written, how, arg):
    folder.write("registry/policies.yaml", POLICIES.replace("{last: number}", written, 1))
    (policy,) = load_policies(folder.home).values()
    assert policy.extract == Extract(how=how, arg=arg)


@pytest.mark.parametrize(
    "rule",
    ["{quorum: 2}", "{unanimous: true}", "{risk_limit: 0.01}", "{risk_limit: 0.01, fallback: {unanimous: true}}"],
)
@pytest.mark.parametrize("order", ["cheap_first", "accurate_first", "all_at_once", "value"])
def test_every_rule_and_order(folder, rule, order):
    text = POLICIES.replace("{risk_limit: 0.01, fallback: {quorum: 2}}", rule).replace("cheap_first", order, 1)
    folder.write("registry/policies.yaml", text.replace("mode: blind", "mode: judge"))
    (policy,) = load_policies(folder.home).values()
    assert policy.order == order


def test_the_suite_of_the_design(folder):
    folder.write("suites/ledger/suite.yaml", SUITE)
    folder.write("suites/ledger/requirements.lock", "pytest==9.0.0\n")
    folder.write("suites/ledger/repo.bundle", EMPTY_BUNDLE)
    write_task(folder, "ledger")
    suite = load_suite(folder.home, "ledger")
    assert (suite.name, suite.kind, suite.version, suite.solver) == ("ledger", "repo", 1, "patch")
    assert suite.task_class == "python.bugfix"
    assert suite.repo_path == folder.root.resolve() / "suites/ledger/repo.bundle"
    assert (suite.environment.install, suite.environment.lock) == ((".",), "requirements.lock")
    assert suite.min_isolation is Isolation.STANDARD
    assert suite.extract == Extract(how="last", arg="number")


def test_the_hand_written_task_of_the_design(folder):
    folder.write("suites/toy/suite.yaml", "kind: repo\nrepo: {path: repo}\n")
    folder.write("suites/toy/repo/ledger.py", "")
    write_task(folder, "toy")
    (task,) = load_suite(folder.home, "toy").tasks
    assert task.repo is not None
    assert task.repo.base_commit == "3d3dc9f"
    assert task.repo.f2p == ("tests/test_amount.py::test_thousands_separator",)
    assert task.repo.p2p == ("tests/test_ledger.py::test_total",)
    assert task.repo.hidden == {"tests/test_amount.py": b"def test_thousands_separator(): ...\n"}
    assert task.prompt.startswith("Amounts with thousands separators")
    assert task.task_class == "general"


def test_the_same_task_on_a_plain_folder(folder):
    folder.write("suites/toy/suite.yaml", "kind: repo\nrepo: {path: repo}\n")
    folder.write("suites/toy/repo/ledger.py", "x = 1\n")
    plain = "".join(line for line in TASK.splitlines(keepends=True) if "base_commit" not in line)
    write_task(folder, "toy", plain)
    before = load_suite(folder.home, "toy")
    assert before.tasks[0].repo is not None
    assert before.tasks[0].repo.base_commit is None
    folder.write("suites/toy/repo/ledger.py", "x = 2\n")
    assert load_suite(folder.home, "toy").digest != before.digest


@pytest.mark.parametrize(
    ("kind", "case", "solver"),
    [
        (
            "answer",
            {"id": "a", "prompt": "1 + 1?", "expected": "2", "task_class": "maths.sum", "meta": {"area": "x"}},
            "answer",
        ),
        ("answer", {"id": "a", "prompt": "Nobody knows."}, "answer"),
        ("code", {"id": "a", "prompt": "def f():", "tests": "def check(c): ...", "entry_point": "f"}, "code"),
    ],
)
def test_the_case_of_the_design(folder, kind, case, solver):
    folder.write("suites/s/suite.yaml", f"name: s\nkind: {kind}\n")
    folder.write("suites/s/cases.jsonl", json.dumps(case) + "\n")
    suite = load_suite(folder.home, "s")
    (task,) = suite.tasks
    assert suite.solver == solver
    assert (task.id, task.prompt) == ("a", case["prompt"])
    assert task.expected == case.get("expected")
    assert task.tests == case.get("tests")
    assert task.entry_point == case.get("entry_point")
    assert task.task_class == case.get("task_class", "general")
    assert dict(task.meta) == case.get("meta", {})


EMPTY_BUNDLE = (
    b"# v2 git bundle\n0123456789012345678901234567890123456789 refs/heads/main\n\n"
    b"PACK\x00\x00\x00\x02\x00\x00\x00\x00" + bytes.fromhex("029d08823bd8a8eab510ad6ac75c823cfd3ed31e")
)
"""A pack of no objects; its last 20 bytes are the SHA-1 of the 12 before them."""
