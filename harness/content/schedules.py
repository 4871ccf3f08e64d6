"""``registry/schedules.yaml``: runs that repeat.

::

    schedules:
      nightly:
        suite: ledger
        candidates: [openai/gpt-5.5, consensus/payments]
        cron: "0 2 * * *"            # minute hour day month weekday, in UTC
        epochs: 1
        limit: null                  # tasks; null: all
        max_cost_usd: 5.00           # of one run; null: no limit
        max_month_usd: 60.00         # of all its runs in a calendar month in UTC; null: no limit
        baseline: previous           # previous: the frozen one, else the last accepted runs | the id or name of a run
        margin: 0.03                 # loss of success rate below which nothing is told
        propose_matrix: false        # also write a proposal of the routing matrix
        alert_env: ALERT_WEBHOOK     # environment variable with the address that is told; null: nobody
        alert_via: webhook           # webhook: POST of JSON | apprise: any address Apprise knows (extra "notify")
        enabled: true

Only ``suite``, ``candidates`` and ``cron`` must be there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from cronsim import CronSim, CronSimError
from pydantic import Field, PlainValidator

from harness.content.documents import read_section
from harness.content.faults import Faults, show
from harness.content.fields import Candidate, Money, Name, Positive, Share, Spec, plain_name
from harness.content.home import Home
from harness.core.hashing import Json
from harness.core.ids import CandidateId, SuiteName

FILE: Final = "schedules.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One run that repeats."""

    name: str
    suite: SuiteName
    candidates: tuple[CandidateId, ...]
    cron: str
    """Five fields: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday), in UTC."""
    epochs: int = 1
    limit: int | None = None
    """Tasks; ``None``: all."""
    max_cost_usd: Decimal | None = None
    """Of one run."""
    max_month_usd: Decimal | None = None
    """Of all its runs in one calendar month, in UTC."""
    baseline: str = "previous"
    margin: float = 0.03
    """Loss of success rate, in [0, 1], below which nothing is told."""
    propose_matrix: bool = False
    alert_env: str | None = None
    """Name of the environment variable with the address that is told."""
    alert_via: Literal["webhook", "apprise"] = "webhook"
    enabled: bool = True


_ANY_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
_FIELDS: Final = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_PART: Final = re.compile(r"(\*|(?P<lo>\d{1,2})(-(?P<hi>\d{1,2}))?)(/(?P<step>\d{1,2}))?")


def parse_cron(value: Json) -> str:
    """*value* with single spaces, if it is five fields of numbers, ranges, lists and steps. Raises ValueError."""
    if not isinstance(value, str) or len(value.split()) != len(_FIELDS):
        raise ValueError(f'{show(value)} is not five fields: minute hour day month weekday; as in "0 2 * * *"')
    for text, (name, least, most) in zip(value.split(), _FIELDS, strict=True):
        for part in text.split(","):
            _check_part(part, name, least, most)
    cron = " ".join(value.split())
    if not _comes(cron):
        raise ValueError(f"{cron!r} never comes")
    return cron


def _comes(cron: str) -> bool:
    try:
        return next(CronSim(cron, _ANY_DAY), None) is not None
    except CronSimError:  # it knows days that no month has
        return False


def _check_part(part: str, name: str, least: int, most: int) -> None:
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError(f"{name}: {part!r} is no number, range, * or step")
    numbers = [int(match[group]) for group in ("lo", "hi") if match[group] is not None]
    if any(not least <= number <= most for number in numbers) or numbers != sorted(numbers):
        raise ValueError(f"{name}: {part!r} is not within {least}-{most}")
    if match["step"] is not None and int(match["step"]) == 0:
        raise ValueError(f"{name}: {part!r} has a step of 0")


class _Schedule(Spec):
    suite: Name
    candidates: Annotated[list[Candidate], Field(min_length=1)]
    cron: Annotated[str, PlainValidator(parse_cron)]
    epochs: Positive = 1
    limit: Positive | None = None
    max_cost_usd: Money | None = None
    max_month_usd: Money | None = None
    baseline: Annotated[str, Field(min_length=1)] = "previous"
    margin: Share = 0.03
    propose_matrix: bool = False
    alert_env: Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")] | None = None
    alert_via: Literal["webhook", "apprise"] = "webhook"
    enabled: bool = True


class _Schedules(Spec):
    schedules: dict[str, Any]


def load_schedules(home: Home) -> Mapping[str, Schedule]:
    """The schedules in the order of the file; none when there is no file. Raises FaultsError with all faults."""
    path = home.registry / FILE
    if not path.exists():
        return {}
    faults = Faults(str(path))
    top = faults.check(_Schedules, read_section(path))
    found: dict[str, Schedule] = {}
    for name, entry in (top.schedules if top else {}).items():
        if not plain_name(name):
            faults.add(f"schedules.{name}", f"{name!r} is no name of letters, digits, dots, dashes and underscores")
        spec = faults.check(_Schedule, entry, f"schedules.{name}")
        if spec is not None:
            found[name] = _schedule(name, spec)
    faults.done()
    return found


def _schedule(name: str, spec: _Schedule) -> Schedule:
    return Schedule(
        name=name,
        suite=SuiteName(spec.suite),
        candidates=tuple(map(CandidateId, spec.candidates)),
        cron=spec.cron,
        epochs=spec.epochs,
        limit=spec.limit,
        max_cost_usd=spec.max_cost_usd,
        max_month_usd=spec.max_month_usd,
        baseline=spec.baseline,
        margin=spec.margin,
        propose_matrix=spec.propose_matrix,
        alert_env=spec.alert_env,
        alert_via=spec.alert_via,
        enabled=spec.enabled,
    )
