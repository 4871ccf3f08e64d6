"""Every method of the reference file, called by its name with its inputs."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import harness.stats

REFERENCE = Path(__file__).parents[2].parent / "shared" / "data" / "stats_reference_dev.json"
NOT_IMPLEMENTED = {"change_points_dynp", "change_points_pelt", "page_hinkley", "wilcoxon_signed_rank"}
CASES = json.loads(REFERENCE.read_text())["dev"] if REFERENCE.exists() else []


def _agrees(found: Any, expected: Any, tolerance: float) -> bool:
    if expected is None or isinstance(expected, bool):
        return found is expected
    if isinstance(expected, list):
        return len(found) == len(expected) and all(
            _agrees(*pair, tolerance) for pair in zip(found, expected, strict=True)
        )
    return found is not None and math.isfinite(found) and abs(found - expected) <= tolerance


@pytest.mark.skipif(not CASES, reason=f"{REFERENCE} is absent")
def test_only_the_named_methods_are_missing():
    methods = {case["method"] for case in CASES}
    assert {method for method in methods if not hasattr(harness.stats, method)} == NOT_IMPLEMENTED


@pytest.mark.skipif(not CASES, reason=f"{REFERENCE} is absent")
@pytest.mark.parametrize(
    "case", [case for case in CASES if case["method"] not in NOT_IMPLEMENTED], ids=lambda case: case["id"]
)
def test_reference(case: dict[str, Any]):
    result = getattr(harness.stats, case["method"])(**case["inputs"])
    tolerance = case["tol"]
    for field, expected in case["expected"].items():
        allowed = tolerance.get(field, 1e-9) if isinstance(tolerance, dict) else tolerance
        assert _agrees(getattr(result, field), expected, allowed), (field, getattr(result, field), expected)


def test_exported_names_exist_once():
    assert len(set(harness.stats.__all__)) == len(harness.stats.__all__)
    assert all(hasattr(harness.stats, name) for name in harness.stats.__all__)


def test_importing_it_loads_neither_numpy_nor_scipy():
    code = "import harness.stats, sys; sys.exit(bool({'numpy', 'scipy'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
