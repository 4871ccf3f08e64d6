"""The page in a real Chromium: nothing of a hostile text runs, nothing is requested, and it can be used."""

import asyncio
import contextlib
import importlib.util
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from harness.report import ab_results, ab_tasks, render_ab

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
A, B = "scripted/careful", "scripted/quick-2026-11"
pytestmark = [
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
        message: dict[str, Any] = await self._socket.receive_json(timeout=30)
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
        await self.send("Page.navigate", url=url)
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


def _hostile() -> Any:
    spec = importlib.util.spec_from_file_location("hostile", Path(__file__).with_name("hostile.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_nothing_hostile_runs_and_nothing_is_requested(run, rows, templates, tmp_path):
    bad_run, bad_rows, a, b = _hostile().poisoned(run, rows, a=A, b=B)
    page = render_ab(ab_results(bad_run, bad_rows, a=a, b=b), ab_tasks(bad_rows, a=a, b=b), templates=templates)
    path = tmp_path / "ab.html"
    path.write_text(page, encoding="utf-8")

    async def visit() -> None:
        async with browsing(tmp_path / "profile") as tab:
            await tab.open(path.as_uri())
            before = await tab.value("document.title")
            assert before.startswith("A/B: scripted/careful</script>")
            await tab.value("document.querySelectorAll('details').forEach(one => one.open = true)")
            await tab.value("document.querySelectorAll('[tabindex]').forEach(one => one.focus())")
            await asyncio.sleep(0.3)
            assert await tab.value("document.title") == before
            assert await tab.value("document.scripts.length") == 1
            assert await tab.value("document.querySelectorAll('img, iframe, form, base, link, plaintext').length") == 0
            assert await tab.value("document.querySelectorAll('tbody.task').length") == 120
            assert tab.noise() == []
            assert tab.requests() == [path.as_uri()]

    asyncio.run(visit())


def test_it_can_be_filtered_sorted_linked_printed_and_read_on_a_phone(run, rows, page, tmp_path):
    path = tmp_path / "ab.html"
    path.write_text(page, encoding="utf-8")
    pairs = ab_results(run, rows, a=A, b=B)["pairs"]
    choose = "{ const s = document.getElementById('by-outcome'); s.value = '%s'; s.dispatchEvent(new Event('input')) }"
    shown = "[...document.querySelectorAll('tbody.task')].filter(one => one.checkVisibility()).length"
    costs = "[...document.querySelectorAll('tbody.task')].map(one => Number(one.rows[0].cells[4].dataset.value))"

    async def visit() -> None:
        async with browsing(tmp_path / "profile") as tab:
            await tab.open(path.as_uri())
            assert await tab.value(shown) == 120
            await tab.value(choose % "loss")
            assert await tab.value(shown) == pairs["a_better"]
            assert (
                await tab.value("document.getElementById('shown').textContent") == f"{pairs['a_better']} of 120 tasks"
            )
            assert await tab.value("location.hash") == "#result=loss"
            await tab.value("document.querySelectorAll('#tasks thead button')[4].click()")
            assert await tab.value(costs) == sorted(await tab.value(costs))
            assert (
                await tab.value("document.querySelectorAll('#tasks thead th')[4].getAttribute('aria-sort')")
                == "ascending"
            )
            await tab.value("location.hash = '#task-vat-0007'")
            await asyncio.sleep(0.2)
            assert await tab.value("document.querySelector('#task-vat-0007 details').open") is True
            await tab.value("window.dispatchEvent(new Event('beforeprint'))")
            opened = "document.querySelectorAll('tbody[data-outcome=loss] details[open]').length"
            assert await tab.value(opened) == pairs["a_better"]
            await _phone(tab)
            await _keyboard(tab, path)
            assert tab.noise() == []

    async def _phone(tab: Tab) -> None:
        await tab.send("Emulation.setDeviceMetricsOverride", width=360, height=800, deviceScaleFactor=1, mobile=True)
        await tab.value(choose % "")
        assert await tab.value("document.documentElement.scrollWidth") <= 360
        wide = "[...document.querySelectorAll('.chart')].filter(one => one.checkVisibility()).map(one => one.id || one.classList[1] || '')"
        assert await tab.value(wide) == ["narrow", "", ""]

    async def _keyboard(tab: Tab, path: Path) -> None:
        await tab.open(path.as_uri())
        await tab.press("Tab", 9)
        assert await tab.value("document.activeElement.className") == "skip"
        await tab.value("document.querySelector('tbody.task summary').focus()")
        await tab.press("Enter", 13)
        assert await tab.value("document.querySelector('tbody.task details').open") is True

    asyncio.run(visit())
