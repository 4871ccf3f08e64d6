"""``harness audit``: whether the record is whole, offline; and the evidence of one outcome, to read and to hand on."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.context import Context
from harness.cli.evidence import find_evidence
from harness.cli.evidence_text import print_evidence
from harness.cli.exits import Exit
from harness.cli.labels import counted
from harness.cli.provenance import harness_version
from harness.cli.runtime import home_of, read_text, write_text
from harness.core.errors import ConfigError, JournalError
from harness.core.hashing import Json
from harness.core.ports import Clock
from harness.journal import Verification, verify
from harness.journal.signature import fault_of, mismatch_of, read_signature, sign, signature_path
from harness.report.evidence import evidence_view
from harness.report.evidence_bundle import Checked, bundle, check_bundle
from harness.transport import SystemClock

VerdictArgument = Annotated[str, typer.Argument(metavar="VERDICT", help="Id, or beginning of an id.")]


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    audit = typer.Typer(help="Evidence: verify, show, export, sign.", invoke_without_command=True)
    audit.callback()(_default)
    audit.command(name="verify")(verify_)
    audit.command(name="show")(show)
    audit.command(name="export")(export)
    audit.command(name="sign")(sign_)
    app.add_typer(audit, name="audit")


def _default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise typer.Exit(verify_(ctx))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the check of one journal showed."""

    path: Path
    found: Verification
    signed: str = ""
    """What its signature covers; empty when it was not asked for or is not right."""
    fault: str | None = None
    """What is wrong with its signature."""

    @property
    def problems(self) -> list[str]:
        """What is wrong, one line each."""
        return [problem for problem in (self.found.broken, self.fault) if problem is not None]


def verify_(
    ctx: typer.Context,
    journal: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE", help="Journals, and bundles (.json); all journals of the home folder otherwise."
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Public Ed25519 key, PEM: also check who signed.")
    ] = None,
) -> int:
    """Re-compute the hash chain of every journal, offline; check bundles, and signatures with --key.

    A bundle is also compared with the journals named beside it. Exit code 3 names the first line that does not chain.
    """
    at: Context = ctx.obj
    files = journal or _journals(at)
    bundles = [path for path in files if path.suffix == ".json"]
    paths = [path for path in files if path.suffix != ".json"]
    seen = [_seen(path, key) for path in paths]
    checked = [(path, _check_bundle(path, paths, key)) for path in bundles]
    problems = [problem for one in seen for problem in one.problems]
    problems += [f"{path}: {problem}" for path, one in checked for problem in one.problems]
    if at.options.json:
        at.output.json(
            {
                "ok": not problems,
                "journals": [_json(one) for one in seen],
                "bundles": [
                    {"bundle": str(path), "problems": one.problems, "facts": one.facts} for path, one in checked
                ],
            }
        )
        return Exit.NO if problems else Exit.DONE
    _print_journals(at, seen)
    for path, one in checked:
        at.output.title(str(path))
        for fact in one.facts:
            at.output.prose(fact, indent="  ")
    at.output.line()
    for problem in problems:
        at.output.prose(problem, style="bold red")
    if not problems:
        lines = counted(sum(one.found.lines for one in seen), "line")
        told = [f"{counted(len(seen), 'journal')}, {lines}: nothing was changed"] if seen else []
        told += [f"{counted(len(checked), 'bundle')}: nothing in it contradicts itself"] if checked else []
        at.output.line("; ".join(told), style="bold green")
    return Exit.NO if problems else Exit.DONE


def show(ctx: typer.Context, verdict: VerdictArgument) -> int:
    """The evidence of one outcome: who said what, how it was judged, what it cost, and where it is on record."""
    at: Context = ctx.obj
    found = find_evidence(home_of(at.options), verdict)
    view = evidence_view(found.quotes, found.context)
    if at.options.json:
        at.output.json(view)
    else:
        print_evidence(at.output, view)
        at.output.hint(f"as a page: harness report evidence {view['verdict_id']}")
        at.output.hint(f"to hand on: harness audit export {view['verdict_id']} -o bundle.json")
    return Exit.DONE


def export(
    ctx: typer.Context,
    verdict: VerdictArgument,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The bundle, one JSON file.")],
    hashes_only: Annotated[
        bool, typer.Option("--hashes-only", help="Without prompts, outputs and answers: only their hashes.")
    ] = False,
) -> int:
    """The evidence of one outcome as one file that others can check: harness audit verify FILE.

    It holds the outcome's own journal lines as they stand. They can be checked one by one, and where they are
    neighbours; that nothing lay between them only the journal shows, or its signed head.
    """
    at: Context = ctx.obj
    if out.suffix != ".json":
        raise ConfigError(f"--out: {str(out)!r} must end in .json: harness audit verify knows bundles by it")
    home = home_of(at.options)
    found = find_evidence(home, verdict)
    folder = home.state / "journal"
    signatures = {part.journal: read_signature(signature_path(folder / part.journal)) for part in found.excerpts}
    made = bundle(
        found.excerpts,
        found.context,
        exported_at=_now(SystemClock()),
        harness=harness_version(),
        signatures={name: one.record for name, one in signatures.items() if one is not None},
        hashes_only=hashes_only,
    )
    write_text(out, json.dumps(made, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    lines = len(found.quotes)
    if at.options.json:
        at.output.json(
            {"file": str(out), "verdict_id": found.row.verdict_id, "lines": lines, "hashes_only": hashes_only}
        )
    else:
        kept = "hashes of " if hashes_only else ""
        at.output.line(f"{out}: verdict {found.row.verdict_id}, {kept}{counted(lines, 'journal line')}")
        at.output.hint(f"whoever gets it: harness audit verify {out}")
    return Exit.DONE


def sign_(
    ctx: typer.Context,
    key: Annotated[Path, typer.Option(metavar="FILE", help="Private Ed25519 key, PEM; only read, never copied.")],
    journal: Annotated[
        list[Path] | None, typer.Argument(metavar="JOURNAL", help="All of the home folder otherwise.")
    ] = None,
) -> int:
    """Sign the head of each journal: JOURNAL.sig. One signature covers every line up to it."""
    at: Context = ctx.obj
    now = _now(SystemClock())
    made = [(path, sign(path, key, at=now)) for path in journal or _journals(at)]
    if at.options.json:
        at.output.json([{"file": str(signature_path(path)), **one.record} for path, one in made])
        return Exit.DONE
    rows = [[path.name, one.lines, one.head_hash[:16], signature_path(path).name] for path, one in made]
    at.output.table(["journal", "lines", "head", "signature"], rows, right=["lines"])
    at.output.hint("next: harness audit verify --key PUBLIC_KEY_FILE")
    return Exit.DONE


def _journals(at: Context) -> list[Path]:
    folder = home_of(at.options).state / "journal"
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        raise ConfigError(f"{folder}: no journal yet; harness ask, run and import write them")
    return paths


def _now(clock: Clock) -> str:
    return f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"


def _seen(path: Path, key: Path | None) -> Seen:
    found = verify(path)
    if key is None or found.broken is not None:
        return Seen(path=path, found=found)
    try:
        signature = read_signature(signature_path(path))
    except JournalError as error:
        return Seen(path=path, found=found, fault=str(error))
    if signature is None:
        return Seen(
            path=path, found=found, fault=f"{path.name}: is not signed: there is no {signature_path(path).name}"
        )
    fault = fault_of(signature, key) or mismatch_of(signature, path)
    later = found.lines - signature.lines
    covers = f"{signature.at}, all lines" if not later else f"{signature.at}, all but the last {later}"
    return Seen(path=path, found=found, signed="" if fault else covers, fault=fault)


def _check_bundle(path: Path, journals: list[Path], key: Path | None) -> Checked:
    try:
        found = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not JSON: {error}") from error
    try:
        return check_bundle(found, journals=journals, key=key)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _print_journals(at: Context, seen: list[Seen]) -> None:
    if not seen:
        return
    signed = any(one.signed for one in seen)
    rows = [
        [one.path.name, one.found.lines, _state(one.found), one.found.head_hash[:16], *([one.signed] if signed else [])]
        for one in seen
    ]
    columns = ["journal", "lines", "chain", "head", *(["signed"] if signed else [])]
    at.output.table(columns, rows, right=["lines"])


def _state(found: Verification) -> str:
    if found.broken is not None:
        return "broken"
    return "unfinished last line" if found.torn_bytes else "whole"


def _json(seen: Seen) -> dict[str, Json]:
    found = seen.found
    return {
        "journal": seen.path.name,
        "lines": found.lines,
        "head_hash": found.head_hash,
        "torn_bytes": found.torn_bytes,
        "broken": None if found.broken is None else str(found.broken),
        "signed": seen.signed or None,
        "signature_fault": seen.fault,
    }
