"""Injection: finds text that speaks to the model that reads it, in an answer that is to be judged.

A screen is a signal and no proof: it finds what people have been seen to write, in several languages and in the usual
disguises (see :mod:`harness.guard.disguises`). Whoever asks for it decides what a sign is worth. Every repetition is
bounded: hostile text must not make this slow.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from harness.guard.disguises import views
from harness.guard.phrases import PHRASES

SCREENED_MAX = 20_000
"""Characters that are looked at; longer texts are not shown to a judge, and have a sign of their own."""

TOO_LONG: Final = "too_long"
HIDDEN: Final = "hidden"

_SCREENS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {name: re.compile("|".join(f"(?:{pattern})" for pattern in every), re.MULTILINE) for name, every in PHRASES.items()}
)
_BLANKS = re.compile(r"[^\S\n]+")


def signs(text: str) -> tuple[str, ...]:
    """Which signs of an instruction to its reader *text* bears, each once, sorted; empty for none.

    ``override`` (pass over the others, or the rules), ``choice`` (choose this one), ``role`` (you, the judge),
    ``markup`` (the frame of a conversation, or a verdict), ``hidden`` (one of them in disguise), ``too_long``.
    """
    if len(text) > SCREENED_MAX:
        return (TOO_LONG,)
    seen, *disguised = (_found(reading) for reading in views(text))
    hidden = set[str]().union(*disguised) - seen
    return tuple(sorted(seen | hidden | ({HIDDEN} if hidden else set())))


def _found(reading: str) -> set[str]:
    line = _BLANKS.sub(" ", reading)
    return {name for name, pattern in _SCREENS.items() if pattern.search(line)}
