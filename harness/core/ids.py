"""Names that were checked once, as types: mypy sees a swap of two of them, the interpreter sees strings."""

from typing import NewType

ModelId = NewType("ModelId", str)
"""``"<vendor>/<name>"``, as spelled in ``registry/models.yaml``; also the id of an imported model without a card."""

CandidateId = NewType("CandidateId", str)
"""Anything that can be asked: a model id, ``consensus/<policy>``, ``route/<profile>``, ``builtin/<name>``."""

PolicyName = NewType("PolicyName", str)
"""A key of ``registry/policies.yaml``."""

ProfileName = NewType("ProfileName", str)
"""A key of ``registry/routing.yaml``'s profiles."""

SuiteName = NewType("SuiteName", str)
"""The folder name of a suite."""

TaskId = NewType("TaskId", str)
"""One task of a suite; unique within it."""

TaskClass = NewType("TaskClass", str)
"""What kind of work a task is, dotted: ``finance.calculation``. Rows of the routing matrix."""

GENERAL = TaskClass("general")
"""The class of a task that names none."""

RunId = NewType("RunId", str)
"""Hash of suite content, candidates, epochs, solver and parameters: the same command has the same id."""

VerdictId = NewType("VerdictId", str)
"""One outcome, as ``harness audit show`` and ``harness report evidence`` take it."""

TraceId = NewType("TraceId", str)
"""What a call belongs to: one trial of a run, or one question of a user."""

CallKey = NewType("CallKey", str)
"""Hash of (request, model, trace, purpose): the journal's index of what was already paid for."""
