"""API keys, in a type that cannot be printed by accident."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn, final

from harness.core.card import Card
from harness.core.response import Failure, FailureKind, Retry


@final
@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A key. ``repr`` and ``str`` show nothing of it; it does not pickle."""

    _value: str

    def reveal(self) -> str:
        """The key itself, for the header it is sent in."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret does not leave the process")


def key_of(card: Card, environ: Mapping[str, str]) -> Secret | Failure | None:
    """The key that *card* names; None when it names none, a failure when there is none or it fits no header.

    The failure names the variable, never its value.
    """
    if card.key_env is None:
        return None
    value = environ.get(card.key_env, "").strip()
    if not value:
        return _unauthorized(card, f"no key: the environment variable {card.key_env} is not set")
    if not (value.isascii() and value.isprintable()) or " " in value:
        return _unauthorized(card, f"the key in {card.key_env} holds spaces or characters that no HTTP header takes")
    return Secret(value)


def _unauthorized(card: Card, message: str) -> Failure:
    return Failure(model=card.id, kind=FailureKind.UNAUTHORIZED, message=message, retry=Retry.NEVER, attempts=0)
