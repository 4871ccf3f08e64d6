"""Files of an index: by http from a real server and from a folder, never more than was allowed."""

import asyncio

import pytest

from harness.core.errors import SandboxError
from harness.transport.download import download


async def served(path, **changes):
    async def serve(reader, writer):
        asked = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        status = b"200 OK" if asked == b"/coin.tar.gz" else b"404 Not Found"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 9\r\nConnection: close\r\n\r\n123456789")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        return await download(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{path}", **changes)


def test_by_http():
    assert asyncio.run(served("/coin.tar.gz")) == b"123456789"
    with pytest.raises(SandboxError, match="HTTP 404"):
        asyncio.run(served("/other"))
    with pytest.raises(SandboxError, match="larger than 8 bytes"):
        asyncio.run(served("/coin.tar.gz", limit_bytes=8))
    with pytest.raises(SandboxError, match="cannot be had"):
        asyncio.run(download("http://127.0.0.1:9/x"))


def test_from_a_folder(tmp_path):
    path = tmp_path / "a b.zip"
    path.write_bytes(b"123")
    assert asyncio.run(download(path.as_uri())) == b"123"
    with pytest.raises(SandboxError, match="larger than 2 bytes"):
        asyncio.run(download(path.as_uri(), limit_bytes=2))
    with pytest.raises(SandboxError, match="cannot be read"):
        asyncio.run(download((tmp_path / "nowhere").as_uri()))
    with pytest.raises(SandboxError, match="of scheme 'ftp'"):
        asyncio.run(download("ftp://127.0.0.1/x"))
