"""The score of an older router and its registry entries, kept so that its decisions can be reproduced and compared."""

from collections.abc import Mapping
from decimal import Decimal

from harness.core.card import Api, Capability, Card, Context, Status
from harness.core.hashing import Json
from harness.core.ids import ModelId
from harness.core.money import Price, Rates

_APIS: Mapping[str, Api] = {"anthropic": "anthropic", "google": "gemini"}
"""Of vendors with an API of their own; everybody else speaks openai-chat."""


def legacy_score(
    *,
    input_usd_per_1k: float,
    p50_ms: float,
    max_usd_per_1k: float | None = None,
    max_latency_ms: float | None = None,
) -> float:
    """100 − 50·[cost > max] − 30·[p50 > max] − cost·1000 − p50/10.

    The latency term dwarfs the cost term and output tokens are free: not used for routing here.

    >>> legacy_score(input_usd_per_1k=0.00005, p50_ms=90)
    90.95
    """
    over_cost = 50 if max_usd_per_1k is not None and input_usd_per_1k > max_usd_per_1k else 0
    over_latency = 30 if max_latency_ms is not None and p50_ms > max_latency_ms else 0
    return 100 - over_cost - over_latency - input_usd_per_1k * 1000 - p50_ms / 10


def provider_api(provider: str) -> Api:
    """The API family of a vendor's models."""
    return _APIS.get(provider, "openai-chat")


def legacy_card(entry: Mapping[str, Json], *, as_of: str) -> tuple[Card, float]:
    """The card of a registry entry of that router, and its typical latency in seconds.

    *entry* has ``id, provider, maxContextTokens, supportsFunctionCalling, supportsVision, costPer1kInputTokens,
    costPer1kOutputTokens, estimatedP50LatencyMs, status``; prices become USD per million tokens. Raises KeyError for
    a missing one.
    """
    provider, name = str(entry["provider"]), str(entry["id"])
    status: Status = entry["status"]
    tools: set[Capability] = {"tools"} if entry["supportsFunctionCalling"] else set()
    vision: set[Capability] = {"vision"} if entry["supportsVision"] else set()
    card = Card(
        id=ModelId(f"{provider}/{name}"),
        api=provider_api(provider),
        model=name,
        family=provider,
        context=Context(max=int(entry["maxContextTokens"])),
        supports=frozenset(tools | vision),
        status=status,
        price=Price(
            rates=Rates(
                input=_per_million(entry["costPer1kInputTokens"]), output=_per_million(entry["costPer1kOutputTokens"])
            ),
            as_of=as_of,
            source="seed",
        ),
    )
    return card, float(entry["estimatedP50LatencyMs"]) / 1000


def _per_million(per_thousand: Json) -> Decimal:
    return Decimal(str(per_thousand)) * 1000
