"""Trials for other tools: JSON Lines, CSV, JUnit."""

import csv
import io
import json
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from harness.core.hashing import Json, plain
from harness.core.rows import TrialRow
from harness.core.trial import Grade


def to_jsonl(trials: Sequence[TrialRow]) -> str:
    """One JSON object per trial and line."""
    return "".join(json.dumps(_flat(trial), ensure_ascii=False) + "\n" for trial in trials)


def to_csv(trials: Sequence[TrialRow]) -> str:
    """One line per trial, with a header; lists and objects as JSON.

    A field that a spreadsheet would take for a formula is quoted with an apostrophe: outputs of models are hostile.
    """
    rows = [_flat(trial) for trial in trials]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else ["run_id"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def to_junit(trials: Sequence[TrialRow]) -> str:
    """JUnit XML, one case per trial, for continuous integration."""
    errors = sum(trial.grade is Grade.INFRA_ERROR for trial in trials)
    resolved = sum(trial.grade is Grade.RESOLVED for trial in trials)
    counts = {"tests": len(trials), "failures": len(trials) - resolved - errors, "errors": errors}
    suite = ET.Element("testsuite", {"name": "harness", **{name: str(count) for name, count in counts.items()}})
    for trial in trials:
        case = ET.SubElement(
            suite, "testcase", classname=_xml(trial.candidate), name=_xml(trial.task_id), time=f"{trial.latency_s:.3f}"
        )
        if trial.grade is Grade.INFRA_ERROR:
            ET.SubElement(case, "error", message=_xml(trial.detail), type=trial.grade.value)
        elif trial.grade is not Grade.RESOLVED:
            ET.SubElement(case, "failure", message=_xml(trial.detail), type=trial.grade.value)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def _flat(trial: TrialRow) -> dict[str, Json]:
    fields = plain(trial)
    assert isinstance(fields, dict), "a dataclass becomes an object"
    return fields


def _cell(value: Json) -> Json:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def _xml(text: str) -> str:
    """*text* without the characters that XML cannot carry."""
    return "".join(char if char in "\t\n\r" or char.isprintable() else "�" for char in text)
