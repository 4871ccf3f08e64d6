"""``registry/models.yaml``: the cards.

::

    models:
      - id: openai/gpt-5.5          # vendor/name; the only other key that must be there is `api`
        api: openai-chat            # openai-chat | openai-responses | anthropic | gemini | scripted
        model: gpt-5.5              # the name on the wire; default: the id after its first slash
        base_url: null              # default: the family's public address
        key_env: OPENAI_API_KEY     # null for none; default: the vendor's usual name when base_url is not given
        family: openai              # default: the id before its first slash
        context: {max: 1050000, reliable: 600000, output: 128000}
        supports: [tools, vision, json_schema]
        rejects: [temperature]      # parameters it does not accept
        compliance: [pii_safe]
        status: active              # active | degraded | offline
        price: {input: 5, output: 30, cache_read: 0.5, cache_write: 6, tiers: [{above: 272000, input: 10, output: 45}],
                as_of: 2026-11-20, source: vendor}
        limits: {requests_per_minute: 500, tokens_per_minute: 2000000, concurrency: 64}
        options: {reasoning_effort: high}    # sent as they are
      - id: scripted/careful
        api: scripted
        file: ../suites/starter/scripted/careful.jsonl   # relative to registry/; scripted models only
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator, field_validator, model_validator

from harness.content.documents import json_value, read_section
from harness.content.faults import Faults, show
from harness.content.fields import (
    Capabilities,
    Flag,
    IsoDate,
    ModelName,
    Money,
    Positive,
    Spec,
)
from harness.content.home import Home
from harness.core.card import Api, Card, Context, Limits, Parameter, Status
from harness.core.errors import ConfigError, Fault
from harness.core.hashing import Json
from harness.core.ids import ModelId
from harness.core.money import Price, Rates, Tier

FILE: Final = "models.yaml"

_KEY_ENVS: Final[Mapping[str, str]] = {
    "openai-chat": "OPENAI_API_KEY",
    "openai-responses": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "gemini": "GEMINI_API_KEY",
}


def _key_env(value: Json) -> str | None:
    """The value is not repeated in the fault: it may be the key itself."""
    if value is not None and (not isinstance(value, str) or not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,63}", value)):
        raise ValueError(
            "must be the name of an environment variable, like OPENAI_API_KEY, and never the key; null for none"
        )
    return value


class _Window(Spec):
    max: Positive | None = None
    reliable: Positive | None = None
    output: Positive | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "_Window":
        for name in ("reliable", "output"):
            part = getattr(self, name)
            if self.max is not None and part is not None and part > self.max:
                raise ValueError(f"{name}: {part} is above max: {self.max}")
        return self


class _Rates(Spec):
    input: Money
    output: Money
    cache_read: Money | None = None
    cache_write: Money | None = None

    def rates(self) -> Rates:
        return Rates(input=self.input, output=self.output, cache_read=self.cache_read, cache_write=self.cache_write)


class _Tier(_Rates):
    above: Positive


class _Price(_Rates):
    tiers: list[_Tier] = Field(default_factory=list)
    as_of: IsoDate
    source: Annotated[str, Field(min_length=1)] = "user"

    @field_validator("tiers")
    @classmethod
    def _ascending(cls, tiers: list[_Tier]) -> list[_Tier]:
        bounds = [tier.above for tier in tiers]
        if any(later <= earlier for earlier, later in pairwise(bounds)):
            raise ValueError(f"'above' must ascend from tier to tier, and it is {', '.join(map(str, bounds))}")
        return tiers

    def price(self) -> Price:
        tiers = tuple(Tier(above=tier.above, rates=tier.rates()) for tier in self.tiers)
        return Price(rates=self.rates(), tiers=tiers, as_of=self.as_of, source=self.source)


class _Limits(Spec):
    requests_per_minute: Positive | None = None
    tokens_per_minute: Positive | None = None
    concurrency: Positive | None = None


class _Card(Spec):
    id: ModelName
    api: Api
    model: Annotated[str, Field(min_length=1)] | None = None
    base_url: str | None = None
    key_env: Annotated[str | None, PlainValidator(_key_env)] = None
    family: Annotated[str, Field(min_length=1)] | None = None
    context: _Window = _Window()
    supports: Capabilities = Field(default_factory=list)
    rejects: list[Parameter] = Field(default_factory=list)
    compliance: list[Flag] = Field(default_factory=list)
    status: Status = "active"
    price: _Price | None = None
    limits: _Limits = _Limits()
    options: dict[str, Any] = Field(default_factory=dict)
    file: str | None = None

    @field_validator("base_url")
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^\s@?#]+", value):
            raise ValueError(
                f"{show(re.sub('//[^/]*@', '//…@', value))} is no address like https://host/v1 without credentials"
            )
        return value

    @model_validator(mode="after")
    def _scripted(self) -> "_Card":
        if self.api == "scripted" and self.file is None:
            raise ValueError("a scripted model needs `file`, the JSON Lines or YAML file of its answers")
        if self.api != "scripted" and self.file is not None:
            raise ValueError(f"`file` is for scripted models, and this one has api {self.api!r}")
        return self

    def card(self, folder: Path) -> Card:
        """*folder* is what ``file`` is relative to."""
        vendor, _, name = self.id.partition("/")
        default_key = _KEY_ENVS.get(self.api) if self.base_url is None else None
        return Card(
            id=ModelId(self.id),
            api=self.api,
            model=self.model or name,
            base_url=self.base_url,
            key_env=self.key_env if "key_env" in self.model_fields_set else default_key,
            family=self.family or vendor,
            context=Context(max=self.context.max, reliable=self.context.reliable, output=self.context.output),
            supports=frozenset(self.supports),
            rejects=frozenset(self.rejects),
            compliance=frozenset(self.compliance),
            status=self.status,
            price=self.price.price() if self.price else None,
            limits=Limits(
                requests_per_minute=self.limits.requests_per_minute,
                tokens_per_minute=self.limits.tokens_per_minute,
                concurrency=self.limits.concurrency,
            ),
            options=json_value(self.options),
            file=None if self.file is None else str((folder / self.file).resolve()),
        )


class _Models(Spec):
    models: list[Any]


def load_cards(home: Home) -> Mapping[ModelId, Card]:
    """The cards in the order of the file.

    Raises ConfigError when the file is missing, and FaultsError with all that is wrong with it. A scripted model's
    file need not exist: see :func:`missing_files`.
    """
    path = home.registry / FILE
    if not path.exists():
        raise ConfigError(f"{path}: no such file; `harness init` writes one")
    faults = Faults(str(path))
    top = faults.check(_Models, read_section(path))
    cards: dict[ModelId, Card] = {}
    first: dict[str, int] = {}
    for index, entry in enumerate(top.models if top else ()):
        place = f"models[{index}]"
        _note_repeated(entry, index, first, faults)
        spec = faults.check(_Card, entry, place)
        if spec is not None:
            cards.setdefault(ModelId(spec.id), spec.card(path.parent))
    faults.done()
    return cards


def missing_files(cards: Mapping[ModelId, Card]) -> tuple[Fault, ...]:
    """The scripted models whose file of answers does not exist: they cannot be asked."""
    return tuple(
        Fault(file=FILE, place=f"{card.id}.file", problem=f"{card.file}: no such file")
        for card in cards.values()
        if card.file is not None and not Path(card.file).is_file()
    )


def _note_repeated(entry: Json, index: int, first: dict[str, int], faults: Faults) -> None:
    name = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(name, str):
        return
    if name in first:
        faults.add(f"models[{index}].id", f"duplicate id {name!r}, first at models[{first[name]}]")
    first.setdefault(name, index)
