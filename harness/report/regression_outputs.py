"""A regression report for machines: Markdown, a sticky comment, JUnit, CSV, annotations. Foreign text stays inert."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from harness.core.hashing import Json
from harness.report.formats import p_value, percent, points, ratio, usd
from harness.report.regression_words import ends
from harness.report.text import no_formula, short, visible

COMMENT_BYTES_MAX = 60_000
"""GitHub cuts a comment at 64 kB."""
ANNOTATIONS_MAX = 10
_ROWS_MAX = 100
_BAD = {"new": "failure", "ongoing": "failure", "suspected": "failure"}
ICONS = {"ok": "✔", "regression": "✖", "suspected": "◐", "unmeasured": "⚠", "insufficient": "◐"}
STATE_WORDS = {
    "ok": "no loss shown",
    "new": "new",
    "ongoing": "ongoing",
    "recovered": "recovered",
    "suspected": "suspected",
    "refuted": "not confirmed",
    "no_baseline": "no baseline",
}
_COLUMNS = (
    "candidate", "task_class", "state", "cause", "since", "severity", "n", "baseline", "now", "diff", "p", "p_holm",
    "cusum",
)  # fmt: skip


def _inert(text: str, chars_max: int) -> str:
    # Nothing of a table, of HTML, no mention, no link: names of tasks and models come from outside.
    plain = short(text, chars_max).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    marked = re.sub(r"([\\`*_\[\]#|@~$])", r"\\\1", plain)
    return marked.replace("://", "&#58;//").replace("www.", "www&#46;")


def _cell(text: object) -> str:
    return _inert(str(text), 80)


def _sorted(results: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    order = list(STATE_WORDS)
    rank = {"new": 0, "ongoing": 1, "suspected": 2, "refuted": 3, "recovered": 4}
    return sorted(
        results["cells"],
        key=lambda cell: (
            rank.get(cell["state"], 5 + order.index(cell["state"])),
            0.0 if cell["diff"] is None else cell["diff"],
            cell["candidate"],
            cell["task_class"],
        ),
    )


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    more = [f"\n{len(rows) - _ROWS_MAX} more rows are on the page."] if len(rows) > _ROWS_MAX else []
    return [
        "| " + " | ".join(head) + " |",
        "|" + " --- |" * len(head),
        *(_row(row) for row in rows[:_ROWS_MAX]),
        *more,
        "",
    ]


def _classes(results: Mapping[str, Json]) -> list[str]:
    rows = [
        (
            cell["candidate"],
            cell["task_class"],
            percent(cell["baseline"]),
            percent(cell["now"]),
            f"{points(cell['diff'])} {ends(cell)}",
            p_value(cell["p_holm"]),
            f"{cell['cusum']:.1f}",
            STATE_WORDS[cell["state"]],
        )
        for cell in _sorted(results)
    ]
    return _table(("candidate", "class", "before", "now", "Δ points", "p (Holm)", "CUSUM", "state"), rows)


def _costs(results: Mapping[str, Json]) -> list[str]:
    rows = [
        (
            one["candidate"],
            usd(one["before_usd"]),
            usd(one["now_usd"]),
            ratio(one["usage_ratio"]),
            ratio(one["price_ratio"]),
        )
        for one in results["cost"]
    ]
    return _table(("candidate", "cost per trial before", "now", "× usage per success", "× price"), rows)


def to_markdown(results: Mapping[str, Json], *, page: str = "") -> str:
    """The summary of a run, for ``$GITHUB_STEP_SUMMARY`` or a mail; at most :data:`COMMENT_BYTES_MAX` bytes."""
    verdict, tasks = results["verdict"], results["tasks"]
    head = [f"## {ICONS[verdict['verdict']]} {_cell(results['suite'])}: {_prose(verdict['headline'])}", ""]
    head += [f"{_prose(line)}\n" for line in verdict["why"]]
    head += [f"- {_prose(line)}" for line in verdict["warnings"]] + [""]
    parts = [head, _classes(results)]
    if tasks["new_failures"]:
        rows = [
            (row["task_id"], row["task_class"], row["candidate"], percent(row["baseline"]), percent(row["now"]))
            for row in tasks["new_failures"]
        ]
        parts.append(
            [
                f"### {tasks['new_failures_total']} tasks fail that hardly ever did",
                "",
                *_table(("task", "class", "candidate", "before", "now"), rows),
            ]
        )
    if results["changes"]:
        changed = [(row["what"], row["before"], row["now"]) for row in results["changes"]]
        parts.append(["### What changed since the baseline", "", *_table(("what", "before", "now"), changed)])
    parts.append(["### Cost", "", *_costs(results)])
    foot = f"Run {_cell(results['run']['id'])}, {len(results['baseline']['runs'])} runs in the baseline." + (
        f" Page: {_cell(page)}" if page else ""
    )
    return _fitting(parts, foot)


def _prose(text: str) -> str:
    return _inert(text, 400)


def _fitting(parts: Sequence[Sequence[str]], foot: str) -> str:
    # Whole sections or none: half a table says something else.
    kept: list[str] = []
    for part in parts:
        text = "\n".join(part)
        if len("\n".join([*kept, text, foot]).encode()) > COMMENT_BYTES_MAX:
            kept.append("The rest is on the page.\n")
            break
        kept.append(text)
    return "\n".join([*kept, foot, ""])


def to_comment(results: Mapping[str, Json], *, page: str = "") -> str:
    """The body of one comment that is updated, not repeated: it begins with a marker that finds it again."""
    return f"<!-- harness:regression:{re.sub(r'[^A-Za-z0-9._-]', '-', results['suite'])} -->\n" + to_markdown(
        results, page=page
    )


def to_annotations(results: Mapping[str, Json]) -> list[str]:
    """GitHub's workflow commands, one per class, worst first; at most :data:`ANNOTATIONS_MAX`."""
    verdict = results["verdict"]
    found = [
        _command(
            "error" if cell["state"] in {"new", "ongoing"} else "warning",
            f"{cell['task_class']} of {cell['candidate']}",
            f"{STATE_WORDS[cell['state']]}: {percent(cell['baseline'])} before, {percent(cell['now'])} now, "
            f"{points(cell['diff'])} points {ends(cell)}",
        )
        for cell in _sorted(results)
        if cell["state"] in _BAD
    ]
    found += [
        _command("warning", f"cost of {one['candidate']}", f"{ratio(one['usage_ratio'])} times the usage per success")
        for one in results["cost"]
        if one["raised"]
    ]
    if verdict["verdict"] in {"unmeasured", "insufficient"}:
        found.insert(0, _command("warning", results["suite"], " ".join([verdict["headline"], *verdict["why"]])))
    if len(found) > ANNOTATIONS_MAX:
        rest = len(found) - ANNOTATIONS_MAX + 1
        found[ANNOTATIONS_MAX - 1 :] = [_command("warning", results["suite"], f"{rest} more; see the summary")]
    return found


def _command(level: str, title: str, text: str) -> str:
    def escaped(part: str) -> str:
        return visible(part).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    head = escaped(short(title, 120)).replace(":", "%3A").replace(",", "%2C")
    return f"::{level} title={head}::{escaped(short(text, 400))}"


def to_csv(results: Mapping[str, Json]) -> str:
    """One line per candidate and class, with a header. What a spreadsheet would take for a formula is quoted."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["suite", "run", *_COLUMNS, "lo", "hi"])
    for cell in results["cells"]:
        values = [results["suite"], results["run"]["id"], *(cell[name] for name in _COLUMNS), *cell["ci"]]
        writer.writerow([_harmless(value) for value in values])
    return text.getvalue()


def _harmless(value: Json) -> Json:
    return no_formula(value) if isinstance(value, str) else value


def to_junit(results: Mapping[str, Json]) -> str:
    """JUnit: a suite per candidate, a case per class; a failure only where a regression is confirmed."""
    top = ET.Element("testsuites", name=_xml(f"regression {results['suite']}"))
    for candidate in sorted({cell["candidate"] for cell in results["cells"]}):
        cells = [cell for cell in results["cells"] if cell["candidate"] == candidate]
        failures = sum(cell["state"] in {"new", "ongoing"} for cell in cells)
        skipped = sum(cell["state"] in {"suspected", "no_baseline"} for cell in cells)
        counts = {"tests": str(len(cells)), "failures": str(failures), "errors": "0", "skipped": str(skipped)}
        suite = ET.SubElement(top, "testsuite", {"name": _xml(candidate), **counts})
        for cell in cells:
            _case(suite, cell, candidate)
    for candidate in results["left_out"]["unmeasured"]:
        suite = ET.SubElement(top, "testsuite", name=_xml(candidate), tests="1", failures="0", errors="1", skipped="0")
        case = ET.SubElement(suite, "testcase", classname=_xml(candidate), name="measured")
        ET.SubElement(case, "error", message="too many trials failed for reasons of infrastructure", type="unmeasured")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(top, encoding="unicode") + "\n"


def _case(suite: ET.Element, cell: Mapping[str, Json], candidate: str) -> None:
    case = ET.SubElement(suite, "testcase", classname=_xml(candidate), name=_xml(cell["task_class"]))
    properties = ET.SubElement(case, "properties")
    for name in ("state", "n", "baseline", "now", "diff", "p_holm", "cusum"):
        ET.SubElement(properties, "property", name=name, value=_xml(str(cell[name])))
    said = f"{points(cell['diff'])} points {ends(cell)}"
    if cell["state"] in {"new", "ongoing"}:
        ET.SubElement(case, "failure", message=_xml(said), type=f"regression.{cell['cause']}")
    elif cell["state"] in {"suspected", "no_baseline"}:
        ET.SubElement(case, "skipped", message=_xml(f"{STATE_WORDS[cell['state']]}: {said}"))


def _xml(text: str) -> str:
    return "".join(char if char in "\t\n\r" or char.isprintable() else "�" for char in visible(text))
