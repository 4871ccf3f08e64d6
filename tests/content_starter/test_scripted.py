"""The scripted candidates: the files are what the build makes, every prompt has its row, strengths are as the README says."""

from collections import Counter
from types import ModuleType

import pytest

from harness.compare import comparator
from harness.content import Home, load_demo, load_registry, task_compare, task_extract
from harness.core.card import Card
from harness.core.hashing import Json
from harness.core.ids import ModelId, TraceId
from harness.core.request import user_request
from harness.core.response import Reply, Response
from harness.core.suite import Suite
from harness.core.trial import Grade
from harness.evals.answers import judge_answer
from harness.evals.patches import FormatFailure, parse
from harness.wire.scripted import Script, parse_script

from .conftest import SUITES

MODELS = ("careful", "quick", "sloppy")
RIGHT = {"careful": 39, "quick": 31, "sloppy": 19}
"""Of the 43 answer cases."""
FILES = {model: SUITES / "starter" / "scripted" / f"{model}.jsonl" for model in MODELS}


@pytest.fixture(scope="module")
def scripts() -> dict[str, Script]:
    return {model: parse_script(path.read_text("utf-8"), name=path.name) for model, path in FILES.items()}


@pytest.fixture(scope="module")
def cards(home: Home) -> dict[str, Card]:
    found = load_registry(home).cards
    return {model: found[ModelId(f"scripted/{model}")] for model in MODELS}


def say(script: Script, card: Card, prompt: str) -> Reply:
    return script.answer(user_request(prompt, trace_id=TraceId("t")), card).reply


def test_files_are_what_the_build_makes(make_scripted: ModuleType) -> None:
    built = make_scripted.build()
    for model, rows in built.items():
        lines = [make_scripted.json.dumps(row, ensure_ascii=False) for row in rows]
        assert FILES[model].read_text("utf-8").splitlines() == lines, f"run {make_scripted.__file__}"


def test_every_prompt_has_one_row(
    scripts: dict[str, Script], starter: Suite, code: Suite, ledger: Suite, home: Home
) -> None:
    prompts = [task.prompt for suite in (starter, code, ledger) for task in suite.tasks]
    prompts += [question.prompt for question in load_demo(home)]
    prompts += [
        "Answer with the single word: ready",
        "That could not be applied: …\nAnswer again with all blocks, corrected.",
    ]
    for script in scripts.values():
        assert len(script.rows) == len(prompts)
        for prompt in prompts:
            assert sum(row.when in prompt for row in script.rows) == 1, prompt[:80]


def test_files_shown_beside_a_statement_trigger_nothing(scripts: dict[str, Script], make_scripted: ModuleType) -> None:
    for script in scripts.values():
        for text in make_scripted._shown_files():
            assert not [row.when for row in script.rows if row.when in text]


def graded(scripts: dict[str, Script], cards: dict[str, Card], starter: Suite, model: str) -> dict[str, Grade]:
    grades = {}
    for task in starter.tasks:
        reply = say(scripts[model], cards[model], task.prompt)
        if not isinstance(reply, Response) or reply.finish.value != "stop":
            grades[str(task.id)] = Grade.LIMIT
            continue
        judge = comparator(task_compare(starter, task))
        grades[str(task.id)] = judge_answer(
            reply.text, task.expected, extract=task_extract(starter, task), judge=judge
        ).grade
    return grades


@pytest.mark.parametrize("model", MODELS)
def test_strength(scripts: dict[str, Script], cards: dict[str, Card], starter: Suite, model: str) -> None:
    grades = graded(scripts, cards, starter, model)
    assert Counter(grades.values())[Grade.RESOLVED] == RIGHT[model]


def test_all_kinds_of_trouble_occur(scripts: dict[str, Script]) -> None:
    rows = [row for script in scripts.values() for row in script.rows]
    assert {row.finish.value for row in rows} == {"stop", "refusal", "length"}
    assert {row.fault for row in rows if row.fault} == {"overloaded", "empty"}
    assert any("<answer>" not in text and "```" not in text for row in rows if not row.fault for text in row.texts)


def answers(scripts: dict[str, Script], cards: dict[str, Card], starter: Suite, model: str) -> dict[str, Json]:
    said = {str(task.id): say(scripts[model], cards[model], task.prompt) for task in starter.tasks}
    return {name: reply.text.rpartition("<answer>")[2] for name, reply in said.items() if isinstance(reply, Response)}


def test_some_mistakes_are_shared(scripts: dict[str, Script], cards: dict[str, Card], starter: Suite) -> None:
    """Two models that are wrong in the same way agree: what a vote cannot see."""
    quick, sloppy = (answers(scripts, cards, starter, model) for model in ("quick", "sloppy"))
    wrong = {name for name, grade in graded(scripts, cards, starter, "quick").items() if grade is Grade.NOT_RESOLVED}
    assert len({name for name in wrong if quick[name] == sloppy.get(name)}) >= 4


def test_one_is_slow_and_none_too_slow(scripts: dict[str, Script]) -> None:
    mean = {model: sum(row.latency_s for row in script.rows) / len(script.rows) for model, script in scripts.items()}
    assert mean["careful"] > 3 * mean["quick"]
    assert sum(row.latency_s for script in scripts.values() for row in script.rows) / 16 < 6


def test_demo_questions(scripts: dict[str, Script], cards: dict[str, Card], home: Home) -> None:
    """Agreed: the two of the panel say the same. Tiebreak: only the third settles it. Not served: three answers."""
    policy = load_registry(home).policies
    judge = comparator(next(each for name, each in policy.items() if name == "starter").compare)
    from harness.compare import read
    from harness.core.ballot import Answer, Extract, Relation

    for question in load_demo(home):
        said = {}
        for model in MODELS:
            reply = say(scripts[model], cards[model], question.prompt)
            assert isinstance(reply, Response)
            found = read(reply.text, Extract(how="tag", arg="answer"))
            assert isinstance(found, Answer)
            said[model] = found
        panel = judge(said["quick"], said["sloppy"]).relation is Relation.SAME
        settled = any(judge(said["careful"], said[model]).relation is Relation.SAME for model in ("quick", "sloppy"))
        assert (panel, settled) == {"agreed": (True, True), "tiebreak": (False, True), "not_served": (False, False)}[
            question.expect
        ]


def test_patches_are_read_as_patches(scripts: dict[str, Script], cards: dict[str, Card], ledger: Suite) -> None:
    formats: Counter[str] = Counter()
    for model in MODELS:
        for task in ledger.tasks:
            reply = say(scripts[model], cards[model], task.prompt)
            assert isinstance(reply, Response)
            edits = parse(reply.text)
            formats["none" if isinstance(edits, FormatFailure) else edits.format] += 1
    assert formats["search_replace"] >= 30
    assert formats["udiff"] == 2
    assert formats["whole_file"] == 1
    assert formats["none"] >= 2
