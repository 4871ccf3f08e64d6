"""Every page in a real Chromium: nothing hostile runs, nothing is requested, and it can be used by anybody."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.report.browser import NEEDS_CHROMIUM, Tab, visit
from tests.report.hostile import HOSTILE
from tests.report.kinds import make_regression, pages, regression_input

pytestmark = NEEDS_CHROMIUM

ENDLESS = "<b>x" * 1_250_000
FOREIGN = "img, iframe, form, base, link, plaintext, object, embed, [onerror], [onload], [onfocus]"
CONTRAST = """
(() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; })
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const found = parts(getComputedStyle(at).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const poor = {};
  document.querySelectorAll("details").forEach((one) => (one.open = true));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !one.checkVisibility() || one.closest("script, .sr, .skip, title, desc")) continue;
    const style = getComputedStyle(one);
    const ink = one.ownerSVGElement ? style.fill : style.color;
    const [a, b] = [light(parts(ink)), light(behind(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    seen += 1;
    if (ratio < (large ? 3 : 4.5)) poor[one.tagName + "." + (one.getAttribute("class") || "")] = [ink, ratio];
  }
  return { seen, poor };
})()
"""
SORTED = """
(() => {
  const table = document.querySelector("table.sortable");
  const at = [...table.tHead.rows[0].cells].findIndex((cell) => cell.ariaSort !== null && cell.ariaSort !== "none");
  const items = table.tBodies.length > 1 ? [...table.tBodies].map((body) => body.rows[0]) : [...table.tBodies[0].rows];
  const of = (cell) => cell.dataset.value ?? cell.textContent.trim();
  return { sort: table.tHead.rows[0].cells[at].ariaSort, values: items.map((row) => of(row.cells[at])) };
})()
"""


def written(folder: Path, text: str = "") -> dict[str, Path]:
    found = {}
    folder.mkdir(exist_ok=True)
    for name, made in pages(folder / "made", text).items():
        found[name] = folder / f"{name}.html"
        found[name].write_text(made.html, encoding="utf-8")
    return found


def test_nothing_hostile_runs_and_nothing_is_requested(tmp_path):
    async def check(tab: Tab, path: Path) -> None:
        await tab.open(path.as_uri())
        before = await tab.value("document.title")
        await tab.value("document.querySelectorAll('details').forEach(one => one.open = true)")
        await tab.value("document.querySelectorAll('[tabindex], button, summary').forEach(one => one.focus())")
        await tab.value("document.querySelectorAll('th button').forEach(one => one.click())")
        await asyncio.sleep(0.02)
        assert await tab.value("document.title") == before != "PWNED"
        assert await tab.value("document.scripts.length") == 1
        assert await tab.value(f"document.querySelectorAll({json.dumps(FOREIGN)}).length") == 0
        assert tab.noise() == []
        assert tab.requests() == [path.as_uri()]

    paths = [path for number, text in enumerate(HOSTILE) for path in written(tmp_path / str(number), text).values()]

    async def work(tab: Tab) -> None:
        for path in paths:
            await check(tab, path)

    visit(tmp_path, work)


def test_a_line_of_five_million_characters_opens_at_once(tmp_path):
    """In every text of a night: its tasks, outputs and details; cut where it is shown, and the page stays small."""
    given = regression_input()
    nights = list(given.nights)
    for at in (-2, -1):
        rows = [replace(row, output=ENDLESS, prompt=ENDLESS, detail=ENDLESS) for row in nights[at].rows]
        nights[at] = replace(nights[at], rows=rows)
    path = tmp_path / "endless.html"
    path.write_text(make_regression(replace(given, nights=nights)).html, encoding="utf-8")
    assert path.stat().st_size < 3_000_000

    async def work(tab: Tab) -> None:
        await tab.size(360, mobile=True)
        await tab.open(path.as_uri())
        await tab.value("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert await tab.value("document.querySelectorAll('details.raw pre').length") > 10
        assert await tab.value("document.documentElement.scrollWidth") <= 360
        assert await tab.value("document.body.textContent.includes('bytes cut')")
        assert tab.noise() == []

    visit(tmp_path, work)


@pytest.mark.parametrize(
    "text", ["", "W" * 300, "verylong" * 40 + " and words " * 20], ids=["plain", "unbroken", "long"]
)
def test_nothing_sticks_out_on_a_phone_or_magnified(tmp_path, text):
    paths = written(tmp_path, text)

    async def work(tab: Tab) -> None:
        for name, path in paths.items():
            for width, scale in ((360, 1), (640, 2), (1280, 1)):  # 640 with double density: 1280 at 200 %
                await tab.size(width, scale=scale, mobile=width == 360)
                await tab.open(path.as_uri())
                await tab.value("document.querySelectorAll('details').forEach(one => one.open = true)")
                wide = await tab.value("document.documentElement.scrollWidth")
                assert wide <= width, (name, width, wide)
                assert tab.noise() == []

    visit(tmp_path, work)


def test_every_text_has_enough_contrast_in_light_and_dark(tmp_path):
    paths = written(tmp_path)

    async def work(tab: Tab) -> None:
        for name, path in paths.items():
            for scheme in ("light", "dark"):
                await tab.scheme(scheme)
                await tab.open(path.as_uri())
                found = await tab.value(CONTRAST)
                assert found["seen"] > 50
                assert found["poor"] == {}, (name, scheme, found["poor"])

    visit(tmp_path, work)


def test_filters_sorting_and_details_work_with_the_keyboard_alone(tmp_path):
    paths = written(tmp_path)

    async def work(tab: Tab) -> None:
        for name, path in paths.items():
            await tab.open(path.as_uri())
            await tab.press("Tab", 9)
            assert await tab.value("document.activeElement.className") == "skip"
            await tab.press("Enter", 13)
            assert (await tab.value("location.hash")).endswith(("-head", "-title"))
            if await tab.value("document.getElementById('filters') !== null"):
                await _filter(tab, name)
            if await tab.value("document.querySelector('table.sortable') !== null"):
                await tab.open(path.as_uri())
                await tab.tab_to("table.sortable thead button", at_most=200)
                for order in ("ascending", "descending"):
                    await tab.press("Enter", 13)
                    found = await tab.value(SORTED)
                    assert found["sort"] == order
                    assert found["values"] == sorted(found["values"], key=str.lower, reverse=order == "descending")
            if await tab.value("document.querySelector('details') !== null"):
                await tab.tab_to("summary", at_most=200)
                before = await tab.value("document.activeElement.parentElement.open")
                await tab.press("Enter", 13)
                assert await tab.value("document.activeElement.parentElement.open") is not before
            assert tab.noise() == []

    async def _filter(tab: Tab, name: str) -> None:
        shown = "document.querySelector('#filters output').textContent"
        whole = await tab.value(shown)
        await tab.tab_to("#filters select")
        await tab.press("ArrowDown", 40)
        assert await tab.value("document.querySelector('#filters select').selectedIndex") == 1, name
        some = await tab.value(shown)
        assert some != whole
        assert "=" in await tab.value("location.hash")
        await tab.tab_to("#filters input")
        await tab.type("no such thing anywhere")
        assert (await tab.value(shown)).startswith("0 of ")

    visit(tmp_path, work)


def test_a_task_can_be_linked_to_and_losses_are_printed_open(tmp_path):
    path = written(tmp_path)["ab"]

    async def work(tab: Tab) -> None:
        await tab.open(path.as_uri())
        await tab.value("location.hash = '#task-vat-0007'")
        await asyncio.sleep(0.2)
        assert await tab.value("document.querySelector('#task-vat-0007 details').open") is True
        await tab.value("window.dispatchEvent(new Event('beforeprint'))")
        count = "document.querySelectorAll('tbody[data-outcome=loss]{}').length"
        losses = await tab.value(count.format(""))
        assert losses > 0
        assert await tab.value(count.format(" details[open]")) == losses
        assert tab.noise() == []

    visit(tmp_path, work)
