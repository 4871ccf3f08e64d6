"""Panels of recorded answers, from the folder of shared data beside the checkout; absent elsewhere."""

import gzip
import json
from pathlib import Path

from harness.consensus.calibration import Labelled

DATA = Path(__file__).parents[3].parent / "shared" / "data"
WHY_SKIPPED = f"recorded data are not at {DATA}"

_SIX = ("gpt-4o-mini-2024-07-18", "Mistral-Large-2", "claude-3-5-sonnet-20240620", "gpt-4o-2024-05-13")
PANELS = {
    "G6": (
        "gsm8k_models",
        (
            "gpt3-6b-finetuning",
            "gpt3-175b-finetuning",
            "gpt3-6b-verification",
            "gpt3-175b-verification",
            "mixtral-8x7b",
            "gpt-4-1106",
        ),
    ),
    "ZGSM": (
        "zeroeval_gsm8k",
        (
            "Meta-Llama-3.1-8B-Instruct",
            "gemini-1.5-flash",
            "gpt-4o-mini-2024-07-18",
            "claude-3-haiku-20240307",
            "claude-3-5-sonnet-20240620",
            "gpt-4o-2024-05-13",
        ),
    ),
    "CRUX": ("zeroeval_crux", ("gemini-1.5-flash", _SIX[0], "deepseek-v2.5-0908", *_SIX[1:])),
    "ZGSM-F": (
        "zeroeval_gsm8k",
        (
            "Mistral-Large-2",
            "gemini-1.5-pro-exp-0801",
            "gpt-4o-2024-08-06",
            "Meta-Llama-3.1-405B-Instruct-hyp",
            "claude-3-5-sonnet-20241022",
            "o1-mini-2024-09-12",
        ),
    ),
    "CRUX-F": (
        "zeroeval_crux",
        (
            "Qwen2.5-72B-Instruct",
            "Mistral-Large-2",
            "gemini-1.5-pro-exp-0827",
            "claude-3-5-sonnet-20241022",
            "gpt-4o-2024-08-06",
            "o1-mini-2024-09-12",
        ),
    ),
    "MATH-F": (
        "zeroeval_math5",
        (
            "gpt-4o-2024-08-06",
            "claude-3-5-sonnet-20241022",
            "grok-2-1212",
            "Qwen2.5-72B-Instruct",
            "gemini-1.5-pro-exp-0827",
            "o1-mini-2024-09-12",
        ),
    ),
}


def coincidence(panel: str) -> float:
    """Chance that unrelated wrong answers are the same: numbers coincide more often than Python literals."""
    return 0.003 if panel.startswith("CRUX") else 0.01


def load(panel: str, *, adjusted: bool = False) -> list[Labelled]:
    """The questions all members were asked; *adjusted*: gold labels that were read and found wrong are mended."""
    file, models = PANELS[panel]
    suspects = {row["id"]: row for row in map(json.loads, (DATA / "gold_suspects_dev.jsonl").read_text().splitlines())}
    items: list[Labelled] = []
    for row in map(json.loads, gzip.decompress((DATA / f"{file}_dev.jsonl.gz").read_bytes()).splitlines()):
        suspect = suspects.get(row["id"]) if adjusted else None
        if suspect is not None and suspect["verdict"] in ("ambiguous", "extraction"):
            continue
        if not all(model in row["outputs"] for model in models):
            continue
        gold = (
            suspect["fixed"] if suspect and suspect["verdict"] == "wrong_gold" else row.get("gold_canon", row["gold"])
        )
        number: dict[str, int] = {}
        said = [row["outputs"][model]["answer"] for model in models]
        votes = tuple(None if answer is None else number.setdefault(answer, len(number)) for answer in said)
        items.append(Labelled(task=row["id"], votes=votes, right=number.get(gold)))
    return items
