"""The whole registry at once; each file can also be loaded on its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from harness.content.calibrations import Calibrations, load_calibrations
from harness.content.cards import load_cards
from harness.content.home import Home
from harness.content.matrices import load_matrix
from harness.content.policies import load_policies
from harness.content.routes import load_routing
from harness.content.schedules import Schedule, load_schedules
from harness.core.card import Card
from harness.core.errors import Fault, FaultsError
from harness.core.ids import ModelId, PolicyName
from harness.core.policy import Policy
from harness.routing import Matrix, Routing

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Everything under ``registry/``."""

    cards: Mapping[ModelId, Card]
    policies: Mapping[PolicyName, Policy]
    """May name models that have no card: they can be replayed, not asked."""
    routing: Routing
    matrix: Matrix
    schedules: Mapping[str, Schedule]
    calibrations: Calibrations
    """Revoked ones included."""


def load_registry(home: Home) -> Registry:
    """All files of *home*'s registry. Raises ConfigError without models.yaml, FaultsError with all files' faults."""
    faults: list[Fault] = []
    cards = _loaded(load_cards, home, faults)
    policies = _loaded(load_policies, home, faults)
    routing = _loaded(load_routing, home, faults)
    matrix = _loaded(load_matrix, home, faults)
    schedules = _loaded(load_schedules, home, faults)
    calibrations = _loaded(load_calibrations, home, faults)
    if cards is None or policies is None or routing is None or matrix is None or schedules is None:
        raise FaultsError(faults)
    if calibrations is None:
        raise FaultsError(faults)
    return Registry(
        cards=cards,
        policies=policies,
        routing=routing,
        matrix=matrix,
        schedules=schedules,
        calibrations=calibrations,
    )


def _loaded(load: Callable[[Home], _T], home: Home, faults: list[Fault]) -> _T | None:
    try:
        return load(home)
    except FaultsError as error:
        faults.extend(error.faults)
        return None
