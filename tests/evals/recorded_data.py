"""Turns the recorded third-party outputs into a home folder that ``harness import`` takes."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def rows(name: str) -> list[dict[str, Any]]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"recorded data {name} is not here")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def gsm8k_home(root: Path) -> Path:
    """A home with suite ``gsm8k`` and ``any-two``; writes ``outputs.jsonl`` beside it. The path of the outputs."""
    data = rows("gsm8k_models_dev.jsonl.gz")
    _suite(root, "gsm8k", "answer", "extract: {last: number}\ncompare: {name: numeric, currency: ignore, unit: ignore}")
    cases = [{"id": row["id"], "prompt": row["question"], "expected": row["gold"]} for row in data]
    _lines(root / "suites/gsm8k/cases.jsonl", cases)
    (root / "registry").mkdir()
    (root / "registry/models.yaml").write_text("models: []\n")
    (root / "registry/policies.yaml").write_text(
        "policies:\n"
        "  any-two:\n"
        "    panel: [gpt-4-1106, mixtral-8x7b, gpt3-175b-verification]\n"
        "    extract: {last: number}\n"
        "    compare: {name: numeric, currency: ignore, unit: ignore}\n"
        "    rule: {quorum: 2}\n"
        "    order: accurate_first\n"
    )
    outputs = [
        {"task_id": row["id"], "model": model, "text": output["text"]}
        for row in data
        for model, output in row["outputs"].items()
    ]
    _lines(root / "outputs.jsonl", outputs)
    return root / "outputs.jsonl"


def humaneval_home(root: Path, *, every: int = 1) -> Path:
    """A home with suite ``humaneval``; solutions become epochs of one model. The path of the outputs."""
    data = rows("humaneval_codegen_dev.jsonl.gz")[::every]
    _suite(root, "humaneval", "code", "min_isolation: standard")
    cases = [
        {"id": row["id"], "prompt": row["prompt"], "tests": row["test"], "entry_point": row["entry_point"]}
        for row in data
    ]
    _lines(root / "suites/humaneval/cases.jsonl", cases)
    (root / "registry").mkdir()
    (root / "registry/models.yaml").write_text("models: []\n")
    outputs = [
        {"task_id": row["id"], "model": "codegen-16b", "epoch": epoch, "text": solution["code"]}
        for row in data
        for epoch, solution in enumerate(row["solutions"])
    ]
    _lines(root / "outputs.jsonl", outputs)
    return root / "outputs.jsonl"


def _suite(root: Path, name: str, kind: str, more: str) -> None:
    (root / "suites" / name).mkdir(parents=True)
    (root / "suites" / name / "suite.yaml").write_text(
        f"name: {name}\nkind: {kind}\nversion: 1\ntask_class: recorded.{name}\nsource: cases.jsonl\n{more}\n"
    )


def _lines(path: Path, items: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
