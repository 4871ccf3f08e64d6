"""The HTTP request as a value: address, headers that do not show the key, and the body as JSON."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache

import httpx

from harness.core.card import Card
from harness.core.errors import ConfigError
from harness.core.hashing import Json, plain
from harness.wire.scrub import KeylessHeaders

AGENT = "consensus-harness"

_JSON = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=plain)


def address(card: Card, *, default: str, path: str, query: str = "") -> httpx.URL:
    """Where *card*'s model is asked: its ``base_url``, or *default*, with *path* behind it.

    A ``base_url`` may end in *path* already and may carry a query (``?api-version=…``), which stays.
    Raises ConfigError when it is no web address.
    """
    base, _, asked = (card.base_url or default).partition("?")
    base = base.rstrip("/")
    tail = "" if base.endswith(path) else path
    joined = "&".join(part for part in (asked, query) if part)
    try:
        url = _url(f"{base}{tail}?{joined}" if joined else f"{base}{tail}")
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ConfigError(f"{card.id}: base_url: {_shown(card)} is no address: {error}") from error
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise ConfigError(
            f"{card.id}: base_url: {_shown(card)} is no address of an API; "
            f"it reads like {default!r} and has no name or password in it"
        )
    return url


def post(card: Card, url: httpx.URL, headers: Mapping[str, str], body: Mapping[str, Json]) -> httpx.Request:
    """A POST of *body*. Raises ConfigError when the card's options are not JSON."""
    try:
        # ASCII: a lone surrogate in a prompt is sent as it is, and breaks nothing on the way
        content = _JSON.encode(body).encode("ascii")
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"{card.id}: what is to be sent is not JSON: {error}; look at options: {card.options!r}"
        ) from error
    whole = {
        "host": url.netloc.decode("ascii"),
        "content-length": str(len(content)),
        "content-type": "application/json",
        "accept": "application/json",
        "user-agent": AGENT,
        **headers,
    }
    # as a stream: of a plain body, httpx looks for the headers that are missing, which costs more than all of this
    request = httpx.Request("POST", url, stream=httpx.ByteStream(content))
    request.headers = KeylessHeaders(whole, encoding="ascii")
    request.read()
    return request


@lru_cache(maxsize=1024)
def _url(text: str) -> httpx.URL:
    """*text* taken apart, which costs as much as all the rest of a request: a panel has few addresses."""
    url = httpx.URL(text)
    url.host.encode("idna")  # as the look-up of the name will
    return url


def _shown(card: Card) -> str:
    """The card's address without the password that may stand in it."""
    return repr(re.sub(r"//[^/]*@", "//…@", card.base_url or ""))
