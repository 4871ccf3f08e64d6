"""Fetches one file of a package index: by its address, at most so many bytes, nothing of it executed or unpacked."""

import asyncio
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiohttp

from harness.core.errors import SandboxError

FILE_BYTES = 64 << 20
"""Of one file; a source distribution that is larger is not worth its building."""
TOTAL_S = 300.0


async def download(address: str, *, limit_bytes: int = FILE_BYTES) -> bytes:
    """The content at *address*, of scheme ``https``, ``http`` or ``file``.

    Proxies and logins are those of the environment and of ``~/.netrc``, as for the tool that named the address. Raises
    SandboxError when it cannot be had or is larger than *limit_bytes*.
    """
    parts = urlsplit(address)
    if parts.scheme == "file":
        return await asyncio.to_thread(_read, Path(unquote(parts.path)), limit_bytes)
    if parts.scheme not in ("https", "http"):
        raise SandboxError(f"{address!r} is of scheme {parts.scheme!r}; files are fetched by https, http or file")
    try:
        async with (
            aiohttp.ClientSession(trust_env=True, timeout=aiohttp.ClientTimeout(total=TOTAL_S)) as session,
            session.get(address) as answer,
        ):
            if answer.status != 200:
                raise SandboxError(f"{address!r} cannot be had: HTTP {answer.status}")
            return await _body(answer, address, limit_bytes)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise SandboxError(f"{address!r} cannot be had: {error or type(error).__name__}") from error


async def _body(answer: aiohttp.ClientResponse, address: str, limit_bytes: int) -> bytes:
    found = bytearray()
    async for piece in answer.content.iter_chunked(1 << 16):
        found += piece
        if len(found) > limit_bytes:
            raise SandboxError(f"{address!r} is larger than {limit_bytes} bytes")
    return bytes(found)


def _read(path: Path, limit_bytes: int) -> bytes:
    try:
        if path.stat().st_size > limit_bytes:
            raise SandboxError(f"{str(path)!r} is larger than {limit_bytes} bytes")
        return path.read_bytes()
    except OSError as error:
        raise SandboxError(f"{str(path)!r} cannot be read: {error.strerror}") from error
