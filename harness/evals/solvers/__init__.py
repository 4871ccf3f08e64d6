"""Solvers: one file each for ``answer`` and ``code`` (text), ``patch``, ``agent`` and ``command``, and what they share.

No solver sees a reference patch, a hidden test, the history after a task's base commit, or the work of another
candidate: agents get a copy of the base tree with one synthetic commit, in a sandbox without network.
"""

from harness.evals.solvers.agent import AgentSolver
from harness.evals.solvers.command import CommandSolver
from harness.evals.solvers.patch import PatchSolver, submission_of
from harness.evals.solvers.solved import FilesOf, Solved
from harness.evals.solvers.text import solve_text, text_submission
from harness.evals.solvers.workspace import Workshop

__all__ = [
    "AgentSolver",
    "CommandSolver",
    "FilesOf",
    "PatchSolver",
    "Solved",
    "Workshop",
    "solve_text",
    "submission_of",
    "text_submission",
]
