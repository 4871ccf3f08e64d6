"""Environments that a repository's tests run in: an interpreter, a lock with hashes, and nothing of the repository.

``make_for_commit`` works one out for a commit of a repository that nobody has described, ``make_for_suite`` makes the
one that a suite or a task writes down. The repository itself is never installed: its tree is put on the import path,
so that no copy of it is left where a submission's should be.
"""

from harness.evals.environments.commit import (
    CommitEnvironment,
    CommitNeeds,
    NoEnvironment,
    make_for_commit,
    needs_of,
    packaging_texts,
)
from harness.evals.environments.gathering import named_in
from harness.evals.environments.interpreters import Interpreter
from harness.evals.environments.leftovers import remove_leftovers, working_folder
from harness.evals.environments.modules import Missed, missed, plugins_for
from harness.evals.environments.own import generated_files, version_module
from harness.evals.environments.prepared import PreparedEnvironment
from harness.evals.environments.shelf import Shelf, open_shelf
from harness.evals.environments.suite import make_for_suite

__all__ = [
    "CommitEnvironment",
    "CommitNeeds",
    "Interpreter",
    "Missed",
    "NoEnvironment",
    "PreparedEnvironment",
    "Shelf",
    "generated_files",
    "make_for_commit",
    "make_for_suite",
    "missed",
    "named_in",
    "needs_of",
    "open_shelf",
    "packaging_texts",
    "plugins_for",
    "remove_leftovers",
    "version_module",
    "working_folder",
]
