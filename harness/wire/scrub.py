"""Keys: how they travel, and how a key that a vendor echoes is kept out of everything that is stored or shown."""

import re
from collections.abc import Collection, Iterable
from urllib.parse import quote

import httpx

from harness.core.card import Card
from harness.core.errors import ConfigError

KEY_HEADERS = frozenset({"authorization", "x-api-key", "x-goog-api-key", "api-key"})
_KEY_NAMES = frozenset(name.encode() for name in KEY_HEADERS)
BLOT = "[key]"
MESSAGE_MAX = 300
KEY_LENGTH_MIN = 4
"""Shorter "keys" are stand-ins for servers that want none; blotting them out would only garble messages."""

KEY_LENGTH_USUAL = 64

_VISIBLE = re.compile(r"[!-~]*")
_KEY_LIKE = re.compile(
    r"\b(?:sk|pk|gsk|xai|hf|rk)[-_][A-Za-z0-9_\-]{16,}|\bAIza[A-Za-z0-9_\-]{30,}|\bBearer\s+[^\s\"']{8,}"
)
"""What the vendors' keys look like: for replies that do not come with the request they answer."""


class KeylessHeaders(httpx.Headers):
    """Headers whose ``repr`` has no key in it: httpx itself hides ``authorization`` only."""

    def __repr__(self) -> str:
        shown = {name: "[secure]" if name in KEY_HEADERS else value for name, value in self.items()}
        return f"Headers({shown!r})"

    def copy(self) -> "KeylessHeaders":
        return KeylessHeaders(self, encoding=self.encoding)


def usable_key(key: str | None, card: Card) -> str | None:
    """*key* without the white space around it that files and shells add; None when nothing is left.

    Raises:
        ConfigError: It has characters that no header may carry. Says where the key comes from, never what it is.
    """
    stripped = (key or "").strip()
    if not _VISIBLE.fullmatch(stripped):
        raise ConfigError(
            f"{card.key_env or card.id}: the key has white space or characters outside ASCII in it; "
            "it must be one word of visible ASCII characters"
        )
    return stripped or None


def plain_headers(headers: httpx.Headers) -> dict[str, str]:
    """*headers* by lower-case name, whatever bytes they are made of."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers.raw}


def sent_keys(reply: httpx.Response) -> tuple[str, ...]:
    """The keys in the headers of the request that *reply* answers, longest first; none when it comes without one."""
    try:
        sent = reply.request.headers
    except RuntimeError:
        return ()
    values = [value.decode("latin-1").removeprefix("Bearer ") for name, value in sent.raw if name.lower() in _KEY_NAMES]
    keys = {form for value in values if len(value) >= KEY_LENGTH_MIN for form in (value, quote(value, safe=""))}
    return tuple(sorted(keys, key=len, reverse=True))


def blotted(text: str, keys: Iterable[str]) -> str:
    """*text* without any of *keys*, in whatever case."""
    for key in keys:
        if key.lower() not in text.lower():
            continue
        text = re.sub(re.escape(key), BLOT, text, flags=re.IGNORECASE)
    return text


def one_line(text: str, keys: Collection[str]) -> str:
    """*text* for people: no key, one line, nothing that moves a cursor or turns the writing direction, 300 at most."""
    # so much that even if all of it were keys, what is left of the last one is not shown: a body may be megabytes
    reach = MESSAGE_MAX * max(map(len, keys), default=KEY_LENGTH_USUAL)
    line = _KEY_LIKE.sub(BLOT, blotted(" ".join(text.split())[:reach], keys))
    shown = "".join(c if c == " " or c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in line)
    return shown if len(shown) <= MESSAGE_MAX else shown[: MESSAGE_MAX - 1] + "…"
