"""What a night cost and took beside its baseline: what the vendor's price did apart from what the usage did."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from harness.core.hashing import Json
from harness.core.money import Price, Rates, Tier, Usage
from harness.core.rows import RunRow, TrialRow
from harness.report.arms import latency, per_success
from harness.stats import TaskPair
from harness.store import NightCall

COST_RATIO_MAX = 1.10
"""Cost per success at the baseline's prices: worth telling when the whole interval lies above this."""
LATENCY_RATIO_MAX = 1.25
"""p95: worth telling when the ratio is above this and its interval above 1."""

TrialId = tuple[str, str, str, int]


def trial_id(row: TrialRow | NightCall) -> TrialId:
    """Which trial a row belongs to."""
    return row.run_id, row.task_id, row.candidate, row.epoch


def price_of(run: RunRow, model: str) -> Price | None:
    """The price of *model* when *run* began; ``None``: not on record, or not readable."""
    found = run.prices.get(model)
    try:
        return None if not isinstance(found, Mapping) else _price(found)
    except (KeyError, TypeError, InvalidOperation):
        return None


def _price(found: Mapping[str, Json]) -> Price:
    tiers = tuple(Tier(above=int(tier["above"]), rates=_rates(tier["rates"])) for tier in found.get("tiers") or ())
    return Price(
        rates=_rates(found["rates"]),
        tiers=tiers,
        as_of=str(found.get("as_of", "")),
        source=str(found.get("source", "")),
    )


def _rates(found: Mapping[str, Json]) -> Rates:
    def rate(name: str) -> Decimal | None:
        return None if found.get(name) is None else Decimal(str(found[name]))

    return Rates(
        input=Decimal(str(found["input"])),
        output=Decimal(str(found["output"])),
        cache_read=rate("cache_read"),
        cache_write=rate("cache_write"),
    )


def repriced(calls: Sequence[NightCall], run: RunRow) -> dict[TrialId, float]:
    """What the calls of each trial would have cost at the prices of *run*; a trial with an unknown call is left out."""
    prices = {model: price_of(run, model) for model in {call.model for call in calls}}
    sums: dict[TrialId, float | None] = {}
    for call in calls:
        cost, before = _at(prices[call.model], call), sums.get(trial_id(call), 0.0)
        sums[trial_id(call)] = None if cost is None or before is None else before + float(cost)
    return {key: cost for key, cost in sums.items() if cost is not None}


def _at(price: Price | None, call: NightCall) -> Decimal | None:
    if price is None or call.input is None or call.output is None:
        # A failure that cost nothing costs nothing at any price.
        return Decimal(0) if not call.ok and call.cost_usd == 0 else None
    usage = Usage(
        input=call.input,
        cache_read=call.cache_read or 0,
        cache_write=call.cache_write or 0,
        output=call.output,
        reasoning=call.reasoning or 0,
    )
    return price.cost_usd(usage)


def _mean(rows: Sequence[TrialRow], amount: Callable[[TrialRow], float | None]) -> float | None:
    known = [value for value in map(amount, rows) if value is not None]
    return sum(known) / len(known) if rows and len(known) == len(rows) else None


def _over(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other


def cost_drift(candidate: str, tasks: Sequence[TaskPair], at_baseline: Mapping[TrialId, float]) -> dict[str, Json]:
    """Cost per trial before and now, and the two factors between them.

    *at_baseline*: the cost of every trial of both sides at the baseline's prices. ``usage_ratio`` is the change of the
    cost per success at those prices, with its interval; ``price_ratio`` what the prices alone did to tonight's usage.
    """
    before, now = [row for task in tasks for row in task.a], [row for task in tasks for row in task.b]

    def booked(row: TrialRow) -> float | None:
        return None if row.cost_usd is None else float(row.cost_usd)

    def steady(row: TrialRow) -> float | None:
        return at_baseline.get(trial_id(row))

    usage = per_success(tasks, steady) if tasks else {"ratio": None, "lo": None, "hi": None}
    return {
        "candidate": candidate,
        "before_usd": _mean(before, booked),
        "now_usd": _mean(now, booked),
        "ratio": _over(_mean(now, booked), _mean(before, booked)),
        "usage_ratio": usage["ratio"],
        "lo": usage["lo"],
        "hi": usage["hi"],
        "price_ratio": _over(_mean(now, booked), _mean(now, steady)),
        "raised": usage["lo"] is not None and usage["lo"] > COST_RATIO_MAX,
    }


def latency_drift(candidate: str, tasks: Sequence[TaskPair]) -> dict[str, Json]:
    """p95 of seconds per trial before and now, and their ratio with its interval."""
    found = latency(tasks) if tasks else None
    if found is None:
        return {"candidate": candidate, "before_s": None, "now_s": None, "ratio": None, "lo": None, "hi": None} | {
            "raised": False
        }
    lo, ratio = found["lo"], found["ratio"]
    return {
        "candidate": candidate,
        "before_s": found["a"]["p95"],
        "now_s": found["b"]["p95"],
        "ratio": ratio,
        "lo": lo,
        "hi": found["hi"],
        "raised": lo is not None and lo > 1 and ratio > LATENCY_RATIO_MAX,
    }
