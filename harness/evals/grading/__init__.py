"""Grading what can be executed: code against hidden tests, patches against a repository's tests.

Gathering and judging are two steps: ``grade_*`` runs things in a sandbox and returns facts, ``judge_*`` is pure.
"""

from harness.evals.environments import PreparedEnvironment
from harness.evals.grading.behaviour import observe
from harness.evals.grading.canary import Twin, twin
from harness.evals.grading.code import complete_module, grade_code, judge_code
from harness.evals.grading.environment import prepare
from harness.evals.grading.repo import Bench, Canaries, find_canaries, grade_repo, judge_repo
from harness.evals.grading.tree import base_tree, read_tree, write_files

__all__ = [
    "Bench",
    "Canaries",
    "PreparedEnvironment",
    "Twin",
    "base_tree",
    "complete_module",
    "find_canaries",
    "grade_code",
    "grade_repo",
    "judge_code",
    "judge_repo",
    "observe",
    "prepare",
    "read_tree",
    "twin",
    "write_files",
]
