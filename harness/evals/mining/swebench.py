"""Tasks as rows of SWE-bench, both ways.

A row has ``instance_id``, ``repo``, ``base_commit``, ``problem_statement``, ``patch``, ``test_patch``, ``FAIL_TO_PASS``
and ``PASS_TO_PASS``, the last two as lists or as JSON texts of lists. Test ids have to be pytest's.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.content.documents import parse_json, read_bytes, read_lines
from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.core.suite import Task
from harness.evals.grading import base_tree, read_tree
from harness.evals.mining.mirror import Mirror, open_mirror
from harness.evals.mining.writing import as_yaml, refuse_used, write_bundle, write_suite
from harness.evals.patches import FormatFailure, apply_unified, unified_diff

_BYTES: Final = 256 << 20
_NEEDED: Final = ("instance_id", "base_commit", "problem_statement", "patch", "test_patch", "FAIL_TO_PASS")


def row_of(task: Task, base: Mapping[str, str], repository: str) -> dict[str, Json]:
    """The row of *task*; *base*: texts of its base tree. Raises ConfigError for a hidden file that is no text."""
    assert task.repo is not None, "repo suites have repo tasks"
    try:
        hidden = {path: content.decode("utf-8") for path, content in task.repo.hidden.items()}
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"task {task.id!r}: a hidden file is not UTF-8, and a row holds only text: {error}"
        ) from error
    return {
        "instance_id": task.id,
        "repo": repository,
        "base_commit": task.repo.base_commit,
        "problem_statement": task.prompt,
        "hints_text": "",
        "patch": task.repo.reference_patch,
        "test_patch": unified_diff({path: base[path] for path in hidden if path in base}, hidden),
        "created_at": str(task.meta.get("date") or ""),
        "version": "",
        "environment_setup_commit": task.repo.base_commit,
        "FAIL_TO_PASS": json.dumps(list(task.repo.f2p), ensure_ascii=False),
        "PASS_TO_PASS": json.dumps(list(task.repo.p2p), ensure_ascii=False),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of the rows of a file."""

    tasks: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    """Instance and why."""


async def import_rows(file: Path, source: str, out: Path, cache: Path) -> Imported:
    """Write the rows of *file* as a suite at *out*, over the repository at *source* on this machine.

    The tasks are drafts: nothing was run. Raises ConfigError when *out* holds something, or no row can be read.
    """
    rows = list(_rows(file))
    await asyncio.to_thread(refuse_used, out, "--out")
    mirror = await open_mirror(source, cache)
    await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
    done: list[tuple[str, str]] = []
    refused: list[tuple[str, str]] = []
    for row in rows:
        name = str(row.get("instance_id", "?"))
        try:
            done.append((await _write_row(row, mirror, out, cache), str(row["base_commit"])))
        except ConfigError as error:
            refused.append((name, str(error)))
    write_suite(out, out.name, repository=mirror.name)
    await write_bundle(out, mirror, [commit for _, commit in done])
    return Imported(tasks=tuple(name for name, _ in done), refused=tuple(refused))


def _rows(file: Path) -> Iterator[Mapping[str, Any]]:
    if file.suffix == ".json":
        try:
            value = parse_json(read_bytes(file, limit_bytes=_BYTES))
        except ValueError as error:
            raise ConfigError(f"{file}: {error}") from error
        yield from value if isinstance(value, list) else [value]
        return
    for number, line in read_lines(file):
        try:
            yield parse_json(line)
        except ValueError as error:
            raise ConfigError(f"{file}: line {number}: {error}") from error


async def _write_row(row: Mapping[str, Any], mirror: Mirror, out: Path, cache: Path) -> str:
    missing = [name for name in _NEEDED if not row.get(name)]
    if missing:
        raise ConfigError(f"has no {', '.join(missing)}")
    base = read_tree(await base_tree(mirror.path, str(row["base_commit"]), cache))
    _applied("patch", row, base)
    hidden = _applied("test_patch", row, base)
    f2p, p2p = _names(row["FAIL_TO_PASS"]), _names(row.get("PASS_TO_PASS") or [])
    strange = [name for name in (*f2p, *p2p) if "::" not in name]
    if strange or not f2p:
        raise ConfigError(f"FAIL_TO_PASS: ids as pytest writes them are needed, and one is {(strange or f2p)[:1]!r}")
    task_id = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in str(row["instance_id"]))
    document = {
        "id": task_id,
        "base_commit": row["base_commit"],
        "state": "draft",
        "statement": {"source": "issue"},
        "tests": {"f2p": f2p, "p2p": [name for name in p2p if name not in f2p]},
        "meta": {"date": str(row.get("created_at") or ""), "imported": "swebench", "repo": str(row.get("repo") or "")},
    }
    texts = {f"hidden/{path}": text for path, text in hidden.items() if text is not None}
    texts |= {"statement.md": str(row["problem_statement"]), "reference.patch": str(row["patch"])}
    await asyncio.to_thread(_write_texts, out / "tasks" / task_id, {**texts, "task.yaml": as_yaml(document)})
    return task_id


def _applied(name: str, row: Mapping[str, Any], base: Mapping[str, str]) -> Mapping[str, str | None]:
    found = apply_unified(str(row[name]), base)
    if isinstance(found, FormatFailure):
        raise ConfigError(f"{name} does not apply to {str(row['base_commit'])[:12]}: {found.why}")
    return found


def _write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")


def _names(value: Json) -> list[str]:
    found = parse_json(value.encode()) if isinstance(value, str) else value
    if not isinstance(found, Sequence) or not all(isinstance(name, str) for name in found):
        raise ConfigError(f"FAIL_TO_PASS, PASS_TO_PASS: lists of test ids are expected, not {str(value)[:80]!r}")
    return list(dict.fromkeys(found))
