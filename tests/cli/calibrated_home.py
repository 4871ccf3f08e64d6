"""A home with recorded answers of six synthetic voters, imported: one run to learn from, one nobody has seen."""

import json
from pathlib import Path

from tests.cli.command_line import Folder
from tests.consensus.calibration.voters import SIX, survey

NAMES = ("m/one", "m/two", "n/three", "n/four")
POLICY = """    panel: [m/one, m/two, n/three, n/four]
    task_class: sums
    extract: {last: number}
    compare: numeric
    order: value
"""
POLICIES = (
    "policies:\n"
    f"  strict:\n{POLICY}    rule: {{risk_limit: 0.05, fallback: {{quorum: 2}}}}\n"
    f"  dream:\n{POLICY}    rule: {{risk_limit: 0.001}}\n"
    f"  stranger:\n{POLICY.replace('n/four', 'n/absent')}    rule: {{risk_limit: 0.05}}\n"
    f"  count:\n{POLICY.replace('value', 'accurate_first')}    rule: {{quorum: 2}}\n"
)


def make(root: Path, runs: dict[str, tuple[int, int]]) -> Folder:
    """A home with a run per name, of so many questions of the survey with that seed."""
    (root / "registry").mkdir(parents=True)
    (root / "registry" / "models.yaml").write_text("models: []\n")
    (root / "registry" / "policies.yaml").write_text(POLICIES)
    home = Folder(root)
    for name, (count, seed) in runs.items():
        suite(root, name, count, seed)
        assert home.call("import", name, root / f"{name}.jsonl", "--run-name", name, "--quiet").code == 0
    return home


def suite(root: Path, name: str, count: int, seed: int, **case: object) -> None:
    """Suite *name* with *count* questions, and what the voters said beside it."""
    folder = root / "suites" / name
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text(
        f"name: {name}\nkind: answer\nversion: 1\ntask_class: sums\nsource: cases.jsonl\n"
        "extract: {last: number}\ncompare: {name: numeric}\nmin_isolation: none\n"
    )
    asked = survey(count, seed, SIX)
    cases = [{"id": each.task, "prompt": f"Question {each.task}?", "expected": 100, **case} for each in asked]
    said = [
        {"task_id": each.task, "model": model, "text": f"It is {100 + group}.", "cost_usd": 0.001 * (place + 1)}
        for each in asked
        for place, (model, group) in enumerate(zip(NAMES, each.votes[2:], strict=True))
        if group is not None
    ] + [
        {"task_id": each.task, "model": model, "text": "I cannot say.", "cost_usd": 0.001}
        for each in asked
        for model, group in zip(NAMES, each.votes[2:], strict=True)
        if group is None
    ]
    (folder / "cases.jsonl").write_text("".join(json.dumps(row) + "\n" for row in cases))
    (root / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in said))
