"""``registry/matrix.yaml``: read always, written only by a promotion.

::

    version: 3                       # counts promotions; 0: none yet
    created: 2026-11-20T02:00:00Z
    objective: cost                  # cost | latency | quality
    minimum_tasks: 20
    margin: 0.03
    choices:
      python.bugfix: {candidate: openai/gpt-5.4, why: cheapest of 2 within 0.03 of the best lower bound …}
    cells:
      - task_class: python.bugfix
        candidate: openai/gpt-5.4
        n_tasks: 80
        quality: 0.775
        quality_lo: 0.672
        quality_hi: 0.853
        cost_per_success_usd: 0.0412   # null: unknown, or nothing succeeded
        p95_latency_s: 21.5            # null: not measured
        evidence: paired runs of suite ledger v1
        measured_at: 2026-11-20
        runs: [4f1d0c2a9b7e]
        state: measured                # measured | insufficient

Only ``version`` must be there. Comments that people put into the file survive a promotion; the lines of the header that
the promotion wrote itself begin with ``#:`` and are replaced.
"""

import io
from collections.abc import Iterable, Mapping, MutableMapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from harness.content.documents import YAML_BYTES, read_section, read_text
from harness.content.faults import Faults, nearest
from harness.content.fields import Candidate, ClassName, Count, Money, Number, Positive, Share, Spec
from harness.content.home import Home
from harness.content.replacing import replace_file
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.ids import CandidateId, RunId, TaskClass
from harness.routing import EMPTY, Cell, CellState, Choice, Matrix

FILE: Final = "matrix.yaml"
_MARK: Final = "#: "


class _Cell(Spec):
    task_class: ClassName
    candidate: Candidate
    n_tasks: Count
    quality: Share
    quality_lo: Share
    quality_hi: Share
    cost_per_success_usd: Money | None = None
    p95_latency_s: Annotated[Number, Field(ge=0)] | None = None
    evidence: str = ""
    measured_at: str = ""
    runs: list[str] = Field(default_factory=list)
    state: CellState = "measured"

    @model_validator(mode="after")
    def _interval(self) -> "_Cell":
        if not self.quality_lo <= self.quality <= self.quality_hi:
            raise ValueError(
                f"quality {self.quality:g} is outside its interval {self.quality_lo:g} to {self.quality_hi:g}"
            )
        return self

    def cell(self) -> Cell:
        return Cell(
            task_class=TaskClass(self.task_class),
            candidate=CandidateId(self.candidate),
            n_tasks=self.n_tasks,
            quality=self.quality,
            quality_lo=self.quality_lo,
            quality_hi=self.quality_hi,
            cost_per_success_usd=self.cost_per_success_usd,
            p95_latency_s=self.p95_latency_s,
            evidence=self.evidence,
            measured_at=self.measured_at,
            runs=tuple(map(RunId, self.runs)),
            state=self.state,
        )


class _Choice(Spec):
    candidate: Candidate
    why: str = ""


class _Matrix(Spec):
    version: Count
    created: str = ""
    objective: Literal["cost", "latency", "quality"] = "cost"
    minimum_tasks: Positive = 20
    margin: Share = 0.03
    choices: dict[ClassName, _Choice] = Field(default_factory=dict)
    cells: list[_Cell] = Field(default_factory=list)

    def matrix(self) -> Matrix:
        return Matrix(
            version=self.version,
            created=self.created,
            objective=self.objective,
            minimum_tasks=self.minimum_tasks,
            margin=self.margin,
            cells=tuple(cell.cell() for cell in self.cells),
            choices={
                TaskClass(name): Choice(candidate=CandidateId(choice.candidate), why=choice.why)
                for name, choice in self.choices.items()
            },
        )


def load_matrix(home: Home, version: int | None = None) -> Matrix:
    """The promoted matrix, or an earlier *version* that a promotion replaced; the empty one when there is no file.

    Raises ConfigError for a version that is not kept, and FaultsError with all faults of the file.
    """
    path = home.registry / FILE
    if version is not None and (not path.exists() or _read(path).version != version):
        path = _kept(home, version)
    return _read(path) if path.exists() else EMPTY


def matrix_versions(home: Home) -> tuple[int, ...]:
    """The earlier versions that are kept in the state folder, oldest first."""
    names = (path.stem for path in _folder(home).glob("*.yaml"))
    return tuple(sorted(int(name) for name in names if name.isdecimal()))


def write_matrix(home: Home, matrix: Matrix, header: Iterable[str]) -> Path:
    """Replace ``registry/matrix.yaml`` in one step and keep the version it replaces; returns the file.

    *header* are lines about this promotion, put on top as comments. Comments of people stay where they are, as long as
    the key, class or cell they belong to stays. Raises ConfigError when the folder cannot be written.
    """
    path = home.registry / FILE
    before = read_text(path, limit_bytes=YAML_BYTES) if path.exists() else ""
    if before:
        replace_file(_folder(home) / f"{_read(path).version}.yaml", before)
    replace_file(path, _rendered(before, matrix, header))
    return path


def matrix_text(home: Home, matrix: Matrix, header: Iterable[str]) -> str:
    """What :func:`write_matrix` would write, for a review beforehand; writes nothing."""
    path = home.registry / FILE
    return _rendered(read_text(path, limit_bytes=YAML_BYTES) if path.exists() else "", matrix, header)


def _read(path: Path) -> Matrix:
    faults = Faults(str(path))
    spec = faults.check(_Matrix, read_section(path))
    if spec is not None:
        matrix = spec.matrix()
        for place, problem in _inconsistencies(matrix):
            faults.add(place, problem)
    faults.done()
    assert spec is not None, "without faults there is a value"
    return spec.matrix()


def _inconsistencies(matrix: Matrix) -> Iterable[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    for index, cell in enumerate(matrix.cells):
        key = (cell.task_class, cell.candidate)
        if key in seen:
            yield f"cells[{index}]", f"a second cell of {cell.candidate!r} on {cell.task_class!r}"
        seen.add(key)
    for name, choice in matrix.choices.items():
        if matrix.measured(name, choice.candidate) is None:
            known = [cell.candidate for cell in matrix.cells if cell.task_class == name and cell.state == "measured"]
            yield (
                f"choices.{name}.candidate",
                f"no measured cell of {choice.candidate!r}; {nearest(choice.candidate, known)}",
            )


def _kept(home: Home, version: int) -> Path:
    path = _folder(home) / f"{version}.yaml"
    if not path.exists():
        there = ", ".join(map(str, matrix_versions(home))) or "none"
        raise ConfigError(f"{_folder(home)}: no version {version} of the matrix is kept; there are: {there}")
    return path


def _folder(home: Home) -> Path:
    return home.state / "matrix"


def _rendered(before: str, matrix: Matrix, header: Iterable[str]) -> str:
    yaml = YAML(typ="rt")
    yaml.Representer = _Representer
    yaml.width = 120
    kept = "".join(line for line in before.splitlines(keepends=True) if not line.startswith(_MARK.strip()))
    document = yaml.load(kept)
    if not isinstance(document, CommentedMap):
        document = CommentedMap()
    _update(document, _plain(matrix))
    out = io.StringIO()
    yaml.dump(document, out)
    lines = [line for text in header for line in text.splitlines()]
    return "".join(f"{_MARK}{line}".rstrip() + "\n" for line in lines) + out.getvalue()


def _plain(matrix: Matrix) -> dict[str, Json]:
    return {
        "version": matrix.version,
        "created": matrix.created,
        "objective": matrix.objective,
        "minimum_tasks": matrix.minimum_tasks,
        "margin": matrix.margin,
        "choices": {name: {"candidate": str(c.candidate), "why": c.why} for name, c in matrix.choices.items()},
        "cells": [_plain_cell(cell) for cell in matrix.cells],
    }


def _plain_cell(cell: Cell) -> dict[str, Json]:
    return {
        "task_class": str(cell.task_class),
        "candidate": str(cell.candidate),
        "n_tasks": cell.n_tasks,
        "quality": cell.quality,
        "quality_lo": cell.quality_lo,
        "quality_hi": cell.quality_hi,
        "cost_per_success_usd": cell.cost_per_success_usd,
        "p95_latency_s": cell.p95_latency_s,
        "evidence": cell.evidence,
        "measured_at": cell.measured_at,
        "runs": list(cell.runs),
        "state": cell.state,
    }


def _update(target: MutableMapping[str, Any], values: Mapping[str, Json]) -> None:
    """Bring *target* to *values* in place, so that the comments at its keys survive."""
    for key in [key for key in target if key not in values]:
        del target[key]
    for key, value in values.items():
        here = target.get(key)
        if isinstance(value, Mapping) and isinstance(here, CommentedMap):
            _update(here, value)
        elif key == "cells" and isinstance(here, CommentedSeq):
            _update_cells(here, value)
        elif here != value or here is None:
            target[key] = _scalar(value)


def _update_cells(target: CommentedSeq, cells: list[dict[str, Json]]) -> None:
    """Known cells are updated where they stand, gone ones removed, new ones put at the end."""
    wanted = {(cell["task_class"], cell["candidate"]): cell for cell in cells}
    for index in reversed(range(len(target))):
        key = (target[index].get("task_class"), target[index].get("candidate"))
        if key in wanted:
            _update(target[index], wanted.pop(key))
        else:
            del target[index]
    target.extend(_scalar(cell) for cell in cells if (cell["task_class"], cell["candidate"]) in wanted)


def _scalar(value: Json) -> Json:
    if isinstance(value, Mapping):
        return CommentedMap({key: _scalar(item) for key, item in value.items()})
    return CommentedSeq(map(_scalar, value)) if isinstance(value, list) else value


class _Representer(RoundTripRepresenter):
    """Writes Decimals as plain numbers with every digit."""

    def represent_decimal(self, value: Decimal) -> ScalarNode:
        text = f"{value:f}"
        return self.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


_Representer.add_representer(Decimal, _Representer.represent_decimal)
