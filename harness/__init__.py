"""Ask several language models the same thing, and know how far the answer can be trusted.

    async with harness.open() as h:
        outcome = await h.ask("What is 17 % VAT on 1,234.50 EUR?", policy="payments")
        if outcome.served:
            book(outcome.answer)

Importing this package opens nothing and imports no other library; the names below are loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.core.errors import ConfigError, HarnessError
    from harness.core.outcome import Outcome, Reason
    from harness.engine.face import Harness, ask_sync
    from harness.engine.face import open_harness as open  # noqa: A004 -- harness.open() is the name

__all__ = ["ConfigError", "Harness", "HarnessError", "Outcome", "Reason", "ask_sync", "open"]

_HOMES = {
    "ConfigError": ("harness.core.errors", "ConfigError"),
    "Harness": ("harness.engine.face", "Harness"),
    "HarnessError": ("harness.core.errors", "HarnessError"),
    "Outcome": ("harness.core.outcome", "Outcome"),
    "Reason": ("harness.core.outcome", "Reason"),
    "ask_sync": ("harness.engine.face", "ask_sync"),
    "open": ("harness.engine.face", "open_harness"),
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'harness' has no attribute {name!r}; it has {', '.join(__all__)}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return __all__
