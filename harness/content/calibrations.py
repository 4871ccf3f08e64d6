"""``registry/calibration/<task class>.json``: what each policy's confidence is worth on one class of work.

::

    {
      "task_class": "finance.calculation",
      "policies": {
        "payments": {
          "format": 1,
          "revoked": {"at": "2026-11-20T02:00:00Z", "why": "…"},     # only after an alarm
          "task_class": "finance.calculation", "policy": "payments", "policy_version": "5c1d…",
          "comparator": "numeric@3",
          "labels": 412, "data_hash": "…", "fitted_at": "2026-11-20T02:00:00Z", "versions": {"harness": "0.1.0"},
          "sources": ["4f1d0c2a9b7e"],                               # runs whose grades are the labels
          "order": "value", "delta": 0.1,
          "scores": {"accuracy": …, "ece": …, "brier": …, "aurc": …},
          "thresholds": [{"risk_limit": 0.01, "certified": true, "threshold": 0.9967, …}],
          "models": [{"id": "openai/gpt-5.5", "cost": 1.0, "accuracy": […], …}],
          …
        }
      }
    }

Written by ``harness calibrate`` and by the drift alarm; meant to be reviewed and committed. A file that was edited into
nonsense is refused, with every fault at once: nothing is served on a calibration that does not add up.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from harness.consensus.calibration import Calibration, Revocation, from_json, upper_bound
from harness.content.documents import parse_json, read_bytes
from harness.content.faults import Faults, nearest, show
from harness.content.fields import ClassName, Count, Member, Name, Number, Positive, Share, Spec, plain_class
from harness.content.home import Home
from harness.content.replacing import replace_file
from harness.core.errors import ConfigError, Fault, FaultsError
from harness.core.hashing import Json
from harness.core.ids import PolicyName, TaskClass
from harness.core.policy import Order

FOLDER: Final = "calibration"
FILE_BYTES: Final = 8 << 20
_WIDTH: Final = 120

Calibrations = Mapping[tuple[TaskClass, PolicyName], Calibration]
"""By class of work and policy."""

_Inside = Annotated[Number, Field(gt=0, lt=1)]


class _Moments(Spec):
    n: Count
    mean: Number
    variance: Annotated[Number, Field(ge=0)]


class _Model(Spec):
    id: Member
    cost: Annotated[Number, Field(gt=0)]
    answering: Annotated[Number, Field(gt=0, le=1)]
    accuracy: Annotated[list[_Inside], Field(min_length=1, max_length=16)]
    attraction: list[Annotated[Number, Field(ge=0, lt=1)]]
    agreement: Number | None
    baseline: _Moments


class _Threshold(Spec):
    risk_limit: _Inside
    certified: bool
    threshold: _Inside | None
    served: Count
    errors: Count
    coverage: Share
    risk_upper: Share
    calls_mean: Annotated[Number, Field(ge=0)]
    cost_mean: Annotated[Number, Field(ge=0)]
    labels_missing: Count | None

    @model_validator(mode="after")
    def _consistent(self) -> "_Threshold":
        if self.certified != (self.threshold is not None):
            raise ValueError("a threshold belongs to a certified limit, and to no other")
        if self.errors > self.served:
            raise ValueError(f"errors: {self.errors} are more than the {self.served} served")
        if self.certified and self.risk_upper > self.risk_limit:
            raise ValueError(f"risk_upper: {self.risk_upper:g} is above the certified limit of {self.risk_limit:g}")
        return self


class _Head(Spec):
    kind: Literal["raw", "platt", "logistic"]
    intercept: Number
    slope: Number
    spread: Number
    second: Number
    missing: Number


class _Scores(Spec):
    accuracy: Share
    ece: Share
    brier: Share
    aurc: Share


class _Revoked(Spec):
    at: str
    why: str


class _Document(Spec):
    format: Literal[1]
    revoked: _Revoked | None = None
    task_class: ClassName
    policy: Name
    policy_version: str
    comparator: str
    labels: Positive
    data_hash: str
    fitted_at: str
    versions: dict[str, str]
    sources: list[str] = Field(default_factory=list)
    order: Order
    delta: _Inside
    scores: _Scores
    thresholds: list[_Threshold]
    models: Annotated[list[_Model], Field(min_length=2)]
    difficulty: Annotated[list[Annotated[Number, Field(gt=0, le=1)]], Field(min_length=1, max_length=16)]
    coincidence: _Inside
    head: _Head
    baseline: _Moments

    @model_validator(mode="after")
    def _consistent(self) -> "_Document":
        problem = next(self._problems(), None)
        if problem is not None:
            raise ValueError(problem)
        return self

    def _problems(self) -> Iterator[str]:
        classes = len(self.difficulty)
        if abs(sum(self.difficulty) - 1) > 1e-6:
            yield f"difficulty: {sum(self.difficulty):g} is the sum; shares of the classes make 1"
        names = [model.id for model in self.models]
        for model in self.models:
            if names.count(model.id) > 1:
                yield f"models: {model.id!r} is there twice"
            if not len(model.accuracy) == len(model.attraction) == classes:
                yield f"models: {model.id!r} needs {classes} values of accuracy and of attraction, one per difficulty"
            if (model.agreement is None) == (self.head.kind == "logistic"):
                yield f"models: {model.id!r}: agreement goes with a logistic head, and with no other"
        for limit in self.thresholds:
            yield from self._overclaims(limit)

    def _overclaims(self, limit: _Threshold) -> Iterator[str]:
        """A certificate that its own counts do not bear out."""
        if limit.served > self.labels:
            yield f"thresholds: {limit.served} served of {self.labels} labels"
        least = upper_bound(limit.errors, limit.served, delta=self.delta)
        if limit.certified and least > limit.risk_limit * (1 + 1e-9):
            yield (
                f"thresholds: a limit of {limit.risk_limit:g} is not certified by {limit.errors} errors among "
                f"{limit.served} served: up to {least:.4f} may be wrong"
            )


class _File(Spec):
    task_class: ClassName
    policies: dict[Name, Json]


def calibration_path(home: Home, task_class: TaskClass) -> Path:
    """The file of *task_class*. Raises ConfigError for a name that is no class of work."""
    if not plain_class(task_class):
        raise ConfigError(f"registry/calibration: {show(task_class)} is no task class like 'finance.calculation'")
    return home.registry / FOLDER / f"{task_class}.json"


def load_calibrations(home: Home) -> Calibrations:
    """Every calibration of *home*, revoked ones included. Raises FaultsError with all faults of all files."""
    found: dict[tuple[TaskClass, PolicyName], Calibration] = {}
    faults: list[Fault] = []
    for path in sorted((home.registry / FOLDER).glob("*.json")):
        try:
            for policy, calibration in _calibrations(path).items():
                found[calibration.task_class, policy] = calibration
        except FaultsError as error:
            faults.extend(error.faults)
        except ConfigError as error:
            faults.append(Fault(file=str(path), place="", problem=str(error).removeprefix(f"{path}: ")))
    if faults:
        raise FaultsError(faults)
    return found


def load_calibration(home: Home, task_class: TaskClass, policy: PolicyName) -> Calibration | None:
    """The calibration of *policy* on *task_class*; None when there is none. Raises ConfigError for a faulty file."""
    path = calibration_path(home, task_class)
    return _calibrations(path).get(policy) if path.exists() else None


def write_calibration(home: Home, calibration: Calibration) -> Path:
    """Put *calibration* into the file of its class, in one step; other policies of the class stay as they are.

    Returns the file. Raises ConfigError when the file that is there is faulty, or the folder cannot be written.
    """
    path = calibration_path(home, calibration.task_class)
    faults, document = Faults(str(path)), calibration.to_json()
    _check(faults, path, calibration.policy, document)
    faults.done()
    documents = {**(_documents(path) if path.exists() else {}), calibration.policy: document}
    ordered = {name: documents[name] for name in sorted(documents)}
    replace_file(path, _rendered({"task_class": calibration.task_class, "policies": ordered}, "") + "\n")
    return path


def revoke_calibration(home: Home, task_class: TaskClass, policy: PolicyName, *, at: str, why: str) -> Path:
    """Mark a calibration as no longer believed: it certifies nothing until *policy* is calibrated again.

    *at* is UTC, RFC 3339. Returns the file. Raises ConfigError when there is no such calibration.
    """
    path = calibration_path(home, task_class)
    known = _calibrations(path) if path.exists() else {}
    if policy not in known:
        raise ConfigError(f"{path}: no calibration of policy {policy!r}; {nearest(policy, known)}")
    return write_calibration(home, replace(known[policy], revoked=Revocation(at=at, why=why)))


def _calibrations(path: Path) -> dict[PolicyName, Calibration]:
    faults = Faults(str(path))
    documents = _documents(path)
    for name, document in documents.items():
        _check(faults, path, name, document)
    faults.done()
    return {
        PolicyName(name): from_json(document, file=f"{path}: policies.{name}") for name, document in documents.items()
    }


def _check(faults: Faults, path: Path, name: str, document: Json) -> None:
    place = f"policies.{name}"
    spec = faults.check(_Document, document, place)
    if spec is not None and (spec.task_class, spec.policy) != (path.stem, name):
        faults.add(place, f"is the calibration of {spec.policy!r} on {spec.task_class!r}, and belongs there")


def _documents(path: Path) -> dict[str, Json]:
    """The document of each policy, as it stands in the file."""
    faults = Faults(str(path))
    value: Json = None
    try:
        value = parse_json(read_bytes(path, limit_bytes=FILE_BYTES))
    except ValueError as error:
        faults.add("", str(error))
    faults.done()
    spec = faults.check(_File, value)
    if spec is not None and spec.task_class != path.stem:
        faults.add("task_class", f"{spec.task_class!r} is in the file of {path.stem!r}")
    faults.done()
    assert spec is not None, "without faults there is a value"
    return dict(spec.policies)


def _rendered(value: Json, indent: str) -> str:
    """JSON with what fits on a line on one line, and else one item per line: made to be read and compared."""
    flat = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if not isinstance(value, dict | list) or len(indent) + len(flat) <= _WIDTH:
        return flat
    deeper = f"{indent}  "
    if isinstance(value, list):
        return _block("[]", [_rendered(item, deeper) for item in value], indent)
    named = [f"{json.dumps(key, ensure_ascii=False)}: {_rendered(item, deeper)}" for key, item in value.items()]
    return _block("{}", named, indent)


def _block(brackets: str, items: Sequence[str], indent: str) -> str:
    inside = ",\n".join(f"{indent}  {item}" for item in items)
    return f"{brackets[0]}\n{inside}\n{indent}{brackets[1]}"
