"""A headless Chromium, driven over its debugging socket: what the tests of pages share."""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NEEDS_CHROMIUM = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium binary; on Debian: apt-get install chromium"),
]
FLAGS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
)  # fmt: skip
NOISY = {
    "Runtime.consoleAPICalled",
    "Runtime.exceptionThrown",
    "Log.entryAdded",
    "Page.javascriptDialogOpening",
    "Page.windowOpen",
}


class Tab:
    """One page of the browser, driven over its debugging socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.events: list[dict[str, Any]] = []

    async def _read(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._socket.receive_json(timeout=60)
        if "method" in message:
            self.events.append(message)
        return message

    async def send(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while (message := await self._read()).get("id") != number:
            pass
        assert "error" not in message, message
        return message["result"]

    async def open(self, url: str) -> None:
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.send(f"{domain}.enable")
        self.events.clear()
        await self.send("Page.navigate", url="about:blank")
        await self._loaded()
        self.events.clear()
        await self.send("Page.navigate", url=url)
        await self._loaded()

    async def _loaded(self) -> None:
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            await self._read()

    async def value(self, expression: str) -> Any:
        found = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def press(self, key: str, code: int) -> None:
        for kind in ("rawKeyDown", "char", "keyUp") if key == "Enter" else ("rawKeyDown", "keyUp"):
            text = {"text": "\r"} if kind == "char" else {}
            await self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    async def type(self, text: str) -> None:
        await self.send("Input.insertText", text=text)

    async def tab_to(self, selector: str, *, at_most: int = 60) -> None:
        """Press Tab until the element is reached. A page on which it cannot be reached is not usable by keyboard."""
        for _ in range(at_most):
            if await self.value(f"document.activeElement?.matches({json.dumps(selector)})"):
                return
            await self.press("Tab", 9)
        raise AssertionError(f"{selector} is not reached with {at_most} tabs")

    async def size(self, width: int, *, height: int = 800, scale: float = 1, mobile: bool = False) -> None:
        await self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile
        )

    async def scheme(self, name: str) -> None:
        """``light`` or ``dark``."""
        features = [{"name": "prefers-color-scheme", "value": name}]
        await self.send("Emulation.setEmulatedMedia", media="screen", features=features)

    def noise(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event["method"] in NOISY]

    def requests(self) -> list[str]:
        return [
            event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"
        ]


async def _port(profile: Path, process: asyncio.subprocess.Process) -> int:
    for _ in range(1200):
        with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
            return int((profile / "DevToolsActivePort").read_text().splitlines()[0])
        assert process.returncode is None, f"chromium ended with exit code {process.returncode}"
        await asyncio.sleep(0.05)
    raise AssertionError("chromium did not open its debugging port within a minute")


@contextlib.asynccontextmanager
async def browsing(profile: Path) -> AsyncIterator[Tab]:
    """A fresh headless Chromium with one tab; gone afterwards."""
    assert CHROMIUM is not None
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    command = [CHROMIUM, *FLAGS, *sandbox, f"--user-data-dir={profile}", "about:blank"]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = await _port(profile, process)
        async with aiohttp.ClientSession() as session:
            async with session.put(f"http://127.0.0.1:{port}/json/new?about:blank") as reply:
                address = json.loads(await reply.text())["webSocketDebuggerUrl"]
            async with session.ws_connect(address, max_msg_size=0) as socket:
                yield Tab(socket)
    finally:
        process.kill()
        await process.wait()


def visit(folder: Path, work: Callable[[Tab], Awaitable[None]]) -> None:
    """*work* in a fresh browser whose profile lies in *folder*."""

    async def go() -> None:
        async with browsing(folder / "profile") as tab:
            await work(tab)

    asyncio.run(go())
