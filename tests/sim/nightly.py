"""Thirty nights of a suite of 12 classes × 40 tasks, with the shipped alert rule: how often it cries wolf, what it finds.

Every task has its own chance of success, the same every night; 15 earlier nights are the baseline. With a loss, one
class becomes that much worse from the first night on. Run by ``python -m tests.sim.nightly`` (part of ``make bench``).
"""

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from harness.stats import AlertRule, Course, Tally, advance, confirmed, shift, suspicions

CLASSES, TASKS, NIGHTS, BASELINE = 12, 40, 30, 15
FIRST = datetime(2026, 11, 1, 2, tzinfo=UTC)
FALSE_MAX, FOUND_MIN, WITHIN = 0.15, 0.95, 7


@dataclass(frozen=True)
class Month:
    """What was told in thirty nights."""

    false: int
    """Alerts on classes that had not changed."""
    found: int | None
    """The night, from 1, on which the class that had changed was told; None: never."""
    reruns: int
    """Confirming runs."""


def chances(draw: random.Random) -> list[float]:
    """Of success, per task of a class: many that are nearly always solved, some that never are."""
    return [draw.betavariate(2.0, 0.7) for _ in range(TASKS)]


def lowered(rates: Sequence[float], points: float) -> list[float]:
    """*rates* with their mean lower by *points*: each loses the same share of what it has."""
    factor = 1 - points / (sum(rates) / len(rates))
    return [rate * factor for rate in rates]


def sample(draw: random.Random, rates: Sequence[float], samples: int = 1) -> dict[int, Tally]:
    return {
        task: Tally(resolved=sum(draw.random() < rate for _ in range(samples)), samples=samples)
        for task, rate in enumerate(rates)
    }


def chosen(draw: random.Random, tonight: dict[int, Tally], cause: str) -> set[int]:
    """The tasks of a confirming run: those that failed tonight and as many others, or all."""
    lost = [task for task, found in tonight.items() if not found.resolved]
    rest = [task for task, found in tonight.items() if found.resolved]
    return {*lost, *draw.sample(rest, min(len(rest), len(lost)))} if cause == "sudden" else set(tonight)


def month(seed: int, *, loss: float = 0.0, nights: int = NIGHTS, rule: AlertRule | None = None) -> Month:
    """One suite over *nights* nights; class 0 loses *loss* before the first."""
    rule = rule or AlertRule()
    draw = random.Random(seed)
    truth = [chances(draw) for _ in range(CLASSES)]
    before = [sample(draw, rates, BASELINE) for rates in truth]
    now = [lowered(truth[0], loss), *truth[1:]] if loss else truth
    courses = [Course() for _ in truth]
    false = reruns = 0
    found: int | None = None
    for night in range(nights):
        results = [sample(draw, rates) for rates in now]
        shifts = [shift(old, new, rule=rule) for old, new in zip(before, results, strict=True)]
        for cell, suspicion in enumerate(suspicions(shifts, courses, rule=rule)):
            sure: bool | None = None
            if suspicion.cause:
                reruns += 1
                again = sample(draw, now[cell], rule.confirming_epochs)
                tasks = chosen(draw, results[cell], suspicion.cause)
                sure = confirmed(shift(before[cell], {task: again[task] for task in tasks}), rule=rule)
            at = FIRST + timedelta(days=night)
            courses[cell] = advance(courses[cell], shifts[cell], suspicion, sure=sure, at=at, rule=rule)
            if courses[cell].state == "new":
                if loss and cell == 0:
                    found = found or night + 1
                else:
                    false += 1
    return Month(false=false, found=found, reruns=reruns)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sim.nightly", description=__doc__)
    parser.add_argument("--months", type=int, default=400)
    parser.add_argument("--loss", type=float, default=0.15)
    options = parser.parse_args(argv)
    quiet = [month(seed) for seed in range(options.months)]
    false = sum(one.false for one in quiet) / len(quiet)
    print(f"nothing changed: {false:.3f} false alarms a month (at most {FALSE_MAX}), {options.months} months,")
    print(f"  {sum(one.reruns for one in quiet) / len(quiet):.2f} confirming reruns a month")
    nights = [month(10_000 + seed, loss=options.loss, nights=WITHIN).found for seed in range(options.months)]
    share = sum(night is not None for night in nights) / len(nights)
    median = sorted(night or NIGHTS for night in nights)[len(nights) // 2]
    print(f"-{options.loss * 100:g} points in one class: found within {WITHIN} nights in {share:.1%} of runs")
    print(f"  (at least {FOUND_MIN:.0%}), median night {median}")
    return 0 if false <= FALSE_MAX and share >= FOUND_MIN else 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
