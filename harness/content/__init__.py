"""Reads and checks every file that a user may edit, and returns core nouns. The only room that knows pydantic and YAML.

Every fault of a file is reported at once, as :class:`harness.core.errors.FaultsError`: file, place, value, what works.
"""

from harness.content.baselines import FrozenBaseline, load_baselines, write_baselines
from harness.content.calibrations import (
    Calibrations,
    calibration_path,
    load_calibration,
    load_calibrations,
    revoke_calibration,
    write_calibration,
)
from harness.content.cards import load_cards, missing_files
from harness.content.demo import DemoQuestion, load_demo
from harness.content.home import CONTENT_FOLDERS, Home, find_home, packaged_home
from harness.content.matrices import load_matrix, matrix_text, matrix_versions, write_matrix
from harness.content.policies import load_policies
from harness.content.reading import task_compare, task_extract
from harness.content.registry import Registry, load_registry
from harness.content.routes import load_route_config, load_routing
from harness.content.scaffold import Scaffolded, scaffold
from harness.content.schedules import Schedule, load_schedules
from harness.content.solver_fields import task_limits
from harness.content.suites import SuiteHead, list_suites, load_head, load_suite

__all__ = [
    "CONTENT_FOLDERS",
    "Calibrations",
    "DemoQuestion",
    "FrozenBaseline",
    "Home",
    "Registry",
    "Scaffolded",
    "Schedule",
    "SuiteHead",
    "calibration_path",
    "find_home",
    "list_suites",
    "load_baselines",
    "load_calibration",
    "load_calibrations",
    "load_cards",
    "load_demo",
    "load_head",
    "load_matrix",
    "load_policies",
    "load_registry",
    "load_route_config",
    "load_routing",
    "load_schedules",
    "load_suite",
    "matrix_text",
    "matrix_versions",
    "missing_files",
    "packaged_home",
    "revoke_calibration",
    "scaffold",
    "task_compare",
    "task_extract",
    "task_limits",
    "write_baselines",
    "write_calibration",
    "write_matrix",
]
