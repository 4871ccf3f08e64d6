"""What calibration leaves behind: one file per task class and policy, meant to be read, reviewed and committed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar, get_args

from harness.consensus.calibration.certify import Threshold
from harness.consensus.calibration.drift import Baseline, Moments
from harness.consensus.calibration.estimate import Estimator
from harness.consensus.calibration.head import Head, Kind
from harness.consensus.calibration.model import Parameters
from harness.core.errors import ConfigError
from harness.core.hashing import Json, digest, plain
from harness.core.ids import ModelId, PolicyName, TaskClass
from harness.core.policy import Order

FORMAT = 1
_Noun = TypeVar("_Noun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """How good the confidences are on complete panels, cross-validated."""

    accuracy: float
    """Share of top answers that are right, all served."""
    ece: float
    brier: float
    aurc: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """Why a calibration is no longer believed."""

    at: str
    """UTC, RFC 3339."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A policy's confidence on one task class, and the risk limits it may promise."""

    task_class: TaskClass
    policy: PolicyName
    policy_version: str
    comparator: str
    """``name@version``: groups made by another version are other votes."""
    models: tuple[ModelId, ...]
    """In the order of all tuples per model."""
    order: Order
    cost: tuple[float, ...]
    """Relative, per model: the certified policy asks in the order they imply."""
    labels: int
    parameters: Parameters
    head: Head
    delta: float
    """Chance that a certificate is wrong."""
    thresholds: tuple[Threshold, ...]
    """One per risk limit, strictest first."""
    scores: Scores
    baseline: Baseline
    data_hash: str
    """SHA-256 of the labelled votes."""
    fitted_at: str
    """UTC, RFC 3339."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the software that fitted it."""
    sources: tuple[str, ...] = ()
    """Ids of the runs whose grades are the labels."""
    revoked: Revocation | None = None
    """Set by an alarm: certifies nothing until it is fitted again."""

    @property
    def version(self) -> str:
        """Hash of everything that can change a decision: first 12 hexadecimal digits."""
        return digest(replace(self, revoked=None, sources=()))[:12]

    def estimator(self) -> Estimator:
        """The fitted model with its head."""
        return Estimator(self.parameters, self.head)

    def certificate(self, risk_limit: float) -> Threshold | None:
        """The certified threshold of the loosest limit that is not above *risk_limit*; None without one.

        A revoked calibration has none.
        """
        if self.revoked is not None:
            return None
        fitting = [t for t in self.thresholds if t.certified and t.risk_limit <= risk_limit * (1 + 1e-12)]
        return max(fitting, key=lambda t: t.risk_limit, default=None)

    def mismatch(self, *, policy_version: str, comparator: str) -> str | None:
        """Why this calibration does not speak for such votes; None when it does."""
        if self.revoked is not None:
            return f"the calibration was revoked on {self.revoked.at}: {self.revoked.why}"
        if comparator != self.comparator:
            return f"calibrated with the comparator {self.comparator}, not {comparator}"
        if policy_version != self.policy_version:
            return f"calibrated for version {self.policy_version} of {self.policy}, not {policy_version}"
        return None

    def to_json(self) -> dict[str, Json]:
        """Plain JSON; :func:`from_json` gives back an equal value. What is known per model stands together."""
        p, head = self.parameters, self.head
        everything: Any = plain(self)
        bits = head.agreement or (None,) * len(self.models)
        members = [
            {
                "id": model,
                "cost": self.cost[i],
                "answering": p.answering[i],
                "accuracy": list(p.accuracy[i]),
                "attraction": list(p.attraction[i]),
                "agreement": bits[i],
                "baseline": everything["baseline"]["models"][i],
            }
            for i, model in enumerate(self.models)
        ]
        kept = ("task_class", "policy", "policy_version", "comparator", "labels", "data_hash", "fitted_at", "versions")
        head_json = {key: value for key, value in everything["head"].items() if key != "agreement"}
        return {
            "format": FORMAT,
            **({} if self.revoked is None else {"revoked": everything["revoked"]}),
            **{key: everything[key] for key in kept},
            **({"sources": list(self.sources)} if self.sources else {}),
            "order": self.order,
            "delta": self.delta,
            "scores": everything["scores"],
            "thresholds": everything["thresholds"],
            "models": members,
            "difficulty": list(p.difficulty),
            "coincidence": p.coincidence,
            "head": head_json,
            "baseline": everything["baseline"]["panel"],
        }


def from_json(value: Json, *, file: str = "calibration") -> Calibration:
    """The calibration that :meth:`Calibration.to_json` wrote. Raises ConfigError naming *file* and the key."""
    top = _object(value, file, "")
    if top.get("format") != FORMAT:
        raise ConfigError(f"{file}: format: {top.get('format')!r}; this version reads {FORMAT}")
    models = _list(top, "models", file)
    rows = [_object(row, file, f"models[{i}]") for i, row in enumerate(models)]
    heading = _object(top.get("head"), file, "head")
    bits = _column(rows, "agreement", file)
    logistic = heading.get("kind") == "logistic"
    try:
        head = _noun(Head, {**heading, "agreement": bits if logistic else ()}, file, "head")
        found = Calibration(
            **{key: top[key] for key in ("task_class", "policy", "policy_version", "comparator", "labels")},
            **{key: top[key] for key in ("order", "delta", "data_hash", "fitted_at")},
            models=_column(rows, "id", file),
            cost=_column(rows, "cost", file),
            parameters=Parameters(
                difficulty=tuple(top["difficulty"]),
                accuracy=tuple(map(tuple, _column(rows, "accuracy", file))),
                attraction=tuple(map(tuple, _column(rows, "attraction", file))),
                coincidence=top["coincidence"],
                answering=_column(rows, "answering", file),
            ),
            head=head,
            thresholds=tuple(_noun(Threshold, row, file, "thresholds") for row in _list(top, "thresholds", file)),
            scores=_noun(Scores, top["scores"], file, "scores"),
            baseline=Baseline(
                panel=_noun(Moments, top["baseline"], file, "baseline"),
                models=tuple(_noun(Moments, row, file, "baseline") for row in _column(rows, "baseline", file)),
            ),
            versions=dict(top["versions"]),
            sources=tuple(top.get("sources", ())),
            revoked=None if top.get("revoked") is None else _noun(Revocation, top["revoked"], file, "revoked"),
        )
    except KeyError as missing:
        raise ConfigError(f"{file}: the key {missing} is missing") from None
    except TypeError as wrong:
        raise ConfigError(f"{file}: a value has the wrong type: {wrong}") from None
    _check(found, file)
    return found


def _check(calibration: Calibration, file: str) -> None:
    """The numbers must be probabilities where they are used as such: a hand-edited file must not serve nonsense."""
    p = calibration.parameters
    classes = len(p.difficulty)
    inside = [*p.difficulty, p.coincidence, *p.answering, *(a for row in p.accuracy for a in row)]
    checks = {
        "models": len(calibration.models) >= 2 and len(set(calibration.models)) == len(calibration.models),
        "accuracy": all(len(row) == classes for row in (*p.accuracy, *p.attraction))
        and all(0 < x <= 1 for x in inside),
        "attraction": all(0 <= s < 1 for row in p.attraction for s in row)
        and all(a < 1 for r in p.accuracy for a in r),
        "difficulty": abs(sum(p.difficulty) - 1) < 1e-6 and p.coincidence < 1,
        "cost": all(c > 0 for c in calibration.cost),
        "order": calibration.order in get_args(Order),
        "head": calibration.head.kind in get_args(Kind),
        "thresholds": all((t.threshold is not None) == t.certified for t in calibration.thresholds),
    }
    for key, holds in checks.items():
        if not holds:
            raise ConfigError(f"{file}: {key}: values out of range; write the file with `harness calibrate`")


def _noun(kind: type[_Noun], value: Json, file: str, place: str) -> _Noun:
    given = _object(value, file, place)
    known = {one.name for one in fields(kind)}  # type: ignore[arg-type]  # every kind passed in is a dataclass
    if unknown := sorted(given.keys() - known):
        raise ConfigError(f"{file}: {place}: unknown key {unknown[0]!r}; there are: {', '.join(sorted(known))}")
    return kind(**given)


def _object(value: Json, file: str, place: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise ConfigError(f"{file}: {place or 'the document'} is {value!r}; an object is needed")
    return value


def _list(value: Mapping[str, Json], key: str, file: str) -> list[Json]:
    found = value.get(key)
    if not isinstance(found, list):
        raise ConfigError(f"{file}: {key} is {found!r}; a list is needed")
    return found


def _column(rows: list[dict[str, Json]], key: str, file: str) -> tuple[Json, ...]:
    for i, row in enumerate(rows):
        if key not in row:
            raise ConfigError(f"{file}: models[{i}]: the key {key!r} is missing")
    return tuple(row[key] for row in rows)
