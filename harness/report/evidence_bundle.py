"""A bundle: the evidence of one outcome as one JSON file that others can check without our journals.

::

    {"schema": "harness.evidence-bundle/1", "about": "…", "verdict_id": "…", "exported_at": "…", "harness": "<version>",
     "hashes_only": false,
     "journals": [{"journal", "lines", "head_hash", "signature": {…} | null}],
     "lines": [{"journal", "seq", "at", "kind", "prev", "hash", "line": "<the line as it stands>" | null}],
     "context": {"policy", "compare", "prices", "run", "scripted"}, "view": {…}}

The hash of a line can be re-computed with nothing of ours: the SHA-256 of the line's bytes before ``,"hash":``, then
``}``. What that proves, and what not, is said in :data:`ABOUT`, which travels with each bundle.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from harness.core.errors import ConfigError, HarnessError, JournalError
from harness.core.hashing import Json, plain
from harness.journal.excerpt import Excerpt, Quote, excerpt, quote
from harness.journal.line import short
from harness.journal.signature import fault_of, signature_of
from harness.report.evidence import Context, evidence_view, same_view

SCHEMA: Final = "harness.evidence-bundle/1"

ABOUT: Final = (
    "Each line is a line of a hash-chained journal, copied as it stands. Its hash covers its own bytes and, through "
    "prev, every line before it. This shows that no line was changed after its hash was made, and that neighbours "
    "belong together. It does not show that nothing was left out between lines that are not neighbours, nor who wrote "
    "them: for that, compare the positions and hashes with the journal, or the head hash with a signed or separately "
    "kept one. Where all lines of a journal are here, the last hash is its head. With hashes_only the lines' bytes are "
    "left out: then their hashes can only be compared with the journal's."
)
_ENTRY: Final[Mapping[str, type]] = {"journal": str, "seq": int, "at": str, "kind": str, "prev": str, "hash": str}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check of a bundle showed."""

    problems: tuple[str, ...]
    """What is wrong, one line each; empty: nothing that could be checked is."""
    facts: tuple[str, ...]
    """What was shown, and what was not, one line each."""


def bundle(
    excerpts: Sequence[Excerpt],
    context: Context,
    *,
    exported_at: str,
    harness: str,
    signatures: Mapping[str, Json],
    hashes_only: bool = False,
) -> dict[str, Json]:
    """The bundle of an outcome whose lines are in *excerpts*.

    *signatures* are the records of ``<journal>.sig`` by journal. With *hashes_only* no prompt, output or answer is in
    it: lines are positions and hashes, and the view has hashes for texts.
    """
    quotes = [line for part in excerpts for line in part.quotes]
    view = evidence_view(quotes, context, hashes_only=hashes_only)
    return {
        "schema": SCHEMA,
        "about": ABOUT,
        "verdict_id": view["verdict_id"],
        "exported_at": exported_at,
        "harness": harness,
        "hashes_only": hashes_only,
        "journals": [
            {
                "journal": part.journal,
                "lines": part.lines,
                "head_hash": part.head_hash,
                "signature": signatures.get(part.journal),
            }
            for part in excerpts
        ],
        "lines": [
            {
                **{name: getattr(line, name) for name in _ENTRY},
                "line": None if hashes_only else line.raw.decode("utf-8"),
            }
            for line in quotes
        ],
        "context": plain(context),
        "view": view,
    }


def check_bundle(found: Json, *, journals: Sequence[Path] = (), key: Path | None = None) -> Checked:
    """Whether the bundle *found* holds together, and fits the *journals* at hand and the public *key*.

    Raises ConfigError when it is no bundle at all, or the key cannot be used.
    """
    entries = _entries(found)
    problems: list[str] = []
    facts: list[str] = []
    quotes = _quotes(found, entries, problems)
    problems += _neighbours(entries)
    problems += _heads(found, entries)
    if found["hashes_only"]:
        facts.append(
            "hashes only: the lines are not in the bundle; their hashes can be compared with the journal's, "
            "and the view is taken on trust"
        )
    elif not problems:
        facts.append(f"{len(quotes)} lines carry the hashes of their own bytes, and neighbours follow each other")
        problems += _derived(found, quotes)
        if not problems:
            facts.append("the view follows from the lines")
    facts += _extent(found, entries)
    problems += _compared(entries, journals, facts)
    problems += _signed(found, entries, key, facts)
    return Checked(problems=tuple(problems), facts=tuple(facts))


def _entries(found: Json) -> list[dict[str, Any]]:
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ConfigError(f"is no bundle: its schema is not {SCHEMA!r}; harness audit export ID -o FILE makes one")
    shape = {"hashes_only": bool, "journals": list, "lines": list, "context": dict, "view": dict, "verdict_id": str}
    wrong = [name for name, kind in shape.items() if not isinstance(found.get(name), kind)]
    entries = [] if wrong else found["lines"]
    for place, entry in enumerate(entries):
        bad = not isinstance(entry, dict) or any(not isinstance(entry.get(name), kind) for name, kind in _ENTRY.items())
        wrong += [f"lines[{place}]"] if bad else []
    for place, entry in enumerate([] if wrong else found["journals"]):
        good = isinstance(entry, dict) and isinstance(entry.get("journal"), str) and isinstance(entry.get("lines"), int)
        wrong += [] if good else [f"journals[{place}]"]
    if wrong:
        raise ConfigError(f"is no whole bundle: {', '.join(wrong[:5])} cannot be read")
    return list(entries)


def _position(entry: Mapping[str, Any]) -> str:
    return f"{entry['journal']}:{entry['seq']}"


def _quotes(found: Json, entries: Sequence[dict[str, Any]], problems: list[str]) -> list[Quote]:
    """The lines whose bytes are in the bundle, each checked against its own hash."""
    quotes: list[Quote] = []
    for entry in [] if found["hashes_only"] else entries:
        if not isinstance(entry.get("line"), str):
            problems.append(f"{_position(entry)}: the line itself is missing")
            continue
        try:
            raw = entry["line"].encode("utf-8", "surrogatepass")
            line = quote(raw, journal=entry["journal"], seq=entry["seq"], prev=entry["prev"])
        except JournalError as error:
            problems.append(str(error))
            continue
        wrong = [name for name in ("at", "kind", "hash") if getattr(line, name) != entry[name]]
        problems += [f"{line.position}: {name} beside the line is not the line's" for name in wrong]
        quotes.append(line)
    return quotes


def _neighbours(entries: Sequence[dict[str, Any]]) -> Iterator[str]:
    for one, other in pairwise(entries):
        if one["journal"] != other["journal"]:
            continue
        if other["seq"] <= one["seq"]:
            yield f"{_position(other)}: stands behind line {one['seq']}"
        elif other["seq"] == one["seq"] + 1 and other["prev"] != one["hash"]:
            expected, actual = short(one["hash"]), short(other["prev"])
            yield f"{_position(other)}: does not chain: expected prev {expected}, found {actual}"


def _heads(found: Json, entries: Sequence[dict[str, Any]]) -> Iterator[str]:
    for head in found["journals"]:
        for entry in entries:
            if entry["journal"] != head["journal"]:
                continue
            if entry["seq"] > head["lines"]:
                yield f"{_position(entry)}: lies behind the end of its journal, line {head['lines']}"
            elif entry["seq"] == head["lines"] and entry["hash"] != head.get("head_hash"):
                yield f"{_position(entry)}: is the last line, and its hash is not the journal's head"


def _derived(found: Json, quotes: Sequence[Quote]) -> Iterator[str]:
    """How the view differs from what follows from the lines."""
    given = found["context"]
    try:
        context = Context(
            policy=given.get("policy"),
            compare=given.get("compare"),
            prices=given.get("prices") or {},
            run=given.get("run"),
            scripted=tuple(given.get("scripted") or ()),
        )
        yield from _differences(evidence_view(quotes, context), dict(found["view"]), found["verdict_id"])
    except (HarnessError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        # The context comes from whoever made the bundle, and may be anything.
        yield f"no view can be derived from the lines and the context: {type(error).__name__}: {error}"


def _differences(again: dict[str, Json], said: dict[str, Json], verdict_id: str) -> Iterator[str]:
    if again["verdict_id"] != verdict_id:
        yield f"the lines are of verdict {again['verdict_id']}, the bundle says {verdict_id}"
    if again["comparator"] != said.get("comparator"):  # a newer comparator may judge otherwise
        for name in ("comparator", "pairs"):
            again.pop(name)
            said.pop(name, None)
    field = same_view(again, said)
    if field is not None:
        yield f"the view does not follow from the lines: {field!r} differs"


def _extent(found: Json, entries: Sequence[dict[str, Any]]) -> Iterator[str]:
    what = "hashes of lines" if found["hashes_only"] else "lines"
    for head in found["journals"]:
        held = sum(entry["journal"] == head["journal"] for entry in entries)
        whole = "all of them, so the last hash is the journal's head" if held == head["lines"] else "the others are not"
        yield f"{head['journal']}: {held} of {head['lines']} {what} are here; {whole}"


def _compared(entries: Sequence[dict[str, Any]], journals: Sequence[Path], facts: list[str]) -> Iterator[str]:
    """How the lines differ from those of the *journals* of the same name."""
    for path in journals:
        seqs = [entry["seq"] for entry in entries if entry["journal"] == path.name]
        if not seqs:
            continue
        try:
            real = {line.seq: line.hash for line in excerpt(path, seqs).quotes}
        except JournalError as error:
            yield str(error)
            continue
        wrong = [e for e in entries if e["journal"] == path.name and real[e["seq"]] != e["hash"]]
        for entry in wrong:
            yield f"{_position(entry)}: is another line in {path}"
        if not wrong:
            facts.append(f"{path.name}: its lines are those of the journal at hand")


def _signed(found: Json, entries: Sequence[dict[str, Any]], key: Path | None, facts: list[str]) -> Iterator[str]:
    for head in found["journals"] if key is not None else ():
        assert key is not None, "the loop is empty without a key"
        record = head.get("signature")
        if record is None:
            yield f"{head['journal']}: carries no signature"
            continue
        try:
            signature = signature_of(record, head["journal"])
        except JournalError as error:
            yield str(error)
            continue
        fault = fault_of(signature, key)
        hashes = {(entry["journal"], entry["seq"]): entry["hash"] for entry in entries}
        signed = hashes.get((signature.journal, signature.lines))
        if fault is not None:
            yield fault
        elif signature.journal != head["journal"] or signed not in (None, signature.head_hash):
            yield f"{head['journal']}: another line {signature.lines} was signed than the one in the bundle"
        else:
            reach = (
                "which is here" if signed else "which is not here: the journal is needed to lead from it to the lines"
            )
            facts.append(f"{head['journal']}: signed {signature.at}, up to line {signature.lines}, {reach}")
