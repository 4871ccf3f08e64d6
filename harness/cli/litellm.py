"""Cards from LiteLLM's list of prices, ``model_prices_and_context_window.json``. Pure.

The list is kept by its users: numbers without a history and without the day of the last check. An entry's fields,
all optional, in USD per token and tokens::

    "gemini/gemini-3.1-pro": {"litellm_provider": "gemini", "mode": "chat", "input_cost_per_token": 2e-06,
      "output_cost_per_token": 1.2e-05, "cache_read_input_token_cost": 2e-07, "cache_creation_input_token_cost": …,
      "input_cost_per_token_above_200k_tokens": 4e-06, "max_input_tokens": 1048576, "max_output_tokens": 65536,
      "supports_function_calling": true, "supports_vision": true, "supports_response_schema": true,
      "supports_sampling_params": false, "deprecation_date": "2027-01-31"}
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from harness.core.card import Api, Capability, Card, Context
from harness.core.errors import ConfigError
from harness.core.hashing import Json, plain
from harness.core.ids import ModelId
from harness.core.money import Price, Rates, Tier

SOURCE = "litellm"
_MILLION = Decimal(1_000_000)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9@][A-Za-z0-9._:@+-]*)+")
_TIER = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_SUPPORTS: Mapping[str, Capability] = {
    "supports_function_calling": "tools",
    "supports_vision": "vision",
    "supports_response_schema": "json_schema",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vendor:
    """How the models of one provider are asked."""

    id: str
    """First part of our ids."""
    api: Api
    key_env: str
    base_url: str | None = None
    """``None``: the family's public address."""


_VENDORS: Mapping[str, _Vendor] = {
    "openai": _Vendor(id="openai", api="openai-chat", key_env="OPENAI_API_KEY"),
    "anthropic": _Vendor(id="anthropic", api="anthropic", key_env="ANTHROPIC_API_KEY"),
    "gemini": _Vendor(id="google", api="gemini", key_env="GEMINI_API_KEY"),
    "deepseek": _Vendor(
        id="deepseek", api="openai-chat", key_env="DEEPSEEK_API_KEY", base_url="https://api.deepseek.com"
    ),
    "groq": _Vendor(id="groq", api="openai-chat", key_env="GROQ_API_KEY", base_url="https://api.groq.com/openai/v1"),
    "mistral": _Vendor(
        id="mistral", api="openai-chat", key_env="MISTRAL_API_KEY", base_url="https://api.mistral.ai/v1"
    ),
    "openrouter": _Vendor(
        id="openrouter", api="openai-chat", key_env="OPENROUTER_API_KEY", base_url="https://openrouter.ai/api/v1"
    ),
    "xai": _Vendor(id="xai", api="openai-chat", key_env="XAI_API_KEY", base_url="https://api.x.ai/v1"),
}
"""By ``litellm_provider``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a list of prices would add to the registry, or change in it."""

    cards: tuple[Card, ...]
    skipped: Mapping[str, int]
    """Number of entries by the reason they were left out for."""
    differs: tuple[str, ...]
    """One line per card of the registry whose price is another."""


def proposal_of(
    text: str, registry: Mapping[ModelId, Card], *, match: str = "*", today: date, name: str = "the list"
) -> Proposal:
    """The cards that the list *text* holds for ids like *match*, in its order.

    Cards that the registry has already keep their id. Raises ConfigError, naming the file *name*, when the text is
    no such list.
    """
    known = {(card.api, card.model): card for card in registry.values()}
    skipped: Counter[str] = Counter()
    cards: dict[ModelId, Card] = {}
    for key, entry in _entries(text, name):
        why = _unfit(entry, today)
        if why:
            skipped[why] += 1
            continue
        card = _card(key, entry, known, today)
        if not _ID.fullmatch(card.id):
            skipped["no name that an id can have"] += 1
        elif fnmatchcase(card.id, match):
            cards.setdefault(card.id, card)
    differs = [line for card in cards.values() for line in _difference(registry.get(card.id), card)]
    return Proposal(cards=tuple(cards.values()), skipped=dict(skipped), differs=tuple(differs))


def as_yaml(cards: Sequence[Card]) -> str:
    """The cards as ``registry/models.yaml`` has them; what is not known is left out."""
    lines = [f"  - {line}" if first else f"    {line}" for card in cards for first, line in _card_lines(card)]
    return "\n".join(["models:", *lines] if lines else ["models: []"]) + "\n"


def proposal_json(proposal: Proposal) -> dict[str, Json]:
    """The proposal as JSON values."""
    return {
        "cards": [plain(card) for card in proposal.cards],
        "skipped": dict(proposal.skipped),
        "differs": list(proposal.differs),
    }


def _entries(text: str, name: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    try:
        top = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise ConfigError(f"{name}: is not JSON: {error}") from error
    if not isinstance(top, dict):
        raise ConfigError(f"{name}: holds {type(top).__name__}; LiteLLM's list is an object of models")
    found = [(key, entry) for key, entry in top.items() if key != "sample_spec" and isinstance(entry, dict)]
    if not any("litellm_provider" in entry for _, entry in found):
        raise ConfigError(f"{name}: no entry has the key 'litellm_provider': it is not LiteLLM's list of prices")
    return found


def _unfit(entry: Mapping[str, Any], today: date) -> str:
    """Why no card is made of *entry*; empty when one is."""
    if entry.get("mode") not in ("chat", "responses"):
        return "not for chat"
    if entry.get("litellm_provider") not in _VENDORS:
        return "of a provider that is asked in another way"
    ends = entry.get("deprecation_date")
    if isinstance(ends, str) and ends <= today.isoformat():
        return "withdrawn by its vendor"
    return ""


def _card(key: str, entry: Mapping[str, Any], known: Mapping[tuple[Api, str], Card], today: date) -> Card:
    vendor = _VENDORS[entry["litellm_provider"]]
    prefix = f"{entry['litellm_provider']}/"
    model = key.removeprefix(prefix)
    api: Api = "openai-responses" if vendor.id == "openai" and entry["mode"] == "responses" else vendor.api
    found = known.get((api, model))
    id_ = found.id if found else ModelId(f"{vendor.id}/{model}")
    family = id_.split("/")[1 if vendor.id == "openrouter" and id_.count("/") > 1 else 0]
    card = Card(
        id=id_,
        api=api,
        model=model,
        base_url=vendor.base_url,
        key_env=vendor.key_env,
        family=family,
        context=_context(entry),
        supports=frozenset(name for field, name in _SUPPORTS.items() if entry.get(field) is True),
        rejects=frozenset(("temperature", "top_p")) if entry.get("supports_sampling_params") is False else frozenset(),
        price=_price(entry, today),
    )
    if found is None:
        return card
    return replace(card, family=found.family, key_env=found.key_env, base_url=found.base_url)


def _context(entry: Mapping[str, Any]) -> Context:
    """The window is at least what its input takes; an output above it is somebody's slip."""
    window, output = _tokens(entry.get("max_input_tokens")), _tokens(entry.get("max_output_tokens"))
    return Context(max=window, output=None if window and output and output > window else output)


def _tokens(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _price(entry: Mapping[str, Any], today: date) -> Price | None:
    rates = _rates(entry, "")
    if rates is None:
        return None
    bounds = sorted(int(found[1]) for field in entry if (found := _TIER.fullmatch(field)))
    tiers = [(bound, _rates(entry, f"_above_{bound}k_tokens", rates)) for bound in bounds]
    return Price(
        rates=rates,
        tiers=tuple(Tier(above=bound * 1000, rates=each) for bound, each in tiers if each is not None),
        as_of=today.isoformat(),
        source=SOURCE,
    )


def _rates(entry: Mapping[str, Any], ending: str, base: Rates | None = None) -> Rates | None:
    """Rates from the fields with *ending*; what a tier does not say is as in *base*. None: not known."""
    given = _rate(entry.get(f"input_cost_per_token{ending}"))
    made = _rate(entry.get(f"output_cost_per_token{ending}")) or (base.output if base else None)
    if given is None or made is None:
        return None
    return Rates(
        input=given,
        output=made,
        cache_read=_rate(entry.get(f"cache_read_input_token_cost{ending}")),
        cache_write=_rate(entry.get(f"cache_creation_input_token_cost{ending}")),
    )


def _rate(value: object) -> Decimal | None:
    """USD per million tokens. A 0 in this list may mean free, and may mean that nobody looked: it is not known."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value <= 0:
        return None
    rate = Decimal(value) * _MILLION
    return rate.quantize(Decimal(1)) if rate == rate.to_integral_value() else rate.normalize()


def _difference(registered: Card | None, proposed: Card) -> list[str]:
    if registered is None or registered.price is None or proposed.price is None:
        return []
    ours, theirs = registered.price.rates, proposed.price.rates
    parts = [
        f"{name} {before:f} → {after:f}"
        for name, before, after in (("input", ours.input, theirs.input), ("output", ours.output, theirs.output))
        if before != after
    ]
    return (
        [f"{proposed.id}: {', '.join(parts)} (registry: {registered.price.source}, {registered.price.as_of})"]
        if parts
        else []
    )


def _card_lines(card: Card) -> Iterable[tuple[bool, str]]:
    fields: dict[str, Any] = {
        "id": card.id,
        "api": card.api,
        "model": card.model,
        "base_url": card.base_url,
        "key_env": card.key_env,
        "family": card.family,
        "context": _known({"max": card.context.max, "output": card.context.output}),
        "supports": sorted(card.supports),
        "rejects": sorted(card.rejects),
        "price": _price_fields(card.price),
    }
    for place, (name, value) in enumerate(_known(fields).items()):
        yield place == 0, f"{name}: {_flow(value)}"


def _price_fields(price: Price | None) -> dict[str, Any]:
    if price is None:
        return {}
    tiers = [{"above": tier.above, **_rate_fields(tier.rates)} for tier in price.tiers]
    return _known({**_rate_fields(price.rates), "tiers": tiers, "as_of": price.as_of, "source": price.source})


def _rate_fields(rates: Rates) -> dict[str, Any]:
    return _known(
        {
            "input": rates.input,
            "output": rates.output,
            "cache_read": rates.cache_read,
            "cache_write": rates.cache_write,
        }
    )


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, [], {})}


def _flow(value: Any) -> str:
    """*value* on one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_flow(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return text if _plain(text) else json.dumps(text, ensure_ascii=False)


def _plain(text: str) -> bool:
    """Whether YAML reads *text* as itself, also between braces. A date is read as text by the registry."""
    return (_PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS) or (
        re.fullmatch(r"\d{4}-\d{2}-\d{2}|https://[a-z0-9./-]+", text) is not None
    )
