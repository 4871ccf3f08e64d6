"""``registry/baselines.yaml``: the runs that a suite's regressions are measured against; see ``harness baseline``.

::

    baselines:
      ledger:
        runs: [3f2a9c01d4e5, 77b0c2d41a90]     # ids; pooled
        set_at: 2026-11-21T06:10:00+00:00
        who: ann                               # may be empty
        reason: first two weeks of November

A baseline never moves by itself, least of all after a regression: whoever moves it says why, and others review it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import Field

from harness.content.documents import read_section
from harness.content.faults import Faults
from harness.content.fields import Spec, plain_name
from harness.content.home import Home
from harness.content.replacing import replace_file
from harness.core.ids import RunId, SuiteName

FILE: Final = "baselines.yaml"
_HEAD: Final = "# What regressions are measured against: harness baseline set SUITE RUN… --reason TEXT\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenBaseline:
    """The runs somebody chose for a suite."""

    suite: SuiteName
    runs: tuple[RunId, ...]
    """At least one; no two alike."""
    set_at: str
    """ISO 8601."""
    reason: str
    who: str = ""


class _Baseline(Spec):
    runs: Annotated[list[Annotated[str, Field(pattern=r"^[0-9a-zA-Z._-]+$")]], Field(min_length=1)]
    set_at: str
    reason: Annotated[str, Field(min_length=1)]
    who: str = ""


class _Baselines(Spec):
    baselines: dict[str, Any]


def load_baselines(home: Home) -> Mapping[SuiteName, FrozenBaseline]:
    """The baselines by suite; none when there is no file. Raises FaultsError with all faults."""
    path = home.registry / FILE
    if not path.exists():
        return {}
    faults = Faults(str(path))
    top = faults.check(_Baselines, read_section(path))
    found: dict[SuiteName, FrozenBaseline] = {}
    for name, entry in (top.baselines if top else {}).items():
        place = f"baselines.{name}"
        if not plain_name(name):
            faults.add(place, f"{name!r} is no name of letters, digits, dots, dashes and underscores")
        spec = faults.check(_Baseline, entry, place)
        if spec is None:
            continue
        twice = sorted({run for run in spec.runs if spec.runs.count(run) > 1})
        if twice:
            faults.add(f"{place}.runs", f"{twice[0]!r} is named twice")
        found[SuiteName(name)] = FrozenBaseline(
            suite=SuiteName(name),
            runs=tuple(map(RunId, spec.runs)),
            set_at=spec.set_at,
            reason=spec.reason,
            who=spec.who,
        )
    faults.done()
    return found


def write_baselines(home: Home, baselines: Mapping[SuiteName, FrozenBaseline]) -> None:
    """Replace the file, in one step. Raises ConfigError when it cannot be written."""
    lines = [_HEAD, "baselines:\n"] if baselines else [_HEAD, "baselines: {}\n"]
    for name, one in sorted(baselines.items()):
        # A JSON string is a YAML string, whatever it holds.
        said = (f"    {key}: {json.dumps(value)}\n" for key, value in _fields(one))
        lines += [f"  {json.dumps(name)}:\n", *said]
    replace_file(home.registry / FILE, "".join(lines))


def _fields(one: FrozenBaseline) -> list[tuple[str, object]]:
    return [("runs", list(one.runs)), ("set_at", one.set_at), ("who", one.who), ("reason", one.reason)]
