"""Tells somebody: one message to the address in an environment variable, which is never printed."""

import asyncio
import json
from collections.abc import Mapping
from typing import Literal

import aiohttp
import httpx

from harness.core.errors import ConfigError
from harness.core.hashing import Json
from harness.transport.exchange import open_http

TOTAL_S = 20.0
_ANSWER_BYTES_MAX = 1 << 16


async def notify(
    message: Mapping[str, Json],
    *,
    variable: str,
    environ: Mapping[str, str],
    via: Literal["webhook", "apprise"],
    total_s: float = TOTAL_S,
) -> str:
    """Send *message* (``text`` is the sentence for people); the reason why it did not arrive, empty when it did.

    Raises ConfigError when *variable* is not set, or ``apprise`` is asked for and not installed.
    """
    address = environ.get(variable, "").strip()
    if not address:
        raise ConfigError(
            f"environment: {variable} is not set; it names who is told (registry/schedules.yaml: alert_env)"
        )
    try:
        async with asyncio.timeout(total_s):
            return await (_posted(address, message) if via == "webhook" else _apprised(address, message))
    except TimeoutError:
        return f"no answer within {total_s:g} s"


async def _posted(address: str, message: Mapping[str, Json]) -> str:
    # What goes wrong is told by its kind: texts of errors hold the address, and the address is a secret.
    http = open_http(trust_env=False)
    try:
        request = httpx.Request(
            "POST",
            address,
            headers={"content-type": "application/json"},
            content=json.dumps(message, ensure_ascii=False, allow_nan=False).encode(),
        )
        reply = await http.handle_async_request(request)
        status = reply.status_code
        await reply.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
        return f"could not be sent: {type(error).__name__}"
    finally:
        await http.aclose()
    return "" if status < 300 else f"was answered with status {status}"


async def _apprised(address: str, message: Mapping[str, Json]) -> str:
    try:
        import apprise  # noqa: PLC0415 -- an extra
    except ImportError:
        raise ConfigError('alert_via: apprise is not installed; pip install "consensus-harness[notify]"') from None
    told = apprise.Apprise()
    if not told.add(address):
        return "could not be sent: no address that Apprise knows"
    title = str(message.get("title", "harness"))
    sent = await asyncio.to_thread(told.notify, body=str(message["text"]), title=title)
    return "" if sent else "could not be sent: the service did not take it"
