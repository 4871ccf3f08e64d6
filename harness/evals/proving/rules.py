"""The rules by which a task is refused, in one table: name, and what it means."""

from typing import Final, Literal, get_args

Rule = Literal[
    "no_tests",
    "no_interpreter",
    "no_environment",
    "own_module_missing",
    "unnamed_dependency",
    "tests_do_not_run",
    "reference_fails",
    "already_passes",
    "no_core_f2p",
    "flaky",
    "grader_disagrees",
]

RULES: Final[dict[Rule, str]] = {
    "no_tests": "the fix brings no test file that pytest would collect",
    "no_interpreter": "no installed interpreter fits what the repository asks for",
    "no_environment": "its dependencies cannot be resolved or installed",
    "own_module_missing": "a module of the repository itself is not in its tree: it has to be built first",
    "unnamed_dependency": "the tests import something that no dependency file names: it is not guessed from an index",
    "tests_do_not_run": "with the reference applied, the test session does not come to its end",
    "reference_fails": "no test that fails before the reference passes after it",
    "already_passes": "every test of the fix passes before the reference, too",
    "no_core_f2p": "only tests that passed at the base with its own test files fail before: they tell nothing apart",
    "flaky": "no core test passes in every run of the reference and fails in every run without it",
    "grader_disagrees": "the grader does not resolve the task with its reference",
}
assert set(RULES) == set(get_args(Rule))
