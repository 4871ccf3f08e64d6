"""What is not as it was when the baseline was taken: models, prices, policies, the suite, the tool."""

from collections.abc import Iterable, Sequence

from harness.core.hashing import Json
from harness.core.rows import RunRow
from harness.report.regression_costs import price_of
from harness.store import NightCall

_PLAIN = {"suite version": "suite_version", "suite content": "suite_digest", "solver": "solver", "epochs": "epochs"}
_PROVENANCE = {"harness": "harness", "grader": "grader", "Python": "python", "system": "system"}
_VERSIONS = {"policy": "policies", "settings of": "models"}


def _change(what: str, before: Json, now: Json) -> dict[str, Json]:
    return {"what": what, "before": _said(before), "now": _said(now)}


def _said(value: Json) -> str:
    return "unknown" if value is None or value == "" else str(value)[:200]


def changes(before: RunRow, now: RunRow, *, calls_before: Sequence[NightCall], calls_now: Sequence[NightCall]) -> Json:
    """Each ``{"what", "before", "now"}``, most telling first; *before* is the last run of the baseline."""
    found = _served(calls_before, calls_now)
    for words, name in _VERSIONS.items():
        old, new = before.provenance.get(name) or {}, now.provenance.get(name) or {}
        found += [
            _change(f"{words} {key}", old[key], new[key])
            for key in sorted(old.keys() & new.keys())
            if old[key] != new[key]
        ]
    for model in sorted({call.model for call in (*calls_before, *calls_now)}):
        old_price, new_price = price_of(before, model), price_of(now, model)
        if old_price is not None and new_price is not None and _rates_differ(old_price, new_price):
            found.append(_change(f"price of {model}", _priced(old_price), _priced(new_price)))
    for words, name in _PLAIN.items():
        if getattr(before, name) != getattr(now, name):
            found.append(_change(words, getattr(before, name), getattr(now, name)))
    for words, name in _PROVENANCE.items():
        if before.provenance.get(name) != now.provenance.get(name):
            found.append(_change(words, before.provenance.get(name), now.provenance.get(name)))
    return found


def _rates_differ(before: Json, now: Json) -> bool:
    return bool((before.rates, before.tiers) != (now.rates, now.tiers))


def _priced(price: Json) -> str:
    return f"{price.rates.input} in, {price.rates.output} out per million tokens ({price.as_of})"


_IDENTITY = {"model behind": "served_model", "fingerprint of": "fingerprint"}
"""The name in the reply: an alias may point to another model from one night to the next. And what the vendor calls the
configuration behind it: the same name may be served by something else."""


def _served(before: Sequence[NightCall], now: Sequence[NightCall]) -> list[dict[str, Json]]:
    found = []
    for words, name in _IDENTITY.items():
        old, new = _names(before, name), _names(now, name)
        found += [
            _change(f"{words} {model}", ", ".join(sorted(old[model])), ", ".join(sorted(new[model])))
            for model in sorted(old.keys() & new.keys())
            if not new[model] <= old[model]
        ]
    return found


def _names(calls: Iterable[NightCall], field: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for call in calls:
        if name := getattr(call, field):
            found.setdefault(call.model, set()).add(name)
    return found
