"""Reads and checks every file that a user may edit, and returns core nouns. The only room that knows pydantic and YAML.

Every fault of a file is reported at once, as :class:`harness.core.errors.FaultsError`: file, place, value, what works.
"""

from harness.content.cards import load_cards, missing_files
from harness.content.demo import DemoQuestion, load_demo
from harness.content.home import CONTENT_FOLDERS, Home, find_home, packaged_home
from harness.content.matrices import load_matrix, matrix_versions, write_matrix
from harness.content.policies import load_policies
from harness.content.reading import task_compare, task_extract
from harness.content.registry import Registry, load_registry
from harness.content.routes import load_route_config, load_routing
from harness.content.scaffold import Scaffolded, scaffold
from harness.content.schedules import Schedule, load_schedules
from harness.content.suites import SuiteHead, list_suites, load_head, load_suite

__all__ = [
    "CONTENT_FOLDERS",
    "DemoQuestion",
    "Home",
    "Registry",
    "Scaffolded",
    "Schedule",
    "SuiteHead",
    "find_home",
    "list_suites",
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
    "matrix_versions",
    "missing_files",
    "packaged_home",
    "scaffold",
    "task_compare",
    "task_extract",
    "write_matrix",
]
