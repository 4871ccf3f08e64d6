"""Whatever stands in a file: it loads, or it is a fault in words. Nothing else escapes."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.content import (
    Home,
    load_cards,
    load_matrix,
    load_policies,
    load_routing,
    load_schedules,
    load_suite,
)
from harness.core.errors import ConfigError

FILES: dict[str, tuple[str, Callable[[Home], object], Any]] = {
    "models": (
        "registry/models.yaml",
        load_cards,
        {
            "models": [
                {
                    "id": "a/b",
                    "api": "gemini",
                    "context": {"max": 9, "reliable": 8},
                    "supports": ["tools"],
                    "compliance": ["pii_safe"],
                    "price": {
                        "input": 1,
                        "output": 2,
                        "as_of": "2026-11-20",
                        "tiers": [{"above": 5, "input": 1, "output": 1}],
                    },
                    "limits": {"concurrency": 3},
                    "options": {"x": [1, {"y": 2.5}]},
                    "key_env": "KEY",
                }
            ]
        },
    ),
    "policies": (
        "registry/policies.yaml",
        load_policies,
        {
            "policies": {
                "p": {
                    "panel": ["a/a", "b/b"],
                    "rule": {"risk_limit": 0.01, "fallback": {"quorum": 2}},
                    "extract": {"choice": "ABCD"},
                    "compare": {"name": "numeric", "tolerance": 0, "currency": "required"},
                    "tiebreak": {"model": "a/a", "mode": "blind"},
                    "max_cost_usd": 0.5,
                }
            }
        },
    ),
    "routing": (
        "registry/routing.yaml",
        load_routing,
        {
            "default": "p",
            "profiles": {"p": {"candidates": ["a/a"], "weights": {"cost": 1}, "needs": ["tools"], "on_budget": "p"}},
            "guards": {"context": {"above": 5}, "compliance": {"approved": ["a"]}},
            "fallback": {"breaker": {"failures": 3}},
        },
    ),
    "legacy": (
        "registry/routing.yaml",
        load_routing,
        {
            "routing": {
                "context": {"reliability_threshold": 6},
                "profiles": {
                    "p": {"model": "m", "provider": "openai", "cost_weight": 0.8},
                    "cost_sensitive": {"model": "n", "provider": "x"},
                },
                "evaluation": {"scoreWeights": {"cost": 0.5, "latency": 0.5}},
                "fallback": {"circuitBreaker": {"failureThreshold": 3}},
                "compliance": {"piiSafeModels": ["m"]},
            }
        },
    ),
    "matrix": (
        "registry/matrix.yaml",
        load_matrix,
        {
            "version": 1,
            "choices": {"x": {"candidate": "a/a", "why": "y"}},
            "cells": [
                {
                    "task_class": "x",
                    "candidate": "a/a",
                    "n_tasks": 30,
                    "quality": 0.5,
                    "quality_lo": 0.4,
                    "quality_hi": 0.6,
                    "runs": ["r"],
                }
            ],
        },
    ),
    "schedules": (
        "registry/schedules.yaml",
        load_schedules,
        {"schedules": {"n": {"suite": "s", "candidates": ["a/a"], "cron": "0 2 * * *", "max_cost_usd": 5}}},
    ),
    "suite": (
        "suites/s/suite.yaml",
        lambda home: load_suite(home, "s"),
        {
            "name": "s",
            "kind": "answer",
            "source": "cases.jsonl",
            "environment": {"install": ["."], "timeout_s": 5},
            "extract": {"last": "number"},
            "compare": {"name": "numeric"},
        },
    ),
    "task": (
        "suites/r/tasks/t/task.yaml",
        lambda home: load_suite(home, "r"),
        {
            "id": "t",
            "tests": {"f2p": ["a.py::x"], "p2p": ["a.py::y"], "origin": {"a.py::x": "new"}},
            "statement": {"source": "human"},
            "environment": {"timeout_s": 5},
            "meta": {"x": [1]},
        },
    ),
    "case": (
        "suites/s/cases.jsonl",
        lambda home: load_suite(home, "s"),
        {
            "id": "a",
            "prompt": "p",
            "expected": {"x": 1},
            "choices": ["x", "y"],
            "meta": {"k": [1]},
            "compare": {"name": "exact"},
        },
    ),
}

EXAMPLES = 25

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in *value* with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("home")
    for name, text in {
        "registry/x": "",
        "suites/s/suite.yaml": "kind: answer\n",
        "suites/s/cases.jsonl": '{"id": "a", "prompt": "p"}\n',
        "suites/r/suite.yaml": "kind: repo\nrepo: {path: repo}\n",
        "suites/r/repo/a.py": "",
        "suites/r/tasks/t/statement.md": "Do it.",
        "suites/r/tasks/t/reference.patch": "",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Home(root=root, why="test", state=root / ".harness")


def load(home: Home, path: str, read: Callable[[Home], object], text: str) -> None:
    file: Path = home.root / path
    before = file.read_text() if file.exists() else None
    file.write_text(text)
    try:
        read(home)
    finally:
        if before is None:
            file.unlink()
        else:
            file.write_text(before)


@pytest.mark.parametrize("name", FILES)
def test_the_files_themselves_load(home, name):
    path, read, document = FILES[name]
    load(home, path, read, json.dumps(document) + "\n")


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_value_in_any_place_loads_or_is_a_fault_in_words(home, name, data):
    path, read, document = FILES[name]
    changed = copy.deepcopy(document)
    container, key = data.draw(st.sampled_from(list(places(changed))))
    if data.draw(st.booleans()):
        container[key] = data.draw(VALUES)
    elif isinstance(container, dict):
        container[data.draw(st.text(max_size=8))] = container.pop(key)
    else:
        container.extend(copy.deepcopy(container))
    said = str(home.root)
    try:
        load(home, path, read, json.dumps(changed, ensure_ascii=data.draw(st.booleans())) + "\n")
    except ConfigError as error:
        said = str(error)
    assert str(home.root) in said


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=st.binary(max_size=60) | st.text(alphabet="ab:-[]{}#&*!|>'\"%@\n \t,?", max_size=60).map(str.encode))
def test_any_bytes_load_or_are_a_fault_in_words(home, body):
    file = home.root / "registry/policies.yaml"
    file.write_bytes(body)
    said = str(file)
    try:
        load_policies(home)
    except ConfigError as error:
        said = str(error)
    finally:
        file.unlink()
    assert "policies.yaml" in said
