"""Writes a repo suite: one folder per proven draft, suite.yaml, and the repository as a bundle."""

import io
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML

from harness.content.replacing import replace_file
from harness.core.errors import ConfigError
from harness.core.hashing import Json, plain
from harness.evals.mining.areas import area_of, changed_lines, class_of
from harness.evals.mining.draft import Draft
from harness.evals.mining.mirror import Mirror, bundle
from harness.evals.mining.record import stamp
from harness.evals.mining.statements import Statement
from harness.evals.proving import Proof

LOCK: Final = "requirements.lock"
BUNDLE: Final = "repo.bundle"
_MAKING: Final = ".making"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Of a proof, as a task keeps them."""

    when: str
    """RFC 3339, UTC."""
    harness: str
    """Version."""
    isolation: str


def write_task(folder: Path, draft: Draft, proof: Proof, statement: Statement, circumstances: Circumstances) -> None:
    """The folder ``tasks/<id>`` of the suite at *folder*; all of it or nothing. One that is there is left as it is."""
    place = folder / "tasks" / draft.id
    if place.exists():
        return
    made = folder / _MAKING / draft.id
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    for path, content in _hidden(draft, proof).items():
        (made / "hidden" / path).parent.mkdir(parents=True, exist_ok=True)
        (made / "hidden" / path).write_bytes(content)
    _write(made / "statement.md", statement.text)
    _write(made / "reference.patch", draft.patch)
    if proof.environment.lock:
        _write(made / LOCK, proof.environment.lock)
    head = "# Mined; what a person changes here stays. `harness suites approve` says that it was read.\n"
    _write(made / "task.yaml", head + as_yaml(task_document(draft, proof, statement, circumstances)))
    place.parent.mkdir(parents=True, exist_ok=True)
    made.rename(place)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")


def _hidden(draft: Draft, proof: Proof) -> dict[str, bytes]:
    """Everything that is put over a submission: tests, trusted configuration, what only a build would write."""
    adopted = {path: draft.rest[path] for path in proof.config_from_fix}
    built = {path: text.encode() for path, text in proof.generated.items()}
    every = {**draft.hidden, **adopted, **built}
    return {path: content for path, content in every.items() if content is not None}


def task_document(draft: Draft, proof: Proof, statement: Statement, circumstances: Circumstances) -> dict[str, Json]:
    """What task.yaml says."""
    return {
        "id": draft.id,
        "base_commit": draft.base,
        "task_class": class_of(draft),
        "area": area_of(draft),
        "state": "draft" if statement.draft else "validated",
        "statement": {"source": statement.source, "interface": "\n".join(statement.interface) or None},
        "tests": {
            "f2p": sorted(proof.f2p),
            "p2p": list(proof.p2p),
            "origin": dict(sorted(proof.f2p.items())),
        },
        "timeout_s": round(proof.timeout_s, 1),
        "environment": _environment(draft, proof),
        "validation": _validation(proof, circumstances),
        "meta": {
            "title": draft.subject,
            "fix_commit": draft.head,
            "date": stamp(draft.at),
            "tier": statement.tier,
            "leak": {"score": statement.leak.score, "found": list(statement.leak.found)},
            **({"written_by": statement.model} if statement.model else {}),
            "size": {
                "files": len(draft.reference),
                "lines": changed_lines(draft.patch),
            },
            "layout": draft.layout.kind,
        },
    }


def _environment(draft: Draft, proof: Proof) -> dict[str, Json]:
    found = proof.environment
    return {
        "python": found.python,
        "install": ["."],
        **({"lock": f"tasks/{draft.id}/{LOCK}"} if found.lock else {}),
        **({"args": list(found.args)} if found.args else {}),
        **({"roots": list(draft.import_roots)} if draft.import_roots else {}),
    }


def _validation(proof: Proof, circumstances: Circumstances) -> dict[str, Json]:
    return {
        "when": circumstances.when,
        "harness": circumstances.harness,
        "isolation": circumstances.isolation,
        "runs": [plain(run) for run in proof.runs],
        "hash_seeds": list(proof.hash_seeds),
        "core": len(proof.core),
        "flaky": dict(proof.flaky),
        "known_failures": dict(proof.known_failures),
        "lost": list(proof.lost),
        "collection_error": proof.collection_error,
        "canaries": plain(proof.canaries),
        "environment": proof.environment.digest,
        "cutoff": proof.environment.cutoff,
        "notes": list(proof.environment.notes),
        "config_from_fix": list(proof.config_from_fix),
        "seconds": round(proof.seconds, 1),
    }


def as_yaml(value: Mapping[str, Json]) -> str:
    """*value* as YAML that ``content`` reads: no anchors, no tags."""
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.width = 4096
    writer.allow_unicode = True
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.representer.ignore_aliases = lambda *_: True
    stream = io.StringIO()
    writer.dump(plain(value), stream)
    return stream.getvalue()


def refuse_used(folder: Path, flag: str) -> None:
    """Raise ConfigError when *folder* holds something; *flag* named it."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{flag}: {str(folder)!r} holds something else, and nothing is overwritten; name another")


def write_suite(folder: Path, name: str, *, repository: str, version: int = 1) -> None:
    """suite.yaml of the suite at *folder*, unless there is one."""
    if (folder / "suite.yaml").exists():
        return
    value = {
        "name": name,
        "kind": "repo",
        "version": version,
        "task_class": "python.feature",
        "description": f"Tasks mined from the history of {repository}.",
        "source": "tasks/",
        "repo": {"path": BUNDLE},
        "environment": {"install": ["."], "timeout_s": 60},
        "solver": "patch",
        "min_isolation": "standard",
    }
    replace_file(folder / "suite.yaml", f"# Made by harness mine; yours to change.\n{as_yaml(value)}")


async def write_bundle(folder: Path, mirror: Mirror, bases: Sequence[str]) -> None:
    """The repository as far as the tasks need it: the history up to each of their bases."""
    if bases:
        await bundle(mirror, bases, folder / BUNDLE)
    shutil.rmtree(folder / _MAKING, ignore_errors=True)
