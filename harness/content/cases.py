"""Cases of answer and code suites: one JSON object each.

``{"id", "prompt", "expected"?, "tests"?, "entry_point"?, "task_class"?, "meta"?}`` and, of our own, ``"extract"``,
``"compare"`` (as in suite.yaml, for this case only), ``"choices"`` (a list, or letters to texts) and ``"reference"``
(code that passes the tests). ``choices`` and ``reference`` are kept in ``Task.meta`` under these keys; the reference is
for ``builtin/reference`` alone and must never reach a model. A case with choices and no ``extract`` of its own is read
by the letters of its choices and compared as a choice.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator

from harness.content.documents import parse_json, read_lines
from harness.content.faults import Faults, join, show
from harness.content.fields import ClassName, CompareField, ExtractField, Spec
from harness.content.reading import COMPARE, EXTRACT, plain_compare, plain_extract
from harness.core.ballot import Compare, Extract
from harness.core.hashing import Json, digest
from harness.core.ids import TaskClass, TaskId
from harness.core.suite import SuiteKind, Task

CHOICES: Final = "choices"
REFERENCE: Final = "reference"

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _case_id(value: Json) -> str:
    """Numbers are taken as their digits: published sets often count their rows."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text.strip() or len(text) > 200 or not text.isprintable():
        raise ValueError(f"{show(value)} is no id: a printable text of 1 to 200 characters, or a whole number")
    return text


def _choices(value: Json) -> dict[str, str]:
    options = dict(zip(_LETTERS, value, strict=False)) if isinstance(value, list) else value
    good = isinstance(options, dict) and 2 <= len(options) <= len(_LETTERS)
    if not good or not all(
        key in _LETTERS and len(key) == 1 and isinstance(item, str) for key, item in options.items()
    ):
        raise ValueError(f"{show(value)} is not 2 to 26 choices: a list of texts, or capital letters and texts")
    return dict(options)


class _Case(Spec):
    id: Annotated[str, PlainValidator(_case_id)]
    prompt: Annotated[str, Field(min_length=1)]
    expected: Any = None
    tests: Annotated[str, Field(min_length=1)] | None = None
    entry_point: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$")] | None = None
    task_class: ClassName | None = None
    meta: dict[str, Any] = Field(default_factory=dict)
    extract: ExtractField | None = None
    compare: CompareField | None = None
    choices: Annotated[dict[str, str] | None, PlainValidator(_choices)] = None
    reference: Annotated[str, Field(min_length=1)] | None = None

    def task(self, default_class: TaskClass) -> Task:
        own = self.own_meta()
        content = (self.id, self.prompt, self.expected, self.tests, self.entry_point, own)
        return Task(
            id=TaskId(self.id),
            task_class=TaskClass(self.task_class) if self.task_class else default_class,
            prompt=self.prompt,
            expected=self.expected,
            tests=self.tests,
            entry_point=self.entry_point,
            meta={**self.meta, **own},
            digest=digest(content),
        )

    def own_meta(self) -> dict[str, Json]:
        """What decides a grade and has no field of its own in a task."""
        extract, compare = self.extract, self.compare
        if self.choices is not None and extract is None:
            extract, compare = Extract(how="choice", arg="".join(self.choices)), compare or Compare(name="choice")
        parts = {
            EXTRACT: plain_extract(extract) if extract else None,
            COMPARE: plain_compare(compare) if compare else None,
            CHOICES: self.choices,
            REFERENCE: self.reference,
        }
        return {key: value for key, value in parts.items() if value is not None}


RESERVED: Final = (EXTRACT, COMPARE, CHOICES, REFERENCE)
"""Keys that a case's own ``meta`` may not have."""


def read_cases(path: Path, *, kind: SuiteKind, default_class: TaskClass) -> tuple[Task, ...]:
    """The tasks of a JSON Lines file in its order. Raises ConfigError without a file, FaultsError with all faults."""
    faults = Faults(str(path))
    rows: list[tuple[str, Json]] = []
    for number, line in read_lines(path):
        try:
            rows.append((f"line {number}", parse_json(line)))
        except ValueError as error:
            faults.add(f"line {number}", str(error))
    return make_tasks(rows, faults, kind=kind, default_class=default_class)


def make_tasks(
    rows: Iterable[tuple[str, Json]], faults: Faults, *, kind: SuiteKind, default_class: TaskClass
) -> tuple[Task, ...]:
    """The tasks of *rows*: place and value each. Raises FaultsError with those in *faults* and all of the rows."""
    tasks: dict[str, Task] = {}
    places: dict[str, str] = {}
    for place, row in rows:
        case = faults.check(_Case, row, place)
        if case is None:
            continue
        for key, problem in _misfits(case, kind):
            faults.add(join(place, [key]), problem)
        if case.id in places:
            faults.add(join(place, ["id"]), f"duplicate id {case.id!r}, first at {places[case.id]}")
        places.setdefault(case.id, place)
        tasks.setdefault(case.id, case.task(default_class))
    if not tasks and not faults.found:
        faults.add("", "has no cases")
    faults.done()
    return tuple(tasks.values())


def _misfits(case: _Case, kind: SuiteKind) -> Iterable[tuple[str, str]]:
    if kind == "code" and case.tests is None:
        yield "tests", "is missing: a case of a code suite is judged by its tests"
    if kind == "answer":
        for key in ("tests", "entry_point", "reference"):
            if getattr(case, key) is not None:
                yield key, "is for cases of code suites, and this suite is of kind 'answer'"
    if case.choices is not None and isinstance(case.expected, str) and case.expected not in case.choices:
        yield "expected", f"{case.expected!r} is none of the choices; there are: {', '.join(case.choices)}"
    for key in RESERVED:
        if key in case.meta:
            yield f"meta.{key}", f"the key {key!r} is reserved; write it beside `meta`"


def mapped(row: Mapping[str, Json], columns: Mapping[str, str]) -> tuple[dict[str, Json], str | None]:
    """A dataset's row as a case: *columns* names the column (dotted for nested ones) of each key of a case.

    Keys that are not mapped come from the column of the same name, if there is one and it is not null. The second
    value says which column is missing, if one is.
    """
    case: dict[str, Json] = {key: row[key] for key in _Case.model_fields if row.get(key) is not None}
    for key, column in columns.items():
        value: Json = row
        for part in column.split("."):
            if not isinstance(value, Mapping) or part not in value:
                return case, f"the dataset has no column {column!r} for {key!r}; there are: {', '.join(map(str, row))}"
            value = value[part]
        case[key] = value
    return case, None


CASE_KEYS: Final = tuple(_Case.model_fields)
"""What a dataset's columns can be mapped to."""
