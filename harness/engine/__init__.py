"""Asks one request of one candidate, whatever kind of thing the candidate is."""

from harness.engine.asking import Engine, Execute, Question, over_budget
from harness.engine.ballots import Role, ballot_of, missing_ballot
from harness.engine.behaviours import Observer
from harness.engine.candidates import Consensus, Directory, Model, Route, Target, directory_of
from harness.engine.judging import compare_two
from harness.engine.outcomes import alone
from harness.engine.session import Session, open_session, require_keys

__all__ = [
    "Consensus",
    "Directory",
    "Engine",
    "Execute",
    "Model",
    "Observer",
    "Question",
    "Role",
    "Route",
    "Session",
    "Target",
    "alone",
    "ballot_of",
    "compare_two",
    "directory_of",
    "missing_ballot",
    "open_session",
    "over_budget",
    "require_keys",
]
