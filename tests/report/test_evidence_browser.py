"""The evidence page in a real Chromium: nothing hostile runs, nothing is requested, nothing sticks out on a phone."""

import asyncio
import shutil
from pathlib import Path

import pytest

from harness.report.evidence import Context, evidence_view
from harness.report.evidence_page import render_evidence
from tests.report.evidence_cases import CONTEXT, agreed, everywhere, record
from tests.report.hostile import HOSTILE
from tests.report.test_browser import browsing

TEMPLATES = Path(__file__).parents[2] / "reports" / "templates"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), reason="no chromium binary"
    ),
]


def page_file(folder, name, context, *events):
    view = evidence_view(record(folder, *events, name=name).quotes, context)
    path = folder / f"{name}.html"
    path.write_text(render_evidence(view, templates=TEMPLATES), encoding="utf-8")
    return path


def test_nothing_hostile_runs_and_nothing_is_requested(tmp_path):
    text = " ".join(HOSTILE).replace("\ud800", "")
    path = page_file(tmp_path, "bad", Context(), *everywhere(text))

    async def visit():
        async with browsing(tmp_path / "profile") as tab:
            await tab.open(path.as_uri())
            before = await tab.value("document.title")
            assert before.startswith("Evidence: verdict v</script>")
            await tab.value("document.querySelectorAll('details').forEach(one => one.open = true)")
            await tab.value("document.querySelectorAll('[tabindex]').forEach(one => one.focus())")
            await asyncio.sleep(0.3)
            assert await tab.value("document.title") == before
            assert await tab.value("document.scripts.length") == 1
            assert await tab.value("document.querySelectorAll('img, iframe, form, base, link, plaintext').length") == 0
            assert tab.noise() == []
            assert tab.requests() == [path.as_uri()]

    asyncio.run(visit())


def test_it_fits_on_a_phone(tmp_path):
    path = page_file(tmp_path, "good", CONTEXT, *agreed())

    async def visit():
        async with browsing(tmp_path / "profile") as tab:
            await tab.send(
                "Emulation.setDeviceMetricsOverride", width=360, height=780, deviceScaleFactor=1, mobile=True
            )
            await tab.open(path.as_uri())
            assert await tab.value("document.documentElement.scrollWidth") <= 360
            assert await tab.value("getComputedStyle(document.querySelector('.chart.wide')).display") == "none"
            over = "[...document.querySelectorAll('#ballots, #pairs, #rules')].filter(t => t.scrollWidth > t.parentElement.clientWidth + 1).map(t => t.id)"
            assert await tab.value(over) == []
            assert tab.noise() == []

    asyncio.run(visit())
