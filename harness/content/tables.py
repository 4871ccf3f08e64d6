"""Cases out of a dataset: a local JSON, JSON Lines, CSV or Parquet file, or one of the Hugging Face hub.

``datasets`` is imported only here and only when a suite asks for it: it takes a second to import.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from harness.content.cases import make_tasks, mapped
from harness.content.faults import Faults
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.ids import TaskClass
from harness.core.suite import SuiteKind, Task

_BUILDERS: Final[Mapping[str, str]] = {".json": "json", ".jsonl": "json", ".csv": "csv", ".parquet": "parquet"}


def read_table(
    dataset: str,
    *,
    split: str,
    columns: Mapping[str, str],
    folder: Path,
    cache: Path,
    kind: SuiteKind,
    default_class: TaskClass,
) -> tuple[Task, ...]:
    """The tasks of *dataset*: a path relative to *folder*, or the id of one on the hub.

    A row without an id gets ``row-<number>``. *cache* is where ``datasets`` keeps what it converted. Raises
    ConfigError when it cannot be loaded, FaultsError with the faults of all rows.
    """
    faults = Faults(f"{folder / 'suite.yaml'} dataset {dataset}")
    rows = _rows(_load(dataset, split, folder, cache), columns, faults)
    return make_tasks(rows, faults, kind=kind, default_class=default_class)


def _rows(table: Any, columns: Mapping[str, str], faults: Faults) -> Iterator[tuple[str, Json]]:
    for index, row in enumerate(table):
        case, problem = mapped(row, columns)
        if problem is not None:
            faults.add("map", problem)
            return
        case.setdefault("id", f"row-{index}")
        yield f"row {index}", case


def _load(dataset: str, split: str, folder: Path, cache: Path) -> Any:
    path = (folder / dataset).resolve()
    suffix = Path(dataset.removesuffix(".gz")).suffix.lower()
    if not path.exists() and (suffix in _BUILDERS or dataset.startswith((".", "/", "~"))):
        raise ConfigError(f"{folder / 'suite.yaml'}: source.dataset: {path}: no such file")
    if path.is_file() and suffix not in _BUILDERS:
        raise ConfigError(f"{folder / 'suite.yaml'}: source.dataset: {path}: read are {', '.join(_BUILDERS)}")
    import datasets  # noqa: PLC0415 -- a second to import, and only suites on datasets need it

    datasets.disable_progress_bars()
    try:
        if path.is_file():
            builder = _BUILDERS[suffix]
            return datasets.load_dataset(builder, data_files=str(path), split="train", cache_dir=str(cache))
        source = str(path) if path.is_dir() else dataset
        return datasets.load_dataset(source, split=split, cache_dir=str(cache))
    except (datasets.exceptions.DatasetsError, OSError, ValueError) as error:
        why = " ".join(str(error.__cause__ or error).split())
        raise ConfigError(
            f"{folder / 'suite.yaml'}: source.dataset: {dataset!r} cannot be read: {why[:300]}"
        ) from error
