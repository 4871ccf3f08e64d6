"""Builds ../scripted/*.jsonl: what the three scripted candidates say to the starter, starter-code and ledger suites.

Run it after changing a case, an answer or an attempt: `python suites/starter/build/make_scripted.py`. Same input, same bytes.
Nothing here was said by any vendor's model: every text is written, or derived from a reference by a written mistake.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

SUITES = Path(__file__).resolve().parents[2]
STARTER, CODE, LEDGER = SUITES / "starter", SUITES / "starter-code", SUITES / "ledger"
MODELS = ("careful", "quick", "sloppy")
LATENCY_S = {"careful": (0.30, 0.60), "quick": (0.06, 0.14), "sloppy": (0.05, 0.12)}
REASONING = {"careful": 3, "quick": 0, "sloppy": 0}  # hidden tokens per visible one
PROBE = {"when": "Answer with the single word: ready", "text": "ready", "latency_s": 0.05, "comment": "harness models check"}
AGAIN = {
    "when": "Answer again with all blocks, corrected.",
    "text": "The change is the one I described above; please apply it as it is.",
    "usage": {"input": 12500, "output": 14},
    "latency_s": 0.1,
    "comment": "second try at a patch that could not be applied: no better",
}
SHOWN_TOKENS = {"ledger": 12_000}  # files beside the statement

Row = dict[str, Any]


def main() -> int:
    """Writes the three files; says how many rows each has."""
    for model, rows in build().items():
        path = STARTER / "scripted" / f"{model}.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        print(f"{path.relative_to(SUITES.parent)}: {len(rows)} rows")
    return 0


def build() -> dict[str, list[Row]]:
    """The rows of each model, in the order in which they are tried."""
    prompts = _prompts()
    rows: dict[str, list[Row]] = {model: [] for model in MODELS}
    for key, prompt in prompts.items():
        when = distinctive(key, prompts)
        for model in MODELS:
            rows[model].append(_row(model, key, when, prompt))
    for model in MODELS:
        rows[model] += [dict(PROBE), dict(AGAIN)]
    return rows


def distinctive(key: str, prompts: dict[str, str]) -> str:
    """The first words of a line of the prompt, as many as it takes for them to stand in no other prompt."""
    others = [text for other, text in prompts.items() if other != key] + _shown_files()
    for line in sorted(prompts[key].splitlines(), key=lambda line: len(line) < 30):
        words = line.split(" ")
        for count in range(7, len(words) + 7):
            start = " ".join(words[:count]).strip()
            if len(start) >= 12 and not any(start in text for text in others):
                return start
    message = f"{key}: no line of the prompt is distinctive"
    raise ValueError(message)


@functools.cache
def _shown_files() -> list[str]:
    """What repo prompts show beside the statement: every line of coinbook stands in one of these patches."""
    return [path.read_text(encoding="utf-8") for path in sorted((LEDGER / "build" / "patches").glob("*.patch"))]


def _prompts() -> dict[str, str]:
    prompts = {f"starter/{case['id']}": case["prompt"] for case in _jsonl(STARTER / "cases.jsonl")}
    for number, question in enumerate(_yaml(STARTER / "demo.yaml")["questions"]):
        prompts[f"demo/{number}"] = question["prompt"]
    prompts |= {f"code/{case['id']}": case["prompt"] for case in _jsonl(CODE / "cases.jsonl")}
    for folder in sorted((LEDGER / "tasks").glob("*/")):
        prompts[f"ledger/{folder.name}"] = (folder / "statement.md").read_text(encoding="utf-8")
    return prompts


def _row(model: str, key: str, when: str, prompt: str) -> Row:
    spec = _spec(model, key)
    row: Row = {"when": when}
    if "fault" in spec:
        row["fault"] = spec["fault"]
    else:
        row |= {"text": spec["text"], "finish": spec.get("finish", "stop")}
    tokens_out = max(1, len(row.get("text", "")) // 4)
    tokens_in = len(prompt) // 4 + 30 + SHOWN_TOKENS.get(key.partition("/")[0], 0)
    row["usage"] = {"input": tokens_in, "output": tokens_out, "reasoning": REASONING[model] * tokens_out}
    row["latency_s"] = spec.get("latency_s", _latency_s(model, key))
    if "comment" in spec:
        row["comment"] = spec["comment"]
    return row


def _spec(model: str, key: str) -> Row:
    suite, _, name = key.partition("/")
    if suite == "ledger":
        return _attempts().spec(model, name)
    if suite == "code":
        return _code_spec(model, name)
    if suite == "demo":
        return _answer_spec(model, _yaml(STARTER / "build" / "demo_answers.yaml")[int(name)], None)
    expected = next(case["expected"] for case in _jsonl(STARTER / "cases.jsonl") if case["id"] == name)
    return _answer_spec(model, _yaml(STARTER / "build" / "answers.yaml")[name], expected)


def _answer_spec(model: str, entry: Row, expected: Any) -> Row:
    spec = _checked(entry.get(model, {}))
    if "text" in spec or "fault" in spec:
        return spec
    said = spec.get("say", _in_the_style_of(model, expected))
    said = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    work = spec.get("work", entry["work"])
    spec["text"] = f"{work}\n<answer>{said}</answer>"
    return spec


def _checked(spec: Row) -> Row:
    unknown = spec.keys() - {"say", "text", "code", "work", "finish", "fault", "latency_s", "comment"}
    assert not unknown, f"unknown keys {sorted(unknown)} in {spec}: a comma inside braces wants quotes"
    return dict(spec)


def _in_the_style_of(model: str, expected: Any) -> Any:
    """The same value as another model would write it: `EUR 209.87` for `209.87 EUR`."""
    if model != "quick" or not isinstance(expected, str):
        return expected
    number, _, currency = expected.partition(" ")
    return f"{currency} {number}" if currency.isalpha() else expected


def _code_spec(model: str, name: str) -> Row:
    entry = _yaml(CODE / "build" / "answers.yaml").get(name, {})
    spec = _checked(entry.get(model, {}))
    if "text" in spec or "fault" in spec:
        return spec
    case = next(case for case in _jsonl(CODE / "cases.jsonl") if case["id"] == name)
    code = spec.get("code", case["reference"]).rstrip("\n")
    spec["text"] = f"{spec.get('say', 'Here is the function.')}\n\n```python\n{code}\n```"
    return spec


def _latency_s(model: str, key: str) -> float:
    low, high = LATENCY_S[model]
    share = int.from_bytes(hashlib.sha256(f"{model} {key}".encode()).digest()[:4], "big") / 2**32
    return round(low + share * (high - low), 3)


def _attempts() -> Any:
    """suites/ledger/build/attempts.py, loaded by path: suites are content and no package."""
    name = "ledger_attempts"
    if name not in sys.modules:
        found = importlib.util.spec_from_file_location(name, LEDGER / "build" / "attempts.py")
        assert found is not None
        assert found.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
    return sys.modules[name]


@functools.cache
def _jsonl(path: Path) -> list[Row]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


@functools.cache
def _yaml(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")) if path.exists() else {}


if __name__ == "__main__":
    raise SystemExit(main())
