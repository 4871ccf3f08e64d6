"""Trials for other tools: JSON Lines, CSV, JUnit. What is in them comes from models: it stays text wherever it goes."""

import csv
import io
import json
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from harness.cli.output import spelled, visible
from harness.core.hashing import Json, plain
from harness.core.rows import TrialRow
from harness.core.trial import Grade
from harness.report.text import no_formula


def to_jsonl(trials: Sequence[TrialRow]) -> str:
    """One JSON object per trial and line; nothing is changed or left out."""
    return "".join(spelled(json.dumps(_flat(trial), ensure_ascii=False)) + "\n" for trial in trials)


def to_csv(trials: Sequence[TrialRow]) -> str:
    r"""One line per trial, with a header; lists and objects as JSON.

    A field that a spreadsheet would take for a formula stands behind an apostrophe, and control characters and
    direction overrides are spelled out (``\x1b``): JSON Lines and Parquet have the texts as they were.
    """
    rows = [_flat(trial) for trial in trials]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else ["run_id"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def to_junit(trials: Sequence[TrialRow]) -> str:
    """JUnit XML, one case per trial: its class is the candidate, its name the task (and the epoch, where several are).

    An infra error is an error, any other grade but ``resolved`` a failure of that type. What XML cannot carry is
    spelled out.
    """
    errors = sum(trial.grade is Grade.INFRA_ERROR for trial in trials)
    resolved = sum(trial.grade is Grade.RESOLVED for trial in trials)
    several = any(trial.epoch for trial in trials)
    counts = {"tests": len(trials), "failures": len(trials) - resolved - errors, "errors": errors}
    suite = ET.Element("testsuite", {"name": "harness", **{name: str(count) for name, count in counts.items()}})
    for trial in trials:
        name = f"{trial.task_id} #{trial.epoch}" if several else trial.task_id
        case = ET.SubElement(
            suite, "testcase", classname=visible(trial.candidate), name=visible(name), time=f"{trial.latency_s:.3f}"
        )
        if trial.grade is not Grade.RESOLVED:
            tag = "error" if trial.grade is Grade.INFRA_ERROR else "failure"
            ET.SubElement(case, tag, message=visible(trial.detail), type=trial.grade.value)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def _flat(trial: TrialRow) -> dict[str, Json]:
    fields = plain(trial)
    assert isinstance(fields, dict), "a dataclass becomes an object"
    return fields


def _cell(value: Json) -> Json:
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False)
    return no_formula(visible(value)) if isinstance(value, str) else value
