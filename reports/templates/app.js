"use strict";
// Sorts tables, filters one of them, and keeps the choice in the address. Every page is complete without it.
(() => {
  const items = (table) => (table.tBodies.length > 1 ? [...table.tBodies] : [...(table.tBodies[0]?.rows ?? [])]);
  const cells = (item) => (item.rows ? item.rows[0].cells : item.cells);
  const value = (cell) => cell?.dataset.value ?? cell?.textContent.trim() ?? "";

  function sort(table, button) {
    const head = button.closest("th");
    const column = head.cellIndex;
    const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const cell of table.tHead.rows[0].cells)
      if (cell.hasAttribute("aria-sort")) cell.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const found = items(table).map((item) => [item, value(cells(item)[column])]);
    const numeric = found.every(([, text]) => text === "" || Number.isFinite(Number(text)));
    found.sort(([, x], [, y]) => {
      if (x === "" || y === "") return (x === "") - (y === "");
      return sign * (numeric ? x - y : x.localeCompare(y));
    });
    for (const [item] of found) item.parentElement.append(item);
  }

  for (const table of document.querySelectorAll("table.sortable"))
    table.tHead.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) sort(table, button);
    });

  const filters = document.getElementById("filters");
  const table = filters && document.getElementById(filters.dataset.table);
  if (!table || !items(table).length) return;
  const choices = [...filters.querySelectorAll("select")];
  const text = filters.querySelector("input");
  const shown = filters.querySelector("output");

  function filter() {
    const wanted = text.value.toLowerCase();
    const all = items(table);
    let count = 0;
    for (const item of all) {
      const fits =
        choices.every((one) => !one.value || item.dataset[one.dataset.key] === one.value) &&
        (!wanted || value(cells(item)[0]).toLowerCase().includes(wanted));
      item.hidden = !fits;
      count += fits ? 1 : 0;
    }
    shown.textContent = count + " of " + all.length + " " + filters.dataset.noun;
  }

  function remember() {
    const state = new URLSearchParams();
    for (const one of [...choices, text]) if (one.value) state.set(one.name, one.value);
    history.replaceState(null, "", "#" + state);
  }

  function recall() {
    const hash = location.hash.slice(1);
    const item = /^[a-z]+-/.test(hash) ? document.getElementById(hash) : null;
    if (item) {
      item.querySelector("details")?.setAttribute("open", "");
      item.scrollIntoView();
      return;
    }
    const state = new URLSearchParams(hash);
    for (const one of [...choices, text]) one.value = state.get(one.name) ?? "";
  }

  for (const one of [...choices, text])
    one.addEventListener("input", () => {
      filter();
      remember();
    });
  window.addEventListener("hashchange", () => {
    recall();
    filter();
  });
  filters.hidden = false;
  recall();
  filter();
})();
window.addEventListener("beforeprint", () => {
  // What is lost is printed with its reasons.
  for (const one of document.querySelectorAll("[data-print] details")) one.open = true;
});
