"""What holds for every noun of the room: frozen, slotted, keyword-only, and usable with only the standard library."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path

import pytest

import harness.core

ROOT = Path(__file__).parents[2]
MODULES = [importlib.import_module(f"harness.core.{each.name}") for each in pkgutil.iter_modules(harness.core.__path__)]
KEEPS_ITS_HASH = ("Request",)
"""Not slotted: its hash is asked for several times a call."""
NOUNS = [
    kind
    for module in MODULES
    for _, kind in inspect.getmembers(module, is_dataclass)
    if inspect.isclass(kind) and kind.__module__ == module.__name__
]


def test_there_are_nouns():
    assert len(NOUNS) > 40


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_a_noun_is_frozen_slotted_and_keyword_only(noun):
    assert noun.__dataclass_params__.frozen
    assert "__slots__" in vars(noun) or noun.__name__ in KEEPS_ITS_HASH
    assert all(field.kw_only for field in fields(noun))
    assert noun.__doc__
    assert not noun.__doc__.startswith(f"{noun.__name__}("), "a docstring of its own"


def test_a_noun_cannot_be_changed():
    policy = importlib.import_module("harness.core.policy")
    with pytest.raises(FrozenInstanceError):
        policy.Quorum(k=2).k = 3


def test_the_room_needs_the_standard_library_only():
    names = ", ".join(module.__name__ for module in MODULES)
    script = (
        f"import sys; import {names}; tops = {{name.partition('.')[0] for name in sys.modules}}; "
        "print(*sorted(tops - set(sys.stdlib_module_names) - {'harness', '__main__'}))"
    )
    shown = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {script}"],
                           capture_output=True, text=True, check=True)  # fmt: skip
    assert shown.stdout.split() == []
